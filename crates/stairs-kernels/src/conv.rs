//! Convolution: y[b, o, p] = Σ_{c, k} w[o, c, k]·x[b, c, p·stride + k·dilation − padding] + bias[o], with the sum over all
//! input channels, or over the one that belongs to output o if depthwise.

use burn::{backend::Dispatch, nn::conv::Conv2d, tensor::Tensor};

use crate::{
    Axis, KernelBackend,
    checked::Checked,
    covered,
    misfit::{Misfit, assert_room, count},
    window::{around, assert_room_padded},
};

/// Shape of a convolution, ordinary or depthwise: input `[batch, channels_in, height, width]`, weights
/// `[channels_out, channels_in / groups, height, width]` of the kernel, output `[batch, channels_out, height, width]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConvShape {
    /// Number of images.
    pub batch: usize,
    /// Channels of the input.
    pub channels_in: usize,
    /// Channels of the output; if depthwise, a multiple of the input's.
    pub channels_out: usize,
    /// Groups of channels that do not mix: 1, or `channels_in` for a depthwise convolution.
    pub groups: usize,
    /// The vertical axis.
    pub rows: Axis,
    /// The horizontal axis.
    pub columns: Axis,
}

impl ConvShape {
    /// Shape of `conv` on an input of these dimensions.
    fn of(conv: &Conv2d, [batch, channels_in, height, width]: [usize; 4]) -> Result<Self, Misfit> {
        let [channels_out, share, kernel_y, kernel_x] = conv.weight.dims();
        let groups = conv.groups;
        if share.checked_mul(groups) != Some(channels_in) {
            return Err(Misfit::Channels { found: channels_in, share, groups });
        }
        if groups == 0 || channels_out % groups != 0 {
            return Err(Misfit::Groups { groups, channels_in, channels_out });
        }
        let size = [height, width];
        // As in Burn, the weights say how large the kernel is; the setting counts for the padding alone.
        let around = around(&conv.padding, size, conv.kernel_size, conv.stride)?;
        let [rows, columns] = Axis::pair(size, [kernel_y, kernel_x], conv.stride, around, conv.dilation)?;
        assert_room(count([batch, channels_out, rows.output, columns.output])?);
        Ok(Self { batch, channels_in, channels_out, groups, rows, columns })
    }

    /// Pixels of an input channel.
    pub fn plane_in(&self) -> usize {
        self.rows.input * self.columns.input
    }

    /// Pixels of an output channel.
    pub fn plane_out(&self) -> usize {
        self.rows.output * self.columns.output
    }

    /// Input values that one output value reads.
    pub fn patch(&self) -> usize {
        self.channels_in / self.groups * self.rows.kernel * self.columns.kernel
    }

    /// `[batch, channels_in, height, width]` of the input.
    pub(crate) fn input(&self) -> [usize; 4] {
        [self.batch, self.channels_in, self.rows.input, self.columns.input]
    }

    /// `[batch, channels_out, height, width]` of the output.
    pub(crate) fn output(&self) -> [usize; 4] {
        [self.batch, self.channels_out, self.rows.output, self.columns.output]
    }

    /// `[channels_out, channels_in / groups, height, width]` of the weights.
    pub(crate) fn weight(&self) -> [usize; 4] {
        [self.channels_out, self.channels_in / self.groups, self.rows.kernel, self.columns.kernel]
    }

    /// Whether every input channel has kernels of its own.
    pub(crate) fn is_depthwise(&self) -> bool {
        self.groups > 1
    }

    /// Whether every patch is one pixel and every pixel a patch, so that the input already is the matrix of patches.
    pub(crate) fn is_pointwise(&self) -> bool {
        let one = |axis: &Axis| axis.kernel == 1 && axis.is_shift() && axis.padding == 0;
        one(&self.rows) && one(&self.columns)
    }
}

/// What `conv.forward(x)` computes, faster on Flex. Shapes as in [`ConvShape`]; differentiable in `x` and the parameters.
///
/// # Panics
/// Where the channels, the groups or the bias do not fit the weights, a kernel does not fit into the padded input, a
/// setting is 0, or sizes are beyond what the machine can count or hold: on every device, before anything is computed.
///
/// ```
/// use burn::{nn::conv::Conv2dConfig, tensor::{Device, Tensor}};
/// use stairs_kernels::conv2d;
///
/// let device = Device::flex();
/// let conv = Conv2dConfig::new([3, 8], [3, 3]).init(&device);
/// let x = Tensor::<4>::ones([2, 3, 28, 28], &device);
/// assert_eq!(conv2d(&conv, x).dims(), [2, 8, 26, 26]);
/// ```
pub fn conv2d(conv: &Conv2d, x: Tensor<4>) -> Tensor<4> {
    let shape = match ConvShape::of(conv, x.dims()) {
        Ok(shape) => shape,
        // Burn has an answer to these.
        Err(Misfit::Empty | Misfit::Zero("dilation")) => return burn(conv, x),
        Err(misfit) => panic!("conv2d: {misfit}"),
    };
    if let Some(bias) = &conv.bias {
        let (found, expected) = (bias.dims(), [shape.channels_out]);
        assert_eq!(found, expected, "conv2d: the bias does not have one value for each output channel");
    }
    if !covered(&x) || Checked::try_from(shape).is_err() {
        return burn(conv, x);
    }
    let y = Dispatch::kernel_conv2d(x.into_dispatch(), conv.weight.val().into_dispatch(), shape);
    let y = Tensor::from_dispatch(y);
    match &conv.bias {
        Some(bias) => y + bias.val().reshape([1, shape.channels_out, 1, 1]),
        None => y,
    }
}

fn burn(conv: &Conv2d, x: Tensor<4>) -> Tensor<4> {
    let [_, _, height, width] = x.dims();
    if let Ok(around) = around(&conv.padding, [height, width], conv.kernel_size, conv.stride) {
        assert_room_padded(x.dims(), around);
    }
    conv.forward(x)
}
