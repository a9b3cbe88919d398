//! A window that slides over an image: kernels and pools.
//!
//! ```text
//! outputs along an axis = ⌊(size + padding before + padding behind − dilation·(kernel − 1) − 1)/stride⌋ + 1
//! ```
//!
//! This is the only place where the formula stands.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::NetworkError;

/// Kernel, stride, padding and dilation along both axes of an image, vertical first.
///
/// ```
/// use stairs_network::Window;
/// let window = Window::new([3, 3])?.with_stride([2, 2])?.with_padding([[1, 1], [1, 1]]);
/// assert_eq!(window.output([32, 31]), Some([16, 16]));
/// assert_eq!(Window::new([5, 5])?.output([4, 9]), None);
/// # Ok::<(), stairs_network::NetworkError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "WindowData")]
pub struct Window {
    kernel: [usize; 2],
    stride: [usize; 2],
    padding: [[usize; 2]; 2],
    dilation: [usize; 2],
}

impl Window {
    /// A window of stride 1 without padding and dilation.
    ///
    /// # Errors
    /// [`NetworkError::Window`] for a side of 0.
    pub fn new(kernel: [usize; 2]) -> Result<Self, NetworkError> {
        positive("kernel", kernel)?;
        Ok(Self { kernel, stride: [1; 2], padding: [[0; 2]; 2], dilation: [1; 2] })
    }

    /// Sets the step from one output to the next.
    ///
    /// # Errors
    /// [`NetworkError::Window`] for a step of 0.
    pub fn with_stride(self, stride: [usize; 2]) -> Result<Self, NetworkError> {
        positive("stride", stride)?;
        Ok(Self { stride, ..self })
    }

    /// Sets the rows above and below, and the columns left and right, that are added to the image.
    #[must_use]
    pub fn with_padding(self, padding: [[usize; 2]; 2]) -> Self {
        Self { padding, ..self }
    }

    /// Sets the distance of neighbouring taps; 1 for a dense window.
    ///
    /// # Errors
    /// [`NetworkError::Window`] for a distance of 0.
    pub fn with_dilation(self, dilation: [usize; 2]) -> Result<Self, NetworkError> {
        positive("dilation", dilation)?;
        Ok(Self { dilation, ..self })
    }

    /// Rows and columns of taps.
    pub fn kernel(&self) -> [usize; 2] {
        self.kernel
    }

    /// Steps between outputs.
    pub fn stride(&self) -> [usize; 2] {
        self.stride
    }

    /// Rows above and below, columns left and right.
    pub fn padding(&self) -> [[usize; 2]; 2] {
        self.padding
    }

    /// Distance of taps.
    pub fn dilation(&self) -> [usize; 2] {
        self.dilation
    }

    /// Number of taps.
    pub fn taps(&self) -> usize {
        self.kernel[0] * self.kernel[1]
    }

    /// Height and width behind the window; `None` where it does not fit into the padded image.
    pub fn output(&self, size: [usize; 2]) -> Option<[usize; 2]> {
        let along = |axis: usize| {
            let span = self.dilation[axis].checked_mul(self.kernel[axis] - 1)?.checked_add(1)?;
            let [before, behind] = self.padding[axis];
            let room = size[axis].checked_add(before)?.checked_add(behind)?;
            Some(room.checked_sub(span)? / self.stride[axis] + 1)
        };
        Some([along(0)?, along(1)?])
    }

    /// The pixel along an axis that tap `tap` of output `output` reads; `None` in the padding of an image of this size.
    pub fn reads(&self, axis: usize, output: usize, tap: usize, size: usize) -> Option<usize> {
        let at = output * self.stride[axis] + tap * self.dilation[axis];
        at.checked_sub(self.padding[axis][0]).filter(|at| *at < size)
    }

    /// The taps of one output inside an image of this size: index of the tap in the kernel, index of the pixel in the plane.
    pub fn patch(&self, output: [usize; 2], size: [usize; 2]) -> impl Iterator<Item = (usize, usize)> + '_ {
        let [rows, columns] = self.kernel;
        (0..rows * columns).filter_map(move |tap| {
            let y = self.reads(0, output[0], tap / columns, size[0])?;
            let x = self.reads(1, output[1], tap % columns, size[1])?;
            Some((tap, y * size[1] + x))
        })
    }
}

fn positive(what: &'static str, sizes: [usize; 2]) -> Result<(), NetworkError> {
    if sizes.contains(&0) { Err(NetworkError::Window { what, got: sizes }) } else { Ok(()) }
}

impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let pair =
            |f: &mut fmt::Formatter<'_>, sign: &str, [vertical, horizontal]: [usize; 2]| match vertical == horizontal {
                true => write!(f, " {sign}{vertical}"),
                false => write!(f, " {sign}{vertical}×{horizontal}"),
            };
        write!(f, "{}×{}", self.kernel[0], self.kernel[1])?;
        if self.stride != [1, 1] {
            pair(f, "/", self.stride)?;
        }
        if self.dilation != [1, 1] {
            pair(f, "every ", self.dilation)?;
        }
        Ok(())
    }
}

/// A window in a file, checked when it is read.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WindowData {
    kernel: [usize; 2],
    stride: [usize; 2],
    padding: [[usize; 2]; 2],
    dilation: [usize; 2],
}

impl TryFrom<WindowData> for Window {
    type Error = NetworkError;

    fn try_from(data: WindowData) -> Result<Self, NetworkError> {
        let window = Self::new(data.kernel)?.with_stride(data.stride)?.with_dilation(data.dilation)?;
        Ok(window.with_padding(data.padding))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_asymmetric_window_reads_what_the_definition_says() {
        let window = Window::new([2, 3]).unwrap().with_stride([2, 1]).unwrap().with_dilation([1, 2]).unwrap();
        let window = window.with_padding([[1, 0], [0, 2]]);
        assert_eq!(window.output([4, 5]), Some([2, 3]));
        // Output (0, 2): rows −1 and 0, columns 2, 4, 6.
        assert_eq!(window.patch([0, 2], [4, 5]).collect::<Vec<_>>(), [(3, 2), (4, 4)]);
        assert_eq!(window.to_string(), "2×3 /2×1 every 1×2");
    }

    #[test]
    fn impossible_windows_are_refused() {
        assert!(Window::new([0, 1]).is_err());
        assert!(Window::new([1, 1]).unwrap().with_stride([1, 0]).is_err());
        let far = Window::new([usize::MAX, 2]).unwrap().with_dilation([usize::MAX, 1]).unwrap();
        assert_eq!(far.output([3, 3]), None);
    }
}
