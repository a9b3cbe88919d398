//! Several threads: each takes samples of its own where there are enough, and otherwise its part of every step.

use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use super::context::{Context, Part};
use super::moves::{Results, collect};
use super::{Engine, Workspace};

/// Spins before a waiting thread lets others run.
const SPINS: usize = 200;

pub(super) fn run(engine: &Engine, workspace: &mut Workspace, samples: &[f32], results: Results<'_>) {
    let batch = samples.len() / engine.input;
    if batch >= workspace.arenas.len() {
        by_samples(engine, workspace, samples, batch, results);
    } else {
        by_steps(engine, workspace, samples, results);
    }
}

/// Samples in as many runs as there are threads.
fn by_samples(engine: &Engine, workspace: &mut Workspace, samples: &[f32], batch: usize, mut results: Results<'_>) {
    let of = workspace.arenas.len();
    thread::scope(|scope| {
        for (index, arena) in workspace.arenas.iter_mut().enumerate() {
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
fn by_steps(engine: &Engine, workspace: &mut Workspace, samples: &[f32], mut results: Results<'_>) {
    let of = workspace.arenas.len();
    let Some(arena) = workspace.arenas.first_mut() else { return };
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
