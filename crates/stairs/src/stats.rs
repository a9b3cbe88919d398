//! Statistics of studies: rank correlation, shares of variance, intervals by resampling.

mod paired;
mod variance;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

pub use paired::{Paired, paired, sign_test};
pub use variance::{Layout, Share, Shares, shares};

/// A value with a 95 % interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    /// The value.
    pub value: f64,
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// Kendall's τ-b between two variables, in [−1, 1]; NaN where one of them is constant, or for fewer than two pairs.
///
/// With C concordant and D discordant pairs of points, and n₁, n₂ the pairs that are not tied in the first and in the
/// second variable: τ-b = (C − D)/√(n₁·n₂). Source: Kendall, *The treatment of ties in ranking problems*, 1945.
///
/// ```
/// use stairs::stats::kendall_tau;
/// assert_eq!(kendall_tau(&[(1.0, 1.0), (2.0, 2.0), (3.0, 3.0)]), 1.0);
/// assert_eq!(kendall_tau(&[(1.0, 3.0), (2.0, 2.0), (3.0, 1.0)]), -1.0);
/// ```
pub fn kendall_tau(points: &[(f64, f64)]) -> f64 {
    let (mut difference, mut first, mut second) = (0i64, 0i64, 0i64);
    for (i, a) in points.iter().enumerate() {
        for b in &points[..i] {
            let (x, y) = (sign(a.0 - b.0), sign(a.1 - b.1));
            difference += x * y;
            first += x * x;
            second += y * y;
        }
    }
    // Rounding of the root must not leave [−1, 1].
    (difference as f64 / (first as f64 * second as f64).sqrt()).clamp(-1.0, 1.0)
}

fn sign(x: f64) -> i64 {
    i64::from(x > 0.0) - i64::from(x < 0.0)
}

/// Kendall's partial τ of the first two variables given the third, in [−1, 1]: what is left of their agreement when the
/// part that both owe to the third is taken out. NaN where it is not defined.
///
/// τ₁₂.₃ = (τ₁₂ − τ₁₃τ₂₃)/√((1 − τ₁₃²)(1 − τ₂₃²)). Source: Kendall, *Partial rank correlation*, 1942.
pub fn partial_kendall_tau(points: &[(f64, f64, f64)]) -> f64 {
    let ab = kendall_tau(&points.iter().map(|p| (p.0, p.1)).collect::<Vec<_>>());
    let ac = kendall_tau(&points.iter().map(|p| (p.0, p.2)).collect::<Vec<_>>());
    let bc = kendall_tau(&points.iter().map(|p| (p.1, p.2)).collect::<Vec<_>>());
    ((ab - ac * bc) / ((1.0 - ac * ac) * (1.0 - bc * bc)).sqrt()).clamp(-1.0, 1.0)
}

/// The statistic of `items` with a 95 % percentile interval over `resamples` bootstrap resamples of the items; resamples
/// where the statistic is not finite are left out. NaN ends without any.
///
/// Same items, resamples and seed: same numbers.
///
/// ```
/// use stairs::stats::bootstrap;
/// let mean = |items: &[f64]| items.iter().sum::<f64>() / items.len() as f64;
/// let interval = bootstrap(&[1.0, 2.0, 3.0, 4.0], mean, 2000, 1);
/// assert_eq!(interval.value, 2.5);
/// assert!(interval.low < 2.0 && interval.high > 3.0);
/// ```
pub fn bootstrap<T: Clone>(items: &[T], statistic: impl Fn(&[T]) -> f64, resamples: usize, seed: u64) -> Interval {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut values = Vec::with_capacity(resamples);
    let mut resample = Vec::with_capacity(items.len());
    for _ in 0..if items.is_empty() { 0 } else { resamples } {
        resample.clear();
        resample.extend((0..items.len()).map(|_| items[rng.random_range(0..items.len())].clone()));
        values.push(statistic(&resample));
    }
    values.retain(|value| value.is_finite());
    values.sort_by(f64::total_cmp);
    Interval { value: statistic(items), low: quantile(&values, 0.025), high: quantile(&values, 0.975) }
}

/// The quantile at `share` of ascending values, linear between neighbours; NaN without values.
pub fn quantile(sorted: &[f64], share: f64) -> f64 {
    let Some(last) = sorted.len().checked_sub(1) else { return f64::NAN };
    let at = share.clamp(0.0, 1.0) * last as f64;
    let (below, above) = (sorted[at.floor() as usize], sorted[at.ceil() as usize]);
    below + (above - below) * at.fract()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tau_of_known_tables() {
        // By hand: 5 concordant and 1 discordant pair of 6.
        let points = [(1.0, 1.0), (2.0, 3.0), (3.0, 2.0), (4.0, 4.0)];
        assert!((kendall_tau(&points) - 4.0 / 6.0).abs() < 1e-15);
        // scipy.stats.kendalltau([12, 2, 1, 12, 2], [1, 4, 7, 1, 0]).
        let ties = [(12.0, 1.0), (2.0, 4.0), (1.0, 7.0), (12.0, 1.0), (2.0, 0.0)];
        assert!((kendall_tau(&ties) + 0.471_404_520_791_031_7).abs() < 1e-12);
        assert!(kendall_tau(&[(1.0, 2.0), (1.0, 3.0)]).is_nan());
        assert!(kendall_tau(&[(1.0, 2.0)]).is_nan());
    }

    #[test]
    fn nothing_is_left_of_what_a_third_variable_explains() {
        // The third variable orders both; within its ties they disagree as often as they agree.
        let points = [(1.0, 1.0, 0.0), (2.0, 2.0, 0.0), (3.0, 4.0, 1.0), (4.0, 3.0, 1.0)];
        let (plain, partial) = (kendall_tau(&points.map(|p| (p.0, p.1))), partial_kendall_tau(&points));
        assert!(plain > 0.6 && partial.abs() < 1e-12, "{plain} {partial}");
    }

    #[test]
    fn quantiles_are_linear_between_values() {
        assert_eq!(quantile(&[1.0, 3.0], 0.25), 1.5);
        assert_eq!((quantile(&[2.0], 0.9), quantile(&[1.0, 2.0, 9.0], 1.0)), (2.0, 9.0));
        assert!(quantile(&[], 0.5).is_nan());
    }

    #[test]
    fn the_bootstrap_repeats_and_covers() {
        let items: Vec<(f64, f64)> = (0..20).map(|i| (f64::from(i), f64::from(i * 7 % 20))).collect();
        let first = bootstrap(&items, kendall_tau, 500, 3);
        assert_eq!(first, bootstrap(&items, kendall_tau, 500, 3));
        assert!(first.low <= first.value && first.value <= first.high);
    }
}
