//! Evenly spaced steps of a quantiser's node in place of thresholds, proved on every transition.
//!
//! The thresholds t₁ ≤ … ≤ t_L of a channel count how many are ≤ acc. A `QuantizeLinear` node rounds instead. Two forms of it:
//!
//! ```text
//! requantised   clip(round((M·acc + B)·s), 0, L)     M, B integers: weights times M, B the bias, s the scale of the weights
//! divided       clip(round((acc + c)/x), 0, L)       c a short binary fraction, x any number of single precision
//! floored       clip(⌊p·acc + q⌋, 0, L)              p, q any numbers of double precision
//! ```
//!
//! All grow with acc, so that they equal the count everywhere if they do on both sides of every threshold: at t_j − 1 and t_j. That
//! is checked for each channel, the first form in integers, the others with the very operations of their nodes.
//!
//! The first form is computed in two ways. Fused, M·acc + B is a sum of integers, exact below 2²⁴, and the product with s, rounded to
//! single precision, keeps order. Not fused, it is a sum of single precision in any order. That is exact too if all sums are integers
//! below 2²⁴ times a power of two, which short mantissas of s give. Otherwise its error, at most (n + 3)·2⁻²⁴·Σ|terms| for n terms
//! (Higham, Accuracy and Stability of Numerical Algorithms, §3.1), must be smaller than the distance of M·acc + B, on both sides of
//! every threshold, from where rounding changes. So what an executor fuses is of no consequence.
//!
//! Residuals r_j = (j − ½)·x − t_j lie within a band of height 1 around some line if there is a solution; x is where that band is
//! narrowest, by halving (it is convex in x).

/// ⌊p·acc + q⌋.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::onnx) struct Floored {
    /// p.
    pub(in crate::onnx) factor: f64,
    /// q.
    pub(in crate::onnx) offset: f64,
}

mod requantised;
mod straight;

/// Integers of this magnitude and below are exact in single precision.
pub(in crate::onnx) const EXACT: i64 = 1 << 24;

/// The thresholds of a rising channel, and what its sums can be.
#[derive(Clone, Debug)]
pub(in crate::onnx) struct Count<'a> {
    /// Thresholds, ascending.
    pub(in crate::onnx) thresholds: &'a [i64],
    /// Smallest sum.
    pub(in crate::onnx) low: i64,
    /// Largest sum.
    pub(in crate::onnx) high: i64,
}

/// round((M·acc + B)·s).
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::onnx) struct Requantised {
    /// M.
    pub(in crate::onnx) multiplier: i64,
    /// B.
    pub(in crate::onnx) bias: i64,
    /// s.
    pub(in crate::onnx) scale: f32,
}

/// round((f·acc + c)/x).
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::onnx) struct Divided {
    /// f: 1, or 0 where the result is the same for all sums.
    pub(in crate::onnx) factor: i64,
    /// c.
    pub(in crate::onnx) offset: f64,
    /// x.
    pub(in crate::onnx) step: f32,
}

/// Smallest x: 255 steps of it are a fraction of 1, as equal thresholds need.
const NARROWEST: f64 = 1.0 / 1024.0;

impl Count<'_> {
    /// How many thresholds are ≤ `acc`.
    fn of(&self, acc: i64) -> usize {
        self.thresholds.partition_point(|t| *t <= acc)
    }

    /// The count, if it is the same for all sums.
    pub(in crate::onnx) fn constant(&self) -> Option<usize> {
        let (first, last) = (self.of(self.low), self.of(self.high));
        (first == last).then_some(first)
    }

    /// Transitions that can be met: number of the threshold, and it, from the smallest sum to one above the largest.
    fn met(&self) -> impl Iterator<Item = (i64, i64)> + '_ {
        let clamped = self.thresholds.iter().map(|t| (*t).clamp(self.low, self.high.saturating_add(1)));
        clamped.enumerate().map(|(index, t)| (index as i64 + 1, t))
    }

    /// The smallest and the largest offset between which `acc + c` against `(j − ½)·x` is right, for this x.
    fn band(&self, x: f64) -> (f64, f64) {
        self.met().fold((f64::NEG_INFINITY, f64::INFINITY), |(least, most), (j, t)| {
            let residual = (j as f64 - 0.5) * x - t as f64;
            // What is passed by every sum bounds from one side only, and what is passed by none from the other.
            let least = if t <= self.high { least.max(residual) } else { least };
            let most = if t > self.low { most.min(residual + 1.0) } else { most };
            (least, most)
        })
    }

    /// Where the band is widest.
    fn widest(&self) -> f64 {
        let height = |x: f64| {
            let (least, most) = self.band(x);
            least - most
        };
        let (mut below, mut above) = (NARROWEST, (self.high - self.low) as f64 + 2.0);
        for _ in 0..90 {
            let third = (above - below) / 3.0;
            if height(below + third) <= height(above - third) { above -= third } else { below += third }
        }
        f64::midpoint(below, above)
    }
}

/// Between two bounds, of which one may be missing.
fn middle(least: f64, most: f64) -> f64 {
    match (least.is_finite(), most.is_finite()) {
        (true, true) => f64::midpoint(least, most),
        (true, false) => least + 1.0,
        (false, _) => most - 1.0,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn count(thresholds: &[i64], reach: i64) -> Count<'_> {
        Count { thresholds, low: -reach, high: reach }
    }

    fn requantised(fit: Requantised, acc: i64, top: i64) -> i64 {
        let exact = (fit.multiplier * acc + fit.bias) as f64 * f64::from(fit.scale);
        (exact.round_ties_even() as i64).clamp(0, top)
    }

    proptest! {
        /// One and two thresholds, wherever they are: always possible with doubled weights, and right for every sum.
        #[test]
        fn two_thresholds_always_fit(a in -70i64..70, b in -70i64..70) {
            let thresholds = [a.min(b), a.max(b)];
            let count = count(&thresholds, 60);
            let fit = count.requantised(2, 60, 25, 1).expect("doubled weights");
            for acc in -60..=60 {
                prop_assert_eq!(requantised(fit, acc, 2), count.of(acc) as i64);
            }
            if count.constant().is_none() {
                let fit = count.divided(60, 1, false).expect("a line");
                for acc in -60..=60 {
                    let index = ((acc as f32 + fit.offset as f32) / fit.step).round_ties_even().clamp(0.0, 2.0);
                    prop_assert_eq!(index as usize, count.of(acc));
                }
            }
        }

        /// Thresholds of a regular quantiser behind an affine map.
        #[test]
        fn regular_thresholds_fit_a_division(scale in 0.004f64..0.4, offset in -3.0f64..3.0, levels in 2i64..16) {
            let thresholds: Vec<i64> = (1..levels).map(|j| ((j as f64 - 0.5 - offset) / scale).ceil() as i64).collect();
            let count = count(&thresholds, 3000);
            if count.constant().is_none() {
                let fit = count.divided(3000, 1, false).expect("a line");
                let line = count.floored(1).expect("a line");
                let top = (levels - 1) as f64;
                for acc in -3000..=3000 {
                    let index = ((acc as f32 + fit.offset as f32) / fit.step).round_ties_even();
                    prop_assert_eq!(index.clamp(0.0, top as f32) as usize, count.of(acc));
                    let index = (acc as f64 * line.factor + line.offset).clamp(0.0, top + 0.5) as usize;
                    prop_assert_eq!(index, count.of(acc));
                }
            }
        }
    }

    proptest! {
        /// What is not fused: products of scaled weights added in single precision, in any order.
        #[test]
        fn rounded_sums_give_the_count(scale in 0.02f64..0.3, offset in -2.0f64..9.0, seed in 0u64..u64::MAX) {
            let thresholds: Vec<i64> = (1..16).map(|j| ((f64::from(j) - 0.5 - offset) / scale).ceil() as i64).collect();
            let mut dice = stairs_infer::testing::Dice::new(seed);
            let weights: Vec<i64> = (0..96).map(|_| dice.integer(-1, 1)).collect();
            let magnitude: i64 = weights.iter().map(|w| w.abs()).sum();
            let count = count(&thresholds, magnitude * 15);
            // The unfused form has few digits or a margin; either way it must hold.
            if let Some(fit) = count.requantised(127, magnitude * 15, weights.len(), 1) {
                for _ in 0..50 {
                    let inputs: Vec<i64> = weights.iter().map(|_| dice.integer(0, 15)).collect();
                    let acc: i64 = weights.iter().zip(&inputs).map(|(w, x)| w * x).sum();
                    let scaled = |w: i64| (w * fit.multiplier) as f32 * fit.scale;
                    let mut terms: Vec<f32> = weights.iter().zip(&inputs).map(|(w, x)| scaled(*w) * *x as f32).collect();
                    terms.push(fit.bias as f32 * fit.scale);
                    for at in (1..terms.len()).rev() {
                        terms.swap(at, dice.below(at + 1));
                    }
                    let sum = terms.iter().fold(0f32, |sum, term| sum + term);
                    prop_assert_eq!(sum.round_ties_even().clamp(0.0, 15.0) as usize, count.of(acc));
                }
            }
        }
    }

    #[test]
    fn uneven_thresholds_are_refused() {
        assert_eq!(count(&[-40, -39, 50], 60).requantised(63, 60, 25, 1), None);
        assert_eq!(count(&[-40, -39, 50], 60).divided(60, 1, false), None);
    }

    #[test]
    fn what_is_never_or_always_passed_does_not_matter() {
        let thresholds = [-1_000_000, 20, 1_000_000];
        let count = count(&thresholds, 60);
        let fit = count.requantised(4, 60, 25, 1).unwrap();
        assert!((-60..=60).all(|acc| requantised(fit, acc, 3) == count.of(acc) as i64));
    }
}
