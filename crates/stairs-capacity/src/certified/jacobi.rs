//! Eigenvalues of a small symmetric matrix by Jacobi's rotations (Golub, Van Loan, *Matrix Computations*, § 8.5), which need no library and
//! are accurate for small eigenvalues of positive matrices too.

/// Sweeps after which the largest matrices of interest have long converged.
const SWEEPS: usize = 40;

/// The eigenvalues of the n × n matrix `a` (row-major, symmetric), in no order.
pub(super) fn eigenvalues(mut a: Vec<f64>, n: usize) -> Vec<f64> {
    let scale: f64 = (0..n).map(|i| a[i * n + i].abs()).fold(0.0, f64::max);
    for _ in 0..SWEEPS {
        let off: f64 = (0..n).flat_map(|i| (0..i).map(move |j| (i, j))).map(|(i, j)| a[i * n + j].abs()).sum();
        if off <= f64::EPSILON * scale {
            break;
        }
        for i in 1..n {
            for j in 0..i {
                rotate(&mut a, n, (i, j));
            }
        }
    }
    (0..n).map(|i| a[i * n + i]).collect()
}

/// Makes the entry (i, j) zero.
fn rotate(a: &mut [f64], n: usize, (i, j): (usize, usize)) {
    let entry = a[i * n + j];
    if entry == 0.0 {
        return;
    }
    let theta = (a[j * n + j] - a[i * n + i]) / (2.0 * entry);
    let t = theta.signum() / (theta.abs() + theta.hypot(1.0));
    let cos = 1.0 / t.hypot(1.0);
    let sin = t * cos;
    for k in 0..n {
        let (x, y) = (a[k * n + i], a[k * n + j]);
        (a[k * n + i], a[k * n + j]) = (cos * x - sin * y, sin * x + cos * y);
    }
    for k in 0..n {
        let (x, y) = (a[i * n + k], a[j * n + k]);
        (a[i * n + k], a[j * n + k]) = (cos * x - sin * y, sin * x + cos * y);
    }
}
