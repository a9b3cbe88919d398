//! What quantised networks can express: a proof that can be run.
//!
//! For every f : \[0, 1\]ⁿ → R, n = 1, 2, 3, that is L-Lipschitz in the Euclidean norm, and every η > 0, a network with
//! weights in {−1, 0, 1}, features in {0, 1} and one affine map at its end is built, with ‖f − network‖_∞ ≤ η and a
//! [`Certificate`] that says at what cost.
//!
//! A grid of N cells a side; in every cell the value of f at the centre, rounded to a multiple of δ above the smallest:
//! v_c = round((f(centre_c) − f_min)/δ). The network computes v_c exactly, so that
//!
//! ```text
//! |f(x) − (f_min + δ v_c)| ≤ L·√n/(2N) + δ/2        (the cell, then the rounding)
//! ```
//!
//! Two networks compute v, see [`Construction`]:
//!
//! | [`Construction`] | hidden layers | non-zero weights |
//! |---|---|---|
//! | `Cells` (the paper's) | half-spaces H(x_i − j/N); a conjunction for each cell; a disjunction for each level | O(η⁻ⁿ⁻¹) |
//! | `Corners` (ours) | half-spaces; a conjunction for each corner where the mixed difference of v is not 0 | O(η⁻ⁿ) |
//!
//! # What is a weight
//! Weights are the entries of the matrices of all layers, the output row included; zeros count in
//! [`LayerCount::weights`], not in [`LayerCount::nonzero`]. Thresholds (biases) are no weights. Those of the first layer
//! are the numbers j/N in (0, 1): the resolution of the network lives there, log₂ N bits each. Those of later layers are
//! integers from 0 to n. The output is f_min + δ·(b + Σ ±feature) with an integer b, 0 for `Cells`; f_min and δ are the
//! only two other real numbers.
//!
//! H(0) = 1, so that cells are closed on their lower sides, and the last ones on both.
//!
//! # Sources
//! The statement and `Cells`: Spallanzani, Cavigelli, Leonardi, Bertogna, Benini, *Additive Noise Annealing and
//! Approximation Properties of Quantized Neural Networks*, arXiv 1905.10452; Leonardi, Spallanzani, *Analytical aspects of
//! non-differentiable neural networks*, arXiv 2011.01858. The constants, the choice of N and δ, and `Corners` are ours.
//!
//! ```
//! use stairs_quant::expressivity::{Approximation, Construction};
//!
//! let f = |x: &[f64]| (x[0] - 0.5).hypot(x[1] - 0.5); // 1-Lipschitz
//! let network = Approximation::new(2, 1.0, 0.1).build(f)?;
//! let certificate = network.certificate();
//! assert!(certificate.error() <= 0.1);
//! assert!((network.eval(&[0.25, 0.9])? - f(&[0.25, 0.9])).abs() <= certificate.error());
//!
//! let fewer = Approximation::new(2, 1.0, 0.1).with_construction(Construction::Corners).build(f)?;
//! assert!(fewer.certificate().nonzero_weights() < certificate.nonzero_weights());
//! println!("{}", fewer.certificate());
//! # Ok::<(), stairs_quant::ExpressivityError>(())
//! ```

mod approximation;
mod cells;
mod certificate;
mod construction;
mod corners;
mod dense;
mod grid;
mod layer;
mod measured;
mod network;
mod samples;
mod split;
mod target;

pub use approximation::Approximation;
pub use certificate::{Certificate, LayerCount};
pub use construction::Construction;
pub use dense::{DenseLayer, DenseNetwork};
pub use layer::{LayeredNetwork, TernaryLayer};
pub use measured::MeasuredError;
pub use network::StairNetwork;
pub use target::Target;

/// Cells of the grid that are built without asking: 2²⁴. See [`Approximation::with_limit`].
pub const CELL_LIMIT: u64 = 1 << 24;
/// Levels of a network at most: 2²⁴, so that sums of features are exact in f32 too.
pub const LEVEL_LIMIT: u64 = 1 << 24;
/// Non-zero weights that [`StairNetwork::layers`] writes out at most: 2²⁶, five bytes each.
pub const SPARSE_LIMIT: u64 = 1 << 26;
/// Weights that [`LayeredNetwork::dense`] writes out at most: 2²⁸, one byte each.
pub const DENSE_LIMIT: u64 = 1 << 28;
