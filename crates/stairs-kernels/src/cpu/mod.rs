//! The kernels on row-major f32 slices, in parallel over rayon's threads.
//!
//! How work is cut depends on shapes alone, never on the number of threads, so that sums are always made in one order.

pub(crate) mod average;
pub(crate) mod conv;
pub(crate) mod depthwise;
pub(crate) mod direct;
mod disjoint;
mod fresh;
mod halve;
mod isa;
mod matrix;
pub(crate) mod norm;
mod patches;
pub(crate) mod pool;
pub(crate) mod relu6;
mod simd;
