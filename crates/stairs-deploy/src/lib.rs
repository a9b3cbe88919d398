#![doc = include_str!("../README.md")]
//!
//! | folder | what |
//! |---|---|
//! | `lower` | from a network to a program |
//! | `exact` | numbers with square roots, exactly |

#![cfg_attr(docsrs, feature(doc_cfg))]

mod error;
mod exact;
mod lower;

pub use error::{DeployError, Island};
pub use lower::{DeployOptions, Deployed, Rounding, RoundingKind, deploy};
