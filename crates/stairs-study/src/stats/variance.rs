//! Shares of variance: which factors of a grid of runs explain its results.
//!
//! The results of a setup are its mean plus noise of the seeds, and the factors are fixed. For a term with ν degrees of
//! freedom, sum of squares S and true effects of mean square α² (over all N results), with σ² the variance over the seeds:
//!
//! | measure | what it is | estimate |
//! |---|---|---|
//! | η² | share of the total sum of squares in this sample | S/S_total |
//! | ω² | share of the total variance | (S − ν·s²)/(S_total + s²) |
//! | partial ω² | α²/(α² + σ²): against the noise alone | ν(F − 1)/(ν(F − 1) + N), F = S/(ν·s²) |
//!
//! Only the partial one has an interval whose distribution is known: F is noncentral F with λ = N·α²/σ², so that the
//! interval of λ (file `noncentral`) gives that of partial ω² = λ/(λ + N) (Steiger 2004). The total ω² depends on the
//! effects of all other terms as well, and stands without one.
//!
//! Seeds of different setups differ in their spread: accuracies saturate. A term of a balanced layout then still has noise of
//! the mean variance, but s² is less certain than its degrees of freedom say; the interval takes those of Satterthwaite
//! (Biometrics Bulletin 2, 1946), from the spread of the setups' own variances. Where these are below a third of the degrees of
//! freedom, a few failed trainings make up most of the noise, and no interval is given. File `coverage` shows by simulation
//! what the intervals cover.

#[cfg(test)]
mod coverage;
mod model;

use serde::{Deserialize, Serialize};

use self::model::Model;
use super::{Interval, noncentral};

/// A grid of setups with several results each.
#[derive(Clone, Debug, PartialEq)]
pub struct Layout {
    /// Number of levels of every factor.
    pub levels: Vec<usize>,
    /// Setups: the level of every factor, and the results, one a seed.
    pub setups: Vec<(Vec<usize>, Vec<f64>)>,
}

/// The share of one factor, or of two in interaction.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Share {
    /// Indices of the factors: one, or two.
    pub factors: Vec<usize>,
    /// Degrees of freedom that the term adds.
    pub degrees: usize,
    /// Degrees of freedom of the whole term: the product of (levels that occur − 1).
    pub full: usize,
    /// η²: its sum of squares over the total one.
    pub eta: f64,
    /// ω²: the same without what noise alone would give; may be negative.
    pub omega: f64,
    /// Partial ω² with its 95 % interval; `None` for a term that cannot be estimated, without results of a second seed or
    /// noise, where λ exceeds 10⁶, and where the seeds of a few setups make up most of the noise (see
    /// [`Shares::has_intervals`]).
    pub partial: Option<Interval>,
}

impl Share {
    /// Whether the layout has all degrees of freedom of the term. Of one that has fewer, nothing is known about the rest.
    pub fn is_estimable(&self) -> bool {
        self.degrees == self.full
    }
}

/// All shares of a layout.
#[derive(Clone, Debug, PartialEq)]
pub struct Shares {
    /// Factors and pairs of factors whose factors vary, largest share first.
    pub terms: Vec<Share>,
    /// η² of what the setups differ in beyond that: interactions of three and more factors.
    pub higher: f64,
    /// η² of what the seeds of one setup differ in.
    pub seeds: f64,
    /// Number of results N.
    pub results: usize,
    /// Degrees of freedom of the seeds: results − setups.
    pub freedom: usize,
    /// The same as the intervals take them, after Satterthwaite; at most `freedom`.
    pub effective_freedom: f64,
}

impl Shares {
    /// Whether intervals of this layout cover what they say: false where the effective degrees of freedom of the seeds are
    /// below a third of their number. Simulated coverage is then below 93 %.
    pub fn has_intervals(&self) -> bool {
        self.terms.iter().any(|term| term.partial.is_some())
    }
}

/// Shares of all factors and of all pairs of factors.
///
/// Sums of squares are of type II: that of a factor is what it adds to all other factors, that of a pair is what it adds to
/// all factors and all other pairs. On a balanced layout they add up, and the intervals are exact for normal noise of one
/// variance; elsewhere they are approximate.
///
/// Results that are not finite are left out, and setups without any.
///
/// ```
/// use stairs_study::stats::{Layout, shares};
/// // The first factor decides, the second does nothing.
/// let setups = (0..4).map(|i| (vec![i / 2, i % 2], vec![(i / 2) as f64, (i / 2) as f64 + 0.01])).collect();
/// let found = shares(&Layout { levels: vec![2, 2], setups });
/// assert_eq!(found.terms[0].factors, [0]);
/// assert!(found.terms[0].partial.is_some_and(|partial| partial.low > 0.9));
/// assert!(found.terms[1].partial.is_some_and(|partial| partial.low == 0.0));
/// ```
pub fn shares(layout: &Layout) -> Shares {
    let setups: Vec<(Vec<usize>, Vec<f64>)> = layout
        .setups
        .iter()
        .map(|(levels, values)| (levels.clone(), values.iter().copied().filter(|v| v.is_finite()).collect::<Vec<_>>()))
        .filter(|(_, values)| !values.is_empty())
        .collect();
    let model = Model::new(&layout.levels, &setups, true);
    let values: Vec<Vec<f64>> = setups.iter().map(|(_, values)| values.clone()).collect();
    let found = model.squares(&values);
    let varying = |factor: &usize| {
        let mut levels: Vec<usize> = setups.iter().map(|(at, _)| at[*factor]).collect();
        levels.sort_unstable();
        levels.dedup();
        levels.len().saturating_sub(1)
    };
    let term = |(i, factors): (usize, &Vec<usize>)| {
        let (squares, degrees) = found.terms[i];
        let full = factors.iter().map(varying).product();
        let ratio = squares / (degrees as f64 * found.noise);
        Share {
            factors: factors.clone(),
            degrees,
            full,
            eta: squares / found.total,
            omega: (squares - degrees as f64 * found.noise) / (found.total + found.noise),
            partial: if degrees == full { partial(ratio, degrees, &found) } else { None },
        }
    };
    let mut terms: Vec<Share> = model.terms().enumerate().map(term).filter(|share| share.full > 0).collect();
    terms.sort_by(|a, b| b.eta.total_cmp(&a.eta));
    Shares {
        terms,
        higher: found.higher / found.total,
        seeds: found.within / found.total,
        results: found.results,
        freedom: found.freedom,
        effective_freedom: found.effective_freedom,
    }
}

/// Partial ω² at the ratio F of mean squares.
fn partial(ratio: f64, degrees: usize, found: &model::Squares) -> Option<Interval> {
    if found.freedom == 0 || found.noise <= 0.0 || degrees == 0 || !found.is_even() {
        return None;
    }
    let (degrees, results) = (degrees as f64, found.results as f64);
    let (low, high) = noncentral::interval(ratio, degrees, found.effective_freedom, 0.95)?;
    let share = |lambda: f64| lambda / (lambda + results);
    Some(Interval { value: share(degrees * (ratio - 1.0)), low: share(low), high: share(high) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layout(levels: &[usize], value: impl Fn(&[usize]) -> Vec<f64>) -> Layout {
        let cells: usize = levels.iter().product();
        let setups = (0..cells).map(|mut cell| {
            let mut at = vec![0; levels.len()];
            for (i, count) in levels.iter().enumerate().rev() {
                (at[i], cell) = (cell % count, cell / count);
            }
            let values = value(&at);
            (at, values)
        });
        Layout { levels: levels.to_vec(), setups: setups.collect() }
    }

    #[test]
    fn a_balanced_layout_adds_up() {
        let noise = |at: &[usize], seed: usize| ((7 * at[0] + 13 * at[1] + 29 * at[2] + 5 * seed) % 11) as f64;
        let grid = layout(&[2, 3, 4], |at| {
            (0..3).map(|seed| 10.0 * at[1] as f64 + (at[0] * at[2]) as f64 + noise(at, seed)).collect()
        });
        let found = shares(&grid);
        assert_eq!(found.terms.iter().map(|term| term.degrees).sum::<usize>(), 1 + 2 + 3 + 2 + 3 + 6);
        let sum: f64 = found.terms.iter().map(|term| term.eta).sum();
        assert!((sum + found.higher + found.seeds - 1.0).abs() < 1e-12);
        assert_eq!(found.terms[0].factors, [1]);
        assert!(found.terms.iter().all(|term| term.omega < term.eta));
        assert_eq!(found, shares(&grid));
    }

    #[test]
    fn by_hand() {
        // Factor sums of squares of [[1, 2], [3, 6]]: 9 (rows), 4 (columns), 1 (interaction), 14 in all.
        let grid = layout(&[2, 2], |at| vec![[[1.0, 2.0], [3.0, 6.0]][at[0]][at[1]]]);
        let found = shares(&grid);
        let eta = |factors: &[usize]| found.terms.iter().find(|t| t.factors == factors).unwrap().eta;
        assert!((eta(&[0]) - 9.0 / 14.0).abs() < 1e-12);
        assert!((eta(&[1]) - 4.0 / 14.0).abs() < 1e-12);
        assert!((eta(&[0, 1]) - 1.0 / 14.0).abs() < 1e-12);
        assert!(found.higher.abs() < 1e-12 && found.seeds.abs() < 1e-12);
    }

    #[test]
    fn gaps_and_missing_results_are_no_trouble() {
        let mut grid = layout(&[3, 2], |at| vec![at[0] as f64, at[0] as f64 + 0.1, f64::NAN]);
        grid.setups.pop();
        grid.setups[0].1 = vec![f64::NAN];
        let found = shares(&grid);
        assert!(found.terms[0].eta.is_finite() && found.seeds < 0.1);
        assert!(shares(&Layout { levels: vec![2], setups: vec![] }).terms.is_empty());
    }
}
