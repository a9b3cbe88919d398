//! Max pooling: y[b, c, p] = max_k x[b, c, p·stride + k·dilation − padding] over the positions inside the image.

use burn::{backend::Dispatch, nn::pool::MaxPool2d, tensor::Tensor};

use crate::{Axis, KernelBackend, covered};

/// Shape of a pool: input `[…, height, width]` of `planes` images of one channel, output the same with its own size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PoolShape {
    /// Images times channels.
    pub planes: usize,
    /// The vertical axis.
    pub rows: Axis,
    /// The horizontal axis.
    pub columns: Axis,
}

impl PoolShape {
    /// Shape of `pool` on an input of these dimensions; `None` where the kernels of this crate do not apply.
    fn of(pool: &MaxPool2d, [batch, channels, height, width]: [usize; 4]) -> Option<Self> {
        if pool.ceil_mode || batch * channels == 0 {
            return None;
        }
        let [rows, columns] = Axis::pair([height, width], pool.kernel_size, pool.stride, &pool.padding, pool.dilation)?;
        let shape = Self { planes: batch * channels, rows, columns };
        // Every window must have a pixel.
        (pool.dilation == [1, 1] && rows.always_inside() && columns.always_inside()).then_some(shape)
    }

    /// Pixels of an input plane.
    pub fn plane_in(&self) -> usize {
        self.rows.input * self.columns.input
    }

    /// Pixels of an output plane.
    pub fn plane_out(&self) -> usize {
        self.rows.output * self.columns.output
    }
}

/// What `pool.forward(x)` computes, faster on Flex: `[batch, channels, height, width]` to the same with the pool's size.
/// The gradient goes to the first of equal maxima; NaN in a window gives NaN, and the last NaN takes the gradient.
///
/// ```
/// use burn::{nn::pool::MaxPool2dConfig, tensor::{Device, Tensor}};
/// use stairs_kernels::max_pool2d;
///
/// let pool = MaxPool2dConfig::new([2, 2]).init();
/// let x = Tensor::<4>::from_floats([[[[1.0, 2.0, 5.0, 0.0], [4.0, 3.0, 6.0, 7.0]]]], &Device::flex());
/// assert_eq!(max_pool2d(&pool, x).into_data().try_to_vec::<f32>().unwrap(), [4.0, 7.0]);
/// ```
pub fn max_pool2d(pool: &MaxPool2d, x: Tensor<4>) -> Tensor<4> {
    match PoolShape::of(pool, x.dims()).filter(|_| covered(&x)) {
        Some(shape) => Tensor::from_dispatch(Dispatch::kernel_max_pool2d(x.into_dispatch(), shape)),
        None => pool.forward(x),
    }
}
