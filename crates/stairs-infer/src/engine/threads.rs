//! Several threads: each takes samples of its own where there are enough, and otherwise its part of every step.

use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use super::Engine;
use super::context::{Context, Part};
use super::memory::Arena;
use super::moves::{Results, collect};
use crate::{Op, Program};

/// Spins before a waiting thread lets others run.
const SPINS: usize = 200;

/// Products for which a thread is worth starting: about a tenth of a millisecond. One where assertions are checked, so that tests meet
/// threads.
const WORTH: usize = if cfg!(debug_assertions) { 1 } else { 20_000_000 };

/// Products of a sample.
pub(super) fn work(program: &Program) -> usize {
    let of = |op: &Op, outputs: usize| match op {
        Op::Dense { weights } | Op::Conv { weights, .. } => outputs.saturating_mul(weights.fan_in()),
        Op::FloatDense { weights, bias } | Op::FloatConv { weights, bias, .. } => {
            outputs.saturating_mul(weights.len() / bias.len().max(1))
        }
        _ => outputs,
    };
    let nodes = program.nodes().iter().map(|node| of(&node.op, node.shape.iter().product()));
    nodes.fold(0, usize::saturating_add)
}

/// Threads for so many samples, at most those asked for.
pub(super) fn useful(engine: &Engine, batch: usize) -> usize {
    engine.work.saturating_mul(batch).div_ceil(WORTH).clamp(1, engine.options.threads)
}

pub(super) fn run(engine: &Engine, arenas: &mut [Arena], samples: &[f32], results: Results<'_>) {
    let batch = samples.len() / engine.input;
    if batch >= arenas.len() {
        by_samples(engine, arenas, samples, batch, results);
    } else {
        by_steps(engine, arenas, samples, results);
    }
}

/// Samples in as many runs as there are threads.
fn by_samples(engine: &Engine, arenas: &mut [Arena], samples: &[f32], batch: usize, mut results: Results<'_>) {
    let of = arenas.len();
    thread::scope(|scope| {
        for (index, arena) in arenas.iter_mut().enumerate() {
            let range = Part { index, of }.range(batch);
            let results = results.take(range.len() * engine.output);
            let samples = &samples[range.start * engine.input..range.end * engine.input];
            if index + 1 < of {
                scope.spawn(move || engine.run_alone(arena, samples, results));
            } else {
                engine.run_alone(arena, samples, results);
            }
        }
    });
}

/// Parts of every step.
fn by_steps(engine: &Engine, arenas: &mut [Arena], samples: &[f32], mut results: Results<'_>) {
    let of = arenas.len();
    let Some(arena) = arenas.first_mut() else { return };
    for samples in samples.chunks(engine.options.batch * engine.input) {
        let context = engine.context(arena, samples);
        let barrier = Barrier { of, arrived: AtomicUsize::new(0), broken: AtomicBool::new(false) };
        thread::scope(|scope| {
            let (barrier, context) = (&barrier, &context);
            for index in 1..of {
                scope.spawn(move || steps(engine, context, Part { index, of }, barrier));
            }
            steps(engine, context, Part { index: 0, of }, barrier);
        });
        let to = results.take(context.count * engine.output);
        // SAFETY: no step runs any more.
        unsafe { collect(context.stored(engine.plan.output), context.count, to) };
    }
}

fn steps(engine: &Engine, context: &Context<'_>, part: Part, barrier: &Barrier) {
    let _guard = Guard(barrier);
    let context = Context { part, ..*context };
    for (round, step) in engine.plan.steps.iter().enumerate() {
        // SAFETY: the places are of the arena, the barrier separates the steps, and every thread has its part.
        unsafe { step.run(&context) };
        barrier.wait(round + 1);
    }
}

/// Where threads wait for each other.
struct Barrier {
    of: usize,
    arrived: AtomicUsize,
    broken: AtomicBool,
}

impl Barrier {
    /// Waits until all have come for the `round`-th time.
    fn wait(&self, round: usize) {
        self.arrived.fetch_add(1, Ordering::AcqRel);
        let mut spins = 0;
        while self.arrived.load(Ordering::Acquire) < round * self.of {
            assert!(!self.broken.load(Ordering::Relaxed), "another thread of the engine has panicked");
            spins += 1;
            if spins < SPINS { core::hint::spin_loop() } else { thread::yield_now() }
        }
    }
}

/// Lets nobody wait for a thread that has panicked.
struct Guard<'a>(&'a Barrier);

impl Drop for Guard<'_> {
    fn drop(&mut self) {
        if thread::panicking() {
            self.0.broken.store(true, Ordering::Relaxed);
        }
    }
}
