//! Lists of numbers as tensors: integers in the smallest type that holds them all, floats as they are.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;

use super::container::{Tensor, Type};

/// Types that integers are written in.
pub(super) const INTEGERS: &[Type] = &[Type::I8, Type::I16, Type::I32];
/// Types that factors and offsets of fixed-point maps are written in.
pub(super) const LONG: &[Type] = &[Type::I8, Type::I16, Type::I32, Type::I64];

/// Integers.
pub(super) fn integers(name: String, shape: Vec<usize>, values: impl Iterator<Item = i64> + Clone) -> Tensor<'static> {
    let holds = |numbers: &Type| {
        let unused = 64 - 8 * numbers.size() as u32;
        values.clone().all(|v| v << unused >> unused == v)
    };
    let numbers = LONG.iter().copied().find(holds).unwrap_or(Type::I64);
    let bytes = values.flat_map(|v| v.to_le_bytes().into_iter().take(numbers.size())).collect();
    Tensor { name, numbers, shape, bytes: Cow::Owned(bytes) }
}

/// The integers of a tensor of one of the types of integers.
pub(super) fn to_integers<'a>(tensor: &'a Tensor<'_>) -> impl Iterator<Item = i64> + 'a {
    tensor.bytes.chunks_exact(tensor.numbers.size()).map(|bytes| {
        let negative = bytes.last().is_some_and(|last| last & 0x80 != 0);
        let mut number = [if negative { 0xFF } else { 0 }; 8];
        number[..bytes.len()].copy_from_slice(bytes);
        i64::from_le_bytes(number)
    })
}

/// Thresholds: “always” and “never”, the ends of 32 bits, become the ends of the type, which no other threshold may then be.
pub(super) fn thresholds(name: String, shape: Vec<usize>, values: &[i32]) -> Tensor<'static> {
    let holds = |&(low, high): &(i32, i32)| values.iter().all(|v| is_end(*v) || low < *v && *v < high);
    let types = [(i32::from(i8::MIN), i32::from(i8::MAX)), (i32::from(i16::MIN), i32::from(i16::MAX))];
    let (low, high) = types.into_iter().find(holds).unwrap_or((i32::MIN, i32::MAX));
    let (ends, mut tensor) = ([low, high], integers(name, shape, [low, high].into_iter().map(i64::from)));
    let value = |v: i32| i64::from(if is_end(v) { ends[usize::from(v > 0)] } else { v });
    tensor.bytes =
        values.iter().flat_map(|v| value(*v).to_le_bytes().into_iter().take(tensor.numbers.size())).collect();
    tensor
}

/// The thresholds of a tensor of one of [`INTEGERS`].
pub(super) fn to_thresholds(tensor: &Tensor<'_>) -> Vec<i32> {
    let high = i64::MAX >> (64 - 8 * tensor.numbers.size());
    let value = |v: i64| match v {
        v if v == high => i32::MAX,
        v if v == -high - 1 => i32::MIN,
        v => v as i32,
    };
    to_integers(tensor).map(value).collect()
}

fn is_end(v: i32) -> bool {
    v == i32::MIN || v == i32::MAX
}

/// Numbers of single precision.
pub(super) fn singles(name: String, shape: Vec<usize>, values: &[f32]) -> Tensor<'static> {
    Tensor { name, numbers: Type::F32, shape, bytes: values.iter().flat_map(|v| v.to_le_bytes()).collect() }
}

/// The numbers of a tensor of single precision.
pub(super) fn to_singles(tensor: &Tensor<'_>) -> Vec<f32> {
    tensor.bytes.as_chunks().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect()
}

/// Numbers of double precision.
pub(super) fn doubles(name: String, shape: Vec<usize>, values: impl Iterator<Item = f64>) -> Tensor<'static> {
    Tensor { name, numbers: Type::F64, shape, bytes: values.flat_map(f64::to_le_bytes).collect() }
}

/// The numbers of a tensor of double precision.
pub(super) fn to_doubles(tensor: &Tensor<'_>) -> Vec<f64> {
    tensor.bytes.as_chunks().0.iter().map(|bytes| f64::from_le_bytes(*bytes)).collect()
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;

    #[test]
    fn integers_take_the_smallest_type() {
        let cases = [
            (Type::I8, vec![-128, 127]),
            (Type::I16, vec![-129, 0]),
            (Type::I16, vec![32_767]),
            (Type::I32, vec![32_768]),
            (Type::I32, vec![i64::from(i32::MIN)]),
            (Type::I64, vec![i64::MIN, i64::MAX, 0, -1]),
            (Type::I8, vec![]),
        ];
        for (numbers, values) in cases {
            let tensor = integers("t".into(), vec![values.len()], values.iter().copied());
            assert_eq!(tensor.numbers, numbers, "{values:?}");
            assert_eq!(to_integers(&tensor).collect::<Vec<_>>(), values);
        }
    }

    #[test]
    fn always_and_never_take_no_larger_type() {
        let cases = [
            (Type::I8, vec![i32::MIN, -127, 126, i32::MAX]),
            (Type::I16, vec![i32::MIN, -128]),
            (Type::I16, vec![127, 32_766]),
            (Type::I32, vec![32_767]),
            (Type::I32, vec![i32::MIN, i32::MIN + 1, -32_768, i32::MAX - 1, i32::MAX]),
            (Type::I8, vec![]),
        ];
        for (numbers, values) in cases {
            let tensor = thresholds("t".into(), vec![values.len()], &values);
            assert_eq!(tensor.numbers, numbers, "{values:?}");
            assert_eq!(to_thresholds(&tensor), values);
        }
    }
}
