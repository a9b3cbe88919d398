//! The noncentral F distribution, and what it says about an effect: intervals of the noncentrality λ.
//!
//! ```text
//! P(F ≤ f) = Σ_j e^{−λ/2} (λ/2)^j/j! · I_x(ν₁/2 + j, ν₂/2)          x = ν₁f/(ν₁f + ν₂)
//! ```
//!
//! with I the regularised incomplete beta function. The sum runs over the window of j that holds the Poisson weights, and in
//! it I comes from its value at the upper end by I_x(a, b) = I_x(a + 1, b) + x^a(1 − x)^b/(a·B(a, b)), a sum of positive terms.
//! Source: Johnson, Kotz, Balakrishnan, *Continuous Univariate Distributions* 2, 1995, chapter 30.
//!
//! Inverting the distribution in λ gives the exact interval of λ (Steiger, *Beyond the F test*, Psychological Methods 9, 2004;
//! Smithson, *Confidence Intervals*, 2003; Kelley, *Confidence intervals for standardized effect sizes*, J. Stat. Software 20,
//! 2007).

use statrs::function::{beta::beta_reg, gamma::ln_gamma};

/// Noncentralities beyond this are not looked for: the sum has 10⁴ terms there.
const LARGEST: f64 = 1e6;

/// P(F ≤ f) with degrees of freedom ν₁ = `first`, ν₂ = `second` > 0 and noncentrality 0 ≤ λ ≤ about 10⁶.
pub(super) fn cdf(f: f64, first: f64, second: f64, lambda: f64) -> f64 {
    if f <= 0.0 {
        return 0.0;
    }
    let x = first * f / (first * f + second);
    let (a, b, half) = (0.5 * first, 0.5 * second, 0.5 * lambda);
    if x >= 1.0 {
        return 1.0;
    }
    // Seven deviations, and the long tail of small means.
    let reach = 7.0 * half.sqrt() + if half > 0.0 { 40.0 } else { 0.0 };
    let (low, high) = ((half - reach).max(0.0).floor(), (half + reach).ceil());
    let count = (high - low) as usize + 1;
    let log_weight = |j: f64| if half > 0.0 { j * half.ln() - half - ln_gamma(j + 1.0) } else { 0.0 };
    let log_step = |j: f64| {
        let a = a + j;
        a * x.ln() + b * (-x).ln_1p() + ln_gamma(a + b) - ln_gamma(a + 1.0) - ln_gamma(b)
    };
    let weights = from_peak(count, half.floor() - low, |i| log_weight(low + i), |i| half / (low + i + 1.0));
    let peak = b * x / (1.0 - x) - a - low;
    let steps = from_peak(count, peak, |i| log_step(low + i), |i| x * (a + b + low + i) / (a + 1.0 + low + i));
    let mut beta = beta_reg(a + high, b, x);
    let mut sum = weights[count - 1] * beta;
    for i in (0..count - 1).rev() {
        beta += steps[i];
        sum += weights[i] * beta;
    }
    sum.clamp(0.0, 1.0)
}

/// A positive sequence with one peak: its value near the peak from the logarithm, the others by the ratio of neighbours, so
/// that what is too small for a number becomes 0 at the ends only.
fn from_peak(count: usize, peak: f64, log: impl Fn(f64) -> f64, ratio: impl Fn(f64) -> f64) -> Vec<f64> {
    let peak = peak.clamp(0.0, (count - 1) as f64) as usize;
    let mut values = vec![0.0; count];
    values[peak] = log(peak as f64).exp();
    for i in peak + 1..count {
        values[i] = values[i - 1] * ratio((i - 1) as f64);
    }
    for i in (0..peak).rev() {
        values[i] = values[i + 1] / ratio(i as f64);
    }
    values
}

/// The interval of λ with confidence `level` at an observed f: the λ under which f is just not too large, and just not too
/// small, both at (1 − level)/2. An end that would be negative is 0. `None` where the upper end exceeds 10⁶.
pub(super) fn interval(f: f64, first: f64, second: f64, level: f64) -> Option<(f64, f64)> {
    let tail = 0.5 * (1.0 - level);
    // P(F ≤ f) falls in λ.
    Some((solve(f, first, second, 1.0 - tail)?, solve(f, first, second, tail)?))
}

/// The λ with P(F ≤ f) = `probability`; 0 where it is less already at λ = 0.
fn solve(f: f64, first: f64, second: f64, probability: f64) -> Option<f64> {
    let above = |lambda: f64| cdf(f, first, second, lambda) > probability;
    if !f.is_finite() || !above(0.0) {
        return f.is_finite().then_some(0.0);
    }
    let (mut low, mut high) = (0.0, (2.0 * first * f).max(1.0));
    while high <= LARGEST && above(high) {
        (low, high) = (high, 2.0 * high);
    }
    if high > LARGEST {
        return None;
    }
    while high - low > 1e-9 * high {
        let middle = 0.5 * (low + high);
        if above(middle) { low = middle } else { high = middle }
    }
    Some(0.5 * (low + high))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_distribution_is_that_of_an_independent_program() {
        // scipy: the mean of ncx2.cdf(dfn·f·y/dfd, dfn, nc) over y of chi2(dfd), by quad.
        for (f, first, second, lambda, truth) in [
            (1.0, 1.0, 10.0, 0.0, 0.659_106_867_698),
            (2.5, 3.0, 192.0, 0.0, 0.939_175_936_451),
            (4.0, 1.0, 384.0, 3.0, 0.604_763_584_579),
            (2.0, 9.0, 384.0, 10.0, 0.493_327_741_725),
            (0.2, 3.0, 192.0, 5.0, 0.011_294_218_662),
            (40.0, 3.0, 192.0, 120.0, 0.462_851_231_712),
            (600.0, 1.0, 384.0, 600.0, 0.494_536_588_384),
            (8000.0, 1.0, 384.0, 8200.0, 0.362_892_094_705),
            (500.0, 3.0, 96.0, 2000.0, 0.021_113_094_714),
            (3.3, 6.0, 57.5, 12.25, 0.604_033_670_27),
            (30000.0, 1.0, 384.0, 30000.0, 0.490_582_265_309),
            (20.0, 3.0, 40.5, 0.01, 0.999_999_957_097),
        ] {
            let found = cdf(f, first, second, lambda);
            assert!((found - truth).abs() < 1e-9, "{f} {first} {second} {lambda}: {found} {truth}");
        }
    }

    #[test]
    fn intervals_are_those_of_an_independent_program() {
        // scipy: brentq on the same.
        for (f, first, second, low, high) in [
            (4.5, 3.0, 384.0, 1.517_332_98, 29.432_761_19),
            (120.0, 1.0, 192.0, 75.661_348_47, 173.936_142_77),
            (2500.0, 1.0, 384.0, 2_111.330_581_77, 2_919.558_344_6),
            (0.9, 9.0, 384.0, 0.0, 12.564_142_27),
            (60.0, 3.0, 192.0, 119.779_312_71, 246.866_057_92),
        ] {
            let found = interval(f, first, second, 0.95).unwrap();
            assert!((found.0 - low).abs() < 1e-5 * (1.0 + low), "{found:?}");
            assert!((found.1 - high).abs() < 1e-5 * (1.0 + high), "{found:?}");
        }
        // Far too small for any noncentrality, and too large to look for one.
        assert_eq!(interval(1e-9, 3.0, 100.0, 0.95), Some((0.0, 0.0)));
        assert_eq!(interval(1e9, 1.0, 100.0, 0.95), None);
        assert_eq!(interval(f64::INFINITY, 1.0, 100.0, 0.95), None);
    }
}
