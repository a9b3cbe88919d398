//! One axis of a sliding window: input and output length, kernel, stride, padding, dilation.

use std::ops::Range;

use burn::nn::PaddingConfig2d;

/// One spatial axis of a convolution or a pool. Position `k` of the kernel at output `o` reads the input at
/// `o·stride + k·dilation − padding`, where that is inside; all lengths in pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Axis {
    /// Input length ≥ 1.
    pub input: usize,
    /// Output length ≥ 1.
    pub output: usize,
    /// Kernel length ≥ 1.
    pub kernel: usize,
    /// Step between outputs ≥ 1.
    pub stride: usize,
    /// Padding before the first input.
    pub padding: usize,
    /// Step between kernel positions ≥ 1.
    pub dilation: usize,
}

impl Axis {
    /// The axis with these settings and `padding` = (before, after); `None` if the kernel does not fit or a setting is 0.
    pub(crate) fn new(
        input: usize,
        kernel: usize,
        stride: usize,
        padding: (usize, usize),
        dilation: usize,
    ) -> Option<Self> {
        if input == 0 || kernel == 0 || stride == 0 || dilation == 0 {
            return None;
        }
        let span = dilation * (kernel - 1) + 1;
        let output = (input + padding.0 + padding.1).checked_sub(span)? / stride + 1;
        Some(Self { input, output, kernel, stride, padding: padding.0, dilation })
    }

    /// The vertical and the horizontal axis of a window over `size` pixels.
    pub(crate) fn pair(
        size: [usize; 2],
        kernel: [usize; 2],
        stride: [usize; 2],
        padding: &PaddingConfig2d,
        dilation: [usize; 2],
    ) -> Option<[Self; 2]> {
        let around = match padding {
            PaddingConfig2d::Valid => [(0, 0); 2],
            PaddingConfig2d::Same => [same(size[0], kernel[0], stride[0])?, same(size[1], kernel[1], stride[1])?],
            PaddingConfig2d::Explicit(top, left, bottom, right) => [(*top, *bottom), (*left, *right)],
        };
        let axis = |i: usize| Self::new(size[i], kernel[i], stride[i], around[i], dilation[i]);
        Some([axis(0)?, axis(1)?])
    }

    /// Input position read by kernel position `k` at output 0; may lie outside.
    pub(crate) fn start(&self, k: usize) -> isize {
        (k * self.dilation) as isize - self.padding as isize
    }

    /// Outputs at which kernel position `k` reads inside the input.
    pub(crate) fn inside(&self, k: usize) -> Range<usize> {
        let start = self.start(k);
        let first = if start < 0 { start.unsigned_abs().div_ceil(self.stride) } else { 0 };
        let last = self.input as isize - 1 - start;
        let end = if last < 0 { 0 } else { last as usize / self.stride + 1 };
        first.min(self.output)..end.min(self.output).max(first.min(self.output))
    }

    /// Whether every output reads at least one input, for dilation 1.
    pub(crate) fn always_inside(&self) -> bool {
        self.padding < self.kernel && (self.output - 1) * self.stride < self.input + self.padding
    }

    /// Whether outputs and inputs are in step: stride 1 and equal lengths, so that one kernel position is one shift.
    pub(crate) fn is_shift(&self) -> bool {
        self.stride == 1 && self.input == self.output
    }
}

/// Burn's padding “same”: the output has ⌈input/stride⌉ pixels; the odd one of the padding comes after.
fn same(input: usize, kernel: usize, stride: usize) -> Option<(usize, usize)> {
    let last = input.div_ceil(if stride == 0 { return None } else { stride }).checked_sub(1)? * stride;
    let padding = (last + kernel).saturating_sub(input);
    Some((padding / 2, padding - padding / 2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inside_is_what_the_definition_says() {
        for (input, kernel, stride, padding, dilation) in [
            (5, 3, 1, (1, 1), 1),
            (5, 3, 2, (0, 0), 1),
            (7, 3, 2, (2, 1), 2),
            (2, 5, 3, (4, 4), 1),
            (1, 1, 1, (0, 0), 1),
        ] {
            let axis = Axis::new(input, kernel, stride, padding, dilation).unwrap();
            for k in 0..kernel {
                let reads = |o: &usize| {
                    let at = (o * stride + k * dilation) as isize - padding.0 as isize;
                    (0..input as isize).contains(&at)
                };
                let expected: Vec<usize> = (0..axis.output).filter(reads).collect();
                assert_eq!(axis.inside(k).collect::<Vec<_>>(), expected, "{axis:?}, {k}");
            }
        }
    }

    #[test]
    fn a_kernel_that_does_not_fit() {
        assert_eq!(Axis::new(2, 3, 1, (0, 0), 1), None);
        assert_eq!(Axis::new(2, 0, 1, (0, 0), 1), None);
    }
}
