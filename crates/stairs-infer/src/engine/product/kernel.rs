//! Which kernel multiplies, and its weights.

use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;
use core::fmt::Debug;

use super::geometry::Geometry;
use super::pack::Format;
use super::portable::{Planes, Wide};
use crate::engine::context::Context;
use crate::engine::level::Level;
use crate::engine::tensor::{Element, Tensor};
use crate::{Range, Weights, Window};

/// Packed weights of one group and how to multiply with them.
pub(crate) trait Kernel: Debug + Send + Sync {
    /// Its name, for tables of times.
    fn name(&self) -> &'static str;

    /// Output channels of a block.
    fn width(&self) -> usize;

    /// The sums of block `block` for outputs whose packed inputs begin at `bases`, `[outputs, width]`.
    ///
    /// # Safety
    /// Packed inputs are at `byte` and reach as far from the bases as the geometry says; nobody writes them meanwhile. The processor is
    /// of the level for which the kernel was chosen.
    unsafe fn add(&self, context: &Context<'_>, byte: usize, bases: &[usize], block: usize, sums: &mut [i32]);
}

/// Fewest additions in 16 bits for which bytes are multiplied rather than words.
pub(super) const ADDITIONS: usize = 4;

/// Additions that 16 bits hold, of numbers up to `most`.
pub(super) fn additions(most: i64) -> usize {
    (i64::from(i16::MAX) / most.max(1)) as usize
}

/// Weights of a group, in the order in which its packed inputs are read.
pub(crate) struct Weighted<'a> {
    pub(crate) weights: &'a Weights,
    /// First output and number of outputs.
    pub(crate) first: usize,
    pub(crate) outputs: usize,
    /// Input channels of the group.
    pub(crate) channels: usize,
}

impl Weighted<'_> {
    /// Taps of the kernel.
    pub(crate) fn taps(&self) -> usize {
        self.weights.fan_in() / self.channels
    }

    /// The weights of output `output` of the group, `unit` for every tap: those of the channels, then zeros.
    pub(crate) fn sequence(&self, output: usize, unit: usize) -> Vec<i8> {
        let (of, taps) = (self.weights.of(self.first + output), self.taps());
        let mut sequence = vec![0; taps * unit];
        for (tap, to) in sequence.chunks_exact_mut(unit).enumerate() {
            for (channel, to) in to.iter_mut().take(self.channels).enumerate() {
                *to = of[channel * taps + tap];
            }
        }
        sequence
    }
}

/// What decides on the kernel.
#[derive(Clone, Copy)]
pub(crate) struct Setting<'a> {
    pub(crate) level: Level,
    pub(crate) input: &'a Tensor,
    pub(crate) weights: &'a Weights,
    /// Which sums are possible.
    pub(crate) sums: Range,
    /// The window of a convolution whose every channel is its own group.
    pub(crate) depthwise: Option<Window>,
}

/// Makes the kernel of a group.
type Make<'a> = Box<dyn Fn(&Geometry, &Weighted<'_>) -> Box<dyn Kernel> + 'a>;

/// The kernel chosen, without its weights.
pub(crate) struct Choice<'a> {
    format: Format,
    /// Packed numbers of a pixel are a multiple of this.
    multiple: usize,
    make: Make<'a>,
}

impl<'a> Choice<'a> {
    pub(super) fn new(format: Format, make: impl Fn(&Geometry, &Weighted<'_>) -> Box<dyn Kernel> + 'a) -> Self {
        Self { format, multiple: 1, make: Box::new(make) }
    }

    #[cfg(target_arch = "x86_64")]
    pub(super) fn with_multiple(self, multiple: usize) -> Self {
        Self { multiple, ..self }
    }

    /// Packed numbers of a pixel with so many channels in a group.
    pub(crate) fn unit(&self, channels: usize) -> usize {
        self.format.unit(channels).next_multiple_of(self.multiple)
    }

    /// The kernel of a group.
    pub(crate) fn kernel(&self, geometry: &Geometry, weighted: &Weighted<'_>) -> Box<dyn Kernel> {
        (self.make)(geometry, weighted)
    }

    /// How inputs are packed.
    pub(crate) fn into_format(self) -> Format {
        self.format
    }
}

impl<'a> Setting<'a> {
    /// The best kernel; `None` for depthwise convolutions that have none.
    pub(crate) fn choice(&self) -> Option<Choice<'a>> {
        self.native().or_else(|| self.depthwise.is_none().then(|| self.portable()))
    }

    /// The kernel that is written for the processor, if there is one.
    fn native(&self) -> Option<Choice<'a>> {
        #[cfg(target_arch = "x86_64")]
        return super::x86::choice(*self);
        #[cfg(all(target_arch = "aarch64", target_endian = "little"))]
        return super::neon::choice(*self);
        #[cfg(not(any(target_arch = "x86_64", all(target_arch = "aarch64", target_endian = "little"))))]
        None
    }

    fn portable(&self) -> Choice<'a> {
        if self.is_ternary() {
            return Choice::new(Format::Planes, |geometry, weighted| Box::new(Planes::new(geometry, weighted)));
        }
        if self.input.range.bits() <= 16 {
            return Choice::new(Format::Words, |geometry, weighted| Box::new(Wide::<i16>::new(geometry, weighted)));
        }
        Choice::new(Format::Integers, |geometry, weighted| Box::new(Wide::<i32>::new(geometry, weighted)))
    }

    /// Whether inputs are bytes.
    pub(super) fn is_bytes(&self) -> bool {
        matches!(self.input.element, Element::Byte { .. })
    }

    /// Whether inputs and weights are −1, 0 and 1.
    pub(super) fn is_ternary(&self) -> bool {
        self.is_bytes() && is_ternary(self.input.range) && is_ternary(self.weights.range())
    }

    /// The largest byte that inputs are stored as.
    pub(super) fn span(&self) -> i64 {
        let whole = self.input.range.with_zero();
        i64::from(whole.high) - i64::from(whole.low)
    }
}

/// Whether all values are −1, 0 or 1.
pub(super) fn is_ternary(range: Range) -> bool {
    range.low >= -1 && range.high <= 1
}
