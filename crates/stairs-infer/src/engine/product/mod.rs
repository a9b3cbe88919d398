//! Convolutions and dense layers: products of packed inputs and packed weights.
//!
//! The outputs of an image are taken in groups of consecutive ones, and the output channels in blocks as wide as the kernel makes them.
//! A kernel adds up the products of one block for one group; then [`Finish`] makes of the sums what comes behind.

mod geometry;
mod kernel;
mod pack;
mod portable;
#[cfg(any(target_arch = "x86_64", all(target_arch = "aarch64", target_endian = "little")))]
mod tables;
#[cfg(any(target_arch = "x86_64", all(target_arch = "aarch64", target_endian = "little")))]
mod tile;
#[cfg(any(target_arch = "x86_64", all(target_arch = "aarch64", target_endian = "little")))]
mod tiled;

#[cfg(all(target_arch = "aarch64", target_endian = "little"))]
mod neon;
#[cfg(target_arch = "x86_64")]
mod x86;

pub(crate) use geometry::Geometry;
pub(crate) use kernel::{Kernel, Setting, Weighted};
pub(crate) use pack::{Format, Pack};

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::context::Context;
use super::finish::{CHUNK, Finish, Sums};
use super::memory::Aligned;

/// Outputs taken together.
const GROUP: usize = 40;

/// What packed inputs are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum From {
    /// Those at this place.
    Packed(usize),
    /// A tensor as it is stored.
    Stored(usize),
}

/// A step of products.
#[derive(Debug)]
pub(crate) struct Product {
    pub(crate) from: From,
    pub(crate) geometry: Geometry,
    pub(crate) groups: usize,
    /// Output channels of a group.
    pub(crate) outputs: usize,
    /// One for each group.
    pub(crate) kernels: Vec<Box<dyn Kernel>>,
    pub(crate) finish: Finish,
    /// Whether all samples are one image: rows of dense layers.
    pub(crate) joined: bool,
}

impl Product {
    /// # Safety
    /// The places of inputs and output are apart, and nobody else uses this part of the output.
    pub(crate) unsafe fn run(&self, context: &Context<'_>) {
        let byte = match self.from {
            From::Packed(slot) => context.places[slot],
            From::Stored(tensor) => context.stored(tensor).byte,
        };
        let (images, pixels) = if self.joined {
            (1, context.count * self.geometry.outputs)
        } else {
            (context.count, self.geometry.outputs)
        };
        let width = self.kernels.first().map_or(1, |kernel| kernel.width());
        let (blocks, pieces) = (self.outputs.div_ceil(width), pixels.div_ceil(GROUP));
        let units = images * self.groups * pieces * blocks;
        let mut sums = Aligned([0; GROUP * CHUNK]);
        let (mut bases, mut last) = ([0; GROUP], None);
        for unit in context.part.range(units) {
            let (block, rest) = (unit % blocks, unit / blocks);
            let (piece, rest) = (rest % pieces, rest / pieces);
            let (group, image) = (rest % self.groups, rest / self.groups);
            let first = piece * GROUP;
            let count = GROUP.min(pixels - first);
            let start = if self.joined { 0 } else { (image * self.groups + group) * self.geometry.image() };
            // Blocks of one piece come one after the other.
            if last != Some((image, group, piece)) {
                self.geometry.bases(first, start, &mut bases[..count]);
                last = Some((image, group, piece));
            }
            let sums = &mut sums.0[..count * width];
            let channel = block * width;
            let channels = width.min(self.outputs - channel);
            let rows = Sums {
                values: &[],
                stride: width,
                row: image * pixels + first,
                rows: count,
                channel: group * self.outputs + channel,
                channels,
            };
            // SAFETY: the packed inputs are read here alone, and hold what the geometry reaches; the rest is the caller's duty.
            unsafe {
                self.kernels[group].add(context, byte, &bases[..count], block, sums);
                self.finish.apply(context, Sums { values: sums, ..rows });
            }
        }
    }

    /// What multiplies.
    pub(crate) fn name(&self) -> &'static str {
        self.kernels.first().map_or("product", |kernel| kernel.name())
    }
}
