//! The loop of the kernels: sums of a block of output channels for a few outputs at a time, so that weights are loaded once for all.
//!
//! ```text
//! for a few outputs p:                                    at most OUTPUTS
//!     sums[p] = zero
//!     for every run, for every STEP packed numbers i:
//!         w = load(weights of the step)
//!         sums[p] = add(sums[p], numbers i.. of input p, w)   for all p
//!     to[p] = from[p] + sums[p]
//! ```
//!
//! A [`Tile`] says what a step is in the instructions of a processor. The loop is inlined into the tile's `sweep`, which is compiled for
//! these instructions.

use core::fmt::Debug;

use super::geometry::Run;
use crate::engine::context::Context;
use crate::engine::memory::Plain;

/// Products of some packed numbers of one output with the weights of a block.
///
/// Its functions but `sweep` are inlined, so that they need not be compiled for the instructions they use; all of them may run on
/// processors that have these alone.
pub(super) trait Tile: Copy + 'static {
    /// A packed number.
    type Input: Plain;
    /// The weights of a step, of all channels of the block.
    type Weights: Copy + Debug + Send + Sync;
    /// The same in registers.
    type Loaded: Copy;
    /// The sums of an output in registers.
    type Sums: Copy;
    /// What sums are stored as.
    type Sum: Plain;

    /// Its name, for tables of times.
    const NAME: &'static str;
    /// Packed numbers of a step.
    const STEP: usize;
    /// Output channels of a block.
    const WIDTH: usize;
    /// Most outputs for which registers suffice, 2 to 5.
    const OUTPUTS: usize;

    /// No sums yet.
    unsafe fn zero(self) -> Self::Sums;

    /// The weights of a step.
    unsafe fn load(self, weights: &Self::Weights) -> Self::Loaded;

    /// The sums with the products of a step.
    ///
    /// # Safety
    /// There are [`STEP`](Self::STEP) packed numbers at `input`.
    unsafe fn add(self, sums: Self::Sums, input: *const Self::Input, weights: Self::Loaded) -> Self::Sums;

    /// Stores what is at `from`, plus the sums; it may be the same place.
    ///
    /// # Safety
    /// There are [`WIDTH`](Self::WIDTH) numbers at both places.
    unsafe fn store(self, sums: Self::Sums, from: *const Self::Sum, to: *mut Self::Sum);

    /// [`Sweep::run`], compiled for the instructions of the tile.
    ///
    /// # Safety
    /// As [`Sweep::run`].
    unsafe fn sweep(self, sweep: Sweep<'_, Self>);
}

/// Some runs of some outputs, and the weights of a block for them.
pub(super) struct Sweep<'a, T: Tile> {
    /// Packed inputs, as [`packed`] gives them for these bases.
    pub(super) packed: *const T::Input,
    pub(super) bases: &'a [usize],
    pub(super) runs: &'a [Run],
    /// One for each step of the runs.
    pub(super) weights: &'a [T::Weights],
    /// What the sums of every output are added to; `None` is what is there.
    pub(super) start: Option<&'a [T::Sum]>,
    /// `[outputs, WIDTH]`.
    pub(super) to: &'a mut [T::Sum],
}

impl<T: Tile> Sweep<'_, T> {
    /// Adds up.
    ///
    /// # Safety
    /// All runs can be read from all bases, and there are as many weights and sums as said.
    #[inline(always)]
    pub(super) unsafe fn run(mut self, tile: T) {
        debug_assert!(
            self.weights.len() * T::STEP >= length(self.runs) && self.to.len() == self.bases.len() * T::WIDTH
        );
        let mut first = 0;
        while first < self.bases.len() {
            let count = (self.bases.len() - first).min(T::OUTPUTS);
            // SAFETY: the caller's duty.
            unsafe {
                match count {
                    5 if T::OUTPUTS >= 5 => self.outputs::<5>(tile, first),
                    4 if T::OUTPUTS >= 4 => self.outputs::<4>(tile, first),
                    3 if T::OUTPUTS >= 3 => self.outputs::<3>(tile, first),
                    2 => self.outputs::<2>(tile, first),
                    _ => self.outputs::<1>(tile, first),
                }
            }
            first += count;
        }
    }

    /// `P` outputs.
    ///
    /// # Safety
    /// As [`run`](Self::run), and there are so many.
    #[inline(always)]
    unsafe fn outputs<const P: usize>(&mut self, tile: T, first: usize) {
        let mut inputs = [self.packed; P];
        for (input, base) in inputs.iter_mut().zip(&self.bases[first..]) {
            // SAFETY: within what is packed.
            *input = unsafe { self.packed.add(*base) };
        }
        // SAFETY: a tile's functions run inside its `sweep`; the rest is the caller's duty.
        unsafe {
            let mut sums = [tile.zero(); P];
            let mut weights = self.weights.as_ptr();
            for run in self.runs {
                for i in (run.offset..run.offset + run.length).step_by(T::STEP) {
                    let loaded = tile.load(&*weights);
                    weights = weights.add(1);
                    for p in 0..P {
                        sums[p] = tile.add(sums[p], inputs[p].add(i), loaded);
                    }
                }
            }
            for (sums, to) in sums.into_iter().zip(self.to[first * T::WIDTH..].chunks_exact_mut(T::WIDTH)) {
                let from = self.start.map_or(to.as_ptr(), <[T::Sum]>::as_ptr);
                tile.store(sums, from, to.as_mut_ptr());
            }
        }
    }
}

/// Packed inputs from the first on, of outputs at these bases.
///
/// # Safety
/// As [`Kernel::add`](super::Kernel::add).
pub(super) unsafe fn packed<T: Plain>(context: &Context<'_>, byte: usize, bases: &[usize], reach: usize) -> *const T {
    let most = bases.iter().copied().max().unwrap_or_default();
    // SAFETY: the caller's duty.
    unsafe { context.memory.read::<T>(byte, 0, most + reach).as_ptr() }
}

/// Packed numbers of some runs.
pub(super) fn length(runs: &[Run]) -> usize {
    runs.iter().map(|run| run.length).sum()
}
