//! What it is worth to choose by a measure.
//!
//! Of n networks k are at hand, any k as likely as any other. Choosing the one with the largest measure gives, on average over the
//! choices of k,
//!
//! ```text
//! Σ_r P_r · y_(r) − ȳ          P_r = C(n − 1 − r, k − 1)/C(n, k)
//! ```
//!
//! more than taking one at random: y_(r) is the accuracy of the network of rank r = 0, 1, … by falling measure, P_r the probability that
//! none of the better ranked ones is at hand and it is. Networks of equal measure share their ranks. No network decides this number
//! alone, as the first of all n would.

/// The mean gain in y over chance of choosing the largest x among `pool` of the `points` (x, y), 1 ≤ pool ≤ number of points; NaN for
/// other pools, and where an x or y is not finite.
///
/// ```
/// use stairs_study::stats::choice_gain;
/// // A pool of all: the one with the largest measure, against the mean.
/// assert_eq!(choice_gain(&[(1.0, 10.0), (2.0, 30.0), (3.0, 20.0)], 3), 0.0);
/// // Of two networks the better ranked one is the better one in two of three pairs.
/// assert!((choice_gain(&[(1.0, 10.0), (2.0, 30.0), (3.0, 20.0)], 2) - (30.0 + 2.0 * 20.0) / 3.0 + 20.0).abs() < 1e-12);
/// ```
pub fn choice_gain(points: &[(f64, f64)], pool: usize) -> f64 {
    let n = points.len();
    if pool == 0 || pool > n || points.iter().any(|(x, y)| !x.is_finite() || !y.is_finite()) {
        return f64::NAN;
    }
    let mut sorted = points.to_vec();
    sorted.sort_by(|a, b| b.0.total_cmp(&a.0));
    let mean = points.iter().map(|(_, y)| y / n as f64).sum::<f64>();
    // P_0 = k/n, and P_{r+1}/P_r = (n − r − k)/(n − 1 − r).
    let mut probability = pool as f64 / n as f64;
    let mut chosen = 0.0;
    let mut rank = 0;
    for ties in sorted.chunk_by(|a, b| a.0 == b.0) {
        let tied = ties.iter().map(|(_, y)| y).sum::<f64>() / ties.len() as f64;
        for _ in ties {
            chosen += probability * tied;
            probability *= (n - rank).saturating_sub(pool) as f64 / (n - 1 - rank).max(1) as f64;
            rank += 1;
        }
    }
    chosen - mean
}

/// Share of pairs of points that the measure orders against y, of those pairs whose indices `is_pair` takes and whose y differ by more
/// than `noise`; a pair of equal measure counts half. NaN without such a pair. With their number.
///
/// It is the sign error of Dziugaite, Drouin, Neal, Rajkumar, Caballero, Wang, Mitliagkas, Roy, *In search of robust measures of
/// generalization*, NeurIPS 2020 (arXiv 2010.11924); their environments are sets of pairs.
///
/// ```
/// use stairs_study::stats::sign_error;
/// let (error, pairs) = sign_error(&[(1.0, 1.0), (2.0, 3.0), (3.0, 2.0)], |_, _| true, 0.0);
/// assert!((error - 1.0 / 3.0).abs() < 1e-12 && pairs == 3);
/// ```
pub fn sign_error(points: &[(f64, f64)], is_pair: impl Fn(usize, usize) -> bool, noise: f64) -> (f64, usize) {
    let (mut wrong, mut pairs) = (0.0, 0usize);
    for (i, a) in points.iter().enumerate() {
        for (j, b) in points[..i].iter().enumerate() {
            let (x, y) = (a.0 - b.0, a.1 - b.1);
            if is_pair(i, j) && y.abs() > noise && x.is_finite() {
                pairs += 1;
                wrong += if x == 0.0 { 0.5 } else { f64::from(u8::from((x > 0.0) != (y > 0.0))) };
            }
        }
    }
    (if pairs == 0 { f64::NAN } else { wrong / pairs as f64 }, pairs)
}

#[cfg(test)]
mod tests {
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    use super::*;
    use crate::stats::{bootstrap, kendall_tau};

    #[test]
    fn the_gain_is_the_mean_over_all_pools() {
        let points = [(3.0, 1.0), (1.0, 5.0), (3.0, 2.0), (0.5, 4.0), (2.0, 9.0)];
        let mean = points.iter().map(|p| p.1).sum::<f64>() / 5.0;
        for pool in 1..=5u32 {
            let (mut sum, mut pools) = (0.0, 0);
            for set in (0u32..32).filter(|set| set.count_ones() == pool) {
                let there: Vec<(f64, f64)> = (0..5).filter(|i| set >> i & 1 == 1).map(|i| points[i]).collect();
                let best = there.iter().map(|p| p.0).fold(f64::NEG_INFINITY, f64::max);
                let ties: Vec<f64> = there.iter().filter(|p| p.0 == best).map(|p| p.1).collect();
                sum += ties.iter().sum::<f64>() / ties.len() as f64;
                pools += 1;
            }
            let exact = sum / f64::from(pools) - mean;
            // Shared ranks are exact for whole sets of ties only up to which of them are at hand.
            let found = choice_gain(&points, pool as usize);
            assert!((found - exact).abs() < 1e-12, "{pool}: {found} {exact}");
        }
        assert!(choice_gain(&points, 0).is_nan() && choice_gain(&points, 6).is_nan());
        assert!(choice_gain(&points, 1).abs() < 1e-12);
    }

    #[test]
    fn ties_count_half_and_noise_is_left_out() {
        let points = [(1.0, 1.0), (1.0, 2.0), (2.0, 2.05)];
        let (error, pairs) = sign_error(&points, |_, _| true, 0.1);
        assert_eq!((error, pairs), (0.25, 2));
        assert!(sign_error(&points, |_, _| false, 0.0).0.is_nan());
    }

    /// Bootstrap intervals of thirty networks: how often the true value is in the 95 % interval, for a measure that knows half of it.
    #[test]
    fn the_intervals_cover() {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let mut normal = || (0..12).map(|_| rng.random::<f64>()).sum::<f64>() - 6.0;
        let (rho, trials) = (0.5f64, 150);
        // τ = (2/π) asin ρ; the largest of ten normal values is 1.5388 on average.
        let truth = [rho.asin() * std::f64::consts::FRAC_2_PI, rho * 1.5388];
        let mut covered = [0; 2];
        for trial in 0..trials {
            let points: Vec<(f64, f64)> = (0..30)
                .map(|_| {
                    let x = normal();
                    (x, rho * x + (1.0 - rho * rho).sqrt() * normal())
                })
                .collect();
            let gain = |points: &[(f64, f64)]| choice_gain(points, 10);
            let found = [bootstrap(&points, kendall_tau, 300, trial), bootstrap(&points, gain, 300, trial)];
            for ((found, truth), covered) in found.iter().zip(truth).zip(&mut covered) {
                *covered += u32::from(found.interval.is_some_and(|at| at.low <= truth && truth <= at.high));
            }
        }
        let shares = covered.map(|count| f64::from(count) / trials as f64);
        eprintln!("coverage: tau {}, gain {}", shares[0], shares[1]);
        assert!(shares.iter().all(|share| *share > 0.9), "{shares:?}");
    }
}
