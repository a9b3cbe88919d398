//! Errors of descriptions, Fisher passes and measures. Each carries the bad value and says what is allowed.

use stairs_laws::LawError;
use thiserror::Error;

use crate::chain::Shape;

/// A chain, its parameters or its inputs that make no network.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum ChainError {
    /// There is no layer.
    #[error("a chain needs at least one layer")]
    NoLayers,
    /// A size that must be positive.
    #[error("layer {layer}: {what} must be at least 1, got 0")]
    Zero {
        /// The layer, from 0; for the input shape 0.
        layer: usize,
        /// What is 0.
        what: &'static str,
    },
    /// A kernel or window that does not fit its image.
    #[error("layer {layer}: a {what} of {size:?} does not fit an image of {height} × {width}")]
    Window {
        /// The layer, from 0.
        layer: usize,
        /// Kernel or pool.
        what: &'static str,
        /// Its height and width.
        size: [usize; 2],
        /// Height of the image, with padding.
        height: usize,
        /// Width of the image, with padding.
        width: usize,
    },
    /// The last layer of a categorical head does not give one number a class.
    #[error("the last layer must give one number a class, got an output of {0}")]
    Head(Shape),
    /// A noise variance that is not positive and finite.
    #[error("the {what} must be positive and finite, got {value}")]
    Variance {
        /// Which variance.
        what: &'static str,
        /// The value given.
        value: f64,
    },
    /// A list of the wrong length.
    #[error("layer {layer}: {what} needs {expected} numbers, got {got}")]
    Length {
        /// The layer, from 0.
        layer: usize,
        /// What the numbers are.
        what: &'static str,
        /// How many there must be.
        expected: usize,
        /// How many there are.
        got: usize,
    },
    /// Inputs that are no whole number of samples, or none.
    #[error("inputs must be at least one sample of {sample} numbers, got {got} numbers")]
    Inputs {
        /// Numbers a sample.
        sample: usize,
        /// Numbers given.
        got: usize,
    },
    /// A number that is NaN or infinite.
    #[error("layer {layer}: {what} {index} is {value}, and must be finite")]
    NotFinite {
        /// The layer, from 0.
        layer: usize,
        /// What the number is.
        what: &'static str,
        /// Its position in the list, from 0.
        index: usize,
        /// The value.
        value: f64,
    },
    /// Targets that are not one for every sample (and output).
    #[error("{samples} samples need {expected} {what}, got {got}")]
    Targets {
        /// Number of samples.
        samples: usize,
        /// Class labels or target values.
        what: &'static str,
        /// How many there must be.
        expected: usize,
        /// How many there are.
        got: usize,
    },
    /// A label that is no class.
    #[error("the label of sample {sample} is {label}, and must be below {classes}, the number of classes")]
    Label {
        /// The sample, from 0.
        sample: usize,
        /// Its label.
        label: usize,
        /// Number of classes.
        classes: usize,
    },
    /// Targets of the other kind of head.
    #[error("a {head} head needs {needs}, got {got}")]
    Loss {
        /// The head.
        head: &'static str,
        /// The targets it needs.
        needs: &'static str,
        /// Those given.
        got: &'static str,
    },
    /// A prior that cannot be drawn from.
    #[error("the radius of a prior must be positive and finite, got {0}")]
    Radius(f64),
    /// A network with a node that no layer of a chain has.
    #[error(
        "`{path}` ({operation}) makes the network no chain of layers: {reason}; `bridge::module_spectrum` measures any module"
    )]
    NotAChain {
        /// Path of the node.
        path: String,
        /// Its operation.
        operation: String,
        /// What a chain would have there.
        reason: String,
    },
    /// A quantum that is not positive and finite.
    #[error("the quantum of a stair must be positive and finite: {0}")]
    Quantum(#[source] LawError),
}

/// A Fisher pass that failed.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum FisherError {
    /// The description, the parameters or the inputs are at fault.
    #[error(transparent)]
    Chain(#[from] ChainError),
    /// An eigenvalue decomposition did not converge.
    #[error("the eigenvalues of a {size} × {size} matrix did not converge")]
    Eigenvalues {
        /// Size of the matrix.
        size: usize,
    },
    /// A Fisher matrix with entries that are not finite: activations or gradients overflow.
    #[error("layer {layer}: the Fisher matrix is not finite, activations or gradients overflow")]
    Overflow {
        /// The layer, from 0.
        layer: usize,
    },
    /// A Lanczos option out of range.
    #[error("{what} must be at least {least}, got {got}")]
    Lanczos {
        /// The option.
        what: &'static str,
        /// Its least value.
        least: usize,
        /// The value given.
        got: usize,
    },
    /// A measure that says nothing about this network.
    #[error("{measure} is not defined here: {reason}")]
    Undefined {
        /// Name of the measure.
        measure: &'static str,
        /// Why, and what to do.
        reason: String,
    },
    /// A matrix too large to be formed.
    #[error("a {rows} × {columns} Jacobian exceeds the limit of {limit} entries")]
    TooLarge {
        /// Rows: samples × outputs.
        rows: usize,
        /// Columns: parameters.
        columns: usize,
        /// Most entries allowed.
        limit: usize,
    },
}

/// A measure that is not defined for its arguments.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum MeasureError {
    /// ε outside (0, 1).
    #[error("epsilon must be above 0 and below 1, got {0}")]
    Epsilon(f64),
    /// ζ outside [2/3, 1).
    #[error("zeta must be at least 2/3 and below 1, got {0}")]
    Zeta(f64),
    /// There is no draw.
    #[error("a measure needs at least one draw of the parameters")]
    NoDraws,
    /// Draws of different networks, or with different numbers of inner draws.
    #[error("draw {draw} has {what} {got}, the first has {expected}")]
    Ragged {
        /// Position of the draw, from 0.
        draw: usize,
        /// What differs.
        what: &'static str,
        /// The first draw's value.
        expected: usize,
        /// This draw's value.
        got: usize,
    },
    /// A mean trace that is negative or not finite.
    #[error("the mean trace must be finite and at least 0, got {0}")]
    Trace(f64),
    /// γ outside (0, 1].
    #[error("gamma must be above 0 and at most 1, got {0}")]
    Gamma(f64),
    /// Too few samples for the formula of Abbas et al., and for the radius that goes with it.
    #[error(
        "the effective dimension, and the radius for n samples, need gamma * n / (2 pi ln n) above 1, got {kappa} at n = {n}, gamma = {gamma} (with gamma = 1, n >= 19)"
    )]
    Samples {
        /// Number of samples.
        n: usize,
        /// γ.
        gamma: f64,
        /// The value of κ′.
        kappa: f64,
    },
    /// Too few particles, draws or runs.
    #[error("an estimate by particles needs at least {least} {what}, got {got}")]
    Particles {
        /// Particles, draws, runs or points.
        what: &'static str,
        /// The least number.
        least: usize,
        /// The number given.
        got: usize,
    },
    /// A constant of a bound, or an option, out of range.
    #[error("{what} must be {needs}, got {value}")]
    Constant {
        /// The constant.
        what: &'static str,
        /// What it must be.
        needs: &'static str,
        /// The value given.
        value: f64,
    },
    /// A Markov chain of stochastic gradient Langevin dynamics that left the neighbourhood of its start.
    #[error(
        "chain {chain} diverged at step size {step:e}: its mean of n beta (L(w) - L(w*)) is {excess}, and no minimum with {dimension} parameters has more than {dimension}/2; take a smaller step, or a larger localisation"
    )]
    Diverged {
        /// The chain, from 0.
        chain: usize,
        /// The step size ε.
        step: f64,
        /// The chain's mean of nβ(L(w) − L(w*)) so far.
        excess: f64,
        /// Number of parameters d.
        dimension: usize,
    },
    /// The Fisher pass of a particle failed.
    #[error(transparent)]
    Fisher(#[from] FisherError),
}
