#![doc = include_str!("../README.md")]
//!
//! | file | what |
//! |---|---|
//! | `rust` | constants of Rust, for programs without files |

mod rust;

pub use rust::rust;
