//! Size of an image behind a convolution or a pool.

use burn::nn::PaddingConfig2d;

/// Height and width behind windows of `kernel`; `None` where the window does not fit.
pub(super) fn windows(
    size: [usize; 2],
    kernel: [usize; 2],
    stride: [usize; 2],
    padding: &PaddingConfig2d,
    dilation: [usize; 2],
) -> Option<[usize; 2]> {
    let around = match padding {
        PaddingConfig2d::Valid => [0, 0],
        // Burn pads so that ⌈size/stride⌉ pixels are left.
        PaddingConfig2d::Same => return Some([0, 1].map(|axis| size[axis].div_ceil(stride[axis]))),
        PaddingConfig2d::Explicit(top, left, bottom, right) => [top + bottom, left + right],
    };
    let along = |axis: usize| {
        let span = dilation[axis] * (kernel[axis] - 1) + 1;
        Some((size[axis] + around[axis]).checked_sub(span)? / stride[axis] + 1)
    };
    Some([along(0)?, along(1)?])
}

#[cfg(test)]
mod tests {
    use burn::nn::conv::Conv2dConfig;
    use burn::nn::pool::MaxPool2dConfig;
    use burn::tensor::{Device, Tensor};
    use stairs_kernels::{conv2d, max_pool2d};

    use super::*;

    #[test]
    fn the_size_is_that_of_a_real_pass() {
        let device = Device::flex();
        let paddings = [PaddingConfig2d::Valid, PaddingConfig2d::Same, PaddingConfig2d::Explicit(1, 1, 1, 1)];
        for padding in paddings.into_iter().chain([PaddingConfig2d::Explicit(4, 1, 5, 2)]) {
            for (kernel, stride) in [([3, 3], [1, 1]), ([1, 1], [2, 2]), ([3, 2], [2, 3]), ([5, 4], [2, 2])] {
                for size in [[5, 4], [9, 7], [6, 10]] {
                    let expected = windows(size, kernel, stride, &padding, [1, 1]).unwrap();
                    let x = Tensor::<4>::zeros([1, 1, size[0], size[1]], &device);
                    let conv = Conv2dConfig::new([1, 2], kernel).with_stride(stride).with_padding(padding.clone());
                    let y = conv2d(&conv.init(&device), x.clone()).dims();
                    assert_eq!([y[2], y[3]], expected, "{padding:?} {kernel:?} {stride:?} {size:?}");
                    if matches!(padding, PaddingConfig2d::Valid | PaddingConfig2d::Explicit(1, 1, 1, 1)) {
                        let pool = MaxPool2dConfig::new(kernel).with_strides(stride).with_padding(padding.clone());
                        let y = max_pool2d(&pool.init(), x).dims();
                        assert_eq!([y[2], y[3]], expected, "{padding:?} {kernel:?} {stride:?} {size:?}");
                    }
                }
            }
        }
        assert_eq!(windows([2, 5], [3, 3], [1, 1], &PaddingConfig2d::Valid, [1, 1]), None);
    }
}
