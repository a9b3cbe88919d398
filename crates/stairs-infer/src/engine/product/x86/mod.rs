//! Kernels for x86-64.
//!
//! | file | processor | inputs | products per instruction |
//! |---|---|---|---|
//! | `tables` | AVX2 | few levels, weights of few values | 64 to 128, looked up |
//! | `bytes` | AVX2 | bytes | 32 |
//! | `lanes` | AVX2 | bytes, depthwise | 32 |
//! | `words` | AVX2 | 16 bits | 16 |
//! | `signs` | AVX2 | 32 bits, weights ternary | 8 |
//! | `vnni` | AVX-512 VNNI | bytes | 64 |
//! | `popcount` | AVX-512 VPOPCNTDQ | ternary | 512, by bits, in four instructions |

mod bytes;
mod lanes;
mod popcount;
mod signs;
mod tables;
mod vnni;
mod words;

pub(crate) use bytes::{Bytes, additions};
pub(crate) use lanes::Lanes;
pub(crate) use popcount::Popcount;
pub(crate) use signs::Signs;
pub(crate) use tables::{Tables, Values};
pub(crate) use vnni::Vnni;
pub(crate) use words::Words;

use super::geometry::Run;
use crate::engine::context::Context;
use crate::engine::memory::Plain;

/// Packed inputs from the first on, of outputs at these bases.
///
/// # Safety
/// As [`Kernel::add`](super::Kernel::add).
unsafe fn packed<T: Plain>(context: &Context<'_>, byte: usize, bases: &[usize], reach: usize) -> *const T {
    let most = bases.iter().copied().max().unwrap_or_default();
    // SAFETY: the caller's duty.
    unsafe { context.memory.read::<T>(byte, 0, most + reach).as_ptr() }
}

/// Packed inputs of `P` outputs, from their bases on.
///
/// # Safety
/// The bases are among those that [`packed`] has been asked for, and there are `P`.
#[inline(always)]
unsafe fn inputs<T: Plain, const P: usize>(packed: *const T, bases: &[usize]) -> [*const T; P] {
    let mut inputs = [packed; P];
    for (input, base) in inputs.iter_mut().zip(bases) {
        // SAFETY: within what is packed.
        *input = unsafe { packed.add(*base) };
    }
    inputs
}

/// Packed numbers of some runs.
fn length(runs: &[Run]) -> usize {
    runs.iter().map(|run| run.length).sum()
}

/// Calls `$call::<…, P>` with `P` outputs at a time: `$most`, at most 5, as long as there are.
macro_rules! tiles {
    ($most:literal, $count:expr, |$first:ident| $call:ident::<$($constant:ident),*; P>($($argument:expr),* $(,)?)) => {{
        let count = $count;
        let mut $first = 0;
        while $first + $most <= count {
            $call::<$({ $constant },)* $most>($($argument),*);
            $first += $most;
        }
        match count - $first {
            0 => {}
            1 => $call::<$({ $constant },)* 1>($($argument),*),
            2 => $call::<$({ $constant },)* 2>($($argument),*),
            3 => $call::<$({ $constant },)* 3>($($argument),*),
            _ => $call::<$({ $constant },)* 4>($($argument),*),
        }
    }};
}

use tiles;
