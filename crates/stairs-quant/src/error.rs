//! Errors of stairs, quantiser names, scale policies and approximations. Each carries the bad value and says what is allowed.

use thiserror::Error;

/// Thresholds and levels that make no stair function.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum StairError {
    /// There is no threshold.
    #[error("a stair function needs at least one threshold")]
    NoThreshold,
    /// The number of levels is not the number of thresholds plus one.
    #[error("{thresholds} thresholds need {} levels, got {levels}", thresholds + 1)]
    LevelCount {
        /// Number of thresholds given.
        thresholds: usize,
        /// Number of levels given.
        levels: usize,
    },
    /// A threshold is NaN or infinite.
    #[error("threshold {index} must be finite, got {value}")]
    Threshold {
        /// Position in the list, from 0.
        index: usize,
        /// The value given.
        value: f64,
    },
    /// A level is NaN or infinite.
    #[error("level {index} must be finite, got {value}")]
    Level {
        /// Position in the list, from 0.
        index: usize,
        /// The value given.
        value: f64,
    },
    /// A threshold is not larger than the one before it.
    #[error("thresholds must increase strictly, but threshold {index} is {value} after {previous}")]
    Order {
        /// Position of the second of the two, from 0.
        index: usize,
        /// The threshold before.
        previous: f64,
        /// The threshold that is not larger.
        value: f64,
    },
}

/// A quantiser that does not exist.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum QuantiserError {
    /// A bit width out of range.
    #[error("bit width must be 2 to 8, got {0} (for one bit use `binary` or `sign`)")]
    Bits(u32),
    /// A name that is none of the catalogue's.
    #[error("unknown quantiser `{0}`: expected one of {names}", names = crate::Quantiser::names())]
    Name(String),
}

/// A plan of quantisers, one a layer, that does not fit a model.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum LayersError {
    /// It names what is not quantised, or leaves out what is.
    #[error(
        "the plan of bits {}{}{}; the weights of these layers are quantised: {}",
        list("names", unknown), if unknown.is_empty() || left_out.is_empty() { "" } else { " and " },
        list("leaves out", left_out), if known.is_empty() { "none".to_owned() } else { known.join(", ") }
    )]
    Mismatch {
        /// Names in the plan that are no quantised layer.
        unknown: Vec<String>,
        /// Quantised layers that the plan does not name.
        left_out: Vec<String>,
        /// All quantised layers.
        known: Vec<String>,
    },
    /// It names a layer and its parameter.
    #[error("the plan of bits names both `{path}` and `{layer}`, which are the same weights: leave one of them out")]
    Twice {
        /// The parameter.
        path: String,
        /// Its layer.
        layer: String,
    },
}

/// `what` and the names in backticks; nothing without names.
fn list(what: &str, names: &[String]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    if names.is_empty() { String::new() } else { format!("{what} {}", quoted.join(", ")) }
}

/// Scales that cannot be chosen.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum ScaleError {
    /// There are no values to choose a scale from.
    #[error("no values: a scale policy needs at least one")]
    Empty,
    /// A value is NaN or infinite.
    #[error("value {index} is {value}: scales can only be chosen from finite values")]
    NotFinite {
        /// Position of the first such value.
        index: usize,
        /// The value.
        value: f32,
    },
    /// A quantum or output scale that is not a positive finite number.
    #[error("{name} must be positive and finite, got {value}")]
    NotPositive {
        /// What the number is, for example `quantum`.
        name: &'static str,
        /// The value given.
        value: f64,
    },
    /// A scale that single precision cannot compute with.
    #[error("{name} {value:e} is out of range: single precision can compute with {low:e} to {high:e}")]
    Range {
        /// What the number is, for example `quantum`.
        name: &'static str,
        /// The value.
        value: f64,
        /// The smallest that is possible.
        low: f64,
        /// The largest that is possible.
        high: f64,
    },
    /// A percentile outside (0, 100].
    #[error("percentile must be above 0 and at most 100, got {0}")]
    Percentile(f64),
    /// The policy is not defined for this stair.
    #[error("policy `{policy}` needs {needs}, got the stair {stair}")]
    Stair {
        /// Name of the policy.
        policy: &'static str,
        /// What the policy asks of the stair.
        needs: &'static str,
        /// The stair, printed.
        stair: String,
    },
    /// The policy's formula gives no positive scale on these values.
    #[error("policy `{policy}` gives the scale {value} on these values: {advice}")]
    Degenerate {
        /// Name of the policy.
        policy: &'static str,
        /// The scale that the formula gives.
        value: f64,
        /// What to do instead.
        advice: &'static str,
    },
    /// The product of the shape is not the number of values.
    #[error("shape {shape:?} does not hold {values} values")]
    Shape {
        /// The shape given.
        shape: Vec<usize>,
        /// The number of values given.
        values: usize,
    },
    /// The shape has no such axis.
    #[error("shape {shape:?} has no axis {axis}: axes count from 0")]
    Axis {
        /// The shape given.
        shape: Vec<usize>,
        /// The axis asked for.
        axis: usize,
    },
    /// One channel has no scale.
    #[error("channel {channel}: {source}")]
    Channel {
        /// Index of the channel.
        channel: usize,
        /// Why it has none.
        source: Box<ScaleError>,
    },
    /// A policy name that does not exist.
    #[error(
        "unknown scale policy `{0}`: expected fixed:QUANTUM, max-abs, percentile:P (0 < P <= 100), mse, twn, sawb or lsq"
    )]
    UnknownPolicy(String),
    /// A granularity name that does not exist.
    #[error("unknown granularity `{0}`: expected tensor or axis:INDEX")]
    UnknownGranularity(String),
}

/// A Lipschitz function that cannot be approximated as asked.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum ExpressivityError {
    /// A dimension that is not supported.
    #[error("the dimension must be 1, 2 or 3, got {0}")]
    Dimension(usize),
    /// A Lipschitz constant that is none.
    #[error("the Lipschitz constant must be finite and at least 0, got {0}")]
    Lipschitz(f64),
    /// An error bound that is none.
    #[error("eta must be positive and finite, got {0}")]
    Eta(f64),
    /// A height of levels that is none.
    #[error("the step must be positive and finite, got {0}")]
    Step(f64),
    /// No cells.
    #[error("the number of cells a side must be at least 1")]
    NoCells,
    /// The levels alone leave nothing of η.
    #[error("a step of {step} alone makes an error of {}, which leaves nothing of eta = {eta} for the cells", step / 2.0)]
    StepAlone {
        /// The step given.
        step: f64,
        /// η.
        eta: f64,
    },
    /// N and δ do not reach η.
    #[error(
        "{side} cells a side and a step of {step} make an error of {cell_error} + {} (+ {rounding_error:.1e} for rounding), \
         more than eta = {eta}: take more cells, a smaller step or a larger eta",
        step / 2.0
    )]
    Coarse {
        /// η.
        eta: f64,
        /// N.
        side: usize,
        /// δ; 0 where the cells leave nothing.
        step: f64,
        /// L√n/(2N).
        cell_error: f64,
        /// Allowance for f64 arithmetic.
        rounding_error: f64,
    },
    /// A network or a grid beyond the limit. Nothing has been allocated.
    #[error("{needed:.3e} {what} are needed, and the limit is {limit}: take {advice}")]
    TooLarge {
        /// What there is too much of.
        what: &'static str,
        /// How many.
        needed: f64,
        /// How many are allowed.
        limit: u64,
        /// What to do.
        advice: &'static str,
    },
    /// The function is NaN or infinite at a point.
    #[error("the function is {value} at {point:?}: it must be finite on all of [0, 1]^n")]
    NotFinite {
        /// The point.
        point: Vec<f64>,
        /// The value there.
        value: f64,
    },
    /// Two samples contradict the Lipschitz constant.
    #[error(
        "the function is not Lipschitz with the constant {lipschitz}: between {from:?} and {to:?} its slope is {slope}; the \
         constant must be at least that"
    )]
    Steeper {
        /// Centre of a cell.
        from: Vec<f64>,
        /// Centre of a neighbouring cell.
        to: Vec<f64>,
        /// |f(from) − f(to)| / ‖from − to‖₂.
        slope: f64,
        /// The constant given.
        lipschitz: f64,
    },
    /// A point with too few or too many coordinates.
    #[error("point {index} has {length} coordinates, expected {dimension}")]
    Length {
        /// Its index in the batch.
        index: usize,
        /// Coordinates it has.
        length: usize,
        /// Coordinates it needs.
        dimension: usize,
    },
    /// A point outside the cube.
    #[error("coordinate {axis} of point {index} must lie in [0, 1], got {value}")]
    Point {
        /// Its index in the batch.
        index: usize,
        /// The coordinate, from 0.
        axis: usize,
        /// Its value.
        value: f64,
    },
    /// A construction that does not exist.
    #[error("unknown construction `{0}`: expected cells or corners")]
    UnknownConstruction(String),
    /// A named function that does not exist.
    #[error("unknown function `{0}`: expected sine, vee, ring, saddle or bump")]
    UnknownTarget(String),
}
