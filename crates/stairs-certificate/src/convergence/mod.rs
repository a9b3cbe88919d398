//! Proved bounds on the distance between a regularised network and the quantised one.
//!
//! Each law of a plan tends to the Dirac law at 0, and each σ_ν to σ. The network need not follow, because quantised
//! pre-activations lie exactly on thresholds: see [`AnnealingPlan`](stairs_laws::AnnealingPlan) on synchronisation. A
//! [`Certificate`] takes a concrete [`Network`] (weights frozen, plain f64), samples and a plan, and says for every step how
//! far the two networks are apart, in three ways:
//!
//! | | from | valid for |
//! |---|---|---|
//! | gaps (`gap_bound`) | distances of pre-activations to thresholds, by the recursion of \[ANA22\] | all inputs where gaps come from lattices, else the samples |
//! | intervals (`bound`, `window_bound`) | the samples and interval arithmetic | the samples, at every time of a stretch |
//! | running both (`measured`) | the samples | the samples, at one time |
//!
//! A [`Verdict`] says what happens in the limit, and names the first layer that breaks synchronisation. The strategy is the
//! expectation. Bounds include the rounding of f64: they hold for the numbers the two passes compute.
//!
//! | file | what |
//! |---|---|
//! | `layer`, `geometry`, `network` | a concrete network, hard and regularised |
//! | `range`, `blend` | σ_ν over sets of laws and arguments |
//! | `gaps` | distances to thresholds, from lattices or data |
//! | `recursion` | the theorem |
//! | `interval` | the certificate of a sample |
//! | `timeline` | a plan over time |
//! | `limit`, `verdict` | leading orders, and which condition fails |
//! | `counterexample` | two units for which the order of the layers decides |
//!
//! Source: Spallanzani, Leonardi, Benini (arXiv 2203.11323), section 3, for the conditions; the recursion with constants, the
//! interval form and the verdict are ours.

mod blend;
mod counterexample;
mod error;
mod gaps;
mod geometry;
mod interval;
mod layer;
mod limit;
mod network;
mod range;
mod recorded;
mod recursion;
mod timeline;
mod verdict;

pub use counterexample::{Counterexample, counterexample};
pub use error::CertificateError;
pub use gaps::{GapSource, LayerGaps};
pub use geometry::Convolution;
pub use layer::{Layer, Weights};
pub use network::{Moment, Network, NetworkLaws, Trace};
pub use range::LawRange;
pub use timeline::{Certificate, Convergence, LayerStep, Step};
pub use verdict::{Break, Part, Reason, Verdict};
