#![doc = include_str!("../README.md")]

pub mod c;

pub use c::c;
