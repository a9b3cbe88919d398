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
