//! One axis of a sliding window: input and output length, kernel, stride, padding, dilation.

use std::ops::Range;

use burn::nn::PaddingConfig2d;

use crate::misfit::{Misfit, assert_room, count};

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
    /// The axis with these settings and `padding` = (before, after).
    pub(crate) fn new(
        input: usize,
        kernel: usize,
        stride: usize,
        padding: (usize, usize),
        dilation: usize,
    ) -> Result<Self, Misfit> {
        positive("kernel size", kernel)?;
        positive("stride", stride)?;
        let span = span(kernel, dilation)?;
        let padded = length(input.checked_add(padding.0).and_then(|sum| sum.checked_add(padding.1)))?;
        let room = padded.checked_sub(span).ok_or(Misfit::TooLong { span, padded })?;
        Self { input, output: room / stride + 1, kernel, stride, padding: padding.0, dilation }.checked()
    }

    /// The same axis, if its lengths are at least 1 and every position it can read fits into an `isize`. (Only then does
    /// the arithmetic of the other methods hold.)
    pub(crate) fn checked(mut self) -> Result<Self, Misfit> {
        positive("dilation", self.dilation)?;
        positive("kernel size", self.kernel)?;
        positive("stride", self.stride)?;
        if self.input == 0 || self.output == 0 {
            return Err(Misfit::Empty);
        }
        let span = span(self.kernel, self.dilation)?;
        length((self.output - 1).checked_mul(self.stride).and_then(|last| last.checked_add(span)))?;
        length(self.input.checked_add(self.padding))?;
        // A longer stride belongs to a single output: any stride is the same.
        self.stride = self.stride.min(LONGEST);
        Ok(self)
    }

    /// The vertical and the horizontal axis of a window over `size` pixels with padding (before, after) on each.
    pub(crate) fn pair(
        size: [usize; 2],
        kernel: [usize; 2],
        stride: [usize; 2],
        around: [(usize, usize); 2],
        dilation: [usize; 2],
    ) -> Result<[Self; 2], Misfit> {
        let axis = |i: usize| Self::new(size[i], kernel[i], stride[i], around[i], dilation[i]);
        Ok([axis(0)?, axis(1)?])
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

    /// Kernel positions that read inside the input at output `o`, for dilation 1.
    pub(crate) fn window(&self, o: usize) -> Range<usize> {
        let start = o * self.stride;
        let first = self.padding.saturating_sub(start).min(self.kernel);
        first..(self.input + self.padding).saturating_sub(start).clamp(first, self.kernel)
    }

    /// Kernel positions that may read inside the input at some output, for dilation 1: all others never do. A kernel
    /// can be much longer than its input.
    pub(crate) fn reach(&self) -> Range<usize> {
        self.window(self.output - 1).start..self.window(0).end
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

/// Longest distance between two pixels: positions are signed.
const LONGEST: usize = isize::MAX as usize;

fn length(value: Option<usize>) -> Result<usize, Misfit> {
    value.filter(|length| *length <= LONGEST).ok_or(Misfit::Overflow)
}

fn positive(setting: &'static str, value: usize) -> Result<(), Misfit> {
    if value == 0 { Err(Misfit::Zero(setting)) } else { Ok(()) }
}

/// Pixels from the first to the last position of a kernel ≥ 1.
fn span(kernel: usize, dilation: usize) -> Result<usize, Misfit> {
    (kernel - 1).checked_mul(dilation).and_then(|last| last.checked_add(1)).ok_or(Misfit::Overflow)
}

/// The padding (before, after) on both axes of a window over `size` pixels, as Burn's modules compute it.
pub(crate) fn around(
    padding: &PaddingConfig2d,
    size: [usize; 2],
    kernel: [usize; 2],
    stride: [usize; 2],
) -> Result<[(usize, usize); 2], Misfit> {
    match padding {
        PaddingConfig2d::Valid => Ok([(0, 0); 2]),
        PaddingConfig2d::Same => Ok([same(size[0], kernel[0], stride[0])?, same(size[1], kernel[1], stride[1])?]),
        PaddingConfig2d::Explicit(top, left, bottom, right) => Ok([(*top, *bottom), (*left, *right)]),
    }
}

/// Panics where there is no memory for an input `[batch, channels, height, width]` with its padding, which Burn writes
/// there if it is unequal.
pub(crate) fn assert_room_padded([batch, channels, height, width]: [usize; 4], around: [(usize, usize); 2]) {
    if around.iter().any(|(before, after)| before != after) {
        let padded = |size: usize, (before, after): (usize, usize)| size.saturating_add(before).saturating_add(after);
        match count([batch, channels, padded(height, around[0]), padded(width, around[1])]) {
            Ok(values) => assert_room(values),
            Err(misfit) => panic!("padding: {misfit}"),
        }
    }
}

/// Burn's padding “same”: the output has ⌈input/stride⌉ pixels; the odd one of the padding comes after.
fn same(input: usize, kernel: usize, stride: usize) -> Result<(usize, usize), Misfit> {
    positive("stride", stride)?;
    let Some(before_last) = input.div_ceil(stride).checked_sub(1) else { return Ok((0, 0)) };
    let needed = length(count([before_last, stride])?.checked_add(kernel))?;
    let padding = needed.saturating_sub(input);
    Ok((padding / 2, padding - padding / 2))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Input, kernel, stride, padding before and after, dilation.
    type Settings = (usize, usize, usize, (usize, usize), usize);

    const AXES: [Settings; 7] = [
        (5, 3, 1, (1, 1), 1),
        (5, 3, 2, (0, 0), 1),
        (7, 3, 2, (2, 1), 2),
        (2, 5, 3, (4, 4), 1),
        (1, 1, 1, (0, 0), 1),
        (3, 9, 2, (8, 7), 1),
        (4, 2, 7, (1, 9), 1),
    ];

    #[test]
    fn inside_is_what_the_definition_says() {
        for (input, kernel, stride, padding, dilation) in AXES {
            let axis = Axis::new(input, kernel, stride, padding, dilation).unwrap();
            let reads = |o: usize, k: usize| {
                (0..input as isize).contains(&((o * stride + k * dilation) as isize - padding.0 as isize))
            };
            for k in 0..kernel {
                let expected: Vec<usize> = (0..axis.output).filter(|o| reads(*o, k)).collect();
                assert_eq!(axis.inside(k).collect::<Vec<_>>(), expected, "{axis:?}, {k}");
                assert!(dilation > 1 || expected.is_empty() || axis.reach().contains(&k), "{axis:?}, {k}");
            }
            for o in (0..axis.output).filter(|_| dilation == 1) {
                let expected: Vec<usize> = (0..kernel).filter(|k| reads(o, *k)).collect();
                assert_eq!(axis.window(o).collect::<Vec<_>>(), expected, "{axis:?}, {o}");
            }
        }
    }

    #[test]
    fn a_kernel_that_does_not_fit() {
        assert_eq!(Axis::new(2, 3, 1, (0, 0), 1), Err(Misfit::TooLong { span: 3, padded: 2 }));
        assert_eq!(Axis::new(0, 1, 1, (0, 0), 1), Err(Misfit::TooLong { span: 1, padded: 0 }));
        assert_eq!(Axis::new(0, 1, 1, (1, 0), 1), Err(Misfit::Empty));
        assert_eq!(Axis::new(2, 0, 1, (0, 0), 1), Err(Misfit::Zero("kernel size")));
        assert_eq!(Axis::new(2, 1, 0, (0, 0), 1), Err(Misfit::Zero("stride")));
        assert_eq!(Axis::new(2, 1, 1, (0, 0), 0), Err(Misfit::Zero("dilation")));
    }

    #[test]
    fn lengths_beyond_the_integers() {
        let huge = usize::MAX;
        // Products and sums that would wrap to a small number.
        assert_eq!(Axis::new(4, 3, 1, (0, 0), huge / 2 + 1), Err(Misfit::Overflow));
        assert_eq!(Axis::new(4, huge, 1, (0, 0), huge), Err(Misfit::Overflow));
        assert_eq!(Axis::new(4, 2, 1, (0, 0), huge / 2), Err(Misfit::TooLong { span: huge / 2 + 1, padded: 4 }));
        assert_eq!(Axis::new(4, 3, 1, (huge, 1), 1), Err(Misfit::Overflow));
        assert_eq!(Axis::new(4, 3, 1, (huge / 2, huge / 2), 1), Err(Misfit::Overflow));
        assert_eq!(same(4, huge, 2), Err(Misfit::Overflow));
        // A stride beyond the input is one output, however long it is.
        let axis = Axis::new(4, 3, huge, (1, 1), 1).unwrap();
        assert_eq!((axis.output, axis.inside(0), axis.inside(1)), (1, 1..1, 0..1));
        assert_eq!(same(4, 3, huge), Ok((0, 0)));
        let wild = Axis { input: 4, output: huge, kernel: 2, stride: 2, padding: 0, dilation: 1 };
        assert_eq!(wild.checked(), Err(Misfit::Overflow));
        assert_eq!(Axis { output: 2, padding: huge, ..wild }.checked(), Err(Misfit::Overflow));
    }
}
