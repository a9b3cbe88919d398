//! Where and how a result is stored.
//!
//! Images are stored channels last, `[height, width, channels]`; everything else in row-major order. Integers of at most 256 values
//! (with 0, which padding needs) are bytes: the value less the lowest one. Other integers have 32 bits.

use alloc::vec::Vec;

use super::memory::{Memory, Plain};
use crate::{Kind, Range};

/// What the numbers of a stored result are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Element {
    /// Integers, less `low`.
    Byte {
        /// The smallest value, at most 0.
        low: i32,
    },
    /// Integers.
    Int,
    /// Floats.
    Float,
}

/// A stored result. A row is what is stored together: the channels of a pixel, or the last axis.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Tensor {
    pub(crate) element: Element,
    /// Index of its place.
    pub(crate) slot: usize,
    /// Size of the first axis.
    pub(crate) channels: usize,
    /// Positions of a channel.
    pub(crate) pixels: usize,
    /// Height and width of an image, 1 and 1 for other shapes.
    pub(crate) size: [usize; 2],
    /// Whether the channels of a position are stored together.
    pub(crate) last: bool,
    /// Which integers are possible, 0 among them; ascending. Empty if there are more than 256, or floats.
    pub(crate) levels: Vec<i32>,
    /// The range of integers.
    pub(crate) range: Range,
}

impl Tensor {
    pub(crate) fn new(shape: &[usize], kind: Kind, slot: usize) -> Self {
        let range = kind.range().unwrap_or(Range::new(0, 0));
        let whole = range.with_zero();
        let few = i64::from(whole.high) - i64::from(whole.low) < 256;
        let element = match kind {
            Kind::Float => Element::Float,
            Kind::Integer(_) if few => Element::Byte { low: whole.low },
            Kind::Integer(_) => Element::Int,
        };
        let levels =
            if element == (Element::Byte { low: whole.low }) { (whole.low..=whole.high).collect() } else { Vec::new() };
        let channels = shape.first().copied().unwrap_or(1);
        let pixels = shape.iter().skip(1).product();
        let (size, image) = match shape {
            [_, height, width] => ([*height, *width], true),
            _ => ([1, 1], false),
        };
        Self { element, slot, channels, pixels, size, last: image || pixels == 1, levels, range }
    }

    /// With no other integers than these and 0.
    pub(crate) fn with_levels(mut self, levels: impl IntoIterator<Item = i32>) -> Self {
        if !self.levels.is_empty() {
            self.levels = levels.into_iter().chain([0]).collect();
            self.levels.sort_unstable();
            self.levels.dedup();
        }
        self
    }

    /// Whether it is integers, and then which.
    pub(crate) fn kind(&self) -> Kind {
        if self.element == Element::Float { Kind::Float } else { Kind::Integer(self.range) }
    }

    /// Numbers.
    pub(crate) fn len(&self) -> usize {
        self.channels * self.pixels
    }

    /// Bytes of a number.
    pub(crate) fn width(&self) -> usize {
        if matches!(self.element, Element::Byte { .. }) { 1 } else { 4 }
    }

    /// Whether it is stored in row-major order.
    pub(crate) fn is_flat(&self) -> bool {
        !self.last || self.channels == 1 || self.pixels == 1
    }

    /// What is added to a stored number to get the integer.
    pub(crate) fn low(&self) -> i32 {
        match self.element {
            Element::Byte { low } => low,
            _ => 0,
        }
    }
}

/// A tensor and its place.
#[derive(Clone, Copy)]
pub(crate) struct Stored<'a> {
    pub(crate) tensor: &'a Tensor,
    pub(crate) byte: usize,
    pub(crate) memory: Memory<'a>,
}

impl<'a> Stored<'a> {
    /// Numbers `index..index + length`, counted over all samples.
    ///
    /// # Safety
    /// Nobody may write them meanwhile, and they must be stored as `T`.
    pub(crate) unsafe fn read<T: Plain>(self, index: usize, length: usize) -> &'a [T] {
        debug_assert_eq!(size_of::<T>(), self.tensor.width());
        // SAFETY: the caller's duty.
        unsafe { self.memory.read(self.byte, index, length) }
    }

    /// Numbers `index..index + length`, counted over all samples.
    ///
    /// # Safety
    /// Nobody else may read or write them meanwhile, and they must be stored as `T`.
    pub(crate) unsafe fn write<T: Plain>(self, index: usize, length: usize) -> &'a mut [T] {
        debug_assert_eq!(size_of::<T>(), self.tensor.width());
        // SAFETY: the caller's duty.
        unsafe { self.memory.write(self.byte, index, length) }
    }

    /// Integers from `index` on.
    ///
    /// # Safety
    /// Nobody may write them meanwhile.
    #[inline(always)]
    pub(crate) unsafe fn integers(self, index: usize, into: &mut [i32]) {
        match self.tensor.element {
            Element::Byte { low } => {
                // SAFETY: the caller's duty; bytes by its element.
                let from: &[u8] = unsafe { self.read(index, into.len()) };
                for (to, from) in into.iter_mut().zip(from) {
                    *to = i32::from(*from) + low;
                }
            }
            // SAFETY: the caller's duty; 32 bits by its element.
            _ => into.copy_from_slice(unsafe { self.read(index, into.len()) }),
        }
    }

    /// Writes integers from `index` on.
    ///
    /// # Safety
    /// Nobody else may read or write them meanwhile.
    #[inline(always)]
    pub(crate) unsafe fn set_integers(self, index: usize, from: &[i32]) {
        match self.tensor.element {
            Element::Byte { low } => {
                // SAFETY: the caller's duty; bytes by its element.
                let to: &mut [u8] = unsafe { self.write(index, from.len()) };
                for (to, from) in to.iter_mut().zip(from) {
                    *to = (*from - low) as u8;
                }
            }
            // SAFETY: the caller's duty; 32 bits by its element.
            _ => unsafe { self.write(index, from.len()) }.copy_from_slice(from),
        }
    }
}
