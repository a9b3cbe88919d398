//! Certificates: what noise does to a stair, an activation, a network, as numbers that hold. Plain f64, no tensor library.
//!
//! | module | what |
//! |---|---|
//! | [`smoothing`] | how smooth and how close a regularised stair or activation is: [`SmoothingCertificate`], [`ActivationCertificate`], [`NetworkEstimate`] |
//! | [`convergence`] | whether a network under an annealing plan becomes the quantised one, and when: [`Certificate`], [`Verdict`] |
//!
//! Laws, activations and plans are those of [`stairs_laws`].

#![cfg_attr(docsrs, feature(doc_cfg))]

pub mod convergence;
pub mod smoothing;

pub use convergence::{
    Break, Certificate, CertificateError, Convergence, Convolution, Counterexample, GapSource, LawRange, Layer,
    LayerGaps, LayerStep, Moment, Network, NetworkLaws, Part, Reason, Step, Trace, Verdict, Weights, counterexample,
};
pub use smoothing::{
    ActivationCertificate, AffineError, AffineMap, Enclosure, EstimateError, LayerEstimate, NetworkEstimate,
    NetworkLayer, SlopeRange, SmoothingCertificate, slope_range,
};
