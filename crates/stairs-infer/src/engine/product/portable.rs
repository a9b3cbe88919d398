//! Kernels in plain Rust: products of integers, vectorised by the compiler over outputs; and ternary products by counting bits.
//!
//! With m the places where both are not 0, and n those of them where the signs differ, Σ w·x = |m| − 2|n|.

use super::geometry::{Geometry, Run};
use super::kernel::{Kernel, Weighted};
use crate::engine::context::Context;
use crate::engine::level::at_level;
use crate::engine::memory::Plain;
use alloc::vec;
use alloc::vec::Vec;

/// Integers, one product at a time for every output of a block; weights are as wide as values, so that nothing is widened on the way.
#[derive(Debug)]
pub(crate) struct Wide<T> {
    runs: Vec<Run>,
    reach: usize,
    width: usize,
    /// `[blocks, packed numbers, width]`.
    weights: Vec<T>,
    /// Packed numbers of an output.
    length: usize,
}

impl<T: Plain + From<i8>> Wide<T> {
    pub(crate) fn new(geometry: &Geometry, weighted: &Weighted<'_>) -> Self {
        let width = if weighted.outputs > 16 { 32 } else { 8 };
        let length = weighted.taps() * geometry.unit;
        let mut weights = vec![T::from(0); weighted.outputs.div_ceil(width) * length * width];
        for output in 0..weighted.outputs {
            let start = output / width * length * width + output % width;
            for (i, weight) in weighted.sequence(output, geometry.unit).into_iter().enumerate() {
                weights[start + i * width] = weight.into();
            }
        }
        Self { runs: geometry.runs.clone(), reach: geometry.reach(), width, weights, length }
    }

    fn block(&self, block: usize) -> &[T] {
        &self.weights[block * self.length * self.width..][..self.length * self.width]
    }
}

impl Kernel for Wide<i16> {
    fn name(&self) -> &'static str {
        "portable"
    }

    fn width(&self) -> usize {
        self.width
    }

    unsafe fn add(&self, context: &Context<'_>, byte: usize, bases: &[usize], block: usize, sums: &mut [i32]) {
        let task = Task {
            context,
            byte,
            bases,
            runs: &self.runs,
            reach: self.reach,
            weights: self.block(block),
            width: self.width,
        };
        at_level!(context.level, wide_words(task: Task<'_, i16>, sums: &mut [i32]));
    }
}

impl Kernel for Wide<i32> {
    fn name(&self) -> &'static str {
        "integers"
    }

    fn width(&self) -> usize {
        self.width
    }

    unsafe fn add(&self, context: &Context<'_>, byte: usize, bases: &[usize], block: usize, sums: &mut [i32]) {
        let task = Task {
            context,
            byte,
            bases,
            runs: &self.runs,
            reach: self.reach,
            weights: self.block(block),
            width: self.width,
        };
        at_level!(context.level, wide_integers(task: Task<'_, i32>, sums: &mut [i32]));
    }
}

/// A block for a group of outputs.
#[derive(Clone, Copy)]
struct Task<'a, W> {
    context: &'a Context<'a>,
    byte: usize,
    bases: &'a [usize],
    runs: &'a [Run],
    reach: usize,
    weights: &'a [W],
    width: usize,
}

impl<W> Task<'_, W> {
    /// Packed inputs of an output.
    ///
    /// # Safety
    /// As [`Kernel::add`](super::Kernel::add).
    #[inline(always)]
    unsafe fn inputs<T: Plain>(&self, output: usize) -> &[T] {
        // SAFETY: the caller's duty.
        unsafe { self.context.memory.read(self.byte, self.bases[output], self.reach) }
    }
}

/// # Safety
/// As [`Kernel::add`](super::Kernel::add).
#[inline(always)]
unsafe fn wide_words(task: Task<'_, i16>, sums: &mut [i32]) {
    // SAFETY: the caller's duty.
    unsafe { wide::<i16>(task, sums) }
}

/// # Safety
/// As [`Kernel::add`](super::Kernel::add).
#[inline(always)]
unsafe fn wide_integers(task: Task<'_, i32>, sums: &mut [i32]) {
    // SAFETY: the caller's duty.
    unsafe { wide::<i32>(task, sums) }
}

/// # Safety
/// As [`Kernel::add`](super::Kernel::add).
#[inline(always)]
unsafe fn wide<T: Plain + Into<i32>>(task: Task<'_, T>, sums: &mut [i32]) {
    // SAFETY: the caller's duty.
    unsafe {
        match task.width {
            32 => of_width::<T, 32>(task, sums),
            _ => of_width::<T, 8>(task, sums),
        }
    }
}

/// # Safety
/// As [`Kernel::add`](super::Kernel::add).
#[inline(always)]
unsafe fn of_width<T: Plain + Into<i32>, const WIDTH: usize>(task: Task<'_, T>, sums: &mut [i32]) {
    for (output, sums) in sums.as_chunks_mut::<WIDTH>().0.iter_mut().enumerate() {
        // SAFETY: the caller's duty.
        let inputs: &[T] = unsafe { task.inputs(output) };
        let mut weights = task.weights.as_chunks::<WIDTH>().0.iter();
        let mut total = [0i32; WIDTH];
        for run in task.runs {
            for (x, weights) in inputs[run.offset..][..run.length].iter().zip(&mut weights) {
                let x: i32 = (*x).into();
                for l in 0..WIDTH {
                    let weight: i32 = weights[l].into();
                    total[l] = total[l].wrapping_add(weight.wrapping_mul(x));
                }
            }
        }
        *sums = total;
    }
}

/// Ternary products by planes of bits.
#[derive(Debug)]
pub(crate) struct Planes {
    runs: Vec<Run>,
    reach: usize,
    /// `[blocks, words, mask and sign, width]`.
    weights: Vec<[[u64; PLANES]; 2]>,
    /// Words of an output.
    length: usize,
}

/// Outputs of a block of planes.
const PLANES: usize = 8;

impl Planes {
    pub(crate) fn new(geometry: &Geometry, weighted: &Weighted<'_>) -> Self {
        let length = weighted.taps() * geometry.unit / 2;
        let mut weights = vec![[[0; PLANES]; 2]; weighted.outputs.div_ceil(PLANES) * length];
        for output in 0..weighted.outputs {
            for (word, of) in weighted.sequence(output, geometry.unit * 32).chunks(64).enumerate() {
                let bits = |holds: fn(i8) -> bool| {
                    of.iter().enumerate().map(|(bit, weight)| u64::from(holds(*weight)) << bit).sum::<u64>()
                };
                let [mask, sign] = &mut weights[output / PLANES * length + word];
                mask[output % PLANES] = bits(|weight| weight != 0);
                sign[output % PLANES] = bits(|weight| weight < 0);
            }
        }
        Self { runs: geometry.runs.clone(), reach: geometry.reach(), weights, length }
    }
}

impl Kernel for Planes {
    fn name(&self) -> &'static str {
        "planes"
    }

    fn width(&self) -> usize {
        PLANES
    }

    unsafe fn add(&self, context: &Context<'_>, byte: usize, bases: &[usize], block: usize, sums: &mut [i32]) {
        let weights = &self.weights[block * self.length..][..self.length];
        let task = Task { context, byte, bases, runs: &self.runs, reach: self.reach, weights, width: PLANES };
        at_level!(context.level, bits(task: Task<'_, [[u64; PLANES]; 2]>, sums: &mut [i32]));
    }
}

/// # Safety
/// As [`Kernel::add`](super::Kernel::add).
#[inline(always)]
unsafe fn bits(task: Task<'_, [[u64; PLANES]; 2]>, sums: &mut [i32]) {
    for (output, sums) in sums.as_chunks_mut::<PLANES>().0.iter_mut().enumerate() {
        // SAFETY: the caller's duty.
        let inputs: &[u64] = unsafe { task.inputs(output) };
        let mut weights = task.weights.iter();
        let mut total = [0i32; PLANES];
        for run in task.runs {
            let words = inputs[run.offset..][..run.length].as_chunks::<2>().0;
            for ([mask, sign], [masks, signs]) in words.iter().zip(&mut weights) {
                for l in 0..PLANES {
                    let both = masks[l] & mask;
                    let opposed = both & (signs[l] ^ sign);
                    total[l] += both.count_ones() as i32 - 2 * opposed.count_ones() as i32;
                }
            }
        }
        *sums = total;
    }
}
