#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

// `println!` and `eprintln!` that cannot panic, see `stairs_train::output`.
#[macro_use(println, eprintln)]
extern crate stairs_train;

pub mod bits;
pub mod certify;
#[cfg(all(feature = "capacity", feature = "deploy"))]
pub mod choose;
#[cfg(feature = "deploy")]
pub mod deploy;
pub mod deviation;
pub mod experiments;
mod files;
pub mod import;
pub mod materialise;
pub mod measure;
pub mod metrics;
pub mod plot;
pub mod report;
pub mod stats;
pub mod summary;
