#![doc = include_str!("../README.md")]
//!
//! | file | what |
//! |---|---|
//! | `program` | the graph of integer operations, checked when it is built |
//! | `window` | kernels and pools |
//! | `file` | programs as files, hostile ones refused |
//! | `engine` | evaluation as fast as the processor can |
//! | `reference` | evaluation as the definitions say, slow: what every kernel is held against |

#![no_std]
#![cfg_attr(docsrs, feature(doc_cfg))]

extern crate alloc;
#[cfg(any(feature = "std", test))]
extern crate std;

mod engine;
mod error;
mod file;
mod program;
mod reference;
#[cfg(feature = "testing")]
#[doc(hidden)]
pub mod testing;
mod window;

pub use engine::{Done, Engine, Level, Options, Workspace};
pub use error::{ProgramError, RunError};
pub use file::{FileError, Limits};
pub use program::{Kind, Node, Op, Pixels, Program, ProgramBuilder, Range, Source, Thresholds, Weights};
pub use reference::{Value, label};
pub use window::Window;
