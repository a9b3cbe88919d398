//! A window that slides over an image: kernels and pools.
//!
//! ```text
//! outputs along an axis = ⌊(size + padding before + padding behind − dilation·(kernel − 1) − 1)/stride⌋ + 1
//! ```

/// Kernel, stride, padding and dilation along both axes of an image, vertical first; sides, steps and distances are at least 1,
/// which [`ProgramBuilder`](crate::ProgramBuilder) checks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Rows and columns of taps.
    pub kernel: [usize; 2],
    /// Steps between outputs.
    pub stride: [usize; 2],
    /// Rows above and below, columns left and right.
    pub padding: [[usize; 2]; 2],
    /// Distance of neighbouring taps; 1 for a dense window.
    pub dilation: [usize; 2],
}

impl Window {
    /// A window of stride 1 without padding and dilation.
    pub fn new(kernel: [usize; 2]) -> Self {
        Self { kernel, stride: [1; 2], padding: [[0; 2]; 2], dilation: [1; 2] }
    }

    /// Whether all sides, steps and distances are at least 1.
    pub fn is_positive(&self) -> bool {
        [self.kernel, self.stride, self.dilation].iter().flatten().all(|size| *size > 0)
    }

    /// Whether it covers an image without padding, overlap and gaps.
    pub fn tiles(&self) -> bool {
        self.kernel == self.stride && self.padding == [[0; 2]; 2] && self.dilation == [1; 2]
    }

    /// Number of taps.
    pub fn taps(&self) -> usize {
        self.kernel[0] * self.kernel[1]
    }

    /// Whether some output of an image reads padding.
    pub fn pads(&self) -> bool {
        self.padding != [[0; 2]; 2]
    }

    /// Height and width behind the window; `None` where it does not fit into the padded image.
    pub fn output(&self, size: [usize; 2]) -> Option<[usize; 2]> {
        let along = |axis: usize| {
            let span = self.dilation[axis].checked_mul(self.kernel[axis].checked_sub(1)?)?.checked_add(1)?;
            let [before, behind] = self.padding[axis];
            let room = size[axis].checked_add(before)?.checked_add(behind)?;
            Some(room.checked_sub(span)?.checked_div(self.stride[axis])? + 1)
        };
        Some([along(0)?, along(1)?])
    }

    /// The pixel along an axis that tap `tap` of output `output` reads; `None` in the padding of an image of this size.
    pub fn reads(&self, axis: usize, output: usize, tap: usize, size: usize) -> Option<usize> {
        let at = output * self.stride[axis] + tap * self.dilation[axis];
        at.checked_sub(self.padding[axis][0]).filter(|at| *at < size)
    }

    /// The taps along an axis that read pixels of an image of this size, not padding.
    pub(crate) fn inside(&self, axis: usize, output: usize, size: usize) -> core::ops::Range<usize> {
        let (start, before, step) = (output * self.stride[axis], self.padding[axis][0], self.dilation[axis]);
        let behind = |pixel: usize| (pixel + before).saturating_sub(start).div_ceil(step).min(self.kernel[axis]);
        behind(0)..behind(size)
    }

    /// The pixel along an axis that such a tap reads.
    pub(crate) fn place(&self, axis: usize, output: usize, tap: usize) -> usize {
        output * self.stride[axis] + tap * self.dilation[axis] - self.padding[axis][0]
    }

    /// The taps of one output inside an image of this size, in order: index of the tap in the kernel, index of the pixel in the plane.
    pub fn patch(&self, output: [usize; 2], size: [usize; 2]) -> impl Iterator<Item = (usize, usize)> + '_ {
        let [rows, columns] = self.kernel;
        (0..rows * columns).filter_map(move |tap| {
            let y = self.reads(0, output[0], tap / columns, size[0])?;
            let x = self.reads(1, output[1], tap % columns, size[1])?;
            Some((tap, y * size[1] + x))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Dice;

    #[test]
    fn taps_inside_are_those_that_read() {
        for seed in 0..500 {
            let mut dice = Dice::new(seed);
            let mut pair = |low: usize, high: usize| [0; 2].map(|_| low + dice.below(high - low));
            let window = Window {
                kernel: pair(1, 6),
                stride: pair(1, 8),
                padding: [pair(0, 5), pair(0, 5)],
                dilation: pair(1, 4),
            };
            let size = pair(1, 9);
            let Some(outputs) = window.output(size) else { continue };
            for axis in 0..2 {
                for output in 0..outputs[axis] {
                    let inside = window.inside(axis, output, size[axis]);
                    for tap in 0..window.kernel[axis] {
                        let reads = window.reads(axis, output, tap, size[axis]);
                        assert_eq!(inside.contains(&tap), reads.is_some());
                        assert!(reads.is_none_or(|pixel| pixel == window.place(axis, output, tap)));
                    }
                }
            }
        }
    }
}
