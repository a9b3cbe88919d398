//! A number with its errors, and log-mean-exp with a jackknife.

use serde::{Deserialize, Serialize};

/// Share of one draw in a log-mean-exp above which the estimate is called dominated.
pub(crate) const DOMINANT: f64 = 0.5;

/// A measure with its errors.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// The value.
    pub value: f64,
    /// Standard error over the draws of the parameters (jackknife); `None` for a single draw, which has none.
    pub sampling_error: Option<f64>,
    /// Standard error of the spectra themselves: 0 where they are exact.
    pub spectrum_error: f64,
    /// Largest share of one draw in the mean of exponentials, in (0, 1]; 1/M where all draws count alike.
    pub largest_share: f64,
}

impl Estimate {
    /// Both errors together; `None` for a single draw.
    pub fn standard_error(&self) -> Option<f64> {
        self.sampling_error.map(|error| error.hypot(self.spectrum_error))
    }

    /// A warning where one draw makes up more than half of the mean: value and error then say little about the prior, and
    /// more draws, or a lower bound, are needed.
    pub fn warning(&self) -> Option<String> {
        (self.sampling_error.is_some() && self.largest_share > DOMINANT).then(|| {
            let percent = 100.0 * self.largest_share;
            format!("one draw makes up {percent:.0} % of the mean: its standard error is not to be trusted")
        })
    }

    /// a + b·estimate.
    pub(crate) fn affine(self, a: f64, b: f64) -> Self {
        Self {
            value: a + b * self.value,
            sampling_error: self.sampling_error.map(|error| b.abs() * error),
            spectrum_error: b.abs() * self.spectrum_error,
            largest_share: self.largest_share,
        }
    }
}

/// log of the mean of exponentials, in the log domain.
pub(crate) fn log_mean_exp(logs: &[f64]) -> f64 {
    let largest = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    if !largest.is_finite() {
        return largest;
    }
    largest + (logs.iter().map(|log| (log - largest).exp()).sum::<f64>() / logs.len() as f64).ln()
}

/// log mean exp of the draws with the jackknife's standard error; `errors` are the standard errors of the logs.
pub(crate) fn log_mean_exp_estimate(logs: &[f64], errors: &[f64]) -> Estimate {
    let count = logs.len() as f64;
    let value = log_mean_exp(logs);
    let shares: Vec<f64> = logs.iter().map(|log| (log - value).exp() / count).collect();
    let spectrum = shares.iter().zip(errors).map(|(share, error)| (share * error).powi(2)).sum::<f64>().sqrt();
    let sampling_error = (logs.len() > 1).then(|| {
        // Leaving draw m out: log((Σ − e_m)/(M − 1)), relative to the whole: log((1 − share_m)·M/(M − 1)). Where one draw
        // is nearly the whole sum, the difference is taken again from the others.
        let without = |m: usize| {
            if shares[m] < 0.9 {
                (1.0 - shares[m]).ln()
            } else {
                let others: Vec<f64> = logs.iter().enumerate().filter(|(k, _)| *k != m).map(|(_, log)| *log).collect();
                log_mean_exp(&others) - value + ((count - 1.0) / count).ln()
            }
        };
        jackknife(&(0..logs.len()).map(without).collect::<Vec<f64>>())
    });
    Estimate { value, sampling_error, spectrum_error: spectrum, largest_share: shares.into_iter().fold(0.0, f64::max) }
}

/// Mean of the draws with its standard error.
pub(crate) fn mean_estimate(values: &[f64], errors: &[f64]) -> Estimate {
    let count = values.len() as f64;
    let value = values.iter().sum::<f64>() / count;
    let squares: f64 = values.iter().map(|x| (x - value).powi(2)).sum();
    Estimate {
        value,
        sampling_error: (values.len() > 1).then(|| (squares / (count * (count - 1.0))).sqrt()),
        spectrum_error: errors.iter().map(|error| error * error).sum::<f64>().sqrt() / count,
        largest_share: 1.0 / count,
    }
}

/// The jackknife's standard error from the estimates with one draw left out.
fn jackknife(left_out: &[f64]) -> f64 {
    let count = left_out.len() as f64;
    let mean = left_out.iter().sum::<f64>() / count;
    ((count - 1.0) / count * left_out.iter().map(|x| (x - mean).powi(2)).sum::<f64>()).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn log_mean_exp_does_not_overflow() {
        assert_eq!(log_mean_exp(&[1e7, 1e7]), 1e7);
        assert!((log_mean_exp(&[1e7, 0.0]) - (1e7 - 2f64.ln())).abs() < 1e-6);
        assert_eq!(log_mean_exp(&[f64::NEG_INFINITY; 2]), f64::NEG_INFINITY);
    }

    #[test]
    fn the_jackknife_is_the_standard_error_where_draws_are_close() {
        // For small spread, log mean exp is the mean.
        let logs: Vec<f64> = (0..50).map(|i| 5.0 + 1e-4 * f64::from(i * 13 % 50)).collect();
        let (soft, mean) = (log_mean_exp_estimate(&logs, &[0.0; 50]), mean_estimate(&logs, &[0.0; 50]));
        assert!((soft.sampling_error.unwrap() / mean.sampling_error.unwrap() - 1.0).abs() < 1e-2);
        assert!(soft.warning().is_none());
    }

    #[test]
    fn a_dominant_draw_is_reported() {
        let estimate = log_mean_exp_estimate(&[0.0, 0.0, 1e4], &[0.0; 3]);
        assert!(estimate.largest_share > 0.999 && estimate.warning().is_some());
        assert!(estimate.sampling_error.unwrap().is_finite() && estimate.sampling_error.unwrap() > 1e3);
        assert!(log_mean_exp_estimate(&[1.0], &[0.0]).sampling_error.is_none());
    }
}
