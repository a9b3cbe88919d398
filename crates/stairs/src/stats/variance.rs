//! Shares of variance: which factors of a grid of runs explain its results.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use super::{Interval, quantile};

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
    /// η²: its sum of squares over the total one, with an interval over the seeds.
    pub eta: Interval,
    /// ω²: the same without what noise alone would give; may be negative.
    pub omega: f64,
}

/// All shares of a layout.
#[derive(Clone, Debug, PartialEq)]
pub struct Shares {
    /// Factors and pairs of factors that have any degree of freedom, largest share first.
    pub terms: Vec<Share>,
    /// What the setups differ in beyond that: interactions of three and more factors.
    pub higher: f64,
    /// What the seeds of one setup differ in.
    pub seeds: f64,
}

/// Shares of all factors and of all pairs of factors.
///
/// Sums of squares are of type II: that of a factor is what it adds to all other factors, that of a pair is what it adds to
/// all factors and all other pairs. On a balanced layout they add up. Intervals: 95 %, percentile, over `resamples` in which
/// every result is replaced by its setup's mean plus a residual of that setup, scaled by √(n/(n − 1)); setups with one result
/// keep it. Same layout, resamples and seed: same numbers.
///
/// Results that are not finite are left out, and setups without any.
///
/// ```
/// use stairs::stats::{Layout, shares};
/// // The first factor decides, the second does nothing.
/// let setups = (0..4).map(|i| (vec![i / 2, i % 2], vec![(i / 2) as f64, (i / 2) as f64 + 0.01])).collect();
/// let found = shares(&Layout { levels: vec![2, 2], setups }, 200, 1);
/// assert_eq!(found.terms[0].factors, [0]);
/// assert!(found.terms[0].eta.value > 0.99);
/// ```
pub fn shares(layout: &Layout, resamples: usize, seed: u64) -> Shares {
    let setups: Vec<(Vec<usize>, Vec<f64>)> = layout
        .setups
        .iter()
        .map(|(levels, values)| (levels.clone(), values.iter().copied().filter(|v| v.is_finite()).collect::<Vec<_>>()))
        .filter(|(_, values)| !values.is_empty())
        .collect();
    let model = Model::new(&layout.levels, &setups);
    let found = model.shares(&setups.iter().map(|(_, values)| values.clone()).collect::<Vec<_>>());

    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut sampled: Vec<Vec<f64>> = vec![Vec::with_capacity(resamples); found.eta.len()];
    for _ in 0..resamples {
        let values: Vec<Vec<f64>> = setups.iter().map(|(_, values)| resample(values, &mut rng)).collect();
        let again = model.shares(&values);
        sampled.iter_mut().zip(again.eta).for_each(|(all, eta)| all.push(eta));
    }
    let interval = |value: f64, mut sampled: Vec<f64>| {
        sampled.retain(|x| x.is_finite());
        sampled.sort_by(f64::total_cmp);
        Interval { value, low: quantile(&sampled, 0.025), high: quantile(&sampled, 0.975) }
    };
    let terms = model.terms.iter().zip(sampled).enumerate();
    let mut terms: Vec<Share> = terms
        .map(|(i, ((factors, basis), sampled))| Share {
            factors: factors.clone(),
            degrees: basis.vectors.len(),
            eta: interval(found.eta[i], sampled),
            omega: found.omega[i],
        })
        .filter(|share| share.degrees > 0)
        .collect();
    terms.sort_by(|a, b| b.eta.value.total_cmp(&a.eta.value));
    Shares { terms, higher: found.higher, seeds: found.seeds }
}

/// Results around the same mean with residuals drawn from those there are.
fn resample(values: &[f64], rng: &mut ChaCha8Rng) -> Vec<f64> {
    let count = values.len();
    if count < 2 {
        return values.to_vec();
    }
    let mean = values.iter().sum::<f64>() / count as f64;
    let inflation = (count as f64 / (count as f64 - 1.0)).sqrt();
    (0..count).map(|_| mean + inflation * (values[rng.random_range(0..count)] - mean)).collect()
}

/// An orthonormal basis of what a term can fit and the terms it is compared with cannot, one result weighing as much as
/// another.
struct Basis {
    vectors: Vec<Vec<f64>>,
}

struct Model {
    terms: Vec<(Vec<usize>, Basis)>,
    /// What all factors and pairs together can fit, without the mean.
    all: Basis,
    weights: Vec<f64>,
}

struct Found {
    eta: Vec<f64>,
    omega: Vec<f64>,
    higher: f64,
    seeds: f64,
}

impl Model {
    fn new(levels: &[usize], setups: &[(Vec<usize>, Vec<f64>)]) -> Self {
        let weights: Vec<f64> = setups.iter().map(|(_, values)| (values.len() as f64).sqrt()).collect();
        let count = levels.len();
        let mains: Vec<Vec<usize>> = (0..count).map(|a| vec![a]).collect();
        let pairs: Vec<Vec<usize>> = (0..count).flat_map(|a| (a + 1..count).map(move |b| vec![a, b])).collect();
        let all: Vec<Vec<usize>> = mains.iter().chain(&pairs).cloned().collect();
        let basis = |first: &[Vec<usize>], then: &[Vec<usize>]| Basis::new(levels, setups, &weights, first, then);
        let others = |terms: &[Vec<usize>], term: &[usize]| -> Vec<Vec<usize>> {
            terms.iter().filter(|other| *other != term).cloned().collect()
        };
        let compared = |terms: &[Vec<usize>], group: &[Vec<usize>]| -> Vec<(Vec<usize>, Basis)> {
            let one = |term: &Vec<usize>| (term.clone(), basis(&others(group, term), std::slice::from_ref(term)));
            terms.iter().map(one).collect()
        };
        let terms = [compared(&mains, &mains), compared(&pairs, &all)].into_iter().flatten().collect();
        let all = basis(&[], &all);
        Self { terms, all, weights }
    }

    fn shares(&self, values: &[Vec<f64>]) -> Found {
        let results: usize = values.iter().map(Vec::len).sum();
        let mean = values.iter().flatten().sum::<f64>() / results.max(1) as f64;
        let means: Vec<f64> = values.iter().map(|v| v.iter().sum::<f64>() / v.len() as f64 - mean).collect();
        let weighted: Vec<f64> = means.iter().zip(&self.weights).map(|(mean, weight)| mean * weight).collect();
        let total: f64 = values.iter().flatten().map(|v| (v - mean).powi(2)).sum();
        let between: f64 = weighted.iter().map(|x| x * x).sum();
        let within = (total - between).max(0.0);
        let freedom = results.saturating_sub(values.len());
        let noise = if freedom > 0 { within / freedom as f64 } else { 0.0 };
        let squares = self.terms.iter().map(|(_, basis)| (basis.fitted(&weighted), basis.vectors.len() as f64));
        let squares: Vec<(f64, f64)> = squares.collect();
        Found {
            eta: squares.iter().map(|(added, _)| added / total).collect(),
            omega: squares.iter().map(|(added, degrees)| (added - degrees * noise) / (total + noise)).collect(),
            higher: (between - self.all.fitted(&weighted)).max(0.0) / total,
            seeds: within / total,
        }
    }
}

impl Basis {
    /// Gram–Schmidt, twice, on the indicator columns of the mean, the terms `first` and the terms `then`; what the last add is
    /// kept, and columns that add nothing are left out.
    fn new(
        levels: &[usize],
        setups: &[(Vec<usize>, Vec<f64>)],
        weights: &[f64],
        first: &[Vec<usize>],
        then: &[Vec<usize>],
    ) -> Self {
        let mut vectors: Vec<Vec<f64>> = Vec::new();
        let mut add = |mut column: Vec<f64>| -> usize {
            let before = norm(&column);
            for _ in 0..2 {
                for vector in &vectors {
                    let share = dot(vector, &column);
                    column.iter_mut().zip(vector).for_each(|(x, v)| *x -= share * v);
                }
            }
            let after = norm(&column);
            if after > 1e-9 * before && after > 0.0 {
                column.iter_mut().for_each(|x| *x /= after);
                vectors.push(column);
            }
            vectors.len()
        };
        let mut kept_from = add(weights.to_vec());
        for (terms, keep) in [(first, false), (then, true)] {
            for term in terms {
                let cells: usize = term.iter().map(|factor| levels[*factor]).product();
                for cell in 0..cells {
                    let inside = |at: &[usize]| {
                        let index = term.iter().fold(0, |index, factor| index * levels[*factor] + at[*factor]);
                        index == cell
                    };
                    let column = setups.iter().zip(weights).map(|((at, _), w)| if inside(at) { *w } else { 0.0 });
                    let count = add(column.collect());
                    kept_from = if keep { kept_from } else { count };
                }
            }
        }
        Self { vectors: vectors.split_off(kept_from.min(vectors.len())) }
    }

    /// Sum of squares of what the basis can fit.
    fn fitted(&self, values: &[f64]) -> f64 {
        self.vectors.iter().map(|vector| dot(vector, values).powi(2)).sum()
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn norm(a: &[f64]) -> f64 {
    dot(a, a).sqrt()
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
        let found = shares(&grid, 50, 1);
        assert_eq!(found.terms.iter().map(|term| term.degrees).sum::<usize>(), 1 + 2 + 3 + 2 + 3 + 6);
        let sum: f64 = found.terms.iter().map(|term| term.eta.value).sum();
        assert!((sum + found.higher + found.seeds - 1.0).abs() < 1e-12);
        assert_eq!(found.terms[0].factors, [1]);
        assert!(found.terms.iter().all(|term| term.omega < term.eta.value));
        assert_eq!(found, shares(&grid, 50, 1));
    }

    #[test]
    fn by_hand() {
        // Factor sums of squares of [[1, 2], [3, 6]]: 9 (rows), 4 (columns), 1 (interaction), 14 in all.
        let grid = layout(&[2, 2], |at| vec![[[1.0, 2.0], [3.0, 6.0]][at[0]][at[1]]]);
        let found = shares(&grid, 0, 1);
        let eta = |factors: &[usize]| found.terms.iter().find(|t| t.factors == factors).unwrap().eta.value;
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
        let found = shares(&grid, 20, 1);
        assert!(found.terms[0].eta.value.is_finite() && found.seeds < 0.1);
        assert!(shares(&Layout { levels: vec![2], setups: vec![] }, 5, 1).terms.is_empty());
    }
}
