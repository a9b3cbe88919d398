//! The kernels against Burn's own modules: values, gradients, running statistics, for random shapes.
#![allow(missing_docs)]

mod case;
mod convolution;
mod normalisation;
mod pooling;
mod relu6;
