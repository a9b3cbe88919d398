//! Copies of rectangles between row-major planes, with a step between the pixels of a line on one side.
//!
//! Lines are short (2 to 32 pixels), so that a call of memcpy for each would cost more than its copy: the usual widths
//! are compiled as constants.

/// A rectangle of `lines` lines of `width` pixels: where its first pixel is, and from line to line how far.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rectangle {
    pub(super) lines: usize,
    pub(super) width: usize,
    pub(super) first: usize,
    pub(super) step: usize,
}

impl Rectangle {
    /// From the dense side `dense` of pixels next to each other: line `i` starts at `first + i·step`.
    fn line(&self, i: usize) -> usize {
        self.first + i * self.step
    }
}

/// `to[dense] = from[sparse]`, where the pixels of a line are next to each other in `to` and `stride` apart in `from`.
/// Both rectangles have the same lines and width.
pub(super) fn gather(to: &mut [f32], dense: Rectangle, from: &[f32], sparse: Rectangle, stride: usize) {
    match (stride, dense.width) {
        (_, 0) => {}
        (1, 1) => copy::<1>(to, dense, from, sparse),
        (1, 2) => copy::<2>(to, dense, from, sparse),
        (1, 4) => copy::<4>(to, dense, from, sparse),
        (1, 8) => copy::<8>(to, dense, from, sparse),
        (1, 16) => copy::<16>(to, dense, from, sparse),
        (1, 32) => copy::<32>(to, dense, from, sparse),
        (1, width) => {
            for i in 0..dense.lines {
                to[dense.line(i)..][..width].copy_from_slice(&from[sparse.line(i)..][..width]);
            }
        }
        (_, width) => {
            for i in 0..dense.lines {
                let from = from[sparse.line(i)..].iter().step_by(stride);
                to[dense.line(i)..][..width].iter_mut().zip(from).for_each(|(to, from)| *to = *from);
            }
        }
    }
}

/// The inverse of [`gather`]: `to[sparse] = from[dense]`.
pub(super) fn scatter(to: &mut [f32], sparse: Rectangle, from: &[f32], dense: Rectangle, stride: usize) {
    if stride == 1 {
        return gather(to, sparse, from, dense, 1);
    }
    for i in 0..dense.lines {
        let to = to[sparse.line(i)..].iter_mut().step_by(stride);
        to.zip(&from[dense.line(i)..][..dense.width]).for_each(|(to, from)| *to = *from);
    }
}

fn copy<const WIDTH: usize>(to: &mut [f32], dense: Rectangle, from: &[f32], sparse: Rectangle) {
    for i in 0..dense.lines {
        to[dense.line(i)..][..WIDTH].copy_from_slice(&from[sparse.line(i)..][..WIDTH]);
    }
}
