//! Which input feeds which output: dense layers, convolutions and max pools as index tables.

use super::CertificateError;

/// An ungrouped convolution of an image `[channels, height, width]`; weights `[outputs, channels, kernel rows, kernel
/// columns]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Convolution {
    /// Channels, height and width of the input.
    pub input: [usize; 3],
    /// Channels of the output.
    pub channels: usize,
    /// Rows and columns of the kernel.
    pub kernel: [usize; 2],
    /// Step between outputs, vertical and horizontal.
    pub stride: [usize; 2],
    /// Padding with zeros on either side, vertical and horizontal.
    pub padding: [usize; 2],
}

/// A max pool over windows of an image, without padding; what does not fill a window is left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pool {
    /// Rows and columns of the window.
    pub kernel: [usize; 2],
    /// Step between windows.
    pub stride: [usize; 2],
}

/// The linear part of a layer as a table: output (o, p) = Σ over (k, j) in `patches[p]` of w[o·fan_in + k]·x[j].
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Taps {
    pub(super) inputs: usize,
    pub(super) channels: usize,
    pub(super) fan_in: usize,
    /// Height and width of an output channel.
    pub(super) size: [usize; 2],
    pub(super) patches: Vec<Vec<(u32, u32)>>,
}

impl Taps {
    pub(super) fn dense(name: &str, inputs: usize, outputs: usize) -> Result<Self, CertificateError> {
        positive(name, &[("inputs", inputs), ("outputs", outputs)])?;
        let patch = (0..inputs as u32).map(|i| (i, i)).collect();
        Ok(Self { inputs, channels: outputs, fan_in: inputs, size: [1, 1], patches: vec![patch] })
    }

    pub(super) fn convolution(name: &str, conv: &Convolution) -> Result<Self, CertificateError> {
        let [channels, height, width] = conv.input;
        positive(name, &[("input channels", channels), ("input height", height), ("input width", width)])?;
        positive(name, &[("output channels", conv.channels)])?;
        let rows = outputs(name, height, conv.kernel[0], conv.stride[0], conv.padding[0])?;
        let columns = outputs(name, width, conv.kernel[1], conv.stride[1], conv.padding[1])?;
        let fan_in = channels * conv.kernel[0] * conv.kernel[1];
        let inside = |output: usize, k: usize, axis: usize, length: usize| {
            (output * conv.stride[axis] + k).checked_sub(conv.padding[axis]).filter(|at| *at < length)
        };
        let mut patches = Vec::with_capacity(rows * columns);
        for position in 0..rows * columns {
            let (r, c) = (position / columns, position % columns);
            let mut patch = Vec::with_capacity(fan_in);
            for k in 0..fan_in {
                let (channel, kr, kc) =
                    (k / (conv.kernel[0] * conv.kernel[1]), k / conv.kernel[1] % conv.kernel[0], k % conv.kernel[1]);
                if let (Some(y), Some(x)) = (inside(r, kr, 0, height), inside(c, kc, 1, width)) {
                    patch.push((k as u32, ((channel * height + y) * width + x) as u32));
                }
            }
            patches.push(patch);
        }
        Ok(Self { inputs: channels * height * width, channels: conv.channels, fan_in, size: [rows, columns], patches })
    }

    /// Number of outputs before a pool.
    pub(super) fn outputs(&self) -> usize {
        self.channels * self.patches.len()
    }

    /// Channel of an output.
    pub(super) fn channel(&self, output: usize) -> usize {
        output / self.patches.len()
    }

    /// Σ w·x for every output, added up in a fixed order: equal arguments give equal bits.
    pub(super) fn apply(&self, weights: &[f64], x: &[f64]) -> Vec<f64> {
        let mut out = Vec::with_capacity(self.outputs());
        for row in weights.chunks_exact(self.fan_in) {
            for patch in &self.patches {
                out.push(patch.iter().map(|&(k, j)| row[k as usize] * x[j as usize]).sum());
            }
        }
        out
    }

    /// Σ over a row of |w|, for every channel: the norm ‖·‖_{∞→∞} of the rows, an upper bound where a patch is cut off.
    pub(super) fn row_sums(&self, magnitude: impl Fn(usize) -> f64) -> Vec<f64> {
        (0..self.channels).map(|o| (o * self.fan_in..(o + 1) * self.fan_in).map(&magnitude).sum()).collect()
    }
}

/// Windows of a pool over channels of a size: the inputs of every output.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Windows {
    pub(super) size: [usize; 2],
    windows: Vec<Vec<u32>>,
    plane: usize,
}

impl Windows {
    pub(super) fn new(name: &str, pool: &Pool, [height, width]: [usize; 2]) -> Result<Self, CertificateError> {
        let rows = outputs(name, height, pool.kernel[0], pool.stride[0], 0)?;
        let columns = outputs(name, width, pool.kernel[1], pool.stride[1], 0)?;
        let windows = (0..rows * columns).map(|position| {
            let (r, c) = (position / columns * pool.stride[0], position % columns * pool.stride[1]);
            let at = |k: usize| (r + k / pool.kernel[1]) * width + c + k % pool.kernel[1];
            (0..pool.kernel[0] * pool.kernel[1]).map(|k| at(k) as u32).collect()
        });
        Ok(Self { size: [rows, columns], windows: windows.collect(), plane: height * width })
    }

    /// Maximum of every window, channel after channel.
    pub(super) fn apply(&self, x: &[f64]) -> Vec<f64> {
        let largest =
            |plane: &[f64], window: &[u32]| window.iter().map(|&i| plane[i as usize]).fold(f64::NEG_INFINITY, f64::max);
        x.chunks_exact(self.plane)
            .flat_map(|plane| self.windows.iter().map(move |window| largest(plane, window)))
            .collect()
    }
}

fn outputs(name: &str, length: usize, kernel: usize, stride: usize, padding: usize) -> Result<usize, CertificateError> {
    positive(name, &[("kernel", kernel), ("stride", stride)])?;
    let outputs = (length + 2 * padding).checked_sub(kernel).map_or(0, |rest| rest / stride + 1);
    positive(name, &[("output size", outputs)])?;
    Ok(outputs)
}

fn positive(name: &str, sizes: &[(&'static str, usize)]) -> Result<(), CertificateError> {
    match sizes.iter().find(|(_, size)| *size == 0) {
        Some((what, _)) => Err(CertificateError::Size { layer: name.into(), what }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_convolution_is_what_the_definition_says() {
        let conv = Convolution { input: [2, 4, 5], channels: 3, kernel: [3, 2], stride: [2, 1], padding: [1, 0] };
        let taps = Taps::convolution("conv", &conv).unwrap();
        assert_eq!((taps.size, taps.inputs, taps.fan_in), ([2, 4], 40, 12));
        let weights: Vec<f64> = (0..36).map(|i| f64::from(i * 7 % 11) - 5.0).collect();
        let x: Vec<f64> = (0..40).map(|i| f64::from(i * 5 % 13) - 6.0).collect();
        let y = taps.apply(&weights, &x);
        for o in 0..3 {
            for r in 0..2 {
                for c in 0..4 {
                    let mut sum = 0.0;
                    for ch in 0..2 {
                        for kr in 0..3 {
                            for kc in 0..2 {
                                let at = (2 * r + kr) as isize - 1;
                                if (0..4).contains(&at) {
                                    let w = weights[((o * 2 + ch) * 3 + kr) * 2 + kc];
                                    sum += w * x[(ch * 4 + at as usize) * 5 + c + kc];
                                }
                            }
                        }
                    }
                    assert_eq!(y[(o * 2 + r) * 4 + c], sum);
                }
            }
        }
    }

    #[test]
    fn pools_leave_out_what_fills_no_window() {
        let pool = Windows::new("pool", &Pool { kernel: [2, 2], stride: [2, 2] }, [2, 5]).unwrap();
        let x = [1.0, 2.0, 5.0, 0.0, 9.0, 4.0, 3.0, 6.0, 7.0, 9.0];
        assert_eq!(pool.apply(&[x, x].concat()), [4.0, 7.0, 4.0, 7.0]);
        assert!(Windows::new("pool", &Pool { kernel: [3, 2], stride: [2, 2] }, [2, 5]).is_err());
    }
}
