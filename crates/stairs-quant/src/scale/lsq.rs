//! Learned step size: the quantum as a parameter of gradient descent.
//!
//! v̂ = s·round(clip(v/s, −Q_N, Q_P)) with step s > 0 and integer levels −Q_N, …, Q_P, straight through the rounding:
//!
//! - ∂v̂/∂s = −v/s + round(v/s) for −Q_N < v/s < Q_P, −Q_N for v/s ≤ −Q_N, Q_P for v/s ≥ Q_P  (eq. 3),
//! - ∂v̂/∂v = 1 for −Q_N < v/s < Q_P, else 0  (eq. 5),
//! - the gradient of s is multiplied by 1/√(N·Q_P), N the number of values (section 2.2),
//! - s starts at 2·E|v|/√Q_P (section 2.1).
//!
//! Halves round up, as the stairs do with H(0) = 1. Nothing here fails or panics: a step that is not positive, or a NaN
//! anywhere, gives NaN.
//! Source: Esser, McKinstry, Bablani, Appuswamy, Modha, *Learned Step Size Quantization*, ICLR 2020 (arXiv 1902.08153).

use super::{Requirement, Sample, Scales};
use crate::{ScaleError, StairFunction};

/// The step size at which learning starts: 2·E|v|/√Q_P; 1 where all values are zero.
///
/// # Errors
/// [`ScaleError`] for empty or non-finite values and for `q_p`, the largest level, not positive and finite.
///
/// ```
/// assert_eq!(stairs_quant::lsq_initial_step(&[1.0, -3.0], 4.0), Ok(2.0));
/// ```
pub fn lsq_initial_step(values: &[f32], q_p: f64) -> Result<f64, ScaleError> {
    if !(q_p > 0.0 && q_p.is_finite()) {
        return Err(ScaleError::NotPositive { name: "largest level", value: q_p });
    }
    let mean = Sample::new(values)?.mean_abs();
    Ok(if mean == 0.0 { 1.0 } else { 2.0 * mean / q_p.sqrt() })
}

pub(super) fn scales(sample: &Sample<'_>, stair: &StairFunction) -> Result<Scales, ScaleError> {
    Requirement::PositiveLevel.check("lsq", stair)?;
    let q_p = stair.highest_level();
    Scales::equal(2.0 * sample.mean_abs() / q_p.sqrt())
}

/// v̂ = s·round(clip(v/s, −Q_N, Q_P)); `q_n` ≥ 0 and `q_p` ≥ 0 are the magnitudes of the outermost integer levels.
pub fn lsq_quantise(v: f64, step: f64, q_n: f64, q_p: f64) -> f64 {
    match zone(v, step, q_n, q_p) {
        Zone::Inside(u) => step * (u + 0.5).floor(),
        Zone::Below => -step * q_n,
        Zone::Above => step * q_p,
        Zone::Undefined => f64::NAN,
    }
}

/// ∂v̂/∂s of [`lsq_quantise`], before the gradient scale.
///
/// ```
/// use stairs_quant::lsq_gradient;
/// assert_eq!(lsq_gradient(0.75, 1.0, 2.0, 1.0), 0.25); // rounds up by 0.25 steps
/// assert_eq!(lsq_gradient(9.0, 1.0, 2.0, 1.0), 1.0);
/// ```
pub fn lsq_gradient(v: f64, step: f64, q_n: f64, q_p: f64) -> f64 {
    match zone(v, step, q_n, q_p) {
        Zone::Inside(u) => (u + 0.5).floor() - u,
        Zone::Below => -q_n,
        Zone::Above => q_p,
        Zone::Undefined => f64::NAN,
    }
}

/// ∂v̂/∂v of [`lsq_quantise`]: 1 strictly between the outermost levels, else 0.
pub fn lsq_input_gradient(v: f64, step: f64, q_n: f64, q_p: f64) -> f64 {
    match zone(v, step, q_n, q_p) {
        Zone::Inside(_) => 1.0,
        Zone::Below | Zone::Above => 0.0,
        Zone::Undefined => f64::NAN,
    }
}

/// The factor 1/√(N·Q_P) on the gradient of the step; `count` is N, the number of values that share the step.
pub fn lsq_gradient_scale(count: usize, q_p: f64) -> f64 {
    1.0 / (count as f64 * q_p).sqrt()
}

/// Where v/s lies.
enum Zone {
    Inside(f64),
    Below,
    Above,
    Undefined,
}

fn zone(v: f64, step: f64, q_n: f64, q_p: f64) -> Zone {
    let u = v / step;
    if step.is_nan() || step <= 0.0 || u.is_nan() || q_n.is_nan() || q_p.is_nan() {
        Zone::Undefined
    } else if u <= -q_n {
        Zone::Below
    } else if u >= q_p {
        Zone::Above
    } else {
        Zone::Inside(u)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{Quantiser, ScalePolicy};

    #[test]
    fn initial_step_by_hand() {
        // E|v| = 1.5, Q_P = 7: 3/√7.
        let step = lsq_initial_step(&[1.0, -2.0, 0.0, 3.0], 7.0).unwrap();
        assert!((step - 1.133_893_419_027_682).abs() < 1e-12);
        let stair = "int4".parse::<Quantiser>().unwrap().stair();
        assert_eq!(ScalePolicy::Lsq.scales(&[1.0, -2.0, 0.0, 3.0], &stair).unwrap().quantum, step);
        assert_eq!(lsq_initial_step(&[0.0], 7.0), Ok(1.0));
        assert_eq!(lsq_initial_step(&[], 7.0), Err(ScaleError::Empty));
        let value = 0.0;
        assert_eq!(lsq_initial_step(&[1.0], value), Err(ScaleError::NotPositive { name: "largest level", value }));
    }

    #[test]
    fn gradients_by_hand() {
        // s = 0.5, Q_N = 4, Q_P = 3: v/s = 1.4 → 1, −1.4 → −1, −1.5 → −1 (up), 1.5 → 2, 2.8 → 3.
        let cases = [(0.7, -0.4), (-0.7, 0.4), (-0.75, 0.5), (0.75, 0.5), (1.4, 0.2), (1.5, 3.0), (9.0, 3.0)];
        for (v, gradient) in cases.into_iter().chain([(-2.0, -4.0), (-7.0, -4.0), (0.0, 0.0)]) {
            assert!((lsq_gradient(v, 0.5, 4.0, 3.0) - gradient).abs() < 1e-12, "{v}");
        }
        assert_eq!(lsq_input_gradient(1.4, 0.5, 4.0, 3.0), 1.0);
        assert_eq!(lsq_input_gradient(1.5, 0.5, 4.0, 3.0), 0.0);
        assert_eq!(lsq_input_gradient(-2.0, 0.5, 4.0, 3.0), 0.0);
        assert_eq!(lsq_gradient_scale(100, 4.0), 0.05);
    }

    #[test]
    fn nonsense_is_nan() {
        for step in [0.0, -1.0, f64::NAN] {
            assert!(lsq_quantise(1.0, step, 2.0, 1.0).is_nan() && lsq_gradient(1.0, step, 2.0, 1.0).is_nan());
        }
        assert!(lsq_gradient(f64::NAN, 1.0, 2.0, 1.0).is_nan());
    }

    proptest! {
        #[test]
        fn the_value_is_the_stair_with_this_quantum(
            v in -20.0f64..20.0,
            step in 0.01f64..3.0,
            quantiser in prop::sample::select(vec!["ternary", "uint2", "uint8", "int2", "int8", "balanced3"]),
        ) {
            let stair = quantiser.parse::<Quantiser>().unwrap().stair();
            let value = lsq_quantise(v, step, -stair.lowest_level(), stair.highest_level());
            prop_assert_eq!(value, stair.eval_with_quantum(v, step));
        }

        #[test]
        fn outside_the_range_the_gradient_is_the_true_derivative(v in 3.1f64..20.0, step in 0.5f64..1.0) {
            for (v, level) in [(v, 3.0), (-v - 1.0, -4.0)] {
                let h = 1e-6;
                let slope = (lsq_quantise(v, step + h, 4.0, 3.0) - lsq_quantise(v, step - h, 4.0, 3.0)) / (2.0 * h);
                prop_assert!((slope - level).abs() < 1e-6);
                prop_assert_eq!(lsq_gradient(v, step, 4.0, 3.0), level);
            }
        }
    }
}
