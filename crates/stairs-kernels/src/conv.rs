//! Convolution: y[b, o, p] = Σ_{c, k} w[o, c, k]·x[b, c, p·stride + k·dilation − padding] + bias[o].

use burn::{backend::Dispatch, nn::conv::Conv2d, tensor::Tensor};

use crate::{Axis, KernelBackend, covered};

/// Shape of an ungrouped convolution: input `[batch, channels_in, height, width]`, weights
/// `[channels_out, channels_in, height, width]` of the kernel, output `[batch, channels_out, height, width]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConvShape {
    /// Number of images.
    pub batch: usize,
    /// Channels of the input.
    pub channels_in: usize,
    /// Channels of the output.
    pub channels_out: usize,
    /// The vertical axis.
    pub rows: Axis,
    /// The horizontal axis.
    pub columns: Axis,
}

impl ConvShape {
    /// Shape of `conv` on an input of these dimensions; `None` where the kernels of this crate do not apply.
    fn of(conv: &Conv2d, [batch, channels_in, height, width]: [usize; 4]) -> Option<Self> {
        let [channels_out, expected, _, _] = conv.weight.dims();
        if conv.groups != 1 || expected != channels_in || batch == 0 {
            return None;
        }
        let [rows, columns] = Axis::pair([height, width], conv.kernel_size, conv.stride, &conv.padding, conv.dilation)?;
        Some(Self { batch, channels_in, channels_out, rows, columns })
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
        self.channels_in * self.rows.kernel * self.columns.kernel
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
