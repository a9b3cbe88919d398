//! One layer of a structure.

use std::fmt;

use serde::Serialize;

use super::Precision;

/// One layer: what it does, what goes in and out, what it costs.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Layer {
    /// Path of the module, that of its parameters without their names: `blocks.0.conv`. What is no module has the path of
    /// the one it happens in and what it does: `mean`, `blocks.3.add`.
    pub path: String,
    /// What it does.
    pub kind: LayerKind,
    /// Shape of a sample that goes in: channels, height, width, or a width.
    pub input: Vec<usize>,
    /// Shape of a sample that comes out.
    pub output: Vec<usize>,
    /// Its parameters; running statistics are none.
    pub parameters: Vec<Parameter>,
    /// Multiplications of a weight and a feature for one sample, each with its addition.
    pub macs: u64,
    /// Its weights; `None` where it has none.
    pub weights: Option<Precision>,
    /// The features that go in.
    pub input_features: Precision,
    /// The features that come out.
    pub output_features: Precision,
    /// Path of its quantiser: `conv1.weight.stair` of the weights of `conv1`, `act1.Stair` of features.
    pub quantiser: Option<String>,
}

/// A parameter of a layer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Parameter {
    /// Name: `weight`, `bias`, `gamma`, `beta`.
    pub name: &'static str,
    /// Shape as Burn has it: `[out, in/groups, height, width]` of a convolution, `[in, out]` of a dense layer.
    pub shape: Vec<usize>,
}

/// What a layer does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum LayerKind {
    /// A convolution.
    Conv {
        /// Height and width of the kernel.
        kernel: [usize; 2],
        /// Vertical and horizontal stride.
        stride: [usize; 2],
        /// Groups of channels; as many as channels in a depthwise convolution.
        groups: usize,
    },
    /// A dense layer.
    Dense,
    /// A batch normalisation.
    Norm,
    /// max(x, 0).
    Relu,
    /// min(max(x, 0), 6).
    Relu6,
    /// A quantiser of features.
    Stair,
    /// The largest of each window.
    MaxPool {
        /// Height and width of the window.
        kernel: [usize; 2],
        /// Vertical and horizontal stride.
        stride: [usize; 2],
    },
    /// Means over windows that cover the image.
    MeanPool,
    /// Every `stride`-th pixel, with channels of zeros behind: a skip connection without weights.
    Pad {
        /// Vertical and horizontal stride.
        stride: [usize; 2],
    },
    /// The sum with a skip connection.
    Add,
}

impl Parameter {
    /// Number of values.
    pub fn count(&self) -> u64 {
        self.shape.iter().map(|size| *size as u64).product()
    }
}

impl Layer {
    /// Number of values of all parameters.
    pub fn parameter_count(&self) -> u64 {
        self.parameters.iter().map(Parameter::count).sum()
    }

    /// Multiply-accumulates times the bits of a weight times the bits of a feature.
    pub fn bit_operations(&self) -> u64 {
        let weights = self.weights.map_or(0, Precision::bits);
        self.macs * u64::from(weights) * u64::from(self.input_features.bits())
    }

    /// Bytes of all parameters: weights packed, the others in 32 bits.
    pub fn parameter_bytes(&self) -> u64 {
        let bytes = |parameter: &Parameter| match self.weights {
            Some(precision) if parameter.name == "weight" => precision.bytes(parameter.count()),
            _ => Precision::Float.bytes(parameter.count()),
        };
        self.parameters.iter().map(bytes).sum()
    }
}

impl fmt::Display for LayerKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let window = |f: &mut fmt::Formatter<'_>, kernel: &[usize; 2], stride: &[usize; 2]| {
            write!(f, " {}×{}", kernel[0], kernel[1])?;
            match stride {
                [1, 1] => Ok(()),
                [vertical, horizontal] if vertical == horizontal => write!(f, " /{vertical}"),
                [vertical, horizontal] => write!(f, " /{vertical}×{horizontal}"),
            }
        };
        match self {
            Self::Conv { kernel, stride, groups } => {
                write!(f, "conv")?;
                window(f, kernel, stride)?;
                if *groups == 1 { Ok(()) } else { write!(f, ", {groups} groups") }
            }
            Self::MaxPool { kernel, stride } => {
                write!(f, "max pool")?;
                window(f, kernel, stride)
            }
            Self::Dense => f.write_str("dense"),
            Self::Norm => f.write_str("batch norm"),
            Self::Relu => f.write_str("ReLU"),
            Self::Relu6 => f.write_str("ReLU6"),
            Self::Stair => f.write_str("quantiser"),
            Self::MeanPool => f.write_str("mean pool"),
            Self::Pad { stride } => write!(f, "every {}×{} pixel, pad", stride[0], stride[1]),
            Self::Add => f.write_str("add"),
        }
    }
}
