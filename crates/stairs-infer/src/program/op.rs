//! What a node computes.

use alloc::vec::Vec;

use super::{Range, check};
use crate::{ProgramError, Window};

/// An operation on one sample. A channel is an index of the first axis. Integers are of at most 32 bits.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Op {
    /// Floats to integers, evenly: ⌊x·2^fraction + ½⌋, in double precision, no smaller than `low` and no larger than `high`; NaN,
    /// which float layers can make of infinities, as 0.
    Fix {
        /// Binary digits behind the point.
        fraction: u8,
        /// Smallest result.
        low: i32,
        /// Largest result.
        high: i32,
    },
    /// Floats to integers by thresholds: the level after as many thresholds as are ≤ x.
    Steps {
        /// Thresholds, ascending; equal ones are allowed.
        thresholds: Vec<f32>,
        /// Levels, one more than thresholds.
        levels: Vec<i32>,
    },
    /// Σ w·x along the last axis; weights `[outputs, inputs]`.
    Dense {
        /// W.
        weights: Weights,
    },
    /// A convolution of an image, zeros around it; weights `[outputs, inputs/groups, rows, columns]`.
    Conv {
        /// The kernel.
        window: Window,
        /// Groups of channels that do not see each other.
        groups: usize,
        /// Weights.
        weights: Weights,
    },
    /// Integers to levels, by thresholds of every channel.
    Thresholds(Thresholds),
    /// Integers to other integers, by one fixed-point map a channel of any number of inputs of one shape: ⌊(Σ mᵢ·vᵢ + b)/2^shift⌋, no
    /// smaller than `low` and no larger than `high`.
    Rescale {
        /// mᵢ: for every input one a channel.
        factors: Vec<Vec<i64>>,
        /// b, one a channel.
        offsets: Vec<i64>,
        /// Binary digits dropped, at most 62.
        shift: u8,
        /// Smallest result.
        low: i32,
        /// Largest result.
        high: i32,
    },
    /// Integers: the sum of each window of an image; padding adds nothing.
    SumPool(Window),
    /// The largest of each window of an image; padding is no pixel. Integers or floats.
    MaxPool(Window),
    /// Channels of zeros around those of an image. Integers or floats.
    PadChannels {
        /// How many in front.
        before: usize,
        /// How many behind.
        behind: usize,
    },
    /// The same numbers, in row-major order, in this shape. Integers or floats.
    Reshape {
        /// The shape.
        shape: Vec<usize>,
    },
    /// Integers to floats, of any number of inputs of one shape: Σ mᵢ·vᵢ + b, in double precision, in the order of the inputs, rounded
    /// to single.
    Affine {
        /// mᵢ: for every input one a channel.
        factors: Vec<Vec<f64>>,
        /// b, one a channel.
        offsets: Vec<f64>,
    },
    /// Floats: Σ w·x + b along the last axis, products and sums rounded one by one in the order of the inputs, b last.
    FloatDense {
        /// W, `[outputs, inputs]`.
        weights: Vec<f32>,
        /// b, one an output.
        bias: Vec<f32>,
    },
    /// Floats: a convolution, sums in the order channel, row, column over taps inside the image, b last.
    FloatConv {
        /// The kernel.
        window: Window,
        /// Groups of channels that do not see each other.
        groups: usize,
        /// Weights, `[outputs, inputs/groups, rows, columns]`.
        weights: Vec<f32>,
        /// b, one an output.
        bias: Vec<f32>,
    },
    /// Floats: x·a + b for every channel.
    Scale {
        /// a.
        factors: Vec<f32>,
        /// b.
        offsets: Vec<f32>,
    },
    /// Floats: min(max(x, low), high); ReLU is `[0, ∞]`.
    Clip {
        /// Smallest result.
        low: f32,
        /// Largest result.
        high: f32,
    },
    /// Floats: the mean of each window of an image, its sum in order first.
    MeanPool {
        /// The windows.
        window: Window,
        /// Whether the padding counts, as zeros, in the number a sum is divided by.
        counts_padding: bool,
    },
    /// Floats: means over windows that divide an image as evenly as possible: output i of n reads from ⌊i·size/n⌋ to ⌈(i + 1)·size/n⌉.
    AdaptiveMeanPool {
        /// Height and width of the result.
        size: [usize; 2],
    },
    /// Floats: the mean over all positions of every channel: `[channels, …]` to `[channels]`.
    Mean,
    /// Floats: the sum of two of one shape.
    Add,
}

impl Op {
    /// Its name.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Fix { .. } => "fix",
            Self::Steps { .. } => "steps",
            Self::Dense { .. } => "dense",
            Self::Conv { .. } => "conv",
            Self::Thresholds(_) => "thresholds",
            Self::Rescale { .. } => "rescale",
            Self::SumPool(_) => "sum pool",
            Self::MaxPool(_) => "max pool",
            Self::PadChannels { .. } => "pad channels",
            Self::Reshape { .. } => "reshape",
            Self::Affine { .. } => "affine",
            Self::FloatDense { .. } => "float dense",
            Self::FloatConv { .. } => "float conv",
            Self::Scale { .. } => "scale",
            Self::Clip { .. } => "clip",
            Self::MeanPool { .. } => "mean pool",
            Self::AdaptiveMeanPool { .. } => "adaptive mean pool",
            Self::Mean => "mean",
            Self::Add => "add",
        }
    }
}

/// Integers to levels: in a rising channel the level after as many thresholds as are ≤ v, in a falling one after as many as are ≥ v.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Thresholds {
    /// Thresholds, `[channels, levels − 1]` or, the same for all channels, `[levels − 1]`: ascending in a rising channel, descending
    /// in a falling one; equal ones are allowed. `i32::MIN` of a rising channel is always passed, `i32::MAX` never; in a falling channel
    /// the other way round.
    pub values: Vec<i32>,
    /// Which channels fall; empty if none does.
    pub falling: Vec<bool>,
    /// Levels, at least one.
    pub levels: Vec<i32>,
}

impl Thresholds {
    /// Thresholds of a channel.
    pub fn of(&self, channel: usize) -> &[i32] {
        let steps = self.levels.len() - 1;
        if self.values.len() == steps { &self.values } else { &self.values[channel * steps..(channel + 1) * steps] }
    }

    /// Whether a channel falls.
    pub fn falls(&self, channel: usize) -> bool {
        self.falling.get(channel).copied().unwrap_or(false)
    }

    /// The level of `v` in a channel.
    pub fn level(&self, channel: usize, v: i32) -> i32 {
        let of = self.of(channel);
        let index = match self.falls(channel) {
            false => of.partition_point(|t| *t <= v),
            true => of.partition_point(|t| *t >= v),
        };
        self.levels[index]
    }
}

/// Integer weights, output after output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Weights {
    shape: Vec<usize>,
    values: Vec<i8>,
}

impl Weights {
    /// Weights of this shape, the first axis the outputs.
    ///
    /// # Errors
    /// [`ProgramError::Length`] unless there is one value for every position; [`ProgramError::Shape`] for an impossible shape.
    pub fn new(shape: Vec<usize>, values: Vec<i8>) -> Result<Self, ProgramError> {
        check::length("weights", "values", check::size(&shape)?, values.len())?;
        Ok(Self { shape, values })
    }

    /// Sizes of the axes.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// The values, in row-major order.
    pub fn values(&self) -> &[i8] {
        &self.values
    }

    /// Number of outputs: the first axis.
    pub fn outputs(&self) -> usize {
        self.shape.first().copied().unwrap_or(1)
    }

    /// Weights of one output.
    pub fn fan_in(&self) -> usize {
        self.shape.iter().skip(1).product()
    }

    /// Weights of an output.
    pub fn of(&self, output: usize) -> &[i8] {
        &self.values[output * self.fan_in()..(output + 1) * self.fan_in()]
    }

    /// The smallest and the largest weight; 0 and 0 if there is none.
    pub fn range(&self) -> Range {
        let (low, high) = self.values.iter().fold((i8::MAX, i8::MIN), |(low, high), w| (low.min(*w), high.max(*w)));
        if low > high { Range::new(0, 0) } else { Range::new(low.into(), high.into()) }
    }

    /// The sums an output can reach when every input is in `inputs`; in 64 bits, so that the caller decides whether they fit.
    pub fn sums(&self, output: usize, inputs: Range) -> (i64, i64) {
        let (low, high) = (i64::from(inputs.low), i64::from(inputs.high));
        self.of(output).iter().fold((0, 0), |(least, most), w| {
            let (a, b) = (i64::from(*w) * low, i64::from(*w) * high);
            (least + a.min(b), most + a.max(b))
        })
    }
}
