//! Dense kernels on row-major slices: matrix products split over threads, eigenvalues of Gram matrices.
//!
//! The results do not depend on the number of threads: every element of a product is computed by one thread, in one order.

use faer::linalg::matmul::{
    matmul,
    triangular::{self, BlockStructure},
};
use faer::{
    Accum, Mat, MatMut, MatRef, Par, Spec,
    dyn_stack::{MemBuffer, MemStack},
    linalg::evd::tridiag::{tridiag_in_place, tridiag_in_place_scratch},
};
use rayon::prelude::*;

use crate::{FisherError, tridiagonal::eigenvalues};

/// f32 or f64.
pub(crate) trait Scalar: faer::traits::RealField + Copy + Send + Sync + std::iter::Sum + 'static {
    /// Distance from 1 to the next number.
    const ROUNDING: f64;
    fn of(value: f64) -> Self;
    fn wide(self) -> f64;
}

impl Scalar for f32 {
    const ROUNDING: f64 = f32::EPSILON as f64;

    fn of(value: f64) -> Self {
        value as f32
    }

    fn wide(self) -> f64 {
        f64::from(self)
    }
}

impl Scalar for f64 {
    const ROUNDING: f64 = f64::EPSILON;

    fn of(value: f64) -> Self {
        value
    }

    fn wide(self) -> f64 {
        self
    }
}

/// Runs `f` on a thread of the pool, where splitting work costs next to nothing; from outside, every split would have to
/// wake the pool.
pub(crate) fn in_pool<R: Send>(f: impl FnOnce() -> R + Send) -> R {
    rayon::scope(|_| f())
}

/// Products with fewer multiplications than this are not worth a second thread.
const SMALL: usize = 1 << 18;
/// Rows of a product that one task computes.
const TASK: usize = 256;

fn view<T>(values: &[T], rows: usize, columns: usize) -> MatRef<'_, T> {
    MatRef::from_row_major_slice(values, rows, columns)
}

/// out (r × c) = a (r × k) · bᵀ (c × k).
pub(crate) fn product_nt<T: Scalar>(a: &[T], b: &[T], k: usize, out: &mut [T]) {
    if out.is_empty() {
        return;
    }
    if k == 0 {
        return out.fill(T::of(0.0));
    }
    let (rows, columns) = (a.len() / k, b.len() / k);
    let b = view(b, columns, k);
    let part = |a: &[T], out: &mut [T]| {
        let rows = a.len() / k;
        let out = MatMut::from_row_major_slice_mut(out, rows, columns);
        matmul(out, Accum::Replace, view(a, rows, k), b.transpose(), T::of(1.0), Par::Seq);
    };
    if rows * columns * k < SMALL {
        part(a, out);
    } else {
        let task = TASK.min(rows.div_ceil(2));
        out.par_chunks_mut(task * columns).zip(a.par_chunks(task * k)).for_each(|(out, a)| part(a, out));
    }
}

/// out (r × c) = a (r × k) · b (k × c), on one thread.
pub(crate) fn product_nn<T: Scalar>(a: &[T], b: &[T], k: usize, out: &mut [T]) {
    if out.is_empty() || k == 0 {
        return out.fill(T::of(0.0));
    }
    let (rows, columns) = (a.len() / k, b.len() / k);
    let out = MatMut::from_row_major_slice_mut(out, rows, columns);
    matmul(out, Accum::Replace, view(a, rows, k), view(b, k, columns), T::of(1.0), Par::Seq);
}

/// out (k × c) += aᵀ (r × k) · b (r × c), on one thread.
pub(crate) fn add_product_tn<T: Scalar>(a: &[T], b: &[T], k: usize, out: &mut [T]) {
    if out.is_empty() || a.is_empty() {
        return;
    }
    let (rows, columns) = (a.len() / k, out.len() / k);
    let out = MatMut::from_row_major_slice_mut(out, k, columns);
    matmul(out, Accum::Add, view(a, rows, k).transpose(), view(b, rows, columns), T::of(1.0), Par::Seq);
}

/// Aᵀ A or A Aᵀ of a row-major A (r × k), whichever is smaller; the lower triangle only.
pub(crate) fn small_gram(a: &[f64], k: usize) -> Mat<f64> {
    let rows = a.len().checked_div(k).unwrap_or(0);
    let a = view(a, rows, k);
    let (left, right) = if rows <= k { (a, a.transpose()) } else { (a.transpose(), a) };
    let mut gram = Mat::zeros(left.nrows(), left.nrows());
    triangular::matmul(
        gram.as_mut(),
        BlockStructure::TriangularLower,
        Accum::Replace,
        left,
        BlockStructure::Rectangular,
        right,
        BlockStructure::Rectangular,
        1.0,
        Par::Seq,
    );
    gram
}

/// Entries of a scaled matrix below this are taken for 0.
const FLUSH: f64 = 1e-40;

/// Eigenvalues of a symmetric positive semi-definite matrix (lower triangle), those that are 0 up to rounding left out.
///
/// Rounding perturbs every eigenvalue by about ε‖A‖; an eigenvalue below `size`·ε·λ_max cannot be told from 0.
pub(crate) fn positive_eigenvalues(gram: MatRef<'_, f64>) -> Result<Vec<f64>, FisherError> {
    let size = gram.nrows();
    if size == 0 {
        return Ok(Vec::new());
    }
    let finite = (0..size).all(|j| (j..size).all(|i| gram[(i, j)].is_finite()));
    if !finite {
        return Err(FisherError::Eigenvalues { size });
    }
    let scale = (0..size).map(|i| gram[(i, i)]).fold(0.0, f64::max);
    if scale <= 0.0 {
        return Ok(Vec::new());
    }
    // Saturated softmaxes leave entries of every order of magnitude down to the smallest numbers, whose squares underflow.
    // What is 10⁴⁰ times below the largest entry is 0 as far as eigenvalues go.
    let scaled = |x: f64| if (x / scale).abs() < FLUSH { 0.0 } else { x / scale };
    let mut matrix = Mat::from_fn(size, size, |i, j| if i >= j { scaled(gram[(i, j)]) } else { 0.0 });
    let mut reflections = Mat::zeros(1, size - 1);
    let mut memory = MemBuffer::new(tridiag_in_place_scratch::<f64>(size, Par::Seq, Spec::default()));
    let stack = MemStack::new(&mut memory);
    tridiag_in_place(matrix.as_mut(), reflections.as_mut(), Par::Seq, stack, Spec::default());
    let mut values: Vec<f64> = (0..size).map(|i| matrix[(i, i)]).collect();
    let off: Vec<f64> = (1..size).map(|i| matrix[(i, i - 1)]).collect();
    if !eigenvalues(&mut values, &off, &mut []) {
        return Err(FisherError::Eigenvalues { size });
    }
    // A decomposition that claims to have converged is not believed without its trace.
    let (trace, sum) = ((0..size).map(|i| gram[(i, i)]).sum::<f64>(), values.iter().sum::<f64>());
    let sum = scale * sum;
    if (trace - sum).abs() > 1e-10 * trace {
        return Err(FisherError::Eigenvalues { size });
    }
    let largest = values.iter().copied().fold(0.0, f64::max);
    let zero = size as f64 * f64::EPSILON * largest;
    Ok(values.into_iter().filter(|value| *value > zero).map(|value| scale * value).collect())
}

#[cfg(test)]
mod tests {
    use rand::{RngExt, SeedableRng};

    use super::*;

    #[test]
    fn matrices_of_all_magnitudes_have_eigenvalues() {
        let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(1);
        for (rows, columns, fall) in [(60, 40, 0.0), (120, 40, 2.3), (120, 200, 5.0), (200, 20, 12.0), (90, 90, -3.0)] {
            // Rows that fall off to the smallest numbers, and some that are 0 or repeat.
            let mut a: Vec<f64> = (0..rows * columns).map(|_| rng.random_range(-1.0..1.0)).collect();
            for (i, row) in a.chunks_mut(columns).enumerate() {
                row.iter_mut().for_each(|x| *x *= (-fall * i as f64).exp().min(1e150));
                if i % 7 == 3 {
                    row.fill(0.0);
                }
            }
            a.copy_within(0..columns, columns);
            let gram = small_gram(&a, columns);
            let values = positive_eigenvalues(gram.as_ref()).unwrap();
            let trace: f64 = (0..gram.nrows()).map(|i| gram[(i, i)]).sum();
            let sum: f64 = values.iter().sum();
            assert!((sum - trace).abs() <= 1e-10 * trace, "{rows} × {columns}: {sum} {trace}");
        }
        assert!(positive_eigenvalues(Mat::zeros(4, 4).as_ref()).unwrap().is_empty());
    }
}
