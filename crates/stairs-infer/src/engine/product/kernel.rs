//! Which kernel multiplies, and its weights.

use alloc::vec;
use alloc::vec::Vec;

use super::geometry::Geometry;
use super::pack::Format;
use super::portable::{Planes, Wide};
use crate::engine::context::Context;
use crate::engine::level::Level;
use crate::engine::tensor::{Element, Tensor};
use crate::{Range, Weights};

/// Packed weights of one group and how to multiply with them.
#[derive(Debug)]
pub(crate) enum Kernel {
    /// Values of 16 bits.
    Words(Wide<i16>),
    /// Values of 32 bits.
    Integers(Wide<i32>),
    /// Ternary values by bits.
    Planes(Planes),
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

/// What decides on the format.
pub(crate) struct Setting<'a> {
    pub(crate) level: Level,
    pub(crate) input: &'a Tensor,
    pub(crate) weights: Range,
}

impl Setting<'_> {
    /// The format in which inputs are best packed.
    pub(crate) fn format(&self) -> Format {
        let ternary = |range: Range| range.low >= -1 && range.high <= 1;
        match self.input.element {
            Element::Byte { .. } if ternary(self.input.range) && ternary(self.weights) => Format::Planes,
            _ if self.input.range.bits() <= 16 => Format::Words,
            _ => Format::Integers,
        }
    }
}

impl Kernel {
    /// The kernel for a format.
    pub(crate) fn new(format: &Format, geometry: &Geometry, weighted: &Weighted<'_>) -> Self {
        match format {
            Format::Planes => Self::Planes(Planes::new(geometry, weighted)),
            Format::Words => Self::Words(Wide::new(geometry, weighted)),
            _ => Self::Integers(Wide::new(geometry, weighted)),
        }
    }

    /// Its name, for tables of times.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Words(_) => "words",
            Self::Integers(_) => "integers",
            Self::Planes(_) => "planes",
        }
    }

    /// Output channels of a block.
    pub(crate) fn width(&self) -> usize {
        match self {
            Self::Words(wide) => wide.width(),
            Self::Integers(wide) => wide.width(),
            Self::Planes(_) => Planes::WIDTH,
        }
    }

    /// The sums of block `block` for outputs whose packed inputs begin at `bases`, `[outputs, width]`.
    ///
    /// # Safety
    /// Packed inputs are at `byte` and reach as far from the bases as the geometry says; nobody writes them meanwhile.
    pub(crate) unsafe fn add(
        &self,
        context: &Context<'_>,
        byte: usize,
        bases: &[usize],
        block: usize,
        sums: &mut [i32],
    ) {
        // SAFETY: the caller's duty.
        unsafe {
            match self {
                Self::Words(wide) => wide.add(context, byte, bases, block, sums),
                Self::Integers(wide) => wide.add(context, byte, bases, block, sums),
                Self::Planes(planes) => planes.add(context, byte, bases, block, sums),
            }
        }
    }
}
