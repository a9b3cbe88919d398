//! The difference of two means of unequal spread.
//!
//! d̄ = x̄ − ȳ has the interval d̄ ± t₀.₉₇₅(ν)·√(s²ₓ/m + s²ᵧ/n) with ν of Welch and Satterthwaite. Source: Welch, *The generalization of
//! “Student's” problem when several different population variances are involved*, Biometrika 34, 1947.

use super::{Interval, paired::t_quantile};

/// The mean of `first` minus that of `second` with its 95 % interval; `None` for fewer than two values on a side, and where neither
/// side spreads.
///
/// ```
/// use stairs_study::stats::welch;
/// let found = welch(&[3.0, 4.0, 5.0], &[1.0, 2.0, 3.0]).unwrap();
/// assert!((found.value - 2.0).abs() < 1e-12 && found.low < 0.0 && found.high > 4.0);
/// ```
pub fn welch(first: &[f64], second: &[f64]) -> Option<Interval> {
    let moments = |values: &[f64]| {
        let n = values.len() as f64;
        let mean = values.iter().sum::<f64>() / n;
        let variance = values.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / (n - 1.0);
        (mean, variance / n, n - 1.0)
    };
    if first.len() < 2 || second.len() < 2 {
        return None;
    }
    let ((x, u, m), (y, v, n)) = (moments(first), moments(second));
    let freedom = (u + v).powi(2) / (u * u / m + v * v / n);
    let half = t_quantile(0.975, (freedom.is_finite() && freedom > 0.0).then_some(freedom)?) * (u + v).sqrt();
    Some(Interval { value: x - y, low: x - y - half, high: x - y + half })
}

#[cfg(test)]
mod tests {
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    use super::*;

    /// scipy.stats.ttest_ind(a, b, equal_var=False).confidence_interval().
    #[test]
    fn known_answer() {
        let found = welch(&[97.2, 97.5, 96.9, 97.8], &[96.9, 96.2, 96.6, 97.9, 96.1]).unwrap();
        assert!((found.value - 0.61).abs() < 1e-9, "{found:?}");
        assert!(found.low < 0.0 && found.high > 1.2, "{found:?}");
        assert!(welch(&[1.0], &[1.0, 2.0]).is_none() && welch(&[1.0, 1.0], &[2.0, 2.0]).is_none());
    }

    /// Three against three, of unequal spread: the usual size here.
    #[test]
    fn the_interval_covers() {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let mut normal = || (0..12).map(|_| rng.random::<f64>()).sum::<f64>() - 6.0;
        let trials = 2000;
        let covered = (0..trials).filter(|_| {
            let first: Vec<f64> = (0..3).map(|_| 1.0 + 3.0 * normal()).collect();
            let second: Vec<f64> = (0..3).map(|_| normal()).collect();
            welch(&first, &second).is_some_and(|found| found.low <= 1.0 && 1.0 <= found.high)
        });
        let share = covered.count() as f64 / f64::from(trials);
        assert!(share > 0.93, "{share}");
    }
}
