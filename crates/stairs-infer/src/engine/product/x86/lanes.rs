//! Depthwise convolutions of bytes: AVX2.
//!
//! Two taps of 32 channels are interleaved byte by byte, so that `maddubs` adds their products in 16 bits. Inputs are packed with their
//! padding, less their lowest value l, and Σ w·x = Σ w·(x − l) + l·Σ w.

use core::arch::x86_64::*;

use alloc::vec;
use alloc::vec::Vec;

use crate::engine::context::Context;
use crate::engine::product::geometry::Geometry;
use crate::engine::product::kernel::{Kernel, Setting, additions};
use crate::engine::tensor::Tensor;
use crate::{Weights, Window};

/// Channels of a register.
const LANES: usize = 32;

/// The kernel.
#[derive(Debug)]
pub(super) struct Lanes {
    /// Distances of the two taps of every pair from the base of an output.
    pairs: Vec<[usize; 2]>,
    reach: usize,
    /// `[registers of channels, pairs, 2]`: weights of the two taps in turn, of channels 0 to 7 and 16 to 23, then of the others.
    weights: Vec<[[i8; LANES]; 2]>,
    /// l·Σ w.
    corrections: Vec<[i32; LANES]>,
}

impl Lanes {
    pub(super) const WIDTH: usize = LANES;

    /// Whether all sums of products of stored bytes fit 16 bits.
    pub(super) fn fits(setting: &Setting<'_>, window: &Window) -> bool {
        setting.is_bytes() && additions(setting.span() * setting.weights.range().reach()) >= window.taps().max(2)
    }

    /// A kernel for images packed with [`LANES`] numbers a pixel or a multiple of it.
    pub(super) fn new(input: &Tensor, window: &Window, geometry: &Geometry, weights: &Weights) -> Self {
        let (channels, taps, unit) = (weights.outputs(), window.taps(), geometry.unit);
        let place = |tap: usize| {
            let (y, x) = (tap / window.kernel[1], tap % window.kernel[1]);
            (y * window.dilation[0] * geometry.size[1] + x * window.dilation[1]) * unit
        };
        // The second of the last pair is the first again where their number is odd, with weights 0.
        let pairs: Vec<[usize; 2]> = (0..taps).step_by(2).map(|t| [place(t), place((t + 1).min(taps - 1))]).collect();
        let registers = channels.div_ceil(LANES);
        let mut packed = vec![[[0; LANES]; 2]; registers * pairs.len()];
        let mut corrections = vec![[0; LANES]; registers];
        for channel in 0..channels {
            let (register, lane) = (channel / LANES, channel % LANES);
            let of = weights.of(channel);
            corrections[register][lane] = of.iter().map(|w| i32::from(*w)).sum::<i32>().wrapping_mul(input.low());
            // Halves of a register are interleaved each by itself.
            let (half, at) = (lane / 8 % 2, lane / 16 * 16 + lane % 8 * 2);
            for (tap, weight) in of.iter().enumerate() {
                packed[register * pairs.len() + tap / 2][half][at + tap % 2] = *weight;
            }
        }
        let reach = pairs.iter().flatten().max().map_or(0, |most| most + unit);
        Self { pairs, reach, weights: packed, corrections }
    }
}

impl Kernel for Lanes {
    fn name(&self) -> &'static str {
        "lanes"
    }

    fn width(&self) -> usize {
        LANES
    }

    #[target_feature(enable = "avx2")]
    unsafe fn add(&self, context: &Context<'_>, byte: usize, bases: &[usize], register: usize, sums: &mut [i32]) {
        let weights = &self.weights[register * self.pairs.len()..][..self.pairs.len()];
        let mut corrections = [_mm256_setzero_si256(); 4];
        for (to, from) in corrections.iter_mut().zip(self.corrections[register].as_chunks::<8>().0) {
            // SAFETY: 8 numbers of 32 bits.
            *to = unsafe { _mm256_loadu_si256(from.as_ptr().cast()) };
        }
        for (base, sums) in bases.iter().zip(sums.as_chunks_mut::<LANES>().0) {
            // SAFETY: the caller's duty.
            let from: &[u8] = unsafe { context.memory.read(byte, *base, self.reach) };
            let from = from[register * LANES..].as_ptr();
            let (mut low, mut high) = (_mm256_setzero_si256(), _mm256_setzero_si256());
            for (pair, [first, second]) in self.pairs.iter().zip(weights) {
                // SAFETY: a pair and a register are within the reach of the base; weights are 32 bytes.
                unsafe {
                    let a = _mm256_loadu_si256(from.add(pair[0]).cast());
                    let b = _mm256_loadu_si256(from.add(pair[1]).cast());
                    let (first, second) = (first.as_ptr().cast(), second.as_ptr().cast());
                    let products = _mm256_maddubs_epi16(_mm256_unpacklo_epi8(a, b), _mm256_loadu_si256(first));
                    low = _mm256_add_epi16(low, products);
                    let products = _mm256_maddubs_epi16(_mm256_unpackhi_epi8(a, b), _mm256_loadu_si256(second));
                    high = _mm256_add_epi16(high, products);
                }
            }
            let quarters = [
                _mm256_castsi256_si128(low),
                _mm256_castsi256_si128(high),
                _mm256_extracti128_si256::<1>(low),
                _mm256_extracti128_si256::<1>(high),
            ];
            for ((quarter, correction), to) in quarters.into_iter().zip(corrections).zip(sums.as_chunks_mut::<8>().0) {
                let sum = _mm256_add_epi32(_mm256_cvtepi16_epi32(quarter), correction);
                // SAFETY: 8 numbers of 32 bits.
                unsafe { _mm256_storeu_si256(to.as_mut_ptr().cast(), sum) };
            }
        }
    }
}
