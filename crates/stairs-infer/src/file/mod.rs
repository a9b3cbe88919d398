//! Programs as files: safetensors whose metadata hold the graph.
//!
//! | part | what |
//! |---|---|
//! | metadata `stairs.version` | version of this format, [`Program::FILE_VERSION`]; a newer one is refused |
//! | metadata `stairs.program` | JSON: name, shape of a sample, nodes with their small parameters, number of the result; 0 is the sample, n + 1 the result of node n |
//! | tensor `N.PATH.weights` of integers | digits of the values that occur (`digits`): 1 bit a binary weight, 1.6 a ternary one; I8 beyond 16 values |
//! | `N.PATH.thresholds` | of integers: the smallest of I8, I16, I32 that holds them, its ends standing for “always” and “never”; of floats: F32 |
//! | `N.PATH.falling` | a bit a channel, where some channel falls |
//! | `N.PATH.factors`, `offsets` | of fixed point: the smallest of I8 to I64; of floats: F64 or F32 |
//! | `N.PATH.weights`, `bias`, `bounds` of floats | F32 |
//! | `pixels` | F32: mean and deviation of every channel where that gives the table bit for bit, otherwise the table |
//!
//! The same program is the same bytes. Any program that reads safetensors can open them.
//!
//! Files may come from anywhere. Everything is checked against the file's size before memory is taken for it, a list of numbers being
//! at most eight times as large as its bytes; and what *running* the program would take is known without running it and is held
//! against [`Limits`].

mod container;
mod digits;
#[cfg(feature = "std")]
mod disk;
mod error;
mod graph;
mod limits;
mod numbers;
mod pixels;
mod read;
mod write;

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

pub use error::FileError;
pub use limits::Limits;

use crate::Program;

/// Key of the version among the metadata.
const VERSION: &str = "stairs.version";
/// Key of the graph among the metadata.
const PROGRAM: &str = "stairs.program";

/// The number tells nodes of one path apart.
fn tensor_name(index: usize, path: &str, parameter: &str) -> String {
    format!("{index}.{path}.{parameter}")
}

impl Program {
    /// Version of the format of files, the newest one that is read.
    pub const FILE_VERSION: u32 = 1;

    /// The program of a file, if running it stays within the default [`Limits`].
    ///
    /// ```
    /// # use stairs_infer::{FileError, Op, Program, Source, Weights};
    /// # let mut builder = Program::builder("sums", vec![5])?;
    /// # let codes = builder.push("input", Op::Fix { fraction: 0, low: -8, high: 7 }, &[Source::Input])?;
    /// # let weights = Weights::new(vec![2, 5], vec![1, 0, -1, 1, 1, 0, 0, 1, -1, -1])?;
    /// # let sums = builder.push("fc", Op::Dense { weights }, &[codes])?;
    /// # let program = builder.finish(sums);
    /// let bytes = program.to_bytes();
    /// assert_eq!(Program::from_bytes(&bytes)?, program);
    /// assert!(matches!(Program::from_bytes(&bytes[1..]), Err(FileError::Size { .. })));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`FileError`] for bytes that are no such file, that contradict each other, or that would take too much to run.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, FileError> {
        Self::from_bytes_within(bytes, &Limits::default())
    }

    /// As [`from_bytes`](Self::from_bytes), with limits of one's own.
    ///
    /// # Errors
    /// As [`from_bytes`](Self::from_bytes).
    pub fn from_bytes_within(bytes: &[u8], limits: &Limits) -> Result<Self, FileError> {
        read::read(bytes, limits)
    }

    /// The file of the program.
    pub fn to_bytes(&self) -> Vec<u8> {
        write::write(self)
    }
}
