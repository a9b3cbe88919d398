//! Transposition of a matrix in memory.

#[cfg(target_arch = "x86_64")]
use std::arch::x86_64::*;

use crate::cpu::simd::Level;

/// Writes column r of `to` from row r of `from`: `to[c·to_step + r] = from[r·from_step + c]` for `rows` and `columns`.
pub(super) fn turn(from: &[f32], from_step: usize, to: &mut [f32], to_step: usize, rows: usize, columns: usize) {
    if rows == 0 || columns == 0 {
        return;
    }
    assert!(from_step >= columns && from.len() >= (rows - 1) * from_step + columns, "a matrix to transpose");
    assert!(to_step >= rows && to.len() >= (columns - 1) * to_step + rows, "room for the transposed matrix");
    let whole = if Level::detect().has_avx2() { [rows / 8 * 8, columns / 8 * 8] } else { [0, 0] };
    for r in (0..whole[0]).step_by(8) {
        for c in (0..whole[1]).step_by(8) {
            // SAFETY: the block lies inside both matrices by the assertions; there is AVX2.
            #[cfg(target_arch = "x86_64")]
            unsafe {
                block(from.as_ptr().add(r * from_step + c), from_step, to.as_mut_ptr().add(c * to_step + r), to_step);
            }
        }
    }
    let mut rest = |rows: std::ops::Range<usize>, columns: std::ops::Range<usize>| {
        for r in rows {
            for c in columns.clone() {
                to[c * to_step + r] = from[r * from_step + c];
            }
        }
    };
    rest(0..whole[0], whole[1]..columns);
    rest(whole[0]..rows, 0..columns);
}

/// Eight rows of eight.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
unsafe fn block(from: *const f32, from_step: usize, to: *mut f32, to_step: usize) {
    // SAFETY: the caller vouches for both blocks.
    unsafe {
        let row = |r: usize| _mm256_loadu_ps(from.add(r * from_step));
        // Pairs of rows, then fours, then the halves of all eight.
        let (r0, r1, r2, r3) = (row(0), row(1), row(2), row(3));
        let (r4, r5, r6, r7) = (row(4), row(5), row(6), row(7));
        let (a0, a1) = (_mm256_unpacklo_ps(r0, r1), _mm256_unpackhi_ps(r0, r1));
        let (a2, a3) = (_mm256_unpacklo_ps(r2, r3), _mm256_unpackhi_ps(r2, r3));
        let (a4, a5) = (_mm256_unpacklo_ps(r4, r5), _mm256_unpackhi_ps(r4, r5));
        let (a6, a7) = (_mm256_unpacklo_ps(r6, r7), _mm256_unpackhi_ps(r6, r7));
        let low = [
            _mm256_shuffle_ps::<0x44>(a0, a2),
            _mm256_shuffle_ps::<0xEE>(a0, a2),
            _mm256_shuffle_ps::<0x44>(a1, a3),
            _mm256_shuffle_ps::<0xEE>(a1, a3),
        ];
        let high = [
            _mm256_shuffle_ps::<0x44>(a4, a6),
            _mm256_shuffle_ps::<0xEE>(a4, a6),
            _mm256_shuffle_ps::<0x44>(a5, a7),
            _mm256_shuffle_ps::<0xEE>(a5, a7),
        ];
        for c in 0..4 {
            _mm256_storeu_ps(to.add(c * to_step), _mm256_permute2f128_ps::<0x20>(low[c], high[c]));
            _mm256_storeu_ps(to.add((c + 4) * to_step), _mm256_permute2f128_ps::<0x31>(low[c], high[c]));
        }
    }
}

#[cfg(all(test, target_arch = "x86_64"))]
mod tests {
    use super::*;

    #[test]
    fn rows_become_columns() {
        if !is_x86_feature_detected!("avx2") {
            return;
        }
        for (rows, columns) in [(8, 8), (17, 9), (3, 20), (16, 24), (1, 1)] {
            let (from_step, to_step) = (columns + 1, rows + 2);
            let from: Vec<f32> = (0..rows * from_step).map(|i| i as f32).collect();
            let mut to = vec![-1.0; columns * to_step];
            turn(&from, from_step, &mut to, to_step, rows, columns);
            for r in 0..rows {
                for c in 0..columns {
                    assert_eq!(to[c * to_step + r], from[r * from_step + c], "{rows} × {columns} at {r}, {c}");
                }
            }
            assert!((0..columns).all(|c| to[c * to_step + rows] == -1.0), "nothing beyond");
        }
    }
}
