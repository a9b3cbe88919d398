//! The two loops of a depthwise convolution: sums of shifted lines, and products of a line with shifted ones.

use crate::cpu::isa::{Isa, dispatch};

/// A weight and where the line it multiplies starts.
pub(super) type Tap = (f32, usize);

/// Positions taken at a time: the line they share is then read and written once for all.
const TOGETHER: usize = 3;

/// out[i] += Σ_taps weight·x[start + i].
pub(super) fn add_shifted(out: &mut [f32], x: &[f32], taps: &[Tap]) {
    dispatch!(add_body(out: &mut [f32], x: &[f32], taps: &[Tap]))
}

#[inline(always)]
fn add_body<I: Isa>(out: &mut [f32], x: &[f32], taps: &[Tap]) {
    let n = out.len();
    let (triples, rest) = taps.as_chunks::<TOGETHER>();
    for [(u, at_a), (v, at_b), (w, at_c)] in triples {
        let (a, b, c) = (&x[*at_a..][..n], &x[*at_b..][..n], &x[*at_c..][..n]);
        for (((out, a), b), c) in out.iter_mut().zip(a).zip(b).zip(c) {
            *out = I::mul_add(*w, *c, I::mul_add(*v, *b, I::mul_add(*u, *a, *out)));
        }
    }
    for (weight, at) in rest {
        out.iter_mut().zip(&x[*at..][..n]).for_each(|(out, x)| *out = I::mul_add(*weight, *x, *out));
    }
}

/// Partial sums that the compiler can keep in vector registers.
const LANES: usize = 16;

/// sums[j] += Σ_i g[i]·x[starts[j] + i].
pub(super) fn add_products(sums: &mut [f64], g: &[f32], x: &[f32], starts: &[usize]) {
    dispatch!(products_body(sums: &mut [f64], g: &[f32], x: &[f32], starts: &[usize]))
}

#[inline(always)]
fn products_body<I: Isa>(sums: &mut [f64], g: &[f32], x: &[f32], starts: &[usize]) {
    let (sums, sums_rest) = sums.as_chunks_mut::<TOGETHER>();
    let (starts, starts_rest) = starts.as_chunks::<TOGETHER>();
    for (sums, starts) in sums.iter_mut().zip(starts) {
        some_products::<I, TOGETHER>(sums, g, x, starts);
    }
    for (sum, start) in sums_rest.iter_mut().zip(starts_rest) {
        some_products::<I, 1>(std::array::from_mut(sum), g, x, &[*start]);
    }
}

#[inline(always)]
fn some_products<I: Isa, const N: usize>(sums: &mut [f64; N], g: &[f32], x: &[f32], starts: &[usize; N]) {
    let mut lanes = [[0.0_f32; LANES]; N];
    let (chunks, rest) = g.as_chunks::<LANES>();
    let lines = starts.map(|start| x[start..][..g.len()].as_chunks::<LANES>());
    for (i, g) in chunks.iter().enumerate() {
        for (lanes, (x, _)) in lanes.iter_mut().zip(&lines) {
            let x = &x[i];
            for l in 0..LANES {
                lanes[l] = I::mul_add(g[l], x[l], lanes[l]);
            }
        }
    }
    for ((sum, lanes), (_, x)) in sums.iter_mut().zip(&lanes).zip(&lines) {
        let rest = rest.iter().zip(*x).map(|(g, x)| g * x);
        *sum += lanes.iter().copied().chain(rest).map(f64::from).sum::<f64>();
    }
}
