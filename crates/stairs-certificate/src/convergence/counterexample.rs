//! The smallest network on which the order of the layers decides: two units in a row.
//!
//! ```text
//! x = 1  →  H(x − ½) = 1  →  H(½·1 − ½) = H(0) = 1        quantised
//! ```
//!
//! The second pre-activation is exactly on its threshold. Under logistic noise the first unit gives 1 − e₁ with an error e₁ that
//! falls but is never 0, so the second one sees ½ − e₁/2, just below its threshold, and what comes out is
//! F((|m₂| − e₁/2)/s₂): 1 in the limit if e₁ = o(|m₂|) and s₂ = o(|m₂|). Both plans here take every law to the Dirac law
//! at 0. In one of them the second layer's noise is gone at t = 10, when e₁ is still there: from then on the output is 0.

use stairs_laws::{
    AnnealingPlan, Envelope, Law, Noise, NoiseSchedule, PlanError, QuantiserSchedule, Strategy, TimeUnit,
};
use stairs_quant::Quantiser;

use super::{Certificate, CertificateError, Layer, Network, Weights};

/// The network with its one sample, a plan that converges and one that does not.
///
/// ```
/// use stairs_certificate::counterexample;
/// let example = counterexample()?;
/// let [good, bad] = [&example.synchronised, &example.unsynchronised].map(|plan| example.outputs(plan, &[100.0]));
/// assert!(good?[0] > 0.999 && bad?[0] == 0.0);
/// # Ok::<(), stairs_certificate::CertificateError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Counterexample {
    /// The network on its sample.
    pub certificate: Certificate,
    /// Earlier noise vanishes faster.
    pub synchronised: AnnealingPlan,
    /// The second layer is hard from t = 10 on, the first one is not.
    pub unsynchronised: AnnealingPlan,
}

/// The counterexample.
///
/// # Errors
/// None; the type is that of building networks and plans.
pub fn counterexample() -> Result<Counterexample, CertificateError> {
    let unit = |name: &str, path: &str, weight: f64| {
        Layer::dense(name, 1, 1, Weights::Float(vec![weight]))?.with_stair(path, Quantiser::Binary.stair(), 1.0)
    };
    let read = Layer::dense("read", 1, 1, Weights::Float(vec![1.0]))?;
    let network = Network::new(vec![unit("first", "act1", 1.0)?, unit("second", "act2", 0.5)?, read])?;
    let falling = |power| Envelope::unbounded_window(0.0, power, 0.0);
    let until = |end, power| Envelope::bounded_window(0.0, end, power);
    let first = schedule(0.0, Envelope::Constant, falling(0.5)?)?;
    Ok(Counterexample {
        certificate: Certificate::new(network, vec![vec![1.0]])?,
        synchronised: plan(first.clone(), schedule(-0.5, falling(0.5)?, falling(1.5)?)?)?,
        unsynchronised: plan(first, schedule(-0.5, until(10.0, 1.0)?, until(10.0, 2.0)?)?)?,
    })
}

fn schedule(mean: f64, of_mean: Envelope, of_scale: Envelope) -> Result<QuantiserSchedule, PlanError> {
    let start = Law::new(Noise::Logistic, mean, 0.5)?;
    Ok(QuantiserSchedule::new(NoiseSchedule::new(start, of_mean, of_scale), Strategy::Expectation))
}

fn plan(first: QuantiserSchedule, second: QuantiserSchedule) -> Result<AnnealingPlan, PlanError> {
    AnnealingPlan::new(TimeUnit::Steps, vec![("act1", first), ("act2", second)])
}

impl Counterexample {
    /// Output of the regularised network under `plan` at each time; the quantised one gives 1.
    ///
    /// # Errors
    /// [`CertificateError::Uncovered`] where a plan of your own lacks `act1` or `act2`.
    pub fn outputs(&self, plan: &AnnealingPlan, times: &[f64]) -> Result<Vec<f64>, CertificateError> {
        let network = self.certificate.network();
        let at = |&t: &f64| {
            let laws = network.laws(plan, t, t)?;
            Ok(network.regularised(&laws).map_or(f64::NAN, |moment| moment.run(&[1.0]).outputs[2][0]))
        };
        times.iter().map(at).collect()
    }

    /// Both plans at these times as text: what remains of the first layer's output, and the network's output.
    ///
    /// # Errors
    /// None.
    pub fn table(&self, times: &[f64]) -> Result<String, CertificateError> {
        let (good, bad) = (self.outputs(&self.synchronised, times)?, self.outputs(&self.unsynchronised, times)?);
        let mut text = format!("{:>6} {:>10} {:>14} {:>16}\n", "t", "quantised", "synchronised", "unsynchronised");
        for ((t, good), bad) in times.iter().zip(good).zip(bad) {
            text += &format!("{t:>6} {:>10} {good:>14.6} {bad:>16.6}\n", 1);
        }
        Ok(text)
    }
}
