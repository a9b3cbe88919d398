//! Percentile calibration: the levels cover all but the largest magnitudes.
//!
//! ε = (P-th percentile of |x|) / reach(σ), the percentile interpolated linearly between order statistics: with
//! |x|₍₀₎ ≤ … ≤ |x|₍ₙ₋₁₎ it is at position (n−1)·P/100. P = 100 is max-abs.
//! Source: Wu et al., *Integer Quantization for Deep Learning Inference: Principles and Empirical Evaluation*, 2020
//! (arXiv 2004.09602), section 3.3, "percentile" (99.9 to 99.9999 there).

use super::{Sample, Scales, reach};
use crate::{ScaleError, StairFunction};

pub(super) fn scales(sample: &Sample<'_>, stair: &StairFunction, percent: f64) -> Result<Scales, ScaleError> {
    let magnitudes = sample.sorted_magnitudes();
    let position = (magnitudes.len() - 1) as f64 * (percent / 100.0);
    let below = (position.floor() as usize).min(magnitudes.len() - 1);
    let above = (below + 1).min(magnitudes.len() - 1);
    let covered = magnitudes[below] + (position - below as f64) * (magnitudes[above] - magnitudes[below]);
    if covered == 0.0 {
        let advice = "so many of them are zero that the percentile is zero; choose a larger one";
        return Err(ScaleError::Degenerate { policy: "percentile", value: covered, advice });
    }
    Scales::equal(covered / reach(stair, "percentile")?)
}

#[cfg(test)]
mod tests {
    use crate::{Quantiser, ScaleError, ScalePolicy};

    fn quantum(percent: f64, values: &[f32]) -> Result<f64, ScaleError> {
        let scales = ScalePolicy::Percentile(percent).scales(values, &Quantiser::Ternary.stair())?;
        Ok(scales.quantum)
    }

    #[test]
    fn interpolates_between_order_statistics() {
        let values = [4.0, -1.0, 2.0, -3.0, 100.0];
        assert_eq!(quantum(100.0, &values), Ok(100.0));
        assert_eq!(quantum(75.0, &values), Ok(4.0));
        assert_eq!(quantum(50.0, &values), Ok(3.0));
        assert_eq!(quantum(62.5, &values), Ok(3.5));
        assert_eq!(quantum(10.0, &[-2.0]), Ok(2.0));
    }

    #[test]
    fn bad_percentiles_and_zero_percentiles_are_errors() {
        assert_eq!(quantum(0.0, &[1.0]), Err(ScaleError::Percentile(0.0)));
        assert_eq!(quantum(100.5, &[1.0]), Err(ScaleError::Percentile(100.5)));
        assert!(matches!(quantum(f64::NAN, &[1.0]), Err(ScaleError::Percentile(_))));
        assert!(matches!(quantum(50.0, &[0.0, 0.0, 0.0, 1.0]), Err(ScaleError::Degenerate { .. })));
    }
}
