//! Which input feeds which output: dense layers, convolutions and max pools as index tables.

use stairs_network::Window;

use super::CertificateError;

/// A convolution of an image `[channels, height, width]`, zeros around it; weights `[outputs, channels/groups, kernel rows, kernel
/// columns]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Convolution {
    /// Channels, height and width of the input.
    pub input: [usize; 3],
    /// Channels of the output.
    pub channels: usize,
    /// The kernel: any stride, padding and dilation.
    pub window: Window,
    /// Groups of channels, which divide those of input and output.
    pub groups: usize,
}

/// The linear part of a layer as a table: output (o, p) = Σ over (k, j) in `patches[p]` of w[o·fan_in + k]·x[j + shift of o], where the
/// shift leads to the inputs of the group of o.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Taps {
    pub(super) inputs: usize,
    pub(super) channels: usize,
    pub(super) fan_in: usize,
    /// Height and width of an output channel.
    pub(super) size: [usize; 2],
    pub(super) patches: Vec<Vec<(u32, u32)>>,
    /// Output channels of a group, and inputs of one.
    group: [usize; 2],
}

impl Taps {
    pub(super) fn dense(name: &str, inputs: usize, outputs: usize) -> Result<Self, CertificateError> {
        positive(name, &[("inputs", inputs), ("outputs", outputs)])?;
        let patch = (0..inputs as u32).map(|i| (i, i)).collect();
        Ok(Self {
            inputs,
            channels: outputs,
            fan_in: inputs,
            size: [1, 1],
            patches: vec![patch],
            group: [outputs, inputs],
        })
    }

    pub(super) fn convolution(name: &str, conv: &Convolution) -> Result<Self, CertificateError> {
        let [channels, height, width] = conv.input;
        positive(name, &[("input channels", channels), ("input height", height), ("input width", width)])?;
        positive(name, &[("output channels", conv.channels), ("groups", conv.groups)])?;
        if !channels.is_multiple_of(conv.groups) || !conv.channels.is_multiple_of(conv.groups) {
            return Err(CertificateError::Size { layer: name.into(), what: "channels of a group" });
        }
        let [rows, columns] = outputs(name, &conv.window, [height, width])?;
        let (inside, taps) = (channels / conv.groups, conv.window.taps());
        let patches = (0..rows * columns).map(|position| {
            let patch = conv.window.patch([position / columns, position % columns], [height, width]);
            let patch: Vec<(usize, usize)> = patch.collect();
            let of_channel = |channel: usize| {
                let (weight, pixel) = (channel * taps, channel * height * width);
                patch.iter().map(move |(k, j)| ((weight + k) as u32, (pixel + j) as u32))
            };
            (0..inside).flat_map(of_channel).collect()
        });
        Ok(Self {
            inputs: channels * height * width,
            channels: conv.channels,
            fan_in: inside * taps,
            size: [rows, columns],
            patches: patches.collect(),
            group: [conv.channels / conv.groups, inside * height * width],
        })
    }

    /// The first input of the group of a channel: what the inputs of its patches count from.
    pub(super) fn shift(&self, channel: usize) -> usize {
        channel / self.group[0] * self.group[1]
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
        for (channel, row) in weights.chunks_exact(self.fan_in).enumerate() {
            let x = &x[self.shift(channel)..];
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
    pub(super) fn new(name: &str, window: &Window, size: [usize; 2]) -> Result<Self, CertificateError> {
        let [rows, columns] = outputs(name, window, size)?;
        let at = |position: usize| [position / columns, position % columns];
        let windows: Vec<Vec<u32>> = (0..rows * columns)
            .map(|position| window.patch(at(position), size).map(|(_, pixel)| pixel as u32).collect())
            .collect();
        if windows.iter().any(Vec::is_empty) {
            return Err(CertificateError::Size { layer: name.into(), what: "pixels of a window" });
        }
        Ok(Self { size: [rows, columns], windows, plane: size[0] * size[1] })
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

fn outputs(name: &str, window: &Window, size: [usize; 2]) -> Result<[usize; 2], CertificateError> {
    window.output(size).ok_or(CertificateError::Size { layer: name.into(), what: "output size" })
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
        let window = Window::new([3, 2]).unwrap().with_stride([2, 1]).unwrap().with_padding([[1, 1], [0, 0]]);
        let conv = Convolution { input: [2, 4, 5], channels: 3, window, groups: 1 };
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

    /// Two groups are two convolutions side by side.
    #[test]
    fn groups_read_their_own_channels() {
        let window = Window::new([2, 2]).unwrap().with_dilation([1, 2]).unwrap().with_padding([[0, 1], [0, 0]]);
        let both =
            Taps::convolution("both", &Convolution { input: [4, 3, 4], channels: 6, window, groups: 2 }).unwrap();
        let one = Taps::convolution("one", &Convolution { input: [2, 3, 4], channels: 3, window, groups: 1 }).unwrap();
        let weights: Vec<f64> = (0..6 * 8).map(|i| f64::from(i * 7 % 11) - 5.0).collect();
        let x: Vec<f64> = (0..48).map(|i| f64::from(i * 5 % 13) - 6.0).collect();
        let halves = [one.apply(&weights[..24], &x[..24]), one.apply(&weights[24..], &x[24..])];
        assert_eq!(both.apply(&weights, &x), halves.concat());
    }

    #[test]
    fn pools_leave_out_what_fills_no_window() {
        let window = |kernel| Window::new(kernel).unwrap().with_stride([2, 2]).unwrap();
        let pool = Windows::new("pool", &window([2, 2]), [2, 5]).unwrap();
        let x = [1.0, 2.0, 5.0, 0.0, 9.0, 4.0, 3.0, 6.0, 7.0, 9.0];
        assert_eq!(pool.apply(&[x, x].concat()), [4.0, 7.0, 4.0, 7.0]);
        assert!(Windows::new("pool", &window([3, 2]), [2, 5]).is_err());
    }
}
