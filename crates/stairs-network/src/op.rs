//! What a node computes, and the shape it gives.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{Array, NetworkError, Stair, Weight, Window};

/// An operation on one sample; shapes are without the batch axis. Images are `[channels, height, width]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Op {
    /// y = W x + b along the last axis; weights `[outputs, inputs]`.
    Dense {
        /// W.
        weight: Weight,
        /// b, `[outputs]`.
        bias: Option<Array>,
    },
    /// A convolution of an image, zeros around it; weights `[outputs, inputs/groups, rows, columns]`.
    Conv {
        /// The kernel.
        window: Window,
        /// Groups of channels that do not see each other; as many as channels in a depthwise convolution.
        groups: usize,
        /// Weights.
        weight: Weight,
        /// Bias, `[outputs]`.
        bias: Option<Array>,
    },
    /// Batch normalisation with fixed statistics: γ·(x − mean)/√(variance + ε) + β for every channel, the first axis.
    Norm {
        /// γ.
        gamma: Array,
        /// β.
        beta: Array,
        /// Mean.
        mean: Array,
        /// Variance.
        variance: Array,
        /// ε.
        epsilon: f64,
    },
    /// max(x, 0).
    Relu,
    /// min(max(x, low), high).
    Clip {
        /// Smallest result.
        low: f64,
        /// Largest result.
        high: f64,
    },
    /// A quantiser of features.
    Stair(Stair),
    /// The largest of each window of an image; padding is no pixel.
    MaxPool(Window),
    /// The mean of each window of an image.
    MeanPool {
        /// The windows.
        window: Window,
        /// Whether the padding counts, as zeros, in the number a sum is divided by.
        counts_padding: bool,
    },
    /// Means over windows that divide an image as evenly as possible: output i of n reads from ⌊i·size/n⌋ to ⌈(i + 1)·size/n⌉.
    AdaptiveMeanPool {
        /// Height and width of the result.
        size: [usize; 2],
    },
    /// The mean over all positions of every channel: `[channels, …]` to `[channels]`.
    Mean,
    /// Channels of zeros around those of an image.
    PadChannels {
        /// How many in front.
        before: usize,
        /// How many behind.
        behind: usize,
    },
    /// The sum of two of the same shape.
    Add,
    /// The same numbers in one axis.
    Flatten,
    /// The same numbers, in row-major order, in this shape.
    Reshape {
        /// The shape.
        shape: Vec<usize>,
    },
    /// An operation known by name only. It can be listed and drawn, and not be evaluated.
    Other {
        /// Name of the operation.
        name: String,
        /// Shape of the result.
        shape: Vec<usize>,
    },
}

impl Op {
    /// Shape of the result for inputs of these shapes; parameters are checked against them.
    ///
    /// # Errors
    /// [`NetworkError`] naming `path` for inputs or parameters that do not fit.
    pub fn output(&self, path: &str, inputs: &[&[usize]]) -> Result<Vec<usize>, NetworkError> {
        let wrong = |needs: &str| NetworkError::Input {
            path: path.to_owned(),
            operation: self.to_string(),
            needs: needs.to_owned(),
            got: inputs.iter().map(|shape| shape.to_vec()).collect(),
        };
        if let Self::Other { shape, .. } = self {
            return Ok(shape.clone());
        }
        if let Self::Add = self {
            return match inputs {
                [a, b] if a == b => Ok(a.to_vec()),
                _ => Err(wrong("two inputs of one shape")),
            };
        }
        let &[input] = inputs else { return Err(wrong("one input")) };
        let image = || match *input {
            [channels, height, width] => Ok((channels, [height, width])),
            _ => Err(wrong("an image")),
        };
        let channels = || input.first().copied().ok_or_else(|| wrong("channels"));
        let param = |what, array: &Array, expected: Vec<usize>| match array.shape() == expected {
            true => Ok(()),
            false => {
                Err(NetworkError::Parameter { path: path.to_owned(), what, expected, got: array.shape().to_vec() })
            }
        };
        let windows = |window: &Window| {
            let (channels, size) = image()?;
            let [height, width] = window.output(size).ok_or_else(|| wrong("an image as large as its window"))?;
            Ok(vec![channels, height, width])
        };
        match self {
            Self::Dense { weight, bias } => {
                let (last, rest) = input.split_last().ok_or_else(|| wrong("at least one axis"))?;
                let outputs = weight.outputs();
                param("weight", weight.array(), vec![outputs, *last])?;
                bias.iter().try_for_each(|bias| param("bias", bias, vec![outputs]))?;
                scales(path, weight)?;
                Ok([rest, &[outputs]].concat())
            }
            Self::Conv { window, groups, weight, bias } => {
                let (channels, size) = image()?;
                let outputs = weight.outputs();
                if *groups == 0 || !channels.is_multiple_of(*groups) || !outputs.is_multiple_of(*groups) {
                    return Err(wrong(&format!("channels that {groups} groups divide, in and out ({outputs})")));
                }
                let [rows, columns] = window.kernel();
                param("weight", weight.array(), vec![outputs, channels / groups, rows, columns])?;
                bias.iter().try_for_each(|bias| param("bias", bias, vec![outputs]))?;
                scales(path, weight)?;
                let [height, width] = window.output(size).ok_or_else(|| wrong("an image as large as the kernel"))?;
                Ok(vec![outputs, height, width])
            }
            Self::Norm { gamma, beta, mean, variance, epsilon } => {
                let channels = channels()?;
                for (what, array) in [("gamma", gamma), ("beta", beta), ("mean", mean), ("variance", variance)] {
                    param(what, array, vec![channels])?;
                }
                finite(path, "epsilon", *epsilon)?;
                Ok(input.to_vec())
            }
            Self::Clip { low, high } => {
                finite(path, "lower bound", *low)?;
                finite(path, "upper bound", *high)?;
                Ok(input.to_vec())
            }
            Self::Relu | Self::Stair(_) => Ok(input.to_vec()),
            Self::MaxPool(window) | Self::MeanPool { window, .. } => windows(window),
            Self::AdaptiveMeanPool { size } => {
                let (channels, within) = image()?;
                if size.contains(&0) || within.contains(&0) {
                    return Err(wrong("an image, and a result, of at least one pixel"));
                }
                Ok(vec![channels, size[0], size[1]])
            }
            Self::Mean => Ok(vec![channels()?]),
            Self::PadChannels { before, behind } => {
                let (channels, [height, width]) = image()?;
                let sum = channels.checked_add(*before).and_then(|sum| sum.checked_add(*behind));
                Ok(vec![sum.ok_or_else(|| wrong("fewer channels"))?, height, width])
            }
            Self::Flatten => Ok(vec![crate::array::size(input)?]),
            Self::Reshape { shape } => {
                if crate::array::size(input)? != crate::array::size(shape)? {
                    return Err(wrong(&format!("as many numbers as {shape:?} has")));
                }
                Ok(shape.clone())
            }
            // Both are answered above.
            Self::Add | Self::Other { .. } => Err(wrong("other inputs")),
        }
    }

    /// The weights of a dense layer or a convolution.
    pub fn weight(&self) -> Option<&Weight> {
        match self {
            Self::Dense { weight, .. } | Self::Conv { weight, .. } => Some(weight),
            _ => None,
        }
    }

    /// The same for changing them.
    pub fn weight_mut(&mut self) -> Option<&mut Weight> {
        match self {
            Self::Dense { weight, .. } | Self::Conv { weight, .. } => Some(weight),
            _ => None,
        }
    }

    /// What training changes, by name; running statistics are not among it.
    pub fn parameters(&self) -> Vec<(&'static str, &Array)> {
        match self {
            Self::Dense { weight, bias } | Self::Conv { weight, bias, .. } => {
                [("weight", weight.array())].into_iter().chain(bias.iter().map(|bias| ("bias", bias))).collect()
            }
            Self::Norm { gamma, beta, .. } => vec![("gamma", gamma), ("beta", beta)],
            _ => Vec::new(),
        }
    }

    /// Whether element i of the result depends on element i of every input alone.
    pub fn is_elementwise(&self) -> bool {
        matches!(
            self,
            Self::Norm { .. }
                | Self::Relu
                | Self::Clip { .. }
                | Self::Stair(_)
                | Self::Add
                | Self::Flatten
                | Self::Reshape { .. }
        )
    }
}

/// As many scales as outputs, one, or none.
fn scales(path: &str, weight: &Weight) -> Result<(), NetworkError> {
    let Some(stair) = weight.quantiser() else { return Ok(()) };
    let (outputs, got) = (weight.outputs(), stair.scales.len());
    if got > 1 && got != outputs {
        let (path, what) = (path.to_owned(), "scales of the weights");
        return Err(NetworkError::Parameter { path, what, expected: vec![outputs], got: vec![got] });
    }
    Ok(())
}

fn finite(path: &str, what: &'static str, value: f64) -> Result<(), NetworkError> {
    if value.is_finite() {
        return Ok(());
    }
    Err(NetworkError::Number { path: path.to_owned(), what, needs: "finite", value })
}

impl fmt::Display for Op {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Conv { window, groups, .. } => {
                write!(f, "conv {window}")?;
                if *groups == 1 { Ok(()) } else { write!(f, ", {groups} groups") }
            }
            Self::MaxPool(window) => write!(f, "max pool {window}"),
            Self::MeanPool { window, .. } => write!(f, "mean pool {window}"),
            Self::AdaptiveMeanPool { size } => write!(f, "mean pool to {}×{}", size[0], size[1]),
            Self::Clip { low, high } => match (*low, *high) {
                (0.0, 6.0) => f.write_str("ReLU6"),
                (low, high) => write!(f, "clip to [{low}, {high}]"),
            },
            Self::PadChannels { before, behind } => write!(f, "pad {} channels", before + behind),
            Self::Dense { .. } => f.write_str("dense"),
            Self::Norm { .. } => f.write_str("batch norm"),
            Self::Relu => f.write_str("ReLU"),
            Self::Stair(_) => f.write_str("quantiser"),
            Self::Mean => f.write_str("mean"),
            Self::Add => f.write_str("add"),
            Self::Flatten => f.write_str("flatten"),
            Self::Reshape { .. } => f.write_str("reshape"),
            Self::Other { name, .. } => write!(f, "{name} (by name)"),
        }
    }
}
