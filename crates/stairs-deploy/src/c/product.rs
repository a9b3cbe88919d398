//! Sums of products of integers with the packed weights of one output.

use stairs_infer::Weights;

use super::form::{Planes, Type};
use super::packing;
use super::stage::Writer;
use super::text::{plus, times};
use super::{carry_save, kernels};

impl Writer<'_> {
    /// The row of an output in the table of fields, and the function that multiplies it.
    pub(super) fn fields(&mut self, head: usize, weights: &Weights, of: Type, c: &str) -> (String, String) {
        let (name, bits) = (format!("weights{head}"), packing::bits(weights));
        let table = match bits {
            8 => self.parts.table(&name, ("int8_t", 1), weights.values(), ToString::to_string),
            _ => self.parts.table(&name, ("uint8_t", 1), &packing::fields(weights, bits), ToString::to_string),
        };
        let bytes = (weights.fan_in() * bits).div_ceil(8);
        (plus(&table, &times(c, bytes)), kernels::fields(self.parts, of, bits))
    }

    /// The product of planes at a pointer with those of an output.
    pub(super) fn planes(
        &mut self,
        head: usize,
        weights: &Weights,
        planes: Planes,
        (x, words): (&str, usize),
        order: &[usize],
        c: &str,
    ) -> String {
        let mask = packing::has_mask(weights);
        let table = packing::planes(weights, mask, order);
        let table =
            self.parts.table(&format!("weights{head}"), ("uint32_t", 4), &table, |word| format!("0x{word:08x}u"));
        let dot = carry_save::product(self.parts, planes, mask, words);
        let sign = if planes.count() == 2 { format!("{x} + {words}") } else { String::new() };
        let mut arguments = vec![x.to_owned(), sign, plus(&table, &times(c, words * (1 + usize::from(mask))))];
        if !mask {
            arguments.push(if planes.has_mask() { "ones".to_owned() } else { weights.fan_in().to_string() });
        }
        arguments.retain(|argument| !argument.is_empty());
        format!("{dot}({})", arguments.join(", "))
    }
}
