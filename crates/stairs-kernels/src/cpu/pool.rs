//! Max pooling, plane by plane.

use rayon::prelude::*;

use super::{
    fresh::{self, Unset},
    halve,
    simd::at_best_level,
};
use crate::{PoolShape, checked::Checked};

/// Pixels below which a task is not worth its overhead.
const TASK: usize = 1 << 14;

/// Planes per task.
fn planes(shape: &PoolShape) -> usize {
    TASK.div_ceil(shape.plane_in()).min(shape.planes)
}

/// Whether `new` replaces `best`: larger, or NaN.
#[inline(always)]
fn beats(new: f32, best: f32) -> bool {
    (new > best) | new.is_nan()
}

/// Calls `visit` for `outputs` and every `stride`-th value of `line` from its first, in step.
#[inline(always)]
fn strided<T>(outputs: &mut [T], line: &[f32], stride: usize, mut visit: impl FnMut(&mut T, f32)) {
    match stride {
        1 => outputs.iter_mut().zip(line).for_each(|(out, x)| visit(out, *x)),
        2 => {
            let (pairs, rest) = line.as_chunks::<2>();
            let (most, last) = outputs.split_at_mut(pairs.len().min(outputs.len()));
            most.iter_mut().zip(pairs).for_each(|(out, x)| visit(out, x[0]));
            last.iter_mut().zip(rest).for_each(|(out, x)| visit(out, *x));
        }
        _ => outputs.iter_mut().zip(line.iter().step_by(stride)).for_each(|(out, x)| visit(out, *x)),
    }
}

/// The maxima.
pub(crate) fn forward(x: &[f32], shape: &Checked<PoolShape>) -> Vec<f32> {
    let (plane_in, plane_out) = (shape.plane_in(), shape.plane_out());
    assert_eq!(x.len(), shape.planes * plane_in, "the input of a pool");
    let task = planes(shape);
    // SAFETY: chunk by chunk, input and output have the same planes, all of them by the assertion above; both kernels
    // write the whole of theirs.
    unsafe {
        fresh::filled(shape.planes * plane_out, |y| {
            let chunks = y.par_chunks_mut(task * plane_out).zip(x.par_chunks(task * plane_in));
            chunks.for_each(|(y, x)| {
                if halve::applies(shape) {
                    halve_planes(y, x, shape);
                } else {
                    for (y, x) in y.chunks_exact_mut(plane_out).zip(x.chunks_exact(plane_in)) {
                        y.fill(Unset::new(f32::NEG_INFINITY));
                        // SAFETY: written by the line above.
                        forward_plane(x, y.assume_init_mut(), shape);
                    }
                }
            });
        })
    }
}

fn halve_planes(y: &mut [Unset], x: &[f32], shape: &PoolShape) {
    #[inline(always)]
    fn body(y: &mut [Unset], x: &[f32], shape: &PoolShape) {
        for (y, x) in y.chunks_exact_mut(shape.plane_out()).zip(x.chunks_exact(shape.plane_in())) {
            halve::forward(x, y, shape);
        }
    }
    at_best_level!(body(y: &mut [Unset], x: &[f32], shape: &PoolShape))
}

fn forward_plane(x: &[f32], y: &mut [f32], shape: &PoolShape) {
    let (rows, columns) = (shape.rows, shape.columns);
    for ky in rows.reach() {
        for out in rows.inside(ky) {
            let line = &x[(out * rows.stride + ky - rows.padding) * columns.input..][..columns.input];
            let y = &mut y[out * columns.output..][..columns.output];
            for kx in columns.reach() {
                let inside = columns.inside(kx);
                let first = inside.start * columns.stride + kx - columns.padding;
                strided(&mut y[inside], &line[first.min(line.len())..], columns.stride, |best, x| {
                    *best = if beats(x, *best) { x } else { *best };
                });
            }
        }
    }
}

/// The gradient for x: each output's goes to the first of its window's maxima, or to its last NaN.
pub(crate) fn gradient(x: &[f32], gradient: &[f32], shape: &Checked<PoolShape>) -> Vec<f32> {
    let (plane_in, plane_out) = (shape.plane_in(), shape.plane_out());
    assert_eq!(x.len(), shape.planes * plane_in, "the input of a pool");
    assert_eq!(gradient.len(), shape.planes * plane_out, "the gradient of a pool");
    let task = planes(shape);
    // SAFETY: as in `forward`.
    unsafe {
        fresh::filled(x.len(), |dx| {
            let chunks = dx.par_chunks_mut(task * plane_in).zip(x.par_chunks(task * plane_in));
            chunks.zip(gradient.par_chunks(task * plane_out)).for_each(|((dx, x), g)| {
                if halve::applies(shape) {
                    halve_gradients(dx, x, g, shape);
                    return;
                }
                dx.fill(Unset::new(0.0));
                // SAFETY: written by the line above.
                let dx = dx.assume_init_mut();
                let mut best = vec![Best::default(); shape.columns.output];
                let planes = dx.chunks_exact_mut(plane_in).zip(x.chunks_exact(plane_in));
                for ((dx, x), g) in planes.zip(g.chunks_exact(plane_out)) {
                    gradient_plane(dx, x, g, &mut best, shape);
                }
            });
        })
    }
}

fn halve_gradients(dx: &mut [Unset], x: &[f32], g: &[f32], shape: &PoolShape) {
    #[inline(always)]
    fn body(dx: &mut [Unset], x: &[f32], g: &[f32], shape: &PoolShape) {
        let (plane_in, plane_out) = (shape.plane_in(), shape.plane_out());
        let planes = dx.chunks_exact_mut(plane_in).zip(x.chunks_exact(plane_in));
        for ((dx, x), g) in planes.zip(g.chunks_exact(plane_out)) {
            halve::gradient(dx, x, g, shape);
        }
    }
    at_best_level!(body(dx: &mut [Unset], x: &[f32], g: &[f32], shape: &PoolShape))
}

/// The largest value of a window so far and the pixel of the plane where it is.
#[derive(Clone, Copy, Default)]
struct Best {
    value: f32,
    index: u32,
}

fn gradient_plane(dx: &mut [f32], x: &[f32], g: &[f32], best: &mut [Best], shape: &PoolShape) {
    let (rows, columns) = (shape.rows, shape.columns);
    for (out, g) in g.chunks_exact(columns.output).enumerate() {
        // A window of −∞ alone has its maximum at its first pixel.
        let top = (out * rows.stride).saturating_sub(rows.padding) * columns.input;
        for (i, best) in best.iter_mut().enumerate() {
            let left = (i * columns.stride).saturating_sub(columns.padding);
            *best = Best { value: f32::NEG_INFINITY, index: (top + left) as u32 };
        }
        for ky in rows.window(out) {
            let start = (out * rows.stride + ky - rows.padding) * columns.input;
            let line = &x[start..][..columns.input];
            for kx in columns.reach() {
                let inside = columns.inside(kx);
                let first = inside.start * columns.stride + kx - columns.padding;
                let mut index = (start + first) as u32;
                strided(&mut best[inside], &line[first.min(line.len())..], columns.stride, |best, x| {
                    // By masks: which pixel wins is a coin toss that no branch predictor learns.
                    let better = 0_u32.wrapping_sub(u32::from(beats(x, best.value)));
                    best.value = f32::from_bits((x.to_bits() & better) | (best.value.to_bits() & !better));
                    best.index = (index & better) | (best.index & !better);
                    // After the last, the step may leave the plane.
                    index = index.wrapping_add(columns.stride as u32);
                });
            }
        }
        for (best, g) in best.iter().zip(g) {
            dx[best.index as usize] += g;
        }
    }
}
