//! Tests of single subcommands, one file each.

mod bits;
mod choose;
mod data;
mod deploy;
mod help;
mod import;
mod json;
mod materialise;
mod metrics;
mod numbers;
mod settings;
