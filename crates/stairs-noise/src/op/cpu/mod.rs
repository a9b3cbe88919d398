//! The regularised stair on slices of f32: what the Flex and the NdArray backend run.
//!
//! [`forward`] and [`backward`] pick the instruction set once, split long slices over rayon's threads and hand tiles to
//! [`tile`]. Results do not depend on the number of threads.

mod isa;
mod law;
mod tile;

use std::mem::MaybeUninit;

use rayon::prelude::*;

use self::isa::{Fused, Isa, Separate};
use self::law::{CpuLaw, Dirac, Logistic, Normal, Table, Triangular, Uniform};
use self::tile::{Emit, Expectation, LANES, Lanes, Mode, Random};
use super::pass::{BackwardPass, Pass, Shape};
use crate::{StairSpec, Strategy};

/// Elements handed to one thread at a time.
const CHUNK: usize = 1 << 15;

/// σ_ν of every element of `x`.
pub(crate) fn forward(x: &[f32], spec: &StairSpec) -> Vec<f32> {
    let pass = Pass::forward(spec);
    collect(x.len(), |start, out| run_forward(&x[start..start + out.len()], Out::Fresh(out), &pass, spec, start))
}

/// As [`forward`], overwriting its input.
pub(crate) fn forward_in_place(x: &mut [f32], spec: &StairSpec) {
    let pass = Pass::forward(spec);
    for_each_chunk(x, |start, data| run_forward(&[], Out::InPlace(data), &pass, spec, start));
}

/// `gradient`·σ_ν′(x), element by element.
pub(crate) fn backward(x: &[f32], gradient: &[f32], spec: &StairSpec) -> Vec<f32> {
    match BackwardPass::new(spec) {
        BackwardPass::Zero => vec![0.0; x.len()],
        BackwardPass::Constant(c) => gradient.iter().map(|g| g * c).collect(),
        BackwardPass::Density(pass) => collect(x.len(), |start, out| {
            let range = start..start + out.len();
            run_backward(&x[range.clone()], &gradient[range], Out::Fresh(out), &pass);
        }),
    }
}

/// As [`backward`], overwriting the gradient.
pub(crate) fn backward_in_place(x: &[f32], gradient: &mut [f32], spec: &StairSpec) {
    match BackwardPass::new(spec) {
        BackwardPass::Zero => gradient.fill(0.0),
        BackwardPass::Constant(c) => gradient.iter_mut().for_each(|g| *g *= c),
        BackwardPass::Density(pass) => for_each_chunk(gradient, |start, data| {
            run_backward(&x[start..start + data.len()], &[], Out::InPlace(data), &pass);
        }),
    }
}

/// Where a chunk's results go.
enum Out<'a> {
    /// To memory not yet initialised; the input is a slice of its own.
    Fresh(&'a mut [MaybeUninit<f32>]),
    /// Over the input (forward) or the gradient (backward).
    InPlace(&'a mut [f32]),
}

/// Fills a new vector chunk by chunk; `fill` must write every element of its slice.
fn collect(n: usize, fill: impl Fn(usize, &mut [MaybeUninit<f32>]) + Sync) -> Vec<f32> {
    let mut out = Vec::with_capacity(n);
    let spare = &mut out.spare_capacity_mut()[..n];
    if n <= CHUNK {
        fill(0, spare);
    } else {
        spare.par_chunks_mut(CHUNK).enumerate().for_each(|(i, chunk)| fill(i * CHUNK, chunk));
    }
    // SAFETY: the chunks cover the first n elements and `run_forward`/`run_backward` write each of theirs.
    unsafe { out.set_len(n) };
    out
}

fn for_each_chunk(data: &mut [f32], run: impl Fn(usize, &mut [f32]) + Sync) {
    if data.len() <= CHUNK {
        run(0, data);
    } else {
        data.par_chunks_mut(CHUNK).enumerate().for_each(|(i, chunk)| run(i * CHUNK, chunk));
    }
}

/// Calls `body::<I>` compiled for the best instruction set this processor has.
macro_rules! dispatch {
    ($body:ident, $($arg:ident: $ty:ty),+) => {{
        #[cfg(target_arch = "x86_64")]
        {
            #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma")]
            unsafe fn avx512($($arg: $ty),+) {
                $body::<Fused>($($arg),+)
            }
            #[target_feature(enable = "avx2,fma")]
            unsafe fn avx2($($arg: $ty),+) {
                $body::<Fused>($($arg),+)
            }
            if is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512bw")
                && is_x86_feature_detected!("avx512dq") && is_x86_feature_detected!("avx512vl")
                && is_x86_feature_detected!("fma")
            {
                // SAFETY: the features were detected on this processor.
                return unsafe { avx512($($arg),+) };
            }
            if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
                // SAFETY: as above.
                return unsafe { avx2($($arg),+) };
            }
            $body::<Separate>($($arg),+)
        }
        #[cfg(target_arch = "aarch64")]
        $body::<Fused>($($arg),+);
        #[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
        $body::<Separate>($($arg),+);
    }};
}

fn run_forward(x: &[f32], out: Out<'_>, pass: &Pass, spec: &StairSpec, start: usize) {
    dispatch!(forward_body, x: &[f32], out: Out<'_>, pass: &Pass, spec: &StairSpec, start: usize)
}

fn run_backward(x: &[f32], gradient: &[f32], out: Out<'_>, pass: &Pass) {
    dispatch!(backward_body, x: &[f32], gradient: &[f32], out: Out<'_>, pass: &Pass)
}

#[inline(always)]
fn forward_body<I: Isa>(x: &[f32], out: Out<'_>, pass: &Pass, spec: &StairSpec, start: usize) {
    match &pass.shape {
        Shape::Uniform => emit::<I, _>(x, out, pass, Uniform, spec, start),
        Shape::Triangular => emit::<I, _>(x, out, pass, Triangular, spec, start),
        Shape::Normal => emit::<I, _>(x, out, pass, Normal, spec, start),
        Shape::Logistic => emit::<I, _>(x, out, pass, Logistic, spec, start),
        Shape::Table(t) => {
            let law = Table { density: &t.density, cumulative: &t.cumulative };
            emit::<I, _>(x, out, pass, law, spec, start)
        }
        Shape::Dirac { upper } => forward_loop::<I, _, _>(x, out, pass, Dirac { upper: *upper }, Expectation, start),
    }
}

#[inline(always)]
fn emit<I: Isa, L: CpuLaw>(x: &[f32], out: Out<'_>, pass: &Pass, law: L, spec: &StairSpec, start: usize) {
    match spec.strategy {
        Strategy::Expectation => forward_loop::<I, L, _>(x, out, pass, law, Expectation, start),
        Strategy::Mode => forward_loop::<I, L, _>(x, out, pass, law, Mode, start),
        Strategy::Random => forward_loop::<I, L, _>(x, out, pass, law, Random(spec.random_key()), start),
    }
}

#[inline(always)]
fn forward_loop<I: Isa, L: CpuLaw, E: Emit>(x: &[f32], out: Out<'_>, pass: &Pass, law: L, rule: E, start: usize) {
    let run = |tile: &Lanes, offset: usize| tile::forward::<I, L, E>(tile, pass, law, rule, (start + offset) as u32);
    match out {
        Out::Fresh(out) => {
            for (t, (x, y)) in x.chunks(LANES).zip(out.chunks_mut(LANES)).enumerate() {
                store(y, &run(&load(x), t * LANES));
            }
        }
        Out::InPlace(data) => {
            for (t, data) in data.chunks_mut(LANES).enumerate() {
                let y = run(&load(data), t * LANES);
                data.copy_from_slice(&y[..data.len()]);
            }
        }
    }
}

#[inline(always)]
fn backward_body<I: Isa>(x: &[f32], gradient: &[f32], out: Out<'_>, pass: &Pass) {
    match &pass.shape {
        Shape::Uniform => backward_loop::<I, _>(x, gradient, out, pass, Uniform),
        Shape::Triangular => backward_loop::<I, _>(x, gradient, out, pass, Triangular),
        Shape::Normal => backward_loop::<I, _>(x, gradient, out, pass, Normal),
        Shape::Logistic => backward_loop::<I, _>(x, gradient, out, pass, Logistic),
        Shape::Table(t) => {
            backward_loop::<I, _>(x, gradient, out, pass, Table { density: &t.density, cumulative: &t.cumulative })
        }
        Shape::Dirac { upper } => backward_loop::<I, _>(x, gradient, out, pass, Dirac { upper: *upper }),
    }
}

#[inline(always)]
fn backward_loop<I: Isa, L: CpuLaw>(x: &[f32], gradient: &[f32], out: Out<'_>, pass: &Pass, law: L) {
    match out {
        Out::Fresh(out) => {
            for ((x, g), y) in x.chunks(LANES).zip(gradient.chunks(LANES)).zip(out.chunks_mut(LANES)) {
                store(y, &tile::backward::<I, L>(&load(x), &load(g), pass, law));
            }
        }
        Out::InPlace(data) => {
            for (x, g) in x.chunks(LANES).zip(data.chunks_mut(LANES)) {
                let y = tile::backward::<I, L>(&load(x), &load(g), pass, law);
                g.copy_from_slice(&y[..g.len()]);
            }
        }
    }
}

/// A tile of up to [`LANES`] elements, padded with zeros.
#[inline(always)]
fn load(x: &[f32]) -> Lanes {
    let mut tile = [0.0; LANES];
    tile[..x.len()].copy_from_slice(x);
    tile
}

#[inline(always)]
fn store(out: &mut [MaybeUninit<f32>], tile: &Lanes) {
    for (y, v) in out.iter_mut().zip(tile) {
        y.write(*v);
    }
}
