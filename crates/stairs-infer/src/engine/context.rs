//! What a step sees when it runs.

use core::ops::Range;

use super::level::Level;
use super::memory::Memory;
use super::tensor::{Stored, Tensor};

/// The share of a thread.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Part {
    pub(crate) index: usize,
    pub(crate) of: usize,
}

impl Part {
    /// Everything.
    pub(crate) const WHOLE: Self = Self { index: 0, of: 1 };

    /// This part of `count` things: runs that differ by at most one.
    pub(crate) fn range(self, count: usize) -> Range<usize> {
        let (each, more) = (count / self.of, count % self.of);
        let start = self.index * each + self.index.min(more);
        start..start + each + usize::from(self.index < more)
    }
}

/// One run of a step: on `count` samples, by one thread of several.
#[derive(Clone, Copy)]
pub(crate) struct Context<'a> {
    pub(crate) memory: Memory<'a>,
    /// First byte of every place.
    pub(crate) places: &'a [usize],
    pub(crate) tensors: &'a [Tensor],
    pub(crate) samples: &'a [f32],
    pub(crate) count: usize,
    pub(crate) part: Part,
    pub(crate) level: Level,
}

impl<'a> Context<'a> {
    pub(crate) fn stored(&self, tensor: usize) -> Stored<'a> {
        let tensor = &self.tensors[tensor];
        Stored { tensor, byte: self.places[tensor.slot], memory: self.memory }
    }
}
