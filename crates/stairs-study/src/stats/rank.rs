//! Rank correlation after Kendall, and what it rests on.

use super::sign_test;

/// Kendall's τ-b between two variables, in [−1, 1]; NaN where one of them is constant, or for fewer than two pairs.
///
/// With C concordant and D discordant pairs of points, and n₁, n₂ the pairs that are not tied in the first and in the
/// second variable: τ-b = (C − D)/√(n₁·n₂). Source: Kendall, *The treatment of ties in ranking problems*, 1945.
///
/// ```
/// use stairs_study::stats::kendall_tau;
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

/// Pairs of points that two variables order in opposite ways, by which of them a second variable agrees with.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Discordant {
    /// Pairs of points in all.
    pub pairs: usize,
    /// Opposite pairs where the second variable goes with the first.
    pub first: usize,
    /// Opposite pairs where the second variable goes with the third.
    pub third: usize,
    /// Two-sided p of the sign test on the two. Pairs that share a point are not independent: take it as the best case.
    pub p: f64,
}

/// The pairs on which a partial τ of the first two variables given the third rests: those that the first and the third
/// variable order in opposite ways. Few of them are little evidence, whatever the partial τ.
///
/// ```
/// use stairs_study::stats::discordant;
/// let found = discordant(&[(1.0, 1.0, 1.0), (2.0, 2.0, 3.0), (3.0, 3.0, 2.0)]);
/// assert_eq!((found.pairs, found.first, found.third), (3, 1, 0));
/// ```
pub fn discordant(points: &[(f64, f64, f64)]) -> Discordant {
    let (mut first, mut third) = (0, 0);
    for (i, a) in points.iter().enumerate() {
        for b in &points[..i] {
            let one = sign(a.0 - b.0);
            if one != 0 && sign(a.2 - b.2) == -one {
                match sign(a.1 - b.1) {
                    0 => {}
                    two if two == one => first += 1,
                    _ => third += 1,
                }
            }
        }
    }
    Discordant { pairs: points.len() * points.len().saturating_sub(1) / 2, first, third, p: sign_test(first, third) }
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
    fn opposite_pairs_are_found() {
        // The third variable swaps two neighbours twice; the second goes with the first once and with the third once.
        let points = [(1.0, 1.0, 2.0), (2.0, 2.0, 1.0), (3.0, 4.0, 4.0), (4.0, 3.0, 3.0), (5.0, 5.0, 5.0)];
        let found = discordant(&points);
        assert_eq!((found.pairs, found.first, found.third, found.p), (10, 1, 1, 1.0));
        assert_eq!(discordant(&[]).pairs, 0);
    }
}
