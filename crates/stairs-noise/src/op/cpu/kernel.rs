//! The loops over a run of elements.
//!
//! Stairs of one, two or three thresholds (binary, ternary, int2) are evaluated element by element with everything in
//! registers. Stairs of more go tile by tile, thresholds in the outer loop, so that any number of levels runs in the same
//! few kilobytes; a [`Window`] bounds the number of thresholds visited for regular stairs.

use super::emit::Emit;
use super::law::CpuLaw;
use crate::noise::Isa;
use crate::op::pass::{Pass, Window};

/// Elements per tile.
const LANES: usize = 64;

/// Where results go, and for a pass that overwrites its operand, where that comes from.
pub(crate) trait Sink {
    /// Number of elements.
    fn len(&self) -> usize;
    /// Element `i` of the operand that is overwritten, or of `input`.
    fn operand(&self, input: &[f32], i: usize) -> f32;
    /// Stores result `i`.
    fn store(&mut self, i: usize, value: f32);
}

/// To memory not yet initialised; the input is a slice of its own.
pub(crate) struct Fresh<'a>(pub(crate) &'a mut [std::mem::MaybeUninit<f32>]);

impl Sink for Fresh<'_> {
    #[inline(always)]
    fn len(&self) -> usize {
        self.0.len()
    }

    #[inline(always)]
    fn operand(&self, input: &[f32], i: usize) -> f32 {
        input[i]
    }

    #[inline(always)]
    fn store(&mut self, i: usize, value: f32) {
        self.0[i].write(value);
    }
}

/// Over the input (forward) or the gradient (backward).
pub(crate) struct InPlace<'a>(pub(crate) &'a mut [f32]);

impl Sink for InPlace<'_> {
    #[inline(always)]
    fn len(&self) -> usize {
        self.0.len()
    }

    #[inline(always)]
    fn operand(&self, _input: &[f32], i: usize) -> f32 {
        self.0[i]
    }

    #[inline(always)]
    fn store(&mut self, i: usize, value: f32) {
        self.0[i] = value;
    }
}

#[inline(always)]
fn keep_nan(x: f32, y: f32) -> f32 {
    if x.is_nan() { x } else { y }
}

/// Forward pass; `index` is the position of the first element in the tensor.
#[inline(always)]
pub(crate) fn forward<I: Isa, L: CpuLaw, E: Emit>(
    x: &[f32],
    out: &mut impl Sink,
    pass: &Pass,
    law: L,
    emit: E,
    index: u32,
) {
    match pass.few() {
        Some((1, c, d)) => forward_few::<I, L, E, 1>(x, out, pass, law, emit, index, c, d),
        Some((2, c, d)) => forward_few::<I, L, E, 2>(x, out, pass, law, emit, index, c, d),
        Some((_, c, d)) => forward_few::<I, L, E, 3>(x, out, pass, law, emit, index, c, d),
        None => forward_many::<I, L, E>(x, out, pass, law, emit, index),
    }
}

#[inline(always)]
#[allow(clippy::too_many_arguments)]
fn forward_few<I: Isa, L: CpuLaw, E: Emit, const K: usize>(
    x: &[f32],
    out: &mut impl Sink,
    pass: &Pass,
    law: L,
    emit: E,
    index: u32,
    thresholds: [f32; 3],
    steps: [f32; 3],
) {
    let (base, a, n) = (pass.base, pass.inverse_scale, out.len());
    for i in 0..n {
        let v = out.operand(x, i);
        let mut state = emit.start(base, index.wrapping_add(i as u32));
        for k in 0..K {
            state = emit.step(state, law.cdf::<I>((v - thresholds[k]) * a), steps[k]);
        }
        out.store(i, keep_nan(v, emit.finish(state)));
    }
}

#[inline(always)]
fn forward_many<I: Isa, L: CpuLaw, E: Emit>(x: &[f32], out: &mut impl Sink, pass: &Pass, law: L, emit: E, index: u32) {
    let (a, n) = (pass.inverse_scale, out.len());
    let mut from = 0;
    while from < n {
        let lanes = LANES.min(n - from);
        let mut v = [0.0; LANES];
        for (i, v) in v.iter_mut().take(lanes).enumerate() {
            *v = out.operand(x, from + i);
        }
        let mut state = [emit.start(pass.base, 0); LANES];
        let at = |i: usize| index.wrapping_add((from + i) as u32);
        match &pass.window {
            None => {
                for (i, state) in state.iter_mut().enumerate() {
                    *state = emit.start(pass.base, at(i));
                }
                for (&c, &d) in pass.thresholds.iter().zip(&pass.steps) {
                    for i in 0..LANES {
                        state[i] = emit.step(state[i], law.cdf::<I>((v[i] - c) * a), d);
                    }
                }
            }
            Some(window) => {
                let start = window_start(&v, window);
                for i in 0..LANES {
                    state[i] = emit.start(I::mul_add(start[i], window.step, pass.base), at(i));
                }
                for k in 0..window.len {
                    for i in 0..LANES {
                        let c = I::mul_add(start[i] + k as f32, window.spacing, window.first);
                        state[i] = emit.step(state[i], law.cdf::<I>((v[i] - c) * a), window.step);
                    }
                }
            }
        }
        for i in 0..lanes {
            out.store(from + i, keep_nan(v[i], emit.finish(state[i])));
        }
        from += lanes;
    }
}

/// Backward pass: gradient times σ_ν′(x).
#[inline(always)]
pub(crate) fn backward<I: Isa, L: CpuLaw>(x: &[f32], gradient: &[f32], out: &mut impl Sink, pass: &Pass, law: L) {
    match pass.few() {
        Some((1, c, d)) => backward_few::<I, L, 1>(x, gradient, out, pass, law, c, d),
        Some((2, c, d)) => backward_few::<I, L, 2>(x, gradient, out, pass, law, c, d),
        Some((_, c, d)) => backward_few::<I, L, 3>(x, gradient, out, pass, law, c, d),
        None => backward_many::<I, L>(x, gradient, out, pass, law),
    }
}

#[inline(always)]
fn backward_few<I: Isa, L: CpuLaw, const K: usize>(
    x: &[f32],
    gradient: &[f32],
    out: &mut impl Sink,
    pass: &Pass,
    law: L,
    thresholds: [f32; 3],
    steps: [f32; 3],
) {
    let (a, n) = (pass.inverse_scale, out.len());
    let x = &x[..n];
    for (i, &v) in x.iter().enumerate() {
        let mut slope = 0.0;
        for k in 0..K {
            slope += steps[k] * law.pdf::<I>((v - thresholds[k]) * a);
        }
        out.store(i, out.operand(gradient, i) * keep_nan(v, slope));
    }
}

#[inline(always)]
fn backward_many<I: Isa, L: CpuLaw>(x: &[f32], gradient: &[f32], out: &mut impl Sink, pass: &Pass, law: L) {
    let (a, n) = (pass.inverse_scale, out.len());
    let mut from = 0;
    while from < n {
        let lanes = LANES.min(n - from);
        let mut v = [0.0; LANES];
        v[..lanes].copy_from_slice(&x[from..from + lanes]);
        let mut slope = [0.0; LANES];
        match &pass.window {
            None => {
                for (&c, &d) in pass.thresholds.iter().zip(&pass.steps) {
                    for i in 0..LANES {
                        slope[i] += d * law.pdf::<I>((v[i] - c) * a);
                    }
                }
            }
            Some(window) => {
                let start = window_start(&v, window);
                for k in 0..window.len {
                    for i in 0..LANES {
                        let c = I::mul_add(start[i] + k as f32, window.spacing, window.first);
                        slope[i] += window.step * law.pdf::<I>((v[i] - c) * a);
                    }
                }
            }
        }
        for i in 0..lanes {
            out.store(from + i, out.operand(gradient, from + i) * keep_nan(v[i], slope[i]));
        }
        from += lanes;
    }
}

/// The first threshold of each lane's window.
#[inline(always)]
fn window_start(x: &[f32; LANES], window: &Window) -> [f32; LANES] {
    let mut start = *x;
    for start in &mut start {
        let k = ((*start - window.first) * window.inverse_spacing - window.reach).ceil() - 1.0;
        let k = if k < 0.0 { 0.0 } else { k };
        *start = if k > window.last_start { window.last_start } else { k };
    }
    start
}
