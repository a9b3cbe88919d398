//! Max pooling: y[b, c, p] = max_k x[b, c, p·stride + k·dilation − padding] over the positions inside the image.

use burn::{backend::Dispatch, nn::pool::MaxPool2d, tensor::Tensor};

use crate::{
    Axis, KernelBackend,
    checked::Checked,
    covered,
    misfit::{Misfit, assert_room, count},
    window::{around, assert_room_padded},
};

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
    /// Shape of `pool` on an input of these dimensions.
    fn of(pool: &MaxPool2d, [batch, channels, height, width]: [usize; 4]) -> Result<Self, Misfit> {
        let size = [height, width];
        let around = around(&pool.padding, size, pool.kernel_size, pool.stride)?;
        let [rows, columns] = Axis::pair(size, pool.kernel_size, pool.stride, around, pool.dilation)?;
        // Rounded up, the output may have a line more on each axis.
        assert_room(count([batch, channels, rows.output + 1, columns.output + 1])?);
        // Burn writes unequal padding to memory, as −∞ that can take the gradient of a window of −∞ away from the pixels.
        let written = around.iter().any(|(before, after)| before != after);
        if pool.ceil_mode || written && around.iter().any(|(before, _)| *before > 0) {
            return Err(Misfit::Window);
        }
        let shape = Self { planes: count([batch, channels])?, rows, columns };
        Checked::try_from(shape).map(|shape| *shape)
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
/// # Panics
/// Where a setting is 0, or sizes are beyond what the machine can count or hold: on every device, before anything is
/// computed. (A kernel that does not fit into the padded input gives an empty output, as in Burn.)
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
    match PoolShape::of(pool, x.dims()) {
        Ok(shape) if covered(&x) => Tensor::from_dispatch(Dispatch::kernel_max_pool2d(x.into_dispatch(), shape)),
        Ok(_) | Err(Misfit::Empty | Misfit::TooLong { .. } | Misfit::Window | Misfit::Plane) => burn(pool, x),
        Err(misfit) => panic!("max_pool2d: {misfit}"),
    }
}

fn burn(pool: &MaxPool2d, x: Tensor<4>) -> Tensor<4> {
    let [_, _, height, width] = x.dims();
    if let Ok(around) = around(&pool.padding, [height, width], pool.kernel_size, pool.stride) {
        assert_room_padded(x.dims(), around);
    }
    pool.forward(x)
}
