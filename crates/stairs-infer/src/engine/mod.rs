//! The engine: a program made ready for one processor, and run.
//!
//! | file | what |
//! |---|---|
//! | `options`, `level` | how an engine is made, which instructions it may use |
//! | `plan` | from nodes to steps: what is fused, how results are stored, where |
//! | `tensor`, `memory` | stored results and their bytes |
//! | `product` | convolutions and dense layers |
//! | `depthwise`, `plain`, `float`, `pool`, `elementwise`, `moves` | the other steps |
//! | `finish` | thresholds and maps of sums and of stored integers |
//! | `threads` | several threads |

// Some of what follows only kernels written for a processor need.
#![cfg_attr(not(any(target_arch = "x86_64", target_arch = "aarch64")), allow(dead_code, unused_variables))]

mod context;
mod depthwise;
mod elementwise;
mod finish;
mod float;
mod level;
mod memory;
mod moves;
mod options;
mod plain;
mod plan;
mod pool;
mod product;
mod step;
mod tensor;
#[cfg(feature = "std")]
mod threads;

use alloc::vec;
use alloc::vec::Vec;

pub use level::Level;
pub use options::Options;

use context::{Context, Part};
use memory::Arena;
use moves::{Results, collect};
use plan::{Plan, Wanted};

use crate::{Kind, Program, ProgramError, RunError, Value};

/// A program made ready to run: the numbers are those of [`Program::run`], whatever the processor, the number of threads and the number
/// of samples.
///
/// ```
/// use stairs_infer::{Engine, Op, Options, Program, Source, Value, Weights};
///
/// let mut builder = Program::builder("sum and difference", vec![2])?;
/// let codes = builder.push("input", Op::Fix { fraction: 8, low: -1000, high: 1000 }, &[Source::Input])?;
/// let weights = Weights::new(vec![2, 2], vec![1, 1, 1, -1])?;
/// let sums = builder.push("fc", Op::Dense { weights }, &[codes])?;
/// let program = builder.finish(sums);
///
/// let engine = Engine::new(&program, Options::default())?;
/// let samples = [0.5, 0.25, 1.0, -1.0];
/// assert_eq!(engine.run(&samples, 2)?, Value::Integers(vec![192, 64, 0, 512]));
///
/// // Again and again without allocation.
/// let (mut workspace, mut result) = (engine.workspace()?, Value::Integers(Vec::new()));
/// engine.run_into(&mut workspace, &samples, 2, &mut result)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Engine {
    plan: Plan,
    options: Options,
    level: Level,
    input: usize,
    output: usize,
    kind: Kind,
    /// Products of a sample.
    #[cfg(feature = "std")]
    work: usize,
}

/// Memory in which an engine computes; one for each run at a time.
pub struct Workspace {
    arenas: Vec<Arena>,
}

/// A step that has been done.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Done<'a> {
    /// What it is.
    pub step: &'static str,
    /// The nodes whose results it has completed.
    pub nodes: &'a [usize],
}

impl Engine {
    /// Plans a program.
    ///
    /// # Errors
    /// [`ProgramError::Memory`] for results that need more memory than the options allow.
    pub fn new(program: &Program, options: Options) -> Result<Self, ProgramError> {
        let level = Level::capped(options.level);
        let Options { batch, memory, keeps, .. } = options;
        let plan = Plan::new(program, Wanted { level, batch, memory, keeps })?;
        let (shape, kind) = program.at(program.output());
        let (input, output) = (program.input().iter().product(), shape.iter().product());
        Ok(Self {
            plan,
            options,
            level,
            input,
            output,
            kind,
            #[cfg(feature = "std")]
            work: threads::work(program),
        })
    }

    /// Which instructions it uses.
    pub fn level(&self) -> Level {
        self.level
    }

    /// Bytes of the results that exist at one time, at the worst, of all samples that a thread computes at once.
    pub fn bytes(&self) -> usize {
        self.plan.bytes
    }

    /// Memory to run in.
    ///
    /// # Errors
    /// [`RunError::Memory`] if the machine does not have it.
    pub fn workspace(&self) -> Result<Workspace, RunError> {
        let threads = if cfg!(feature = "std") { self.options.threads } else { 1 };
        Ok(Workspace { arenas: (0..threads).map(|_| Arena::new(self.plan.bytes)).collect::<Result<_, _>>()? })
    }

    /// The results for `batch` samples, one behind the other.
    ///
    /// # Errors
    /// [`RunError`] for samples of another size or with a NaN, or no memory.
    pub fn run(&self, samples: &[f32], batch: usize) -> Result<Value, RunError> {
        let mut result = Value::Integers(Vec::new());
        self.run_into(&mut self.workspace()?, samples, batch, &mut result)?;
        Ok(result)
    }

    /// As [`run`](Self::run), in memory of the caller's. With one thread nothing is allocated once `to` has held a result of this size.
    ///
    /// # Errors
    /// As [`run`](Self::run).
    pub fn run_into(
        &self,
        workspace: &mut Workspace,
        samples: &[f32],
        batch: usize,
        to: &mut Value,
    ) -> Result<(), RunError> {
        self.check(samples, batch)?;
        let results = Results::resized(to, self.kind, batch * self.output);
        #[cfg(feature = "std")]
        if let threads @ 2.. = threads::useful(self, batch).min(workspace.arenas.len()) {
            threads::run(self, &mut workspace.arenas[..threads], samples, results);
            return Ok(());
        }
        if let Some(arena) = workspace.arenas.first_mut() {
            self.run_alone(arena, samples, results);
        }
        Ok(())
    }

    /// As [`run_into`](Self::run_into) with one thread, and tells of every step when it is done.
    ///
    /// # Errors
    /// As [`run`](Self::run).
    pub fn observe(
        &self,
        workspace: &mut Workspace,
        samples: &[f32],
        batch: usize,
        mut of: impl FnMut(Done<'_>),
    ) -> Result<(), RunError> {
        self.check(samples, batch)?;
        let Some(arena) = workspace.arenas.first_mut() else { return Ok(()) };
        for samples in samples.chunks(self.options.batch * self.input) {
            self.steps(arena, samples, |_, step| {
                of(Done { step: self.plan.steps[step].name(), nodes: &self.plan.done[step] });
            });
        }
        Ok(())
    }

    /// The results of all nodes for one sample: `None` for those that are not needed, or taken up by what comes behind.
    ///
    /// # Errors
    /// As [`run`](Self::run).
    pub fn trace(&self, sample: &[f32]) -> Result<Vec<Option<Value>>, RunError> {
        self.check(sample, 1)?;
        let mut arena = Arena::new(self.plan.bytes)?;
        let mut results = vec![None; self.plan.results.len()];
        self.steps(&mut arena, sample, |context, step| {
            for node in &self.plan.done[step] {
                let Some(tensor) = self.plan.results[*node] else { continue };
                let tensor = &context.stored(tensor);
                let mut value = Value::Integers(Vec::new());
                let to = Results::resized(&mut value, tensor.tensor.kind(), tensor.tensor.len());
                // SAFETY: no step runs.
                unsafe { collect(*tensor, 1, to) };
                results[*node] = Some(value);
            }
        });
        Ok(results)
    }

    fn check(&self, samples: &[f32], batch: usize) -> Result<(), RunError> {
        let expected = self.input.saturating_mul(batch);
        if samples.len() != expected {
            return Err(RunError::Sample { expected, got: samples.len() });
        }
        // Most samples have none, and this is quick.
        if samples.iter().fold(false, |found, x| found | x.is_nan()) {
            let index = samples.iter().position(|x| x.is_nan()).unwrap_or_default();
            return Err(RunError::NaN { index });
        }
        Ok(())
    }

    /// All samples by one thread.
    fn run_alone(&self, arena: &mut Arena, samples: &[f32], mut results: Results<'_>) {
        for samples in samples.chunks(self.options.batch * self.input) {
            let count = samples.len() / self.input;
            let context = self.steps(arena, samples, |_, _| {});
            let to = results.take(count * self.output);
            // SAFETY: no step runs.
            unsafe { collect(context.stored(self.plan.output), count, to) };
        }
    }

    fn context<'a>(&'a self, arena: &'a mut Arena, samples: &'a [f32]) -> Context<'a> {
        Context {
            memory: arena.memory(),
            places: &self.plan.places,
            tensors: &self.plan.tensors,
            samples,
            count: samples.len() / self.input,
            part: Part::WHOLE,
            level: self.level,
        }
    }

    /// All steps for as many samples as fit at once, and what to do behind each.
    fn steps<'a>(
        &'a self,
        arena: &'a mut Arena,
        samples: &'a [f32],
        mut behind: impl FnMut(&Context<'_>, usize),
    ) -> Context<'a> {
        let context = self.context(arena, samples);
        for (index, step) in self.plan.steps.iter().enumerate() {
            // SAFETY: the places are of the arena, the steps run in order, and nobody else has the arena.
            unsafe { step.run(&context) };
            behind(&context, index);
        }
        context
    }
}
