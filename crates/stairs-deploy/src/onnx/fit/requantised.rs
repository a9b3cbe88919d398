//! Integer weights and a scale.

use super::{Count, EXACT, Requantised, middle};

/// Numbers of binary digits of a scale that are tried.
const DIGITS: [u32; 9] = [1, 2, 3, 4, 6, 8, 10, 16, 24];

impl Count<'_> {
    /// The form with integer weights: multipliers up to `largest`; `reach` is what the `terms` terms |w·x| add up to at
    /// most. `unit` is 1, or, of a single threshold, what is given for 1.
    pub(in crate::onnx) fn requantised(
        &self,
        largest: i64,
        reach: i64,
        terms: usize,
        unit: i64,
    ) -> Option<Requantised> {
        if let Some(count) = self.constant() {
            return Some(Requantised { multiplier: 0, bias: count as i64 * unit, scale: 1.0 });
        }
        if let [t] = *self.thresholds {
            // 0 and less, or 1 and more.
            let exact = largest >= 1 && (reach + t.abs() + 1) * unit < EXACT;
            return exact.then_some(Requantised { multiplier: 1, bias: 1 - t, scale: unit as f32 });
        }
        let x = self.widest();
        let (least, most) = self.band(x);
        for multiplier in 1..=largest {
            // Most of all multipliers end here: no integer between the bounds.
            let m = multiplier as f64;
            if (m * most + 0.5).floor() <= (m * least - 0.5).ceil() {
                continue;
            }
            for digits in DIGITS {
                let (mantissas, exponent) = mantissas(1.0 / (m * x), digits);
                for mantissa in mantissas {
                    if let Some(fit) = self.with_scale(multiplier, mantissa, exponent, reach, terms) {
                        return Some(fit);
                    }
                }
            }
        }
        None
    }

    /// With the scale mantissa·2^exponent, if some bias is right for it.
    fn with_scale(
        &self,
        multiplier: i64,
        mantissa: i64,
        exponent: i32,
        reach: i64,
        terms: usize,
    ) -> Option<Requantised> {
        let scale = mantissa as f64 * f64::from(exponent).exp2();
        let (least, most) = self.band(1.0 / (scale * multiplier as f64));
        let (least, most) = (least * multiplier as f64, most * multiplier as f64);
        let bias = middle(least, most).round();
        if bias.abs() >= EXACT as f64 || exponent.abs() > 40 {
            return None;
        }
        let bias = bias as i64;
        let sums = multiplier * reach + bias.abs();
        if sums >= EXACT {
            return None;
        }
        // (M·acc + B)·k·2^e less j − ½, times 2^(1 + |e| if e is negative).
        let (up, down) = (exponent.max(0) as u32, (-exponent).max(0) as u32);
        let above = |acc: i64, j: i64| {
            let left = (i128::from(multiplier * acc + bias) * i128::from(mantissa)) << (1 + up);
            left - (i128::from(2 * j - 1) << down)
        };
        let margin = match sums.checked_mul(mantissa) {
            Some(product) if product < EXACT => 0,
            _ => {
                let error = (terms as f64 + 3.0) * (-24f64).exp2() * sums as f64 * mantissa as f64;
                (error * f64::from(1 + up).exp2()).ceil() as i128 + 1
            }
        };
        let right = self
            .met()
            .all(|(j, t)| (t > self.high || above(t, j) > margin) && (t <= self.low || above(t - 1, j) < -margin));
        right.then_some(Requantised { multiplier, bias, scale: scale as f32 })
    }
}

/// Both integers of `digits` binary digits next to `value`, and the power of two they are multiplied with.
fn mantissas(value: f64, digits: u32) -> ([i64; 2], i32) {
    let exponent = value.log2().floor() as i32 + 1 - digits as i32;
    let mantissa = value / f64::from(exponent).exp2();
    ([mantissa.floor() as i64, mantissa.ceil() as i64], exponent)
}
