//! The kernels against Burn's own modules: values, gradients, running statistics, for random shapes.
#![allow(missing_docs)]

mod backend;
mod case;
mod convolution;
mod dice;
mod edges;
mod layers;
mod normalisation;
mod pooling;
mod random;
mod relu6;
