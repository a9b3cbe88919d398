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

use alloc::boxed::Box;
use core::arch::x86_64::*;

use bytes::Bytes;
use lanes::Lanes;
use popcount::Popcount;
use signs::Signs;
use tables::Shuffle;
use vnni::Vnni;
use words::Words;

use super::kernel::{ADDITIONS, Choice, Setting, additions, is_ternary};
use super::pack::Format;
use super::tables::{Tables, Values};
use super::tiled::Tiled;
use crate::engine::level::Level;

/// Steps of sums that hold whatever is added.
const ALL: usize = usize::MAX;

/// The best kernel of this level, if one is better than the portable ones.
pub(super) fn choice(setting: Setting<'_>) -> Option<Choice<'_>> {
    let Setting { level, input, weights, sums, depthwise } = setting;
    if level < Level::Avx2 {
        return None;
    }
    if let Some(window) = depthwise {
        let choice =
            Choice::new(Format::Codes, move |geometry, _| Box::new(Lanes::new(input, &window, geometry, weights)));
        return Lanes::fits(&setting, &window).then(|| choice.with_multiple(Lanes::WIDTH));
    }
    if level >= Level::Avx512 && setting.is_ternary() {
        return Some(Choice::new(Format::Planes, |geometry, weighted| {
            Box::new(Tiled::new(Popcount, geometry, weighted, 0, ALL))
        }));
    }
    if level >= Level::Avx512 && setting.is_bytes() {
        return Some(Choice::new(Format::Codes, move |geometry, weighted| match weighted.outputs {
            ..=32 => Box::new(Tiled::new(Vnni::<1>, geometry, weighted, input.low(), ALL)),
            _ => Box::new(Tiled::new(Vnni::<4>, geometry, weighted, input.low(), ALL)),
        }));
    }
    if let Some(values) = Values::new(input, weights, sums) {
        return Some(Choice::new(values.format(input.low()), move |geometry, weighted| match weighted.outputs {
            ..=32 => Box::new(Tables::<Shuffle<1>>::new(&values, geometry, weighted)),
            _ => Box::new(Tables::<Shuffle<2>>::new(&values, geometry, weighted)),
        }));
    }
    // Two products a step.
    let steps = additions(2 * setting.span() * weights.range().reach());
    if setting.is_bytes() && steps >= ADDITIONS {
        return Some(Choice::new(Format::Codes, move |geometry, weighted| {
            Box::new(Tiled::new(Bytes, geometry, weighted, input.low(), steps))
        }));
    }
    if input.range.bits() <= 16 {
        return Some(Choice::new(Format::Words, |geometry, weighted| {
            Box::new(Tiled::new(Words, geometry, weighted, 0, ALL))
        }));
    }
    is_ternary(weights.range()).then(|| {
        Choice::new(Format::Integers, |geometry, weighted| Box::new(Tiled::new(Signs, geometry, weighted, 0, ALL)))
    })
}

/// Two registers from memory.
///
/// # Safety
/// There are 64 bytes, and the processor has AVX2.
#[inline(always)]
unsafe fn load<T>(from: &[T; 2]) -> [__m256i; 2] {
    const { assert!(size_of::<T>() == 32) };
    let from: *const __m256i = from.as_ptr().cast();
    // SAFETY: the caller's duty.
    unsafe { [_mm256_loadu_si256(from), _mm256_loadu_si256(from.add(1))] }
}

/// Four bytes in every lane of 32 bits.
///
/// # Safety
/// There are four bytes, and the processor has AVX2.
#[inline(always)]
unsafe fn splat<T>(from: *const T) -> __m256i {
    // SAFETY: the caller's duty.
    unsafe { _mm256_set1_epi32(from.cast::<i32>().read_unaligned()) }
}

/// Stores 16 numbers of 32 bits plus those at `from`.
///
/// # Safety
/// There are 16 numbers at both places, and the processor has AVX2.
#[inline(always)]
unsafe fn store(sums: [__m256i; 2], from: *const i32, to: *mut i32) {
    for (b, sum) in sums.into_iter().enumerate() {
        // SAFETY: the caller's duty.
        unsafe {
            let sum = _mm256_add_epi32(_mm256_loadu_si256(from.add(8 * b).cast()), sum);
            _mm256_storeu_si256(to.add(8 * b).cast(), sum);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use super::{ALL, Popcount, Vnni};
    use crate::Weights;
    use crate::engine::context::{Context, Part};
    use crate::engine::level::Level;
    use crate::engine::memory::Arena;
    use crate::engine::product::geometry::Geometry;
    use crate::engine::product::kernel::{Kernel, Weighted};
    use crate::engine::product::tiled::Tiled;

    const ROWS: usize = 5;
    const INPUTS: usize = 70;
    const OUTPUTS: usize = 35;

    /// Holds a kernel against the definition; `packed` is what `unit` packed numbers a row are in bytes.
    fn agrees<K: Kernel>(
        kernel: impl Fn(&Geometry, &Weighted<'_>) -> K,
        (packed, unit): (Vec<u8>, usize),
        value: impl Fn(usize, usize) -> i32,
        weight: impl Fn(usize, usize) -> i8,
    ) {
        let of = (0..OUTPUTS * INPUTS).map(|at| weight(at / INPUTS, at % INPUTS)).collect();
        let weights = Weights::new([OUTPUTS, INPUTS].into(), of).expect("as many as the shape says");
        let weighted = Weighted { weights: &weights, first: 0, outputs: OUTPUTS, channels: INPUTS };
        let geometry = Geometry::rows(unit, ROWS);
        let kernel = kernel(&geometry, &weighted);

        let mut arena = Arena::new(packed.len()).expect("little memory");
        let memory = arena.memory();
        // SAFETY: nobody else has the arena.
        unsafe { memory.write(0, 0, packed.len()) }.copy_from_slice(&packed);
        let (places, level) = (&[0], Level::Avx512);
        let context = Context { memory, places, tensors: &[], samples: &[], count: ROWS, part: Part::WHOLE, level };
        let mut bases = [0; ROWS];
        geometry.bases(0, 0, &mut bases);
        let (width, mut sums) = (kernel.width(), std::vec![0; ROWS * kernel.width()]);
        for block in 0..OUTPUTS.div_ceil(width) {
            // SAFETY: the processor has the level, and packed inputs are where the geometry says.
            unsafe { kernel.add(&context, 0, &bases, block, &mut sums) };
            for output in block * width..OUTPUTS.min((block + 1) * width) {
                for row in 0..ROWS {
                    let expected: i32 = (0..INPUTS).map(|i| value(row, i) * i32::from(weight(output, i))).sum();
                    assert_eq!(sums[row * width + output % width], expected, "row {row}, output {output}");
                }
            }
        }
    }

    #[test]
    fn avx512_counts_bits() {
        if !Level::Avx512.is_here() {
            return;
        }
        let value = |row: usize, i: usize| (row * 11 + i * i + i / 3) as i32 % 3 - 1;
        let mut packed = Vec::new();
        for (row, word) in (0..ROWS).flat_map(|row| (0..INPUTS.div_ceil(64)).map(move |word| (row, word))) {
            let bits = |holds: fn(i32) -> bool| {
                let inputs = word * 64..INPUTS.min(word * 64 + 64);
                inputs.fold(0u64, |bits, i| bits | u64::from(holds(value(row, i))) << (i % 64))
            };
            packed.extend([bits(|value| value != 0), bits(|value| value < 0)].map(u64::to_le_bytes).as_flattened());
        }
        let unit = 2 * INPUTS.div_ceil(64);
        let kernel = |geometry: &Geometry, weighted: &Weighted<'_>| Tiled::new(Popcount, geometry, weighted, 0, ALL);
        agrees(kernel, (packed, unit), value, |output, i| ((output * 7 + i * i) % 3) as i8 - 1);
    }

    #[test]
    fn avx512_multiplies_bytes() {
        if !Level::Avx512.is_here() {
            return;
        }
        let low = -3;
        let value = |row: usize, i: usize| (row * 59 + i * 83) as i32 % 256 + low;
        let unit = INPUTS.next_multiple_of(4);
        let code = |at: usize| if at % unit < INPUTS { (value(at / unit, at % unit) - low) as u8 } else { 77 };
        let packed = || ((0..ROWS * unit).map(code).collect(), unit);
        let weight = |output: usize, i: usize| (output * 37 + i * 101) as u8 as i8;
        agrees(|geometry, weighted| Tiled::new(Vnni::<1>, geometry, weighted, low, ALL), packed(), value, weight);
        agrees(|geometry, weighted| Tiled::new(Vnni::<4>, geometry, weighted, low, ALL), packed(), value, weight);
    }
}
