//! Kernels for x86-64.
//!
//! | file | processor | inputs | products per instruction |
//! |---|---|---|---|
//! | `tables` | AVX2 | few levels, weights of few values | 64 to 128, looked up |
//! | `bytes` | AVX2 | bytes | 32 |
//! | `words` | AVX2 | 16 bits | 16 |
//! | `vnni` | AVX-512 VNNI | bytes | 64 |
//! | `popcount` | AVX-512 VPOPCNTDQ | ternary | 512, by bits, in four instructions |

mod bytes;
mod popcount;
mod tables;
mod vnni;
mod words;

pub(crate) use bytes::{Bytes, additions};
pub(crate) use popcount::Popcount;
pub(crate) use tables::{Tables, Values};
pub(crate) use vnni::Vnni;
pub(crate) use words::Words;

use super::geometry::Run;
use crate::engine::context::Context;
use crate::engine::memory::Plain;

/// Packed inputs of `P` outputs, from their bases on.
///
/// # Safety
/// As [`Kernel::add`](super::Kernel::add).
#[inline(always)]
unsafe fn inputs<T: Plain, const P: usize>(
    context: &Context<'_>,
    byte: usize,
    bases: &[usize],
    reach: usize,
) -> [*const T; P] {
    // SAFETY: the caller's duty.
    core::array::from_fn(|i| unsafe { context.memory.read::<T>(byte, bases[i], reach).as_ptr() })
}

/// Packed numbers of some runs.
fn length(runs: &[Run]) -> usize {
    runs.iter().map(|run| run.length).sum()
}

/// Calls `$tile::<…, P>` with `P` outputs at a time, 4 as long as there are.
macro_rules! tiles {
    ($count:expr, |$first:ident| $call:ident::<$($constant:ident),*; P>($($argument:expr),* $(,)?)) => {{
        let count = $count;
        let mut $first = 0;
        while $first + 4 <= count {
            $call::<$({ $constant },)* 4>($($argument),*);
            $first += 4;
        }
        match count - $first {
            0 => {}
            1 => $call::<$({ $constant },)* 1>($($argument),*),
            2 => $call::<$({ $constant },)* 2>($($argument),*),
            _ => $call::<$({ $constant },)* 3>($($argument),*),
        }
    }};
}

use tiles;
