//! Many comparisons at once: p of each by Student's t, and Holm's correction.
//!
//! Of m true null hypotheses, tested at 5 % each, one is rejected with probability up to 1 − 0.95ᵐ. Holm's step-down procedure keeps the
//! probability of any false rejection at 5 % whatever the tests depend on: the i-th smallest p is multiplied by m − i + 1, and made at least as
//! large as those before it (Holm, *A Simple Sequentially Rejective Multiple Test Procedure*, Scandinavian Journal of Statistics 6, 1979).

use statrs::distribution::{ContinuousCDF, StudentsT};

/// Two-sided p of the mean difference over pairs, by Student's t: below 0.05 where 0 is outside of the interval of
/// [`paired`](super::paired); `None` where that has none.
///
/// ```
/// use stairs_study::stats::paired_t_p;
/// let p = paired_t_p(&[(97.2, 96.9), (97.5, 96.9), (96.9, 96.6), (97.8, 97.9), (97.0, 96.1)]).unwrap();
/// assert!((p - 0.075_1).abs() < 1e-4);
/// assert_eq!(paired_t_p(&[(2.0, 1.0), (3.0, 2.0)]), None);
/// ```
pub fn paired_t_p(pairs: &[(f64, f64)]) -> Option<f64> {
    let found = super::paired(pairs);
    found.interval?;
    let count = found.n as f64;
    let differences = pairs.iter().map(|(a, b)| a - b).filter(|d| d.is_finite());
    let square: f64 = differences.map(|d| (d - found.mean).powi(2)).sum();
    let t = found.mean / (square / (count - 1.0) / count).sqrt();
    let law = StudentsT::new(0.0, 1.0, count - 1.0).ok()?;
    Some((2.0 * law.cdf(-t.abs())).min(1.0))
}

/// Holm's corrected p of each of some tests, in their order; NaN, of a test that was not possible, stays and counts as one of them.
///
/// ```
/// use stairs_study::stats::holm;
/// assert_eq!(holm(&[0.01, 0.04, 0.03]), [0.03, 0.06, 0.06]);
/// ```
pub fn holm(p: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..p.len()).filter(|i| !p[*i].is_nan()).collect();
    order.sort_by(|a, b| p[*a].total_cmp(&p[*b]));
    let mut corrected = vec![f64::NAN; p.len()];
    let mut largest = 0.0f64;
    for (rank, i) in order.into_iter().enumerate() {
        largest = largest.max(p[i] * (p.len() - rank) as f64).min(1.0);
        corrected[i] = largest;
    }
    corrected
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_answers() {
        // statsmodels.stats.multitest.multipletests([0.01, 0.02, 0.03, 0.005, 0.9], method="holm")[1].
        let found = holm(&[0.01, 0.02, 0.03, 0.005, 0.9]);
        for (found, truth) in found.iter().zip([0.04, 0.06, 0.06, 0.025, 0.9]) {
            assert!((found - truth).abs() < 1e-12, "{found} {truth}");
        }
        let with_none = holm(&[0.01, f64::NAN]);
        assert!(with_none[0] == 0.02 && with_none[1].is_nan() && holm(&[]).is_empty());
    }

    #[test]
    fn p_is_below_a_twentieth_where_the_interval_leaves_zero_out() {
        for shift in [-2.0, -0.5, 0.0, 0.3, 0.6, 0.69, 0.7, 1.0] {
            let pairs: Vec<(f64, f64)> = [0.1, 0.5, -0.4, 0.9, 0.2].iter().map(|d| (d + shift, 0.0)).collect();
            let interval = crate::stats::paired(&pairs).interval.unwrap();
            let outside = interval.low > 0.0 || interval.high < 0.0;
            assert_eq!(paired_t_p(&pairs).unwrap() < 0.05, outside, "{shift}");
        }
        assert_eq!(paired_t_p(&[(1.0, 0.0)]), None);
    }
}
