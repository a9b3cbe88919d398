#![doc = include_str!("../README.md")]
//!
//! | folder | what |
//! |---|---|
//! | `lower` | from a network to a program |
//! | `exact` | numbers with square roots, exactly |
//! | `onnx` | programs as ONNX and QONNX, float networks as ONNX |
//! | `c` | programs as C99 |
//! | `rust` | programs as constants of Rust |

#![cfg_attr(docsrs, feature(doc_cfg))]

pub mod c;
mod error;
mod exact;
mod lower;
pub mod onnx;
mod rust;

pub use error::{DeployError, Island};
pub use lower::{DeployOptions, Deployed, Rounding, RoundingKind, deploy};
pub use rust::rust;
