//! Max pooling by 2×2 without overlap and padding, the usual case: one pass over pairs of lines, without branches. A last
//! odd line or column belongs to no window.

use super::fresh::Unset;
use crate::{Axis, PoolShape};

/// Whether a pool is of this kind: the outputs are the pairs of inputs, no more (padding after the input makes one more)
/// and no less.
pub(crate) fn applies(shape: &PoolShape) -> bool {
    let pairs =
        |axis: &Axis| axis.kernel == 2 && axis.stride == 2 && axis.padding == 0 && axis.output == axis.input / 2;
    pairs(&shape.rows) && pairs(&shape.columns)
}

/// The four pixels of a window in reading order, for each output of a line.
#[inline(always)]
fn windows<'a>(top: &'a [f32], bottom: &'a [f32]) -> impl Iterator<Item = [f32; 4]> + 'a {
    let (top, bottom) = (top.as_chunks::<2>().0, bottom.as_chunks::<2>().0);
    top.iter().zip(bottom).map(|([a, b], [c, d])| [*a, *b, *c, *d])
}

/// All bits set if `new` replaces `best`: larger, or NaN.
#[inline(always)]
fn beats(new: f32, best: f32) -> u32 {
    0_u32.wrapping_sub(u32::from((new > best) | new.is_nan()))
}

/// `new` where the mask is set, `old` elsewhere.
#[inline(always)]
fn select(mask: u32, new: f32, old: f32) -> f32 {
    f32::from_bits((new.to_bits() & mask) | (old.to_bits() & !mask))
}

/// The maxima of a plane: writes all of `y`.
#[inline(always)]
pub(crate) fn forward(x: &[f32], y: &mut [Unset], shape: &PoolShape) {
    let width = shape.columns.input;
    for (lines, y) in x.chunks_exact(2 * width).zip(y.chunks_exact_mut(shape.columns.output)) {
        let (top, bottom) = lines.split_at(width);
        for ([a, b, c, d], y) in windows(top, bottom).zip(y) {
            let upper = select(beats(b, a), b, a);
            let left = select(beats(c, upper), c, upper);
            y.write(select(beats(d, left), d, left));
        }
    }
}

/// The gradient of a plane: each output's goes to the first of its window's maxima, or to its last NaN. Writes all of `dx`.
#[inline(always)]
pub(crate) fn gradient(dx: &mut [Unset], x: &[f32], g: &[f32], shape: &PoolShape) {
    let width = shape.columns.input;
    let pairs = width / 2 * 2;
    let (inside, last_line) = dx.split_at_mut(shape.rows.input / 2 * 2 * width);
    clear(last_line);
    let lines =
        inside.chunks_exact_mut(2 * width).zip(x.chunks_exact(2 * width)).zip(g.chunks_exact(shape.columns.output));
    for ((dx, x), g) in lines {
        let ((top, bottom), (dx_top, dx_bottom)) = (x.split_at(width), dx.split_at_mut(width));
        clear(&mut dx_top[pairs..]);
        clear(&mut dx_bottom[pairs..]);
        let pairs = dx_top.as_chunks_mut::<2>().0.iter_mut().zip(dx_bottom.as_chunks_mut::<2>().0);
        for (([a, b, c, d], (upper, lower)), g) in windows(top, bottom).zip(pairs).zip(g) {
            let to_b = beats(b, a);
            let best = select(to_b, b, a);
            let to_c = beats(c, best);
            let best = select(to_c, c, best);
            let to_d = beats(d, best);
            let mask = |mask: u32| Unset::new(f32::from_bits(g.to_bits() & mask));
            *upper = [mask(!to_b & !to_c & !to_d), mask(to_b & !to_c & !to_d)];
            *lower = [mask(to_c & !to_d), mask(to_d)];
        }
    }
}

fn clear(values: &mut [Unset]) {
    values.fill(Unset::new(0.0));
}
