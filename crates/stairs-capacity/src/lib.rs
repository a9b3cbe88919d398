//! The capacity of a network before it is trained: the two-scale effective dimension (2sED), its lower bounds for Markovian
//! networks, and the older effective dimension beside it.

pub mod chain;
mod error;
pub mod fisher;
mod linalg;
pub mod measure;
mod sampler;
pub mod spectrum;
mod tridiagonal;

pub use chain::{
    Activation, Chain, Head, Init, Layer, LayerParameters, Map, Norm, Pointwise, Pool, PoolKind, Prior, Shape,
};
pub use error::{ChainError, FisherError, MeasureError};
pub use fisher::{MarkovOptions, Method, NetworkFisher, gram_spectrum};
pub use measure::{
    DeviationBound, Draw, Draws, Estimate, Normalisation, Point, Sequence, SmcOptions, SmcPoint, log_kappa,
    sequential_monte_carlo,
};
pub use sampler::{Sampler, layer_spectrum};
pub use spectrum::{
    LanczosOptions, LogDet, Precision, Probe, Quadrature, Spectrum, SymmetricOperator, stochastic_lanczos,
};
