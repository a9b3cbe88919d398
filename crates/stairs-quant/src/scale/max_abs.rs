//! Max-abs calibration: the levels cover the largest magnitude.
//!
//! ε = max|x| / reach(σ). With 2's complement levels −8…7 the reach is 7, so that both signs are covered.
//! Source: Wu, Judd, Zhang, Isaev, Micikevicius, *Integer Quantization for Deep Learning Inference: Principles and
//! Empirical Evaluation*, 2020 (arXiv 2004.09602), section 3.3, "max".

use super::{Sample, Scales, reach};
use crate::{ScaleError, StairFunction};

pub(super) fn scales(sample: &Sample<'_>, stair: &StairFunction) -> Result<Scales, ScaleError> {
    Scales::equal(sample.max_abs() / reach(stair, "max-abs")?)
}

#[cfg(test)]
mod tests {
    use crate::{Quantiser, ScaleError, ScalePolicy, StairFunction};

    fn quantum(name: &str, values: &[f32]) -> f64 {
        ScalePolicy::MaxAbs.scales(values, &name.parse::<Quantiser>().unwrap().stair()).unwrap().quantum
    }

    #[test]
    fn the_reach_covers_the_largest_magnitude() {
        assert_eq!(quantum("ternary", &[0.5, -3.0, 1.0]), 3.0);
        assert_eq!(quantum("int4", &[0.5, -3.5, 1.0]), 0.5);
        assert_eq!(quantum("balanced4", &[0.5, -3.5, 1.0]), 0.5);
        assert_eq!(quantum("uint2", &[0.5, 1.5]), 0.5);
        assert_eq!(quantum("pow2-3", &[0.5, -3.0]), 1.5);
    }

    #[test]
    fn negative_and_missing_levels() {
        let negative = StairFunction::new(vec![-0.5], vec![-4.0, 0.0]).unwrap();
        assert_eq!(ScalePolicy::MaxAbs.scales(&[-2.0], &negative).unwrap().quantum, 0.5);
        let flat = StairFunction::new(vec![0.0], vec![0.0, 0.0]).unwrap();
        assert!(matches!(ScalePolicy::MaxAbs.scales(&[1.0], &flat), Err(ScaleError::Stair { policy: "max-abs", .. })));
    }
}
