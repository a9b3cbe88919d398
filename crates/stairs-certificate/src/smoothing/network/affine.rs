//! Affine maps as plain numbers: x ↦ A x + b.
//!
//! Features are flat vectors; images are in the order channel, row, column.

use thiserror::Error;

/// An affine map that cannot be.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum AffineError {
    /// A list of the wrong length.
    #[error("{what}: expected {expected} numbers, got {got}")]
    Length {
        /// Which list.
        what: &'static str,
        /// What the shape asks for.
        expected: usize,
        /// What was given.
        got: usize,
    },
    /// A number that is not finite.
    #[error("{what} {index} must be finite, got {value}")]
    NotFinite {
        /// Which list.
        what: &'static str,
        /// Index into it.
        index: usize,
        /// The value.
        value: f64,
    },
    /// A size, stride or dilation of 0, groups that do not divide the channels, or a kernel larger than the padded image.
    #[error("{0}")]
    Shape(String),
}

/// x ↦ A x + b. The bias is irrelevant to the norms and is kept so that a network can be run.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum AffineMap {
    /// A matrix.
    Dense {
        /// Number of inputs.
        inputs: usize,
        /// Number of outputs.
        outputs: usize,
        /// Row-major, `[outputs, inputs]` (the transpose of the weight of Burn's `Linear`).
        weight: Vec<f64>,
        /// One per output.
        bias: Vec<f64>,
    },
    /// A two-dimensional convolution (cross-correlation) with zero padding.
    Conv {
        /// Input image: channels, rows, columns.
        image: [usize; 3],
        /// Kernel: output channels, input channels per group, rows, columns.
        kernel: [usize; 4],
        /// Row-major in the order of `kernel`, as Burn's `Conv2d` has it.
        weight: Vec<f64>,
        /// One per output channel.
        bias: Vec<f64>,
        /// Rows, columns.
        stride: [usize; 2],
        /// Zeros on every side: rows, columns.
        padding: [usize; 2],
        /// Rows, columns.
        dilation: [usize; 2],
        /// Groups of channels.
        groups: usize,
    },
    /// A factor and a shift for every channel: folded batch normalisation.
    ChannelAffine {
        /// γ/√(variance + ε), one per channel.
        scale: Vec<f64>,
        /// β − scale·mean, one per channel.
        shift: Vec<f64>,
        /// Positions of a channel: rows times columns, 1 after a dense layer.
        positions: usize,
    },
}

impl AffineMap {
    /// A dense map without bias errors: lengths and values are checked.
    ///
    /// # Errors
    /// [`AffineError`] naming the list that does not fit.
    pub fn dense(inputs: usize, outputs: usize, weight: Vec<f64>, bias: Vec<f64>) -> Result<Self, AffineError> {
        if inputs == 0 || outputs == 0 {
            return Err(AffineError::Shape(format!(
                "a dense map needs inputs and outputs, got {inputs} and {outputs}"
            )));
        }
        check("weight", &weight, inputs * outputs)?;
        check("bias", &bias, outputs)?;
        Ok(Self::Dense { inputs, outputs, weight, bias })
    }

    /// A convolution without dilation or groups: `image` is channels, rows, columns; `kernel` is output channels, rows,
    /// columns. The other cases are built as [`AffineMap::Conv`] and checked with [`validate`](Self::validate).
    ///
    /// # Errors
    /// [`AffineError`] naming what does not fit.
    pub fn conv(
        image: [usize; 3],
        kernel: [usize; 3],
        weight: Vec<f64>,
        bias: Vec<f64>,
        stride: [usize; 2],
        padding: [usize; 2],
    ) -> Result<Self, AffineError> {
        let kernel = [kernel[0], image[0], kernel[1], kernel[2]];
        Self::Conv { image, kernel, weight, bias, stride, padding, dilation: [1, 1], groups: 1 }.validate()
    }

    /// Folded batch normalisation over `positions` positions a channel.
    ///
    /// # Errors
    /// [`AffineError`] where the lengths differ or a number is not finite.
    pub fn channel_affine(scale: Vec<f64>, shift: Vec<f64>, positions: usize) -> Result<Self, AffineError> {
        Self::ChannelAffine { scale, shift, positions }.validate()
    }

    /// Checks shapes and numbers.
    ///
    /// # Errors
    /// [`AffineError`] naming what does not fit.
    pub fn validate(self) -> Result<Self, AffineError> {
        match &self {
            Self::Dense { inputs, outputs, weight, bias } => {
                return Self::dense(*inputs, *outputs, weight.clone(), bias.clone());
            }
            Self::ChannelAffine { scale, shift, positions } => {
                if scale.is_empty() || *positions == 0 {
                    return Err(AffineError::Shape("a channel map needs channels and positions".into()));
                }
                check("scale", scale, scale.len())?;
                check("shift", shift, scale.len())?;
            }
            Self::Conv { image, kernel, weight, bias, stride, padding, dilation, groups } => {
                let sizes = image.iter().chain(kernel).chain(stride).chain(dilation).chain([groups]);
                if sizes.copied().any(|size| size == 0) {
                    return Err(AffineError::Shape("sizes, strides, dilations and groups must be at least 1".into()));
                }
                if kernel[1] * groups != image[0] || kernel[0] % groups != 0 {
                    let ([out, inputs, ..], channels) = (kernel, image[0]);
                    return Err(AffineError::Shape(format!(
                        "{groups} groups of {inputs} input channels do not make {channels}, or do not divide {out}"
                    )));
                }
                for axis in 0..2 {
                    let (reach, room) =
                        (dilation[axis] * (kernel[axis + 2] - 1) + 1, image[axis + 1] + 2 * padding[axis]);
                    if reach > room {
                        return Err(AffineError::Shape(format!(
                            "a kernel that spans {reach} does not fit into {room}"
                        )));
                    }
                }
                check("weight", weight, kernel.iter().product())?;
                check("bias", bias, kernel[0])?;
            }
        }
        Ok(self)
    }

    /// The same map followed by a factor and a shift per output channel, as one map: batch normalisation folded in. Norms
    /// of the folded map are at most the product of the two, and often much smaller.
    ///
    /// # Errors
    /// [`AffineError::Length`] unless there is one factor and one shift per output channel.
    pub fn folded(mut self, scale: &[f64], shift: &[f64]) -> Result<Self, AffineError> {
        let (weight, bias) = match &mut self {
            Self::Dense { weight, bias, .. } | Self::Conv { weight, bias, .. } => (weight, bias),
            Self::ChannelAffine { scale, shift, .. } => (scale, shift),
        };
        check("scale", scale, bias.len())?;
        check("shift", shift, bias.len())?;
        let fan_in = weight.len() / bias.len();
        for (channel, (factor, offset)) in scale.iter().zip(shift).enumerate() {
            weight[channel * fan_in..(channel + 1) * fan_in].iter_mut().for_each(|w| *w *= factor);
            bias[channel] = bias[channel] * factor + offset;
        }
        Ok(self)
    }

    /// Number of inputs.
    pub fn inputs(&self) -> usize {
        match self {
            Self::Dense { inputs, .. } => *inputs,
            Self::Conv { image, .. } => image.iter().product(),
            Self::ChannelAffine { scale, positions, .. } => scale.len() * positions,
        }
    }

    /// Number of outputs.
    pub fn outputs(&self) -> usize {
        match self {
            Self::Dense { outputs, .. } => *outputs,
            Self::Conv { kernel, .. } => {
                let [rows, columns] = self.output_image();
                kernel[0] * rows * columns
            }
            Self::ChannelAffine { scale, positions, .. } => scale.len() * positions,
        }
    }

    /// Rows and columns of the output of a convolution; 1 and the positions otherwise.
    fn output_image(&self) -> [usize; 2] {
        match self {
            Self::Conv { image, kernel, stride, padding, dilation, .. } => [0, 1].map(|axis| {
                let span = dilation[axis] * (kernel[axis + 2] - 1) + 1;
                (image[axis + 1] + 2 * padding[axis] - span) / stride[axis] + 1
            }),
            Self::Dense { .. } => [1, 1],
            Self::ChannelAffine { positions, .. } => [1, *positions],
        }
    }

    /// A x + b.
    ///
    /// # Errors
    /// [`AffineError::Length`] unless `x` has [`inputs`](Self::inputs) numbers.
    pub fn apply(&self, x: &[f64]) -> Result<Vec<f64>, AffineError> {
        if x.len() != self.inputs() {
            return Err(AffineError::Length { what: "input", expected: self.inputs(), got: x.len() });
        }
        Ok(match self {
            Self::Dense { inputs, weight, bias, .. } => weight
                .chunks(*inputs)
                .zip(bias)
                .map(|(row, b)| row.iter().zip(x).map(|(w, x)| w * x).sum::<f64>() + b)
                .collect(),
            Self::ChannelAffine { scale, shift, positions } => {
                x.iter().enumerate().map(|(i, x)| x * scale[i / positions] + shift[i / positions]).collect()
            }
            Self::Conv { image, kernel, weight, bias, stride, padding, dilation, groups } => {
                let [rows, columns] = self.output_image();
                let [out, inputs, height, width] = *kernel;
                let mut y = Vec::with_capacity(out * rows * columns);
                for channel in 0..out {
                    let first = channel / (out / groups) * inputs;
                    for (row, column) in (0..rows).flat_map(|r| (0..columns).map(move |c| (r, c))) {
                        let mut sum = bias[channel];
                        for (i, j) in (0..height).flat_map(|i| (0..width).map(move |j| (i, j))) {
                            let at = |start: usize, tap: usize, axis: usize| {
                                (start * stride[axis] + tap * dilation[axis]).checked_sub(padding[axis])
                            };
                            let (Some(r), Some(c)) = (at(row, i, 0), at(column, j, 1)) else { continue };
                            if r < image[1] && c < image[2] {
                                sum += (0..inputs)
                                    .map(|k| {
                                        weight[((channel * inputs + k) * height + i) * width + j]
                                            * x[((first + k) * image[1] + r) * image[2] + c]
                                    })
                                    .sum::<f64>();
                            }
                        }
                        y.push(sum);
                    }
                }
                y
            }
        })
    }
}

/// A list of finite numbers of the expected length.
fn check(what: &'static str, list: &[f64], expected: usize) -> Result<(), AffineError> {
    if list.len() != expected {
        return Err(AffineError::Length { what, expected, got: list.len() });
    }
    match list.iter().enumerate().find(|(_, value)| !value.is_finite()) {
        Some((index, &value)) => Err(AffineError::NotFinite { what, index, value }),
        None => Ok(()),
    }
}
