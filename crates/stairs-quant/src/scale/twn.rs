//! Ternary weight networks: threshold Δ = 0.7·E|x|, output scale α = mean of the |x| above Δ.
//!
//! For a stair with the levels −c, 0, c and the thresholds ±θ the quantum is ε = Δ/θ (1.4·E|x| for θ = ½) and the output
//! scale α/c, so that y ∈ {−α, 0, α}. The factor 0.7 is the paper's compromise between ⅔ (uniform weights) and ¾ (normal).
//! Source: Li, Zhang, Liu, *Ternary Weight Networks*, 2016 (arXiv 1605.04711), section 2.

use super::{Requirement, Sample, Scales};
use crate::{ScaleError, StairFunction};

/// Δ / E|x|.
const THRESHOLD: f64 = 0.7;

pub(super) fn scales(sample: &Sample<'_>, stair: &StairFunction) -> Result<Scales, ScaleError> {
    Requirement::Ternary.check("twn", stair)?;
    let (level, threshold) = (stair.highest_level(), stair.thresholds()[1]);
    let delta = THRESHOLD * sample.mean_abs();
    let (mut count, mut sum) = (0usize, 0.0);
    for magnitude in sample.iter().map(f64::abs).filter(|&magnitude| magnitude > delta) {
        count += 1;
        sum += magnitude;
    }
    Scales::new(delta / threshold, sum / count as f64 / level)
}

#[cfg(test)]
mod tests {
    use crate::{Quantiser, ScaleError, ScalePolicy, StairFunction};

    #[test]
    fn by_hand() {
        // E|x| = 10/5 = 2, Δ = 1.4, above it 5 and 3.
        let values = [5.0, -3.0, 1.0, -1.0, 0.0];
        let stair = Quantiser::Ternary.stair();
        let scales = ScalePolicy::Twn.scales(&values, &stair).unwrap();
        assert!((scales.quantum - 2.8).abs() < 1e-12);
        assert_eq!(scales.output, 4.0);
        let outputs: Vec<f64> = values.iter().map(|&x| scales.eval(&stair, f64::from(x))).collect();
        assert_eq!(outputs, [4.0, -4.0, 0.0, 0.0, 0.0]);
    }

    #[test]
    fn other_ternary_stairs_give_the_same_outputs() {
        let values = [5.0, -3.0, 1.0, -1.0, 0.0];
        let stair = StairFunction::new(vec![-2.0, 2.0], vec![-10.0, 0.0, 10.0]).unwrap();
        let scales = ScalePolicy::Twn.scales(&values, &stair).unwrap();
        assert!((scales.quantum - 0.7).abs() < 1e-12);
        assert!((scales.eval(&stair, 5.0) - 4.0).abs() < 1e-12);
        assert_eq!(scales.eval(&stair, 1.0), 0.0);
    }

    #[test]
    fn other_stairs_are_errors() {
        for name in ["sign", "binary", "int2", "uint2", "balanced3"] {
            let stair = name.parse::<Quantiser>().unwrap().stair();
            assert!(matches!(ScalePolicy::Twn.scales(&[1.0], &stair), Err(ScaleError::Stair { policy: "twn", .. })));
        }
    }
}
