//! Kernels for aarch64.
//!
//! | file | processor | inputs | products per instruction |
//! |---|---|---|---|
//! | `tables` | NEON | few levels, weights of few values | 32 to 64, looked up |
//! | `popcount` | NEON | ternary | 128, by bits, in seven instructions |
//! | `bytes` | NEON | bytes | 8 |
//! | `dot` | dot product | bytes | 16 |
//!
//! Other products the compiler makes of the portable kernels.

mod bytes;
mod dot;
mod popcount;
mod tables;

use alloc::boxed::Box;

use bytes::Bytes;
use dot::Dot;
use popcount::Popcount;
use tables::Lookups;

use super::kernel::{ADDITIONS, Choice, Setting, additions};
use super::pack::Format;
use super::tables::{Tables, Values};
use super::tiled::Tiled;
use crate::Weights;
use crate::engine::level::Level;

/// The best kernel of this level, if one is better than the portable ones.
pub(super) fn choice(setting: Setting<'_>) -> Option<Choice<'_>> {
    let Setting { level, input, weights, sums, depthwise } = setting;
    if level < Level::Neon || depthwise.is_some() {
        return None;
    }
    if setting.is_ternary() && fills_words(weights) {
        return Some(Choice::new(Format::Planes, |geometry, weighted| {
            Box::new(Tiled::new(Popcount, geometry, weighted, 0, Popcount::STEPS))
        }));
    }
    if let Some(values) = Values::new(input, weights, sums) {
        return Some(Choice::new(values.format(input.low()), move |geometry, weighted| {
            Box::new(Tables::<Lookups>::new(&values, geometry, weighted))
        }));
    }
    if !setting.is_bytes() {
        return None;
    }
    let signed = Signed::new(setting.span());
    let low = input.low().wrapping_add(signed.less());
    if level >= Level::Dot {
        return Some(Choice::new(Format::Codes, move |geometry, weighted| {
            Box::new(Tiled::new(Dot(signed), geometry, weighted, low, usize::MAX))
        }));
    }
    let steps = additions(signed.most(setting.span()) * weights.range().reach());
    (steps >= ADDITIONS).then(|| {
        Choice::new(Format::Codes, move |geometry, weighted| {
            Box::new(Tiled::new(Bytes(signed), geometry, weighted, low, steps))
        })
    })
}

/// Whether most places of words of 64 input channels hold one. By llvm-mca's models of Cortex-A55 and A72 counting then does 1.7 and 2
/// times as many products a cycle as looking up, and on larger cores as many; nobody has measured it.
fn fills_words(weights: &Weights) -> bool {
    let channels = weights.shape().get(1).copied().unwrap_or(1);
    5 * channels >= 4 * channels.next_multiple_of(64)
}

/// How bytes become signed: as they are, or less 128, where they use all 8 bits.
#[derive(Clone, Copy, Debug)]
struct Signed {
    /// What is changed of a byte: nothing, or its highest bit.
    flip: u8,
}

impl Signed {
    /// For bytes up to `span`.
    fn new(span: i64) -> Self {
        Self { flip: if span > 127 { 128 } else { 0 } }
    }

    /// What is taken from every byte.
    fn less(self) -> i32 {
        self.flip.into()
    }

    /// The largest magnitude of signed bytes.
    fn most(self, span: i64) -> i64 {
        (span - i64::from(self.flip)).max(self.flip.into())
    }
}
