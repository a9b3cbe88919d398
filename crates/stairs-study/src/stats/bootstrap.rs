//! The percentile bootstrap, with an account of the resamples that give no number.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use super::Interval;

/// What [`bootstrap`] finds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Resampled {
    /// The statistic of the items.
    pub value: f64,
    /// The value with its 95 % interval; `None` where the undefined resamples leave an end open, or without resamples.
    pub interval: Option<Interval>,
    /// Number of resamples.
    pub resamples: usize,
    /// Resamples whose statistic is not finite.
    pub undefined: usize,
}

/// The statistic of `items` with a 95 % percentile interval over `resamples` bootstrap resamples of the items.
///
/// A resample whose statistic is not finite could lie anywhere. It is counted, and taken to lie below the lower end and
/// above the upper end: the interval grows with a few of them, and there is none with more than 2.5 %.
///
/// Same items, resamples and seed: same numbers.
///
/// ```
/// use stairs_study::stats::bootstrap;
/// let mean = |items: &[f64]| items.iter().sum::<f64>() / items.len() as f64;
/// let found = bootstrap(&[1.0, 2.0, 3.0, 4.0], mean, 2000, 1);
/// assert_eq!((found.value, found.undefined), (2.5, 0));
/// assert!(found.interval.is_some_and(|interval| interval.low < 2.0 && interval.high > 3.0));
/// ```
pub fn bootstrap<T: Clone>(items: &[T], statistic: impl Fn(&[T]) -> f64, resamples: usize, seed: u64) -> Resampled {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let resamples = if items.is_empty() { 0 } else { resamples };
    let mut values = Vec::with_capacity(resamples);
    let mut resample = Vec::with_capacity(items.len());
    for _ in 0..resamples {
        resample.clear();
        resample.extend((0..items.len()).map(|_| items[rng.random_range(0..items.len())].clone()));
        values.push(statistic(&resample));
    }
    values.retain(|value| value.is_finite());
    values.sort_by(f64::total_cmp);
    let (value, undefined) = (statistic(items), resamples - values.len());
    let nowhere = vec![f64::INFINITY; undefined];
    let low = quantile(&[nowhere.iter().map(|x| -x).collect(), values.clone()].concat(), 0.025);
    let high = quantile(&[values, nowhere].concat(), 0.975);
    let interval = (low.is_finite() && high.is_finite()).then_some(Interval { value, low, high });
    Resampled { value, interval, resamples, undefined }
}

/// The quantile at `share` of ascending values, linear between neighbours; not finite without values or next to one that
/// is not.
fn quantile(sorted: &[f64], share: f64) -> f64 {
    let Some(last) = sorted.len().checked_sub(1) else { return f64::NAN };
    let at = share.clamp(0.0, 1.0) * last as f64;
    let (below, above) = (sorted[at.floor() as usize], sorted[at.ceil() as usize]);
    below + (above - below) * at.fract()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::kendall_tau;

    #[test]
    fn quantiles_are_linear_between_values() {
        assert_eq!(quantile(&[1.0, 3.0], 0.25), 1.5);
        assert_eq!((quantile(&[2.0], 0.9), quantile(&[1.0, 2.0, 9.0], 1.0)), (2.0, 9.0));
        assert!(quantile(&[], 0.5).is_nan() && !quantile(&[f64::NEG_INFINITY, 1.0], 0.2).is_finite());
    }

    #[test]
    fn the_bootstrap_repeats_and_covers() {
        let items: Vec<(f64, f64)> = (0..20).map(|i| (f64::from(i), f64::from(i * 7 % 20))).collect();
        let first = bootstrap(&items, kendall_tau, 500, 3);
        assert_eq!(first, bootstrap(&items, kendall_tau, 500, 3));
        let interval = first.interval.unwrap();
        assert!(interval.low <= first.value && first.value <= interval.high);
        assert_eq!((first.resamples, first.undefined), (500, 0));
    }

    #[test]
    fn undefined_resamples_are_counted_and_widen_the_interval() {
        // Undefined where the second item is in the resample often: more so the lower the limit.
        let statistic = |most: usize| {
            move |items: &[f64]| {
                let large = items.iter().filter(|x| **x > 1.0).count();
                if large > most { f64::NAN } else { items.iter().sum::<f64>() }
            }
        };
        let items: Vec<f64> = (0..20).map(|i| if i == 0 { 2.0 } else { f64::from(i) / 20.0 }).collect();
        let all = bootstrap(&items, statistic(20), 2000, 1);
        let few = bootstrap(&items, statistic(3), 2000, 1);
        let many = bootstrap(&items, statistic(1), 2000, 1);
        assert!(few.undefined > 0 && few.undefined < 50, "{few:?}");
        let (all, few) = (all.interval.unwrap(), few.interval.unwrap());
        assert!(few.low < all.low && few.high >= all.high, "{all:?} {few:?}");
        assert!(many.undefined > 50 && many.interval.is_none(), "{many:?}");
        assert_eq!(bootstrap(&[], |_: &[f64]| 0.0, 100, 1).interval, None);
    }
}
