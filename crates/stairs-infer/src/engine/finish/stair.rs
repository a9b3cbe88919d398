//! Levels of sums, by few thresholds.

use super::{LANES, Sums};
use crate::engine::tensor::Stored;

/// A stair of bytes.
pub(super) struct Stair<'a> {
    pub(super) base: &'a [i32],
    pub(super) beyond: &'a [i32],
    pub(super) rise: &'a [i32],
    pub(super) low: i32,
}

impl Stair<'_> {
    /// Channels `done..done + LANES` of all rows, with `T` thresholds.
    ///
    /// # Safety
    /// As [`Finish::apply`](super::Finish::apply).
    #[inline(always)]
    pub(super) unsafe fn columns<const T: usize>(&self, output: Stored<'_>, width: usize, sums: Sums<'_>, done: usize) {
        let channel = sums.channel + done;
        let of = |values: &[i32], at: usize| {
            let mut lanes = [0; LANES];
            lanes.copy_from_slice(&values[at + channel..][..LANES]);
            lanes
        };
        let mut base = of(self.base, 0);
        base.iter_mut().for_each(|base| *base = base.wrapping_sub(self.low));
        let (mut beyond, mut rise) = ([[0; LANES]; T], [[0; LANES]; T]);
        for t in 0..T {
            (beyond[t], rise[t]) = (of(self.beyond, t * width), of(self.rise, t * width));
        }
        for i in 0..sums.rows {
            let Some(values) = sums.values[i * sums.stride + done..].first_chunk::<LANES>() else { return };
            let mut levels = base;
            for t in 0..T {
                for l in 0..LANES {
                    let passed = if values[l] > beyond[t][l] { rise[t][l] } else { 0 };
                    levels[l] = levels[l].wrapping_add(passed);
                }
            }
            // SAFETY: the caller's duty; the output is bytes.
            let to: &mut [u8] = unsafe { output.write((sums.row + i) * width + channel, LANES) };
            for l in 0..LANES {
                to[l] = levels[l] as u8;
            }
        }
    }
}

/// Any number of channels of one row.
#[inline(always)]
pub(super) fn stair(values: &[i32], channel: usize, [base, beyond, rise]: [&[i32]; 3], levels: &mut [i32]) {
    let (count, width) = (values.len(), base.len());
    levels.copy_from_slice(&base[channel..][..count]);
    for (beyond, rise) in beyond.chunks_exact(width).zip(rise.chunks_exact(width)) {
        let (beyond, rise) = (&beyond[channel..][..count], &rise[channel..][..count]);
        for l in 0..count {
            levels[l] = levels[l].wrapping_add(if values[l] > beyond[l] { rise[l] } else { 0 });
        }
    }
}
