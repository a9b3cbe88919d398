//! Parameterised clipping activation: a learned clip α for features that are not negative.
//!
//! - y = ½(|x| − |x − α| + α) = clip(x, 0, α)  (eq. 1),
//! - quantised to k bits: y_q = round(y·(2ᵏ−1)/α)·α/(2ᵏ−1)  (eq. 2),
//! - ∂y_q/∂α = 0 for x < α, 1 for x ≥ α  (eq. 3), straight through the rounding; ∂y_q/∂x = 1 on 0 ≤ x < α, else 0.
//!
//! So PACT is the `uint`-k stair with the quantum α/(2ᵏ−1), [`pact_quantum`]. Halves round up, as the stairs do with
//! H(0) = 1. Nothing here fails or panics: a clip that is not positive, or a NaN, gives NaN.
//! Source: Choi, Wang, Venkataramani, Chuang, Srinivasan, Gopalakrishnan, *PACT: Parameterized Clipping Activation for
//! Quantized Neural Networks*, 2018 (arXiv 1805.06085), section 3.

use crate::Bits;

/// clip(x, 0, α).
///
/// ```
/// use stairs_quant::pact;
/// assert_eq!([pact(-1.0, 2.0), pact(1.5, 2.0), pact(9.0, 2.0)], [0.0, 1.5, 2.0]);
/// ```
pub fn pact(x: f64, alpha: f64) -> f64 {
    defined(x, alpha, || x.max(0.0).min(alpha))
}

/// ∂y/∂α: 1 for x ≥ α, else 0; the same with and without quantisation.
pub fn pact_gradient(x: f64, alpha: f64) -> f64 {
    defined(x, alpha, || if x >= alpha { 1.0 } else { 0.0 })
}

/// ∂y/∂x: 1 for 0 ≤ x < α, else 0; the same with and without quantisation.
pub fn pact_input_gradient(x: f64, alpha: f64) -> f64 {
    defined(x, alpha, || if x >= 0.0 && x < alpha { 1.0 } else { 0.0 })
}

/// The quantum of the equivalent `uint` stair: α/(2ᵏ−1).
pub fn pact_quantum(alpha: f64, bits: Bits) -> f64 {
    alpha / f64::from((1u32 << bits.get()) - 1)
}

/// clip(x, 0, α) rounded to the nearest of 2ᵏ equally spaced values from 0 to α.
pub fn pact_quantise(x: f64, alpha: f64, bits: Bits) -> f64 {
    let quantum = pact_quantum(alpha, bits);
    (pact(x, alpha) / quantum + 0.5).floor() * quantum
}

fn defined(x: f64, alpha: f64, value: impl FnOnce() -> f64) -> f64 {
    if alpha > 0.0 && !x.is_nan() { value() } else { f64::NAN }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::Quantiser;

    #[test]
    fn by_hand() {
        // Two bits, α = 3: the values 0, 1, 2, 3.
        let bits = Bits::new(2).unwrap();
        let cases = [(-1.0, 0.0), (0.4, 0.0), (0.5, 1.0), (1.7, 2.0), (2.6, 3.0), (50.0, 3.0)];
        for (x, y) in cases {
            assert_eq!(pact_quantise(x, 3.0, bits), y);
        }
        assert_eq!([-1.0, 2.9, 3.0, 4.0].map(|x| pact_gradient(x, 3.0)), [0.0, 0.0, 1.0, 1.0]);
        assert_eq!([-1.0, 0.0, 2.9, 3.0].map(|x| pact_input_gradient(x, 3.0)), [0.0, 1.0, 1.0, 0.0]);
        assert_eq!(pact_quantum(3.0, bits), 1.0);
    }

    #[test]
    fn nonsense_is_nan() {
        for (x, alpha) in [(1.0, 0.0), (1.0, -1.0), (1.0, f64::NAN), (f64::NAN, 1.0)] {
            assert!(pact(x, alpha).is_nan() && pact_gradient(x, alpha).is_nan());
            assert!(pact_input_gradient(x, alpha).is_nan() && pact_quantise(x, alpha, Bits::MIN).is_nan());
        }
    }

    proptest! {
        #[test]
        fn clip_is_the_formula_of_the_paper(x in -10.0f64..10.0, alpha in 0.01f64..5.0) {
            prop_assert!((pact(x, alpha) - 0.5 * (x.abs() - (x - alpha).abs() + alpha)).abs() < 1e-12);
        }

        #[test]
        fn gradients_are_the_derivatives_of_the_clip(x in -10.0f64..10.0, alpha in 0.01f64..5.0) {
            let h = 1e-6;
            prop_assume!(x.abs() > 2.0 * h && (x - alpha).abs() > 2.0 * h);
            let by_alpha = (pact(x, alpha + h) - pact(x, alpha - h)) / (2.0 * h);
            let by_x = (pact(x + h, alpha) - pact(x - h, alpha)) / (2.0 * h);
            prop_assert!((pact_gradient(x, alpha) - by_alpha).abs() < 1e-6);
            prop_assert!((pact_input_gradient(x, alpha) - by_x).abs() < 1e-6);
        }

        #[test]
        fn quantised_it_is_an_unsigned_stair(x in -2.0f64..10.0, alpha in 0.01f64..5.0, bits in 2u32..=8) {
            let bits = Bits::new(bits).unwrap();
            let quantum = pact_quantum(alpha, bits);
            let position = x / quantum - 0.5;
            prop_assume!((position - position.round()).abs() > 1e-9);
            let stair = Quantiser::Unsigned(bits).stair();
            prop_assert!((pact_quantise(x, alpha, bits) - stair.eval_with_quantum(x, quantum)).abs() < 1e-12);
        }
    }
}
