//! Max pooling by 2×2 without overlap and padding, the usual case: one pass over pairs of lines, without branches.

use crate::PoolShape;

/// Whether a pool is of this kind.
pub(crate) fn applies(shape: &PoolShape) -> bool {
    [shape.rows, shape.columns].iter().all(|axis| axis.kernel == 2 && axis.stride == 2 && axis.padding == 0)
}

/// The four pixels of a window in reading order, for each output of a line.
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

/// The maxima of a plane.
pub(crate) fn forward(x: &[f32], y: &mut [f32], shape: &PoolShape) {
    let width = shape.columns.input;
    for (lines, y) in x.chunks_exact(2 * width).zip(y.chunks_exact_mut(shape.columns.output)) {
        let (top, bottom) = lines.split_at(width);
        for ([a, b, c, d], y) in windows(top, bottom).zip(y) {
            let upper = select(beats(b, a), b, a);
            let left = select(beats(c, upper), c, upper);
            *y = select(beats(d, left), d, left);
        }
    }
}

/// The gradient of a plane: each output's goes to the first of its window's maxima, or to its last NaN. `dx` holds zeros.
pub(crate) fn gradient(dx: &mut [f32], x: &[f32], g: &[f32], shape: &PoolShape) {
    let width = shape.columns.input;
    let lines = dx.chunks_exact_mut(2 * width).zip(x.chunks_exact(2 * width)).zip(g.chunks_exact(shape.columns.output));
    for ((dx, x), g) in lines {
        let ((top, bottom), (dx_top, dx_bottom)) = (x.split_at(width), dx.split_at_mut(width));
        let pairs = dx_top.as_chunks_mut::<2>().0.iter_mut().zip(dx_bottom.as_chunks_mut::<2>().0);
        for (([a, b, c, d], (upper, lower)), g) in windows(top, bottom).zip(pairs).zip(g) {
            let to_b = beats(b, a);
            let best = select(to_b, b, a);
            let to_c = beats(c, best);
            let best = select(to_c, c, best);
            let to_d = beats(d, best);
            let masks = [!to_b & !to_c & !to_d, to_b & !to_c & !to_d, to_c & !to_d, to_d];
            let [a, b, c, d] = masks.map(|mask| f32::from_bits(g.to_bits() & mask));
            (*upper, *lower) = ([a, b], [c, d]);
        }
    }
}
