//! Tests of single subcommands, one file each.

mod data;
mod deploy;
mod help;
mod import;
mod materialise;
mod numbers;
