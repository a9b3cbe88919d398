//! Convolution: y[b, o, p] = Σ_{c, k} w[o, c, k]·x[b, c, p·stride + k·dilation − padding] + bias[o], with the sum over all
//! input channels, or over the one that belongs to output o if depthwise.

use burn::{backend::Dispatch, nn::conv::Conv2d, tensor::Tensor};

use crate::{Axis, KernelBackend, covered};

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
    /// Shape of `conv` on an input of these dimensions; `None` where the kernels of this crate do not apply.
    fn of(conv: &Conv2d, [batch, channels_in, height, width]: [usize; 4]) -> Option<Self> {
        let [channels_out, share, _, _] = conv.weight.dims();
        let groups = conv.groups;
        let depthwise = groups == channels_in && channels_out % channels_in.max(1) == 0;
        if !(groups == 1 || depthwise) || share * groups != channels_in || batch * channels_in * channels_out == 0 {
            return None;
        }
        let [rows, columns] = Axis::pair([height, width], conv.kernel_size, conv.stride, &conv.padding, conv.dilation)?;
        Some(Self { batch, channels_in, channels_out, groups, rows, columns })
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
/// As `conv.forward` where the number of channels does not fit.
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
    let Some(shape) = ConvShape::of(conv, x.dims()).filter(|_| covered(&x)) else { return conv.forward(x) };
    let y = Dispatch::kernel_conv2d(x.into_dispatch(), conv.weight.val().into_dispatch(), shape);
    let y = Tensor::from_dispatch(y);
    match &conv.bias {
        Some(bias) => y + bias.val().reshape([1, shape.channels_out, 1, 1]),
        None => y,
    }
}
