//! Fixed-point maps of sums and of stored integers.

use super::{CHUNK, Finish, LANES, Place, Sums};
use crate::engine::context::Context;
use crate::engine::tensor::Stored;

/// Most inputs of fixed-point maps whose factors are kept in registers.
pub(super) const FEW_INPUTS: usize = 2;

/// Fixed-point maps.
pub(super) struct Rescale<'a> {
    pub(super) factors: &'a [i32],
    pub(super) offsets: &'a [i64],
    pub(super) shift: u8,
    pub(super) bounds: [i32; 2],
}

impl Rescale<'_> {
    /// Channels `done..done + LANES` of all rows, of `N` inputs.
    ///
    /// # Safety
    /// As [`Finish::apply`].
    #[inline(always)]
    pub(super) unsafe fn columns<const N: usize>(
        &self,
        finish: &Finish,
        context: &Context<'_>,
        sums: Sums<'_>,
        done: usize,
    ) {
        let (channel, width, output) = (sums.channel + done, finish.width, context.stored(finish.output));
        let mut offsets = [0i64; LANES];
        offsets.copy_from_slice(&self.offsets[channel..][..LANES]);
        let mut factors = [[0i32; LANES]; N];
        for (n, factors) in factors.iter_mut().enumerate() {
            factors.copy_from_slice(&self.factors[n * width + channel..][..LANES]);
        }
        let others: [Option<Stored<'_>>; N] =
            core::array::from_fn(|n| finish.inputs[n].map(|tensor| context.stored(tensor)));
        let [low, high] = self.bounds.map(i64::from);
        for i in 0..sums.rows {
            let index = (sums.row + i) * width + channel;
            let Some(at_hand) = sums.values[i * sums.stride + done..].first_chunk::<LANES>() else { return };
            let mut totals = offsets;
            for n in 0..N {
                let mut values = *at_hand;
                if let Some(other) = others[n] {
                    // SAFETY: the caller's duty.
                    unsafe { other.integers(index, &mut values) };
                }
                for l in 0..LANES {
                    totals[l] += i64::from(factors[n][l]) * i64::from(values[l]);
                }
            }
            let mut results = [0; LANES];
            for l in 0..LANES {
                results[l] = (totals[l] >> self.shift).clamp(low, high) as i32;
            }
            // SAFETY: the caller's duty.
            unsafe { output.set_integers(index, &results) };
        }
    }
}

/// Any number of channels of one row, of any number of inputs.
///
/// # Safety
/// As [`Finish::apply`].
#[inline(always)]
pub(super) unsafe fn rescale<T: Copy + Into<i64>>(
    finish: &Finish,
    at: &Place<'_, '_>,
    factors: &[T],
    offsets: &[i64],
    levels: &mut [i32],
    to: impl Fn(i64) -> i32,
) {
    let count = levels.len();
    let mut sums = [0i64; CHUNK];
    let sums = &mut sums[..count];
    sums.copy_from_slice(&offsets[at.channel..][..count]);
    for (which, factors) in factors.chunks_exact(finish.width).enumerate() {
        let mut buffer = [0; CHUNK];
        // SAFETY: the caller's duty.
        let values = unsafe { finish.input(which, at, &mut buffer) };
        let factors = &factors[at.channel..][..count];
        for l in 0..count {
            let factor: i64 = factors[l].into();
            sums[l] += factor * i64::from(values[l]);
        }
    }
    for (level, sum) in levels.iter_mut().zip(sums) {
        *level = to(*sum);
    }
}
