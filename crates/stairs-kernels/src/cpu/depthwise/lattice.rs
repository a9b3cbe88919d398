//! How the planes of a channel are laid out so that a kernel position is one shift.
//!
//! With stride s, kernel position k reads at output o the pixel o·s + k·dilation − padding. In padded coordinates
//! u = pixel − (first pixel any position reads at output 0), position k has phase u mod s and shift ⌊u/s⌋ at output 0:
//! pixels of one phase, in a plane of their own, are read at `o + shift`. A phase plane is as wide as outputs + largest
//! shift, so that reading past the end of a line meets the margin, which is zero. Planes of several images then form one
//! line, and the convolution is a sum of shifted lines: long loops without borders, whatever the size of an image.
//! Only phases that some position reads have a plane; those are never more than the positions, however long a stride is.

use std::ops::Range;

use super::lines::{Rectangle, gather, scatter};
use crate::{Axis, ConvShape};

/// Input values of a block of images, about: they and their outputs fit into the first cache.
const LINE: usize = 4096;

/// One axis of the lattice.
#[derive(Clone, Debug)]
struct Rail {
    axis: Axis,
    /// The input position of padded coordinate 0.
    base: isize,
    /// The phases that are read, in order.
    phases: Vec<usize>,
    /// (kernel position, index of its phase, shift) of the positions that read inside the input at some output.
    positions: Vec<(usize, usize, usize)>,
    /// Length of a phase plane.
    length: usize,
}

impl Rail {
    fn new(axis: Axis) -> Self {
        let used = || (0..axis.kernel).filter(|k| !axis.inside(*k).is_empty());
        let base = used().next().map_or(0, |k| axis.start(k));
        let offset = |k: usize| (axis.start(k) - base) as usize;
        let mut phases: Vec<usize> = used().map(|k| offset(k) % axis.stride).collect();
        phases.sort_unstable();
        phases.dedup();
        let index = |phase: usize| phases.partition_point(|p| *p < phase);
        let place = |k: usize| (k, index(offset(k) % axis.stride), offset(k) / axis.stride);
        let positions: Vec<_> = used().map(place).collect();
        let length = axis.output + positions.last().map_or(0, |(_, _, shift)| *shift);
        Self { axis, base, phases, positions, length }
    }

    /// The places of phase plane `index` that are pixels of the input, and the first of these pixels.
    fn pixels(&self, index: usize) -> (Range<usize>, usize) {
        let stride = self.axis.stride as isize;
        let first = self.base + self.phases[index] as isize;
        let start = if first < 0 { (-first).div_euclid(stride) + isize::from(first % stride != 0) } else { 0 };
        let last = self.axis.input as isize - 1 - first;
        let end = if last < 0 { 0 } else { last / stride + 1 };
        let end = end.min(self.length as isize).max(start);
        (start as usize..end as usize, (first + start * stride).max(0) as usize)
    }
}

/// A kernel position: its index among the weights of a channel, the index of its phase plane, and its shift in it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Position {
    pub(super) weight: usize,
    pub(super) phase: usize,
    pub(super) shift: usize,
}

/// The layout for one convolution.
pub(super) struct Lattice {
    rows: Rail,
    columns: Rail,
    /// The kernel's positions that ever read inside the input, phase by phase.
    pub(super) positions: Vec<Position>,
    /// Pixels of a phase plane.
    plane: usize,
    /// Images in a line.
    pub(super) images: usize,
    /// The largest shift.
    pub(super) reach: usize,
}

impl Lattice {
    pub(super) fn new(shape: &ConvShape) -> Self {
        let (rows, columns) = (Rail::new(shape.rows), Rail::new(shape.columns));
        let plane = rows.length * columns.length;
        let mut positions = Vec::new();
        for &(ky, phase_y, shift_y) in &rows.positions {
            for &(kx, phase_x, shift_x) in &columns.positions {
                positions.push(Position {
                    weight: ky * shape.columns.kernel + kx,
                    phase: phase_y * columns.phases.len() + phase_x,
                    shift: shift_y * columns.length + shift_x,
                });
            }
        }
        let reach = positions.iter().map(|p| p.shift).max().unwrap_or(0);
        positions.sort_by_key(|p| (p.phase, p.weight));
        let pixels = plane.saturating_mul(shape.rows.stride).saturating_mul(shape.columns.stride);
        let images = (LINE / pixels).clamp(1, shape.batch);
        Self { rows, columns, positions, plane, images, reach }
    }

    /// Number of phase planes of an image.
    pub(super) fn phases(&self) -> usize {
        self.rows.phases.len() * self.columns.phases.len()
    }

    /// Values of one line.
    pub(super) fn line(&self) -> usize {
        self.images * self.plane
    }

    /// Where the line of a phase starts, in lines that have room to read past their end.
    pub(super) fn start(&self, phase: usize) -> usize {
        phase * (self.line() + self.reach)
    }

    /// Writes an input plane as image `slot` of the lines, which hold zeros elsewhere.
    pub(super) fn store_input(&self, lines: &mut [f32], slot: usize, plane: &[f32]) {
        self.each_phase(slot, |dense, sparse| gather(lines, dense, plane, sparse, self.columns.axis.stride));
    }

    /// The inverse of [`store_input`](Self::store_input); pixels that no position reads stay what they were.
    pub(super) fn load_input(&self, lines: &[f32], slot: usize, plane: &mut [f32]) {
        self.each_phase(slot, |dense, sparse| scatter(plane, sparse, lines, dense, self.columns.axis.stride));
    }

    /// Calls `visit` for each phase with its rectangle in the lines and in the input plane.
    fn each_phase(&self, slot: usize, mut visit: impl FnMut(Rectangle, Rectangle)) {
        let (stride, width) = (self.rows.axis.stride, self.columns.axis.input);
        for phase in 0..self.phases() {
            let (y, first_y) = self.rows.pixels(phase / self.columns.phases.len());
            let (x, first_x) = self.columns.pixels(phase % self.columns.phases.len());
            if y.is_empty() || x.is_empty() {
                continue;
            }
            let origin = self.start(phase) + slot * self.plane;
            let (lines, across) = (y.len(), x.len());
            let dense = Rectangle {
                lines,
                width: across,
                first: origin + y.start * self.columns.length + x.start,
                step: self.columns.length,
            };
            // A stride beyond the image belongs to a single line.
            let step = stride.saturating_mul(width);
            visit(dense, Rectangle { lines, width: across, first: first_y * width + first_x, step });
        }
    }

    /// The output of image `slot` in a line, and in its plane.
    fn output(&self, slot: usize) -> (Rectangle, Rectangle) {
        let (lines, width) = (self.rows.axis.output, self.columns.axis.output);
        let inside = Rectangle { lines, width, first: slot * self.plane, step: self.columns.length };
        (inside, Rectangle { lines, width, first: 0, step: width })
    }

    /// Writes an output plane as image `slot` of a line, which holds zeros in its margins.
    pub(super) fn store_output(&self, line: &mut [f32], slot: usize, plane: &[f32]) {
        let (inside, whole) = self.output(slot);
        gather(line, inside, plane, whole, 1);
    }

    /// The inverse of [`store_output`](Self::store_output).
    pub(super) fn load_output(&self, line: &[f32], slot: usize, plane: &mut [f32]) {
        let (inside, whole) = self.output(slot);
        gather(plane, whole, line, inside, 1);
    }

    /// Clears the images from `slot` on in a line.
    pub(super) fn clear(&self, line: &mut [f32], slot: usize) {
        line[slot * self.plane..self.line()].fill(0.0);
    }
}
