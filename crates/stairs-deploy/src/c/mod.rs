//! C99 for microcontrollers: one header and one source, without allocation, that need nothing but `<stdint.h>`.
//!
//! | file | what |
//! |---|---|
//! | `plan` | which nodes one nest of loops computes, and which results are stored |
//! | `form`, `packing` | how results and weights lie in memory: arrays, bit planes, fields of bits |
//! | `memory` | where in the arena |
//! | `stage`, `spot`, `load`, `element`, `head` | a stage as a function: loops, indices, operands, element-wise nodes, pools |
//! | `convolution`, `patch`, `dense`, `product` | layers of integers |
//! | `carry_save` | products of bit planes without counting ones |
//! | `kernels`, `parts` | helper functions and tables, each once |
//! | `source` | header and source from all of it |
//! | `check`, `error` | what cannot be written |
//!
//! Every operation of [`Op`](stairs_infer::Op) is written. Integers equal [`Program::run`] always. Floats equal it where the compiler
//! computes in single and double precision and does not contract products and sums, which the source switches off for GCC and Clang.
//! What is refused is in [`CError`].

mod carry_save;
mod check;
mod convolution;
mod dense;
mod element;
mod error;
mod form;
mod head;
mod kernels;
mod load;
mod memory;
mod packing;
mod parts;
mod patch;
mod plan;
mod product;
mod source;
mod spot;
mod stage;
mod text;

pub use error::CError;
use stairs_infer::Program;

/// Whose memory the results in flight lie in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Arena {
    /// The caller's: every thread can have its own.
    #[default]
    Caller,
    /// A static variable of the source: one call at a time.
    Static,
}

/// What the generated code is called, and whose memory it uses.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Options {
    /// What the names of all functions begin with, and the files' name: letters, digits and `_`, a letter first.
    pub name: String,
    /// Whose memory the results in flight lie in.
    pub arena: Arena,
}

impl Options {
    /// Functions of this name that take an arena.
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), arena: Arena::default() }
    }

    /// With this arena.
    #[must_use]
    pub fn with_arena(self, arena: Arena) -> Self {
        Self { arena, ..self }
    }
}

/// Header and source, to be written as `NAME.h` and `NAME.c`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Sources {
    /// The header.
    pub header: String,
    /// The source.
    pub source: String,
    /// Bytes of the arena: the most that results in flight need at a time.
    pub ram: usize,
    /// Bytes of all constants. Code comes on top, 2 to 10 KB, and software floats where the processor has none.
    pub flash: usize,
}

/// C99 of a program.
///
/// ```
/// use stairs_deploy::c::{Options, c};
/// use stairs_infer::{Op, Program, Source, Weights};
///
/// let mut builder = Program::builder("two neurons", vec![3])?;
/// let codes = builder.push("input", Op::Steps { thresholds: vec![-0.5, 0.5], levels: vec![-1, 0, 1] }, &[Source::Input])?;
/// let sums = builder.push("fc", Op::Dense { weights: Weights::new(vec![2, 3], vec![1, 0, -1, 1, 1, 1])? }, &[codes])?;
/// let sources = c(&builder.finish(sums), &Options::new("neurons"))?;
/// assert!(sources.header.contains("int neurons_run(const float *input, int32_t *output, neurons_arena *arena);"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`CError`]: a name that is none in C, NaN among the parameters, more than 32 bits can address.
pub fn c(program: &Program, options: &Options) -> Result<Sources, CError> {
    check::name(&options.name)?;
    check::program(program)?;
    source::write(program, options)
}
