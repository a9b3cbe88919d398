//! y[o, q] = Σ_{c, k} w[o, c, k]·x[c, q + offset k] where lines are made of whole runs of 8 or 16 outputs, as those of images
//! of 8, 16, 24, 32 … pixels are: registers hold outputs only, none of the gaps between lines, and go straight to the images.

use super::{
    grid::Grid,
    tile::{REGISTERS, Source, tile},
    weights::{BLOCK, Weights},
};
use crate::cpu::{
    fresh::Unset,
    simd::{Level, Simd},
};

/// Where the runs of a group of images are read and written, image by image.
#[derive(Debug)]
pub(super) struct Runs {
    /// Starts on the grid.
    reads: Vec<usize>,
    /// Starts in the images `[images, channels_out, height, width]`, in the first channel.
    writes: Vec<usize>,
    /// Runs of an image.
    image: usize,
    /// Outputs of a run: 8, two of which fill a register, or 16.
    length: usize,
}

impl Runs {
    /// The runs of the images of a grid; `None` if its lines are not whole runs.
    pub(super) fn of(grid: &Grid) -> Option<Self> {
        let (width, plane) = (grid.shape.columns.output, grid.shape.plane_out());
        let length = [16, 8].into_iter().find(|length| width.is_multiple_of(*length))?;
        let line = |start: usize| (0..width).step_by(length).map(move |x| start + x);
        let reads = grid.lines(grid.images).flat_map(line).collect();
        let channels = grid.shape.channels_out;
        let image = move |i: usize| (0..plane).step_by(length).map(move |q| i * channels * plane + q);
        let writes = (0..grid.images).flat_map(image).collect();
        Some(Self { reads, writes, image: plane / length, length })
    }

    /// Writes the images `y` `[images, channels_out, height, width]`.
    pub(super) fn multiply(&self, y: &mut [Unset], pixels: &[f32], weights: &Weights, grid: &Grid) {
        let (channels, plane) = (grid.shape.channels_out, grid.shape.plane_out());
        let count = grid.count(y.len(), channels) * self.image;
        let (reads, writes) = (&self.reads[..count], &self.writes[..count]);
        let reach = grid.offsets.last().copied().unwrap_or(0) + self.length;
        let (last_read, last_write) = (reads.iter().max(), writes.iter().max());
        let inside = |last: Option<&usize>, reach: usize, length: usize| last.is_none_or(|at| at + reach <= length);
        assert!(inside(last_read, reach, grid.plane_in));
        assert!(inside(last_write, (channels - 1) * plane + self.length, y.len()));
        for (index, block) in weights.blocks().enumerate() {
            let first = index * BLOCK;
            // SAFETY: `first` is a channel of y.
            let out = unsafe { y.as_mut_ptr().cast::<f32>().add(first * plane) };
            let source = Source::new(pixels, block, grid);
            let block = Block { out, plane_out: plane, kept: BLOCK.min(channels - first), source };
            match Level::detect() {
                // SAFETY: the level was detected, the bounds are asserted above.
                #[cfg(target_arch = "x86_64")]
                Level::Avx512 => unsafe { avx512(&block, self.length, reads, writes) },
                // SAFETY: the bounds are asserted above.
                #[cfg(debug_assertions)]
                Level::Emulated => unsafe { runs::<crate::cpu::simd::Emulated>(&block, self.length, reads, writes) },
                _ => unreachable!("`forward_applies` asks for AVX-512"),
            }
        }
    }
}

/// One block of channels.
struct Block<'a> {
    /// The first image in the first channel of the block.
    out: *mut f32,
    plane_out: usize,
    /// Channels that there are; the others are not written.
    kept: usize,
    source: Source<'a>,
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma")]
unsafe fn avx512(block: &Block<'_>, length: usize, reads: &[usize], writes: &[usize]) {
    // SAFETY: the instructions are those of this function; the caller has checked the bounds.
    unsafe { runs::<crate::cpu::simd::Avx512>(block, length, reads, writes) }
}

/// Over registers of 16 lanes.
#[inline(always)]
unsafe fn runs<S: Simd>(block: &Block<'_>, length: usize, reads: &[usize], writes: &[usize]) {
    const { assert!(S::LANES == 16) };
    // SAFETY: the caller vouches for the instructions and the bounds.
    unsafe { if length == S::LANES { whole::<S>(block, reads, writes) } else { halves::<S>(block, reads, writes) } }
}

/// Runs of a register each.
#[inline(always)]
unsafe fn whole<S: Simd>(block: &Block<'_>, reads: &[usize], writes: &[usize]) {
    for first in (0..reads.len()).step_by(REGISTERS) {
        let at: [usize; REGISTERS] = std::array::from_fn(|n| (first + n).min(reads.len() - 1));
        // SAFETY: the caller vouches for the instructions and the bounds.
        unsafe {
            let sums = tile::<S, _>(&block.source, |pixels, n| S::load(pixels.add(reads[at[n]])));
            for (m, sums) in sums.iter().take(block.kept).enumerate() {
                for (n, sum) in sums.iter().enumerate() {
                    S::store(block.out.add(m * block.plane_out + writes[at[n]]), *sum);
                }
            }
        }
    }
}

/// Two runs a register.
#[inline(always)]
unsafe fn halves<S: Simd>(block: &Block<'_>, reads: &[usize], writes: &[usize]) {
    for first in (0..reads.len()).step_by(2 * REGISTERS) {
        let at: [[usize; 2]; REGISTERS] =
            std::array::from_fn(|n| [0, 1].map(|half| (first + 2 * n + half).min(reads.len() - 1)));
        // SAFETY: as in `whole`.
        unsafe {
            let sums = tile::<S, _>(&block.source, |pixels, n| {
                let [low, high] = at[n].map(|run| pixels.add(reads[run]));
                S::load_halves(low, high)
            });
            for (m, sums) in sums.iter().take(block.kept).enumerate() {
                let out = block.out.add(m * block.plane_out);
                for (at, sum) in at.iter().zip(sums) {
                    let [low, high] = at.map(|run| out.add(writes[run]));
                    S::store_halves(low, high, *sum);
                }
            }
        }
    }
}
