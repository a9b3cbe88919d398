//! Images to matrices of patches and back.
//!
//! The matrix of patches of an image has one row for each (channel, kernel row, kernel column) and one column for each
//! output pixel; several images stand side by side. Where stride is 1 and sizes agree, a row is the channel shifted by a
//! few pixels with its margin cleared: one copy instead of one per line.

use std::ops::Range;

use crate::{Axis, ConvShape};

/// Writes the patches of `image` `[channels, height, width]` into columns `at..at + plane_out` of the matrix `out` of
/// `columns` columns.
pub(crate) fn gather(image: &[f32], shape: &ConvShape, out: &mut [f32], columns: usize, at: usize) {
    each_row(shape, |row, channel, position| {
        let plane = &image[channel * shape.plane_in()..][..shape.plane_in()];
        let out = &mut out[row * columns + at..][..shape.plane_out()];
        match position.shift(shape) {
            Some(shift) => {
                let (target, source) = shift.ranges(plane.len());
                out[..target.start].fill(0.0);
                out[target.end..].fill(0.0);
                out[target].copy_from_slice(&plane[source]);
                shift.clear_margin(out);
            }
            None => gather_lines(plane, out, shape, position),
        }
    });
}

/// Adds the patches in columns `at..at + plane_out` of the matrix to `image`; clears margins of the matrix on the way.
pub(crate) fn scatter(patches: &mut [f32], shape: &ConvShape, image: &mut [f32], columns: usize, at: usize) {
    each_row(shape, |row, channel, position| {
        let plane = &mut image[channel * shape.plane_in()..][..shape.plane_in()];
        let patches = &mut patches[row * columns + at..][..shape.plane_out()];
        match position.shift(shape) {
            Some(shift) => {
                let (target, source) = shift.ranges(plane.len());
                shift.clear_margin(patches);
                plane[source].iter_mut().zip(&patches[target]).for_each(|(x, p)| *x += p);
            }
            None => scatter_lines(patches, plane, shape, position),
        }
    });
}

/// A position of the kernel: its row and column.
#[derive(Clone, Copy)]
struct Position(usize, usize);

/// Calls `visit` for each row of the matrix with its channel and kernel position.
fn each_row(shape: &ConvShape, mut visit: impl FnMut(usize, usize, Position)) {
    let mut row = 0;
    for channel in 0..shape.channels_in {
        for y in 0..shape.rows.kernel {
            for x in 0..shape.columns.kernel {
                visit(row, channel, Position(y, x));
                row += 1;
            }
        }
    }
}

fn gather_lines(plane: &[f32], out: &mut [f32], shape: &ConvShape, Position(ky, kx): Position) {
    let (rows, columns) = (shape.rows, shape.columns);
    let (inside_y, inside_x) = (rows.inside(ky), columns.inside(kx));
    for (y, line) in out.chunks_exact_mut(columns.output).enumerate() {
        if !inside_y.contains(&y) || inside_x.is_empty() {
            line.fill(0.0);
            continue;
        }
        let source = &plane[line_start(&rows, &columns, ky, y)..];
        line[..inside_x.start].fill(0.0);
        line[inside_x.end..].fill(0.0);
        let first = first(&columns, kx, &inside_x);
        let line = &mut line[inside_x.clone()];
        match columns.stride {
            1 => line.copy_from_slice(&source[first..][..line.len()]),
            stride => line.iter_mut().zip(source[first..].iter().step_by(stride)).for_each(|(p, x)| *p = *x),
        }
    }
}

fn scatter_lines(patches: &[f32], plane: &mut [f32], shape: &ConvShape, Position(ky, kx): Position) {
    let (rows, columns) = (shape.rows, shape.columns);
    let inside_x = columns.inside(kx);
    if inside_x.is_empty() {
        return;
    }
    for y in rows.inside(ky) {
        let line = &patches[y * columns.output..][inside_x.clone()];
        let target = &mut plane[line_start(&rows, &columns, ky, y) + first(&columns, kx, &inside_x)..];
        target.iter_mut().step_by(columns.stride).zip(line).for_each(|(x, p)| *x += p);
    }
}

/// Index in the plane of the input line that kernel row `ky` reads at output line `y`, which must be inside.
fn line_start(rows: &Axis, columns: &Axis, ky: usize, y: usize) -> usize {
    (y * rows.stride + ky * rows.dilation - rows.padding) * columns.input
}

/// Input column that kernel column `kx` reads at the first output column inside.
fn first(columns: &Axis, kx: usize, inside: &Range<usize>) -> usize {
    inside.start * columns.stride + kx * columns.dilation - columns.padding
}

/// A kernel position as a shift of the whole plane: output pixel i reads input pixel i + `by`.
struct Shift {
    by: isize,
    rows: Range<usize>,
    columns: Range<usize>,
    width: usize,
}

impl Position {
    fn shift(self, shape: &ConvShape) -> Option<Shift> {
        (shape.rows.is_shift() && shape.columns.is_shift()).then(|| {
            let (rows, columns) = (shape.rows.inside(self.0), shape.columns.inside(self.1));
            let by = if rows.is_empty() || columns.is_empty() {
                0 // Far outside, the product below could be beyond the integers.
            } else {
                shape.rows.start(self.0) * shape.columns.input as isize + shape.columns.start(self.1)
            };
            Shift { by, rows, columns, width: shape.columns.input }
        })
    }
}

impl Shift {
    /// The outputs whose line is inside, as far as they read inside the plane, and the inputs they read.
    fn ranges(&self, plane: usize) -> (Range<usize>, Range<usize>) {
        let start = (self.rows.start * self.width).max(self.by.min(0).unsigned_abs());
        let end = (self.rows.end * self.width).min(plane.saturating_add_signed(-self.by)).max(start);
        if end <= start || self.columns.is_empty() {
            return (0..0, 0..0);
        }
        (start..end, start.wrapping_add_signed(self.by)..end.wrapping_add_signed(self.by))
    }

    /// Sets the outputs to 0 whose column reads outside.
    fn clear_margin(&self, out: &mut [f32]) {
        if self.columns == (0..self.width) {
            return;
        }
        for line in out.chunks_exact_mut(self.width) {
            line[..self.columns.start].fill(0.0);
            line[self.columns.end..].fill(0.0);
        }
    }
}
