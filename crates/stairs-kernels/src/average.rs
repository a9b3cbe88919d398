//! Adaptive average pooling: output o of an axis of n pixels and m outputs is the mean of pixels ⌊o·n/m⌋ up to, not
//! including, ⌈(o + 1)·n/m⌉.

use std::ops::Range;

use burn::{backend::Dispatch, nn::pool::AdaptiveAvgPool2d, tensor::Tensor};

use crate::{
    KernelBackend,
    checked::Checked,
    covered,
    misfit::{Misfit, assert_room, count},
};

/// Shape of an adaptive average pool: input `[…, height, width]` of `planes` images of one channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AverageShape {
    /// Images times channels.
    pub planes: usize,
    /// Height and width of the input, ≥ 1.
    pub input: [usize; 2],
    /// Height and width of the output, ≥ 1.
    pub output: [usize; 2],
}

impl AverageShape {
    /// Shape of `pool` on an input of these dimensions.
    fn of(pool: &AdaptiveAvgPool2d, [batch, channels, height, width]: [usize; 4]) -> Result<Self, Misfit> {
        let planes = count([batch, channels])?;
        assert_room(count([planes, pool.output_size[0], pool.output_size[1]])?);
        let shape = Self { planes, input: [height, width], output: pool.output_size };
        Checked::try_from(shape).map(|shape| *shape)
    }

    /// Pixels of an input plane.
    pub fn plane_in(&self) -> usize {
        self.input.iter().product()
    }

    /// Pixels of an output plane.
    pub fn plane_out(&self) -> usize {
        self.output.iter().product()
    }

    /// The lines (axis 0) or columns (axis 1) that output `o` is the mean of.
    pub(crate) fn window(&self, axis: usize, o: usize) -> Range<usize> {
        let (n, m) = (self.input[axis], self.output[axis]);
        o * n / m..((o + 1) * n).div_ceil(m)
    }
}

/// What `pool.forward(x)` computes, faster on Flex: `[batch, channels, height, width]` to the same with the pool's size.
/// If that is the size of `x`, the result is `x`.
///
/// # Panics
/// Where the output is larger than what the machine can count or hold: on every device, before anything is computed.
///
/// ```
/// use burn::{nn::pool::AdaptiveAvgPool2dConfig, tensor::{Device, Tensor}};
/// use stairs_kernels::adaptive_avg_pool2d;
///
/// let global = AdaptiveAvgPool2dConfig::new([1, 1]).init();
/// let x = Tensor::<4>::from_floats([[[[1.0, 2.0], [3.0, 6.0]]]], &Device::flex());
/// assert_eq!(adaptive_avg_pool2d(&global, x).into_scalar::<f32>(), 3.0);
/// ```
pub fn adaptive_avg_pool2d(pool: &AdaptiveAvgPool2d, x: Tensor<4>) -> Tensor<4> {
    let shape = match AverageShape::of(pool, x.dims()) {
        Ok(shape) if covered(&x) => shape,
        Ok(_) | Err(Misfit::Empty) => return pool.forward(x),
        Err(misfit) => panic!("adaptive_avg_pool2d: {misfit}"),
    };
    if shape.input == shape.output {
        return x;
    }
    Tensor::from_dispatch(Dispatch::kernel_average_pool2d(x.into_dispatch(), shape))
}
