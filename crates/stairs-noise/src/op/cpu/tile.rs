//! The kernels on one tile of [`LANES`] elements: small arrays that stay in the first-level cache, every inner loop a
//! plain loop over lanes that the compiler vectorises.
//!
//! Thresholds are the outer loop, so that a stair of any number of levels runs in the same memory; a [`Window`] bounds
//! the number of thresholds visited for regular stairs.

use super::isa::Isa;
use super::law::CpuLaw;
use crate::op::pass::{Pass, Window};
use crate::op::random::{Key, uniform};

/// Elements per tile.
pub(crate) const LANES: usize = 128;

/// One value per lane.
pub(crate) type Lanes = [f32; LANES];

/// What a forward pass makes of the masses it sees threshold by threshold.
pub(crate) trait Emit: Copy {
    /// State before the first threshold; `level` is the value there, `index` the position of lane 0 in the tensor.
    fn start(self, level: &Lanes, index: u32) -> State;
    /// Takes F_k = P(x − ν ≥ θ_k) and the step Δ_k of the next threshold.
    fn step(self, state: &mut State, cdf: &Lanes, step: f32);
    /// The value emitted.
    fn finish(self, state: State) -> Lanes;
}

/// Registers of an emission; their meaning is the emission's own.
pub(crate) struct State {
    value: Lanes,
    aux: Lanes,
    best: Lanes,
    level: Lanes,
}

/// Σ p_k q_k.
#[derive(Clone, Copy)]
pub(crate) struct Expectation;

impl Emit for Expectation {
    #[inline(always)]
    fn start(self, level: &Lanes, _index: u32) -> State {
        State { value: *level, aux: [0.0; LANES], best: [0.0; LANES], level: [0.0; LANES] }
    }

    #[inline(always)]
    fn step(self, state: &mut State, cdf: &Lanes, step: f32) {
        for i in 0..LANES {
            state.value[i] += step * cdf[i];
        }
    }

    #[inline(always)]
    fn finish(self, state: State) -> Lanes {
        state.value
    }
}

/// A level drawn by inverse transform: the steps with U < F_k are taken.
#[derive(Clone, Copy)]
pub(crate) struct Random(pub(crate) Key);

impl Emit for Random {
    #[inline(always)]
    fn start(self, level: &Lanes, index: u32) -> State {
        let mut aux = [0.0; LANES];
        for (i, u) in aux.iter_mut().enumerate() {
            *u = uniform(self.0, index.wrapping_add(i as u32));
        }
        State { value: *level, aux, best: [0.0; LANES], level: [0.0; LANES] }
    }

    #[inline(always)]
    fn step(self, state: &mut State, cdf: &Lanes, step: f32) {
        for i in 0..LANES {
            state.value[i] += if state.aux[i] < cdf[i] { step } else { 0.0 };
        }
    }

    #[inline(always)]
    fn finish(self, state: State) -> Lanes {
        state.value
    }
}

/// The level of largest mass, the lower one of equals. `aux` is the F of the previous threshold, `level` the level
/// between it and the next, `best` the largest mass so far and `value` its level.
#[derive(Clone, Copy)]
pub(crate) struct Mode;

impl Emit for Mode {
    #[inline(always)]
    fn start(self, level: &Lanes, _index: u32) -> State {
        State { value: *level, aux: [1.0; LANES], best: [-1.0; LANES], level: *level }
    }

    #[inline(always)]
    fn step(self, state: &mut State, cdf: &Lanes, step: f32) {
        for i in 0..LANES {
            let mass = state.aux[i] - cdf[i];
            let better = mass > state.best[i];
            state.value[i] = if better { state.level[i] } else { state.value[i] };
            state.best[i] = if better { mass } else { state.best[i] };
            state.level[i] += step;
            state.aux[i] = cdf[i];
        }
    }

    #[inline(always)]
    fn finish(self, mut state: State) -> Lanes {
        for i in 0..LANES {
            state.value[i] = if state.aux[i] > state.best[i] { state.level[i] } else { state.value[i] };
        }
        state.value
    }
}

/// The first threshold of each lane's window.
#[inline(always)]
fn window_start(x: &Lanes, window: &Window) -> Lanes {
    let mut start = [0.0; LANES];
    for i in 0..LANES {
        let k = ((x[i] - window.first) * window.inverse_spacing - window.reach).ceil() - 1.0;
        let k = if k < 0.0 { 0.0 } else { k };
        start[i] = if k > window.last_start { window.last_start } else { k };
    }
    start
}

/// Forward pass of one tile.
#[inline(always)]
pub(crate) fn forward<I: Isa, L: CpuLaw, E: Emit>(x: &Lanes, pass: &Pass, law: L, emit: E, index: u32) -> Lanes {
    let a = pass.inverse_scale;
    let mut cdf = [0.0; LANES];
    let mut y = match &pass.window {
        None => {
            let mut state = emit.start(&[pass.base; LANES], index);
            for (&c, &d) in pass.thresholds.iter().zip(&pass.steps) {
                for i in 0..LANES {
                    cdf[i] = law.cdf::<I>((x[i] - c) * a);
                }
                emit.step(&mut state, &cdf, d);
            }
            emit.finish(state)
        }
        Some(window) => {
            let start = window_start(x, window);
            let mut level = [0.0; LANES];
            for i in 0..LANES {
                level[i] = pass.base + start[i] * window.step;
            }
            let mut state = emit.start(&level, index);
            for k in 0..window.len {
                for i in 0..LANES {
                    let c = I::mul_add(start[i] + k as f32, window.spacing, window.first);
                    cdf[i] = law.cdf::<I>((x[i] - c) * a);
                }
                emit.step(&mut state, &cdf, window.step);
            }
            emit.finish(state)
        }
    };
    for i in 0..LANES {
        y[i] = if x[i].is_nan() { x[i] } else { y[i] };
    }
    y
}

/// Backward pass of one tile: gradient times σ_ν′.
#[inline(always)]
pub(crate) fn backward<I: Isa, L: CpuLaw>(x: &Lanes, gradient: &Lanes, pass: &Pass, law: L) -> Lanes {
    let a = pass.inverse_scale;
    let mut slope = [0.0; LANES];
    match &pass.window {
        None => {
            for (&c, &d) in pass.thresholds.iter().zip(&pass.steps) {
                for i in 0..LANES {
                    slope[i] += d * law.pdf::<I>((x[i] - c) * a);
                }
            }
        }
        Some(window) => {
            let start = window_start(x, window);
            for k in 0..window.len {
                for i in 0..LANES {
                    let c = I::mul_add(start[i] + k as f32, window.spacing, window.first);
                    slope[i] += window.step * law.pdf::<I>((x[i] - c) * a);
                }
            }
        }
    }
    for i in 0..LANES {
        slope[i] = gradient[i] * if x[i].is_nan() { x[i] } else { slope[i] };
    }
    slope
}
