//! Tests of single subcommands, one file each.

mod help;
mod import;
mod materialise;
mod numbers;
