//! The quantum of least squared error: ε* = argmin over ε > 0 of E(ε) = Σ (x − ε σ(x/ε))².
//!
//! E is piecewise quadratic: while every x keeps its level q(x), the best quantum is Σ x q / Σ q². The search takes a
//! geometric grid of 256 quanta over every order of magnitude that can matter, and from each local minimum of the grid (and
//! from the max-abs quantum) alternates levels and quantum as k-means does, which never increases E. It returns the best
//! end point, so it is never worse than max-abs; that it is a global minimum is tested against the exact enumeration of all
//! pieces, not proved. Sorting the values makes one evaluation of E cost O(K log n).
//! Source of the alternation: Hwang, Sung, *Fixed-point feedforward deep neural network design using weights +1, 0, and −1*,
//! SiPS 2014, section 3; the grid is ours.

use super::{Sample, Scales, max_abs};
use crate::{ScaleError, StairFunction, ThresholdValue};

const GRID: usize = 256;
const ALTERNATIONS: usize = 100;

pub(super) fn scales(sample: &Sample<'_>, stair: &StairFunction) -> Result<Scales, ScaleError> {
    let max_abs = max_abs::scales(sample, stair)?;
    let objective = Objective::new(sample, stair);
    let grid = grid(sample, stair);
    let errors: Vec<f64> = grid.iter().map(|&quantum| objective.fit(quantum).error).collect();
    let error_at = |index: Option<usize>| index.and_then(|index| errors.get(index)).copied().unwrap_or(f64::INFINITY);
    let is_minimum = |&at: &usize| errors[at] <= error_at(at.checked_sub(1)) && errors[at] <= error_at(Some(at + 1));
    let minima = (0..GRID).filter(is_minimum).map(|at| grid[at]);
    let (mut best, mut least) = objective.descend(max_abs.quantum);
    for (quantum, error) in minima.map(|quantum| objective.descend(quantum)) {
        if error < least {
            (best, least) = (quantum, error);
        }
    }
    Scales::equal(best)
}

/// A geometric grid from the quantum whose largest level is the mean of |x| (if all x took it, the best quantum) to the one
/// beyond which no x passes a non-zero threshold.
fn grid(sample: &Sample<'_>, stair: &StairFunction) -> Vec<f64> {
    let magnitudes = |numbers: &[f64]| numbers.iter().map(|n| n.abs()).filter(|&n| n > 0.0).collect::<Vec<_>>();
    let (levels, thresholds) = (magnitudes(stair.levels()), magnitudes(stair.thresholds()));
    let largest = levels.iter().copied().fold(0.0, f64::max);
    let smallest = levels.into_iter().chain(thresholds).fold(f64::INFINITY, f64::min);
    let (from, to) = (sample.mean_abs() / largest, sample.max_abs() / smallest);
    (0..GRID).map(|k| from * (to / from).powf(k as f64 / (GRID - 1) as f64)).collect()
}

/// E as a function of the quantum, for sorted values with prefix sums.
struct Objective<'a> {
    stair: &'a StairFunction,
    sorted: Vec<f64>,
    /// Sum of the first k sorted values.
    sums: Vec<f64>,
    square: f64,
}

/// E at one quantum, and the best quantum for the levels that the values take there.
struct Fit {
    error: f64,
    refit: f64,
}

impl<'a> Objective<'a> {
    fn new(sample: &Sample<'_>, stair: &'a StairFunction) -> Self {
        let mut sorted: Vec<f64> = sample.iter().collect();
        sorted.sort_unstable_by(f64::total_cmp);
        let mut sums = Vec::with_capacity(sorted.len() + 1);
        sums.push(0.0);
        sums.extend(sorted.iter().scan(0.0, |sum, x| {
            *sum += x;
            Some(*sum)
        }));
        let square = sorted.iter().map(|x| x * x).sum();
        Self { stair, sorted, sums, square }
    }

    fn fit(&self, quantum: f64) -> Fit {
        let (mut from, mut cross, mut square) = (0, 0.0, 0.0);
        for (k, level) in self.stair.levels().iter().enumerate() {
            let to = self.stair.thresholds().get(k).map_or(self.sorted.len(), |threshold| {
                self.sorted.partition_point(|x| match self.stair.threshold_value() {
                    ThresholdValue::Upper => x / quantum < *threshold,
                    ThresholdValue::Lower => x / quantum <= *threshold,
                })
            });
            cross += level * (self.sums[to] - self.sums[from]);
            square += level * level * (to - from) as f64;
            from = to;
        }
        Fit { error: self.square - 2.0 * quantum * cross + quantum * quantum * square, refit: cross / square }
    }

    /// Alternates levels and quantum until E stops falling; the last quantum and its E.
    fn descend(&self, start: f64) -> (f64, f64) {
        let mut quantum = start;
        let mut fit = self.fit(quantum);
        for _ in 0..ALTERNATIONS {
            if !(fit.refit > 0.0 && fit.refit.is_finite()) {
                break;
            }
            let next = self.fit(fit.refit);
            if next.error >= fit.error {
                break;
            }
            (quantum, fit) = (fit.refit, next);
        }
        (quantum, fit.error)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{Quantiser, ScalePolicy};

    fn error(values: &[f32], stair: &StairFunction, quantum: f64) -> f64 {
        values.iter().map(|&x| (f64::from(x) - stair.eval_with_quantum(f64::from(x), quantum)).powi(2)).sum()
    }

    /// The least error over all pieces of the objective: the levels change only at the quanta x/θ.
    fn exact(values: &[f32], stair: &StairFunction) -> f64 {
        let sample = Sample::new(values).unwrap();
        let objective = Objective::new(&sample, stair);
        let mut breaks: Vec<f64> = sample
            .iter()
            .flat_map(|x| stair.thresholds().iter().map(move |threshold| x / threshold))
            .filter(|quantum| *quantum > 0.0 && quantum.is_finite())
            .collect();
        breaks.sort_by(f64::total_cmp);
        let top = breaks.last().copied().unwrap_or(1.0) * 2.0;
        breaks.insert(0, breaks.first().copied().unwrap_or(1.0) / 2.0);
        breaks.push(top);
        let mut least = f64::INFINITY;
        for piece in breaks.windows(2) {
            let inside = 0.5 * (piece[0] + piece[1]);
            let best = objective.fit(inside).refit;
            let candidates = [piece[0], inside, piece[1], if best > 0.0 { best } else { inside }];
            least = candidates.iter().map(|&quantum| error(values, stair, quantum)).fold(least, f64::min);
        }
        least
    }

    #[test]
    fn sign_gets_the_mean_magnitude() {
        let scales = ScalePolicy::MseOptimal.scales(&[1.0, -2.0, 6.0], &Quantiser::Sign.stair()).unwrap();
        assert!((scales.quantum - 3.0).abs() < 1e-12);
    }

    #[test]
    fn ternary_by_hand() {
        // Levels (1, −1, 0, 0): quantum (3 + 2)/2 = 2.5, thresholds ±1.25, error ½ + 1 + ¼. With the 1 at level 1: 2 and 2¼.
        let values = [3.0, -2.0, 1.0, 0.5];
        let scales = ScalePolicy::MseOptimal.scales(&values, &Quantiser::Ternary.stair()).unwrap();
        assert!((scales.quantum - 2.5).abs() < 1e-12);
        assert!((error(&values, &Quantiser::Ternary.stair(), scales.quantum) - 1.75).abs() < 1e-12);
    }

    #[test]
    fn outliers_are_clipped_where_max_abs_would_lose_everything_else() {
        let mut values = vec![1.0f32; 1000];
        values.push(-100.0);
        let stair = Quantiser::Ternary.stair();
        let by = |policy: ScalePolicy| error(&values, &stair, policy.scales(&values, &stair).unwrap().quantum);
        assert!((by(ScalePolicy::MaxAbs) - 1000.0).abs() < 1e-9);
        assert!((by(ScalePolicy::MseOptimal) - 1000.0).abs() < 1e-9);
        values.truncate(500);
        values.push(-10.0);
        let by = |policy: ScalePolicy| error(&values, &stair, policy.scales(&values, &stair).unwrap().quantum);
        assert!(by(ScalePolicy::MseOptimal) < 0.2 * by(ScalePolicy::MaxAbs));
    }

    #[test]
    fn values_that_no_level_serves_fall_back_to_max_abs() {
        let scales = ScalePolicy::MseOptimal.scales(&[-1.0, -3.0], &Quantiser::Binary.stair()).unwrap();
        assert_eq!(scales.quantum, 3.0);
    }

    proptest! {
        #[test]
        fn never_worse_than_max_abs_and_near_the_exact_minimum(
            values in prop::collection::vec(-10.0f32..10.0, 1..40),
            quantiser in prop::sample::select(Quantiser::catalogue()),
        ) {
            prop_assume!(values.iter().any(|&x| x != 0.0));
            prop_assume!(quantiser.bits() <= 4);
            let stair = quantiser.stair();
            let by = |policy: ScalePolicy| error(&values, &stair, policy.scales(&values, &stair).unwrap().quantum);
            let square: f64 = values.iter().map(|&x| f64::from(x).powi(2)).sum();
            prop_assert!(by(ScalePolicy::MseOptimal) <= by(ScalePolicy::MaxAbs) + 1e-12 * square);
            prop_assert!(by(ScalePolicy::MseOptimal) <= 1.05 * exact(&values, &stair) + 1e-3 * square);
        }
    }
}
