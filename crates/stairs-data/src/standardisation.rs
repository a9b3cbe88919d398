//! Standardisation x ↦ (x − mean)/sd, fitted on the training part only and applied to both parts.
//!
//! Images have one mean and one standard deviation per channel, over all its pixels and training samples; vectors have
//! one per feature. `sd` is the population standard deviation (divisor N). Values are in the units of the file: grey
//! levels 0–255 (digits: 0–16), or the feature's own unit.
//!
//! Left alone (mean 0, sd 1) are channels and features that are constant in the training part, and features of a
//! *vector* that are only ever 0 or 1 there. Covertype has 44 such columns (one-hot soil type and wilderness area);
//! some are 1 in a handful of 464,810 rows, and standardised they would reach several hundred on those few rows.

use serde::{Deserialize, Serialize};

use crate::{SampleShape, Split};

/// Mean and standard deviation per channel (image) or feature (vector).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Standardisation {
    mean: Vec<f32>,
    sd: Vec<f32>,
}

impl Standardisation {
    /// Changes nothing: mean 0, sd 1.
    pub fn identity(shape: SampleShape) -> Self {
        let (groups, _) = shape.groups();
        Self { mean: vec![0.0; groups], sd: vec![1.0; groups] }
    }

    /// Fits on all samples of `split`, as they stand in the file (whatever standardisation `split` itself has).
    ///
    /// Two passes in f64; an empty split gives the identity.
    ///
    /// ```
    /// use stairs_data::{Dataset, SampleShape};
    /// // Two features of four training samples: 1, 3, 5, 7 (mean 4, sd √5) and the constant 2.
    /// let train = (vec![1.0, 2.0, 3.0, 2.0, 5.0, 2.0, 7.0, 2.0], vec![0, 1, 0, 1]);
    /// let test = (vec![4.0, 2.0], vec![0]);
    /// let data = Dataset::from_floats("mine", SampleShape::Vector { features: 2 }, 2, train, test).unwrap();
    /// let fitted = data.train.standardisation();
    /// assert_eq!(fitted.mean(), [4.0, 0.0]);
    /// assert_eq!(fitted.sd(), [5f32.sqrt(), 1.0]);
    /// assert_eq!(data.test.sample(0).0, [0.0, 2.0]);
    /// ```
    pub fn fit(split: &Split) -> Self {
        let shape = split.shape();
        let (groups, group) = shape.groups();
        let mut fitted = Self::identity(shape);
        if split.is_empty() || group == 0 {
            return fitted;
        }
        let count = split.len() as f64 * group as f64;
        let mut mean = vec![0.0f64; groups];
        let mut binary = vec![matches!(shape, SampleShape::Vector { .. }); groups];
        split.for_each_raw(|j, x| {
            mean[j / group] += f64::from(x);
            binary[j / group] &= x == 0.0 || x == 1.0;
        });
        mean.iter_mut().for_each(|m| *m /= count);
        let mut square = vec![0.0f64; groups];
        split.for_each_raw(|j, x| square[j / group] += (f64::from(x) - mean[j / group]).powi(2));
        for g in 0..groups {
            let (m, sd) = (mean[g] as f32, (square[g] / count).sqrt() as f32);
            // A constant column may have a tiny sd from the rounding of its mean.
            if !binary[g] && sd > 1e-7 * m.abs() && sd.is_normal() {
                (fitted.mean[g], fitted.sd[g]) = (m, sd);
            }
        }
        fitted
    }

    /// Means, one per channel or feature, in the units of the file.
    pub fn mean(&self) -> &[f32] {
        &self.mean
    }

    /// Standard deviations > 0, one per channel or feature, in the units of the file.
    pub fn sd(&self) -> &[f32] {
        &self.sd
    }

    /// (x − mean)/sd for value `x` of channel or feature `group`.
    ///
    /// # Panics
    /// If there is no such group, as indexing does.
    #[inline]
    pub fn apply(&self, group: usize, x: f32) -> f32 {
        (x - self.mean[group]) / self.sd[group]
    }
}
