//! Eigenvalues of symmetric tridiagonal matrices by the implicit QL method, with the first components of the vectors if
//! asked for.
//!
//! The matrices here are many and small; this is several times faster on them than a general solver, and quadrature rules
//! need nothing of an eigenvector but its first component. Source: the procedure `imtql2` of H. Bowdler, R. Martin,
//! C. Reinsch, J. Wilkinson, *The QR and QL Algorithms for Symmetric Matrices*, Numerische Mathematik 11 (1968).

/// Sweeps after which an eigenvalue is given up; two or three are usual.
const SWEEPS: usize = 60;

/// Replaces `diagonal` by the eigenvalues (in no order) of the matrix with these diagonals, `off` one shorter; applies the
/// rotations to `first`, which starts as the first unit vector and ends as the first components of the eigenvectors, or is
/// empty. False if it does not converge.
pub(crate) fn eigenvalues(diagonal: &mut [f64], off: &[f64], first: &mut [f64]) -> bool {
    let size = diagonal.len();
    let scale = diagonal.iter().chain(off).fold(0.0f64, |largest, x| largest.max(x.abs()));
    if scale == 0.0 || !scale.is_finite() {
        return scale == 0.0;
    }
    let mut e: Vec<f64> = off.iter().map(|x| x / scale).chain([0.0]).collect();
    diagonal.iter_mut().for_each(|x| *x /= scale);
    let d = diagonal;
    // The largest entry is 1 now, so that half an ε is the rounding of the whole matrix: without it, blocks of nothing but
    // rounding errors, which singular matrices end in, may take any number of sweeps.
    let small = |e: f64, d: f64| e <= f64::EPSILON * d.max(0.5);
    for l in 0..size {
        let mut sweeps = 0;
        loop {
            let end = (l..size - 1).find(|m| small(e[*m].abs(), d[*m].abs() + d[*m + 1].abs()));
            let m = end.unwrap_or(size - 1);
            if m == l {
                break;
            }
            if sweeps == SWEEPS {
                return false;
            }
            sweeps += 1;
            sweep(d, &mut e, first, l, m);
        }
    }
    d.iter_mut().for_each(|x| *x *= scale);
    true
}

/// One implicit QL sweep on rows l to m.
fn sweep(d: &mut [f64], e: &mut [f64], first: &mut [f64], l: usize, m: usize) {
    let shift = (d[l + 1] - d[l]) / (2.0 * e[l]);
    let root = shift.hypot(1.0);
    let mut g = d[m] - d[l] + e[l] / (shift + root.copysign(shift));
    let (mut s, mut c, mut p) = (1.0, 1.0, 0.0);
    for i in (l..m).rev() {
        let (f, b) = (s * e[i], c * e[i]);
        let r = (f * f + g * g).sqrt();
        e[i + 1] = r;
        if r == 0.0 {
            d[i + 1] -= p;
            e[m] = 0.0;
            return;
        }
        let inverse = 1.0 / r;
        (s, c) = (f * inverse, g * inverse);
        g = d[i + 1] - p;
        let r = (d[i] - g) * s + 2.0 * c * b;
        p = s * r;
        d[i + 1] = g + p;
        g = c * r - b;
        if !first.is_empty() {
            let upper = first[i + 1];
            first[i + 1] = s * first[i] + c * upper;
            first[i] = c * first[i] - s * upper;
        }
    }
    d[l] -= p;
    e[l] = g;
    e[m] = 0.0;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_difference_has_its_known_spectrum() {
        for size in [1usize, 2, 3, 10, 57] {
            let (mut d, mut first) = (vec![2.0; size], vec![0.0; size]);
            first[0] = 1.0;
            assert!(eigenvalues(&mut d, &vec![-1.0; size - 1], &mut first));
            let angle = std::f64::consts::PI / (size + 1) as f64;
            let mut found: Vec<(f64, f64)> = d.into_iter().zip(first.into_iter().map(|x| x * x)).collect();
            found.sort_by(|a, b| a.0.total_cmp(&b.0));
            for (k, (value, weight)) in found.into_iter().enumerate() {
                let phase = (k + 1) as f64 * angle;
                assert!((value - 2.0 + 2.0 * phase.cos()).abs() < 1e-14 * size as f64);
                let exact = 2.0 / (size + 1) as f64 * phase.sin().powi(2);
                assert!((weight - exact).abs() < 1e-13 * size as f64, "{weight} {exact}");
            }
        }
    }

    #[test]
    fn zeros_and_nonsense_end() {
        let mut zeros = [0.0; 3];
        assert!(eigenvalues(&mut zeros, &[0.0; 2], &mut []) && zeros == [0.0; 3]);
        assert!(!eigenvalues(&mut [f64::INFINITY, 1.0], &[1.0], &mut []));
        let mut tiny = [1.0, 1e-200, 1e-300];
        assert!(eigenvalues(&mut tiny, &[1e-160, 1e-250], &mut []) && tiny.iter().all(|x| x.is_finite()));
    }
}
