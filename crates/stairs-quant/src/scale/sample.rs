//! Values that were checked once, and the statistics the policies share, accumulated in f64.

use crate::ScaleError;

/// At least one value, all of them finite.
pub(super) struct Sample<'a> {
    values: &'a [f32],
}

impl<'a> Sample<'a> {
    pub(super) fn new(values: &'a [f32]) -> Result<Self, ScaleError> {
        if values.is_empty() {
            return Err(ScaleError::Empty);
        }
        match values.iter().position(|value| !value.is_finite()) {
            Some(index) => Err(ScaleError::NotFinite { index, value: values[index] }),
            None => Ok(Self { values }),
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = f64> + '_ {
        self.values.iter().map(|&value| f64::from(value))
    }

    /// |x| in increasing order.
    pub(super) fn sorted_magnitudes(&self) -> Vec<f64> {
        let mut magnitudes: Vec<f64> = self.iter().map(f64::abs).collect();
        magnitudes.sort_unstable_by(f64::total_cmp);
        magnitudes
    }

    pub(super) fn max_abs(&self) -> f64 {
        self.iter().map(f64::abs).fold(0.0, f64::max)
    }

    /// E|x|.
    pub(super) fn mean_abs(&self) -> f64 {
        self.iter().map(f64::abs).sum::<f64>() / self.values.len() as f64
    }

    /// √E x².
    pub(super) fn root_mean_square(&self) -> f64 {
        (self.iter().map(|x| x * x).sum::<f64>() / self.values.len() as f64).sqrt()
    }
}
