//! The regularised stair on slices of f32: what the Flex and the NdArray backend run.
//!
//! [`forward`] and [`backward`] pick the instruction set once, split long slices over rayon's threads and run
//! [`kernel`] on each piece. Results do not depend on the number of threads.

mod emit;
mod isa;
mod kernel;
mod law;

use std::{marker::PhantomData, mem::MaybeUninit};

use rayon::prelude::*;

use self::emit::{Expectation, Mode, Random};
use self::isa::{Fused, Separate};
use self::kernel::{Fresh, InPlace, Sink};
use self::law::{CpuLaw, Dirac, Table};
use super::pass::{BackwardPass, Pass, Shape};
use crate::noise::{ClosedForm, Isa, Visitor};
use crate::{NoiseTable, StairSpec, Strategy};

/// Elements handed to one thread at a time.
const CHUNK: usize = 1 << 15;

/// σ_ν of every element of `x`.
pub(crate) fn forward(x: &[f32], spec: &StairSpec) -> Vec<f32> {
    let pass = Pass::forward(spec);
    collect(x.len(), |start, out| run_forward(&x[start..start + out.len()], Fresh(out), &pass, spec, start))
}

/// As [`forward`], overwriting its input.
pub(crate) fn forward_in_place(x: &mut [f32], spec: &StairSpec) {
    let pass = Pass::forward(spec);
    for_each_chunk(x, |start, data| run_forward(&[], InPlace(data), &pass, spec, start));
}

/// `gradient`·σ_ν′(x), element by element.
pub(crate) fn backward(x: &[f32], gradient: &[f32], pass: &BackwardPass) -> Vec<f32> {
    match pass {
        BackwardPass::Zero => vec![0.0; x.len()],
        BackwardPass::Constant(c) => gradient.iter().map(|g| g * c).collect(),
        BackwardPass::Density(pass) => collect(x.len(), |start, out| {
            let range = start..start + out.len();
            run_backward(&x[range.clone()], &gradient[range], Fresh(out), pass);
        }),
    }
}

/// As [`backward`], overwriting the gradient.
pub(crate) fn backward_in_place(x: &[f32], gradient: &mut [f32], pass: &BackwardPass) {
    match pass {
        BackwardPass::Zero => gradient.fill(0.0),
        BackwardPass::Constant(c) => gradient.iter_mut().for_each(|g| *g *= c),
        BackwardPass::Density(pass) => for_each_chunk(gradient, |start, data| {
            run_backward(&x[start..start + data.len()], &[], InPlace(data), pass);
        }),
    }
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
    ($body:ident::<$sink:ident>($($arg:ident: $ty:ty),+)) => {{
        #[cfg(target_arch = "x86_64")]
        {
            #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma")]
            unsafe fn avx512<$sink: Sink>($($arg: $ty),+) {
                $body::<Fused, $sink>($($arg),+)
            }
            #[target_feature(enable = "avx2,fma")]
            unsafe fn avx2<$sink: Sink>($($arg: $ty),+) {
                $body::<Fused, $sink>($($arg),+)
            }
            match isa::Level::detect() {
                // SAFETY: the level was detected on this processor.
                isa::Level::Avx512 => return unsafe { avx512($($arg),+) },
                // SAFETY: the level was detected on this processor.
                isa::Level::Avx2 => return unsafe { avx2($($arg),+) },
                isa::Level::Base => {}
            }
        }
        #[cfg(target_arch = "aarch64")]
        return $body::<Fused, $sink>($($arg),+);
        #[cfg(not(target_arch = "aarch64"))]
        $body::<Separate, $sink>($($arg),+)
    }};
}

fn run_forward<S: Sink>(x: &[f32], out: S, pass: &Pass, spec: &StairSpec, start: usize) {
    dispatch!(forward_body::<S>(x: &[f32], out: S, pass: &Pass, spec: &StairSpec, start: usize))
}

fn run_backward<S: Sink>(x: &[f32], gradient: &[f32], out: S, pass: &Pass) {
    dispatch!(backward_body::<S>(x: &[f32], gradient: &[f32], out: S, pass: &Pass))
}

#[inline(always)]
fn forward_body<I: Isa, S: Sink>(x: &[f32], mut out: S, pass: &Pass, spec: &StairSpec, start: usize) {
    let (out, index) = (&mut out, start as u32);
    match &pass.shape {
        Shape::Law(noise) => noise.visit(Forward::<I, S> { x, out, pass, spec, index, isa: PhantomData }),
        Shape::Dirac { upper } => kernel::forward::<I, _, _>(x, out, pass, Dirac { upper: *upper }, Expectation, index),
    }
}

/// A forward pass that waits for its law.
struct Forward<'a, I, S> {
    x: &'a [f32],
    out: &'a mut S,
    pass: &'a Pass,
    spec: &'a StairSpec,
    index: u32,
    isa: PhantomData<I>,
}

impl<I: Isa, S: Sink> Visitor for Forward<'_, I, S> {
    type Output = ();

    #[inline(always)]
    fn closed<F: ClosedForm>(self, law: F) {
        emit::<I, F, S>(self.x, self.out, self.pass, law, self.spec, self.index);
    }

    #[inline(always)]
    fn table(self, table: &NoiseTable) {
        emit::<I, _, S>(self.x, self.out, self.pass, Table::from(table), self.spec, self.index);
    }
}

#[inline(always)]
fn emit<I: Isa, L: CpuLaw, S: Sink>(x: &[f32], out: &mut S, pass: &Pass, law: L, spec: &StairSpec, index: u32) {
    match spec.strategy {
        // A relaxed stair is no kernel's work; what it mixes in, the hard stair, is any strategy's.
        Strategy::Expectation | Strategy::Relaxed => kernel::forward::<I, L, _>(x, out, pass, law, Expectation, index),
        Strategy::Mode => kernel::forward::<I, L, _>(x, out, pass, law, Mode, index),
        Strategy::Random => kernel::forward::<I, L, _>(x, out, pass, law, Random(spec.random_key()), index),
    }
}

#[inline(always)]
fn backward_body<I: Isa, S: Sink>(x: &[f32], gradient: &[f32], mut out: S, pass: &Pass) {
    let out = &mut out;
    match &pass.shape {
        Shape::Law(noise) => noise.visit(Backward::<I, S> { x, gradient, out, pass, isa: PhantomData }),
        Shape::Dirac { upper } => kernel::backward::<I, _>(x, gradient, out, pass, Dirac { upper: *upper }),
    }
}

/// A backward pass that waits for its law.
struct Backward<'a, I, S> {
    x: &'a [f32],
    gradient: &'a [f32],
    out: &'a mut S,
    pass: &'a Pass,
    isa: PhantomData<I>,
}

impl<I: Isa, S: Sink> Visitor for Backward<'_, I, S> {
    type Output = ();

    #[inline(always)]
    fn closed<F: ClosedForm>(self, law: F) {
        kernel::backward::<I, F>(self.x, self.gradient, self.out, self.pass, law);
    }

    #[inline(always)]
    fn table(self, table: &NoiseTable) {
        kernel::backward::<I, _>(self.x, self.gradient, self.out, self.pass, Table::from(table));
    }
}
