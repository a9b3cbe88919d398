//! Errors of stairs, quantiser names and scale policies. Each carries the bad value and says what is allowed.

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
    #[error(
        "unknown quantiser `{0}`: expected binary, sign, ternary, uint2…uint8, int2…int8, balanced2…balanced8 or \
         pow2-2…pow2-8"
    )]
    Name(String),
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
