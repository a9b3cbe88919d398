//! The certificate of a plan: how far the regularised network is from the quantised one, step by step.

use rayon::prelude::*;
use serde::Serialize;
use stairs_laws::AnnealingPlan;

use super::CertificateError;
use super::gaps::{self, LayerGaps};
use super::interval::Enclosure;
use super::network::{Network, NetworkLaws, Trace};
use super::recursion;
use super::verdict::{self, Verdict};

/// Certifies plans for one network on some samples; see the [module](super).
///
/// ```
/// use stairs_certificate::{Certificate, Layer, Network, Weights};
/// use stairs_laws::{Noise, Policy, Strategy, TimeUnit};
/// use stairs_quant::Quantiser;
///
/// // One unit with threshold ½, whose pre-activation is exactly ½; then a float layer.
/// let first = Layer::dense("first", 1, 1, Weights::Float(vec![0.5]))?.with_stair("act", Quantiser::Binary.stair(), 1.0)?;
/// let last = Layer::dense("last", 1, 1, Weights::Float(vec![2.0]))?;
/// let certificate = Certificate::new(Network::new(vec![first, last])?, vec![vec![1.0]])?;
///
/// let policy: Policy = "overlapped".parse().unwrap(); // mean −½ e, scale ½ e²: the scale vanishes faster
/// let plan = policy.plan(Noise::Normal, Strategy::Expectation, &[vec!["act".into()]], 10.0, TimeUnit::Epochs).unwrap();
/// let convergence = certificate.run(&plan, &[0.0, 5.0, 9.0, 10.0])?;
/// let gaps: Vec<f64> = convergence.steps.iter().map(|step| step.layers[1].measured).collect();
/// assert!(gaps[1] < gaps[0] && gaps[2] < 1e-9 && gaps[3] == 0.0);
/// assert!(convergence.steps.iter().all(|step| step.layers.iter().all(|layer| layer.measured <= layer.gap_bound)));
/// assert!(convergence.verdict.converges);
/// # Ok::<(), stairs_certificate::CertificateError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Certificate {
    network: Network,
    samples: Vec<Vec<f64>>,
    hard: Vec<Trace>,
    gaps: Vec<LayerGaps>,
    reach: f64,
}

/// One layer at one time. Distances are of features in levels, that is in units of the layer's quantum, and of the logits
/// themselves in the last layer; suprema over components and samples.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct LayerStep {
    /// δ: bound on the distance of pre-activations from the gaps alone, in units of the quantum.
    pub delta: f64,
    /// Bound on ‖x^ν − x‖_∞ from the gaps alone, the recursion of the theorem.
    pub gap_bound: f64,
    /// Bound by intervals, for this time.
    pub bound: f64,
    /// Bound by intervals, for every time from this one up to the next (after the last: for ever).
    pub window_bound: f64,
    /// ‖x^ν − x‖_∞ of the two networks, run.
    pub measured: f64,
}

/// All layers at one time.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Step {
    /// The time.
    pub time: f64,
    /// Layers in their order, logits last.
    pub layers: Vec<LayerStep>,
    /// Whether the logits of the two networks have the same bits on all samples.
    pub equal: bool,
}

/// A plan over time, evaluated on one network with frozen weights.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Convergence {
    /// Names of the layers.
    pub names: Vec<String>,
    /// Gaps of every layer with a stair.
    pub gaps: Vec<LayerGaps>,
    /// Number of samples.
    pub samples: usize,
    /// The times asked for.
    pub steps: Vec<Step>,
    /// First time asked for from which both networks are proved to be equal for ever, bit for bit, on the samples.
    pub exact_from: Option<f64>,
    /// The same from the gaps alone: on every input where all gaps come from lattices and the first layer has no noise.
    pub exact_from_gaps: Option<f64>,
    /// First time asked for from which the logits have the same bits at all later times asked for.
    pub equal_from: Option<f64>,
    /// What happens in the limit, and which layer keeps the plan from converging.
    pub verdict: Verdict,
}

impl Certificate {
    /// A certificate for `network` on `samples`, each with the network's number of inputs.
    ///
    /// # Errors
    /// [`CertificateError::NoSample`] or [`CertificateError::Sample`].
    pub fn new(network: Network, samples: Vec<Vec<f64>>) -> Result<Self, CertificateError> {
        network.check(&samples)?;
        let moment = network.hard();
        let hard: Vec<Trace> = samples.par_iter().map(|sample| moment.run(sample)).collect();
        let layers = 0..network.layers().len();
        let gaps = layers.filter_map(|l| gaps::lattice(&network, l).or_else(|| gaps::measured(&network, l, &hard)));
        let gaps = gaps.collect();
        let reach = samples.iter().flatten().fold(0.0, |reach: f64, x| reach.max(x.abs()));
        Ok(Self { network, samples, hard, gaps, reach })
    }

    /// The network.
    pub fn network(&self) -> &Network {
        &self.network
    }

    /// Gaps of every layer with a stair: from the lattice where there is one, else measured on the samples.
    pub fn gaps(&self) -> &[LayerGaps] {
        &self.gaps
    }

    /// ‖x_ℓ^ν − x_ℓ‖_∞ per layer, logits last, and whether the logits are equal bit for bit; `None` unless `laws` is of a
    /// single moment.
    pub fn measure(&self, laws: &NetworkLaws) -> Option<(Vec<f64>, bool)> {
        let moment = self.network.regularised(laws)?;
        let one = |(sample, hard): (&Vec<f64>, &Trace)| {
            let soft = moment.run(sample);
            (hard.distances(&soft), same_bits(hard, &soft))
        };
        let all = self.samples.par_iter().zip(&self.hard).map(one);
        all.reduce_with(|(a, x), (b, y)| (larger(a, &b), x && y))
    }

    /// Bounds on ‖x_ℓ^ν − x_ℓ‖_∞ per layer by intervals, for all laws of `laws`.
    pub fn interval_bounds(&self, laws: &NetworkLaws) -> Vec<f64> {
        let enclosure = Enclosure::new(&self.network, laws);
        let all = self.samples.par_iter().zip(&self.hard).map(|(sample, hard)| enclosure.bounds(sample, hard));
        all.reduce_with(|a, b| larger(a, &b)).unwrap_or_default()
    }

    /// (δ_ℓ, bound on ‖x_ℓ^ν − x_ℓ‖_∞) per layer from the gaps alone, for all laws of `laws`.
    pub fn gap_bounds(&self, laws: &NetworkLaws) -> Vec<(f64, f64)> {
        let bounds = recursion::bounds(&self.network, laws, &self.gaps, self.reach);
        bounds.into_iter().map(|bound| (bound.delta, bound.error)).collect()
    }

    /// Bounds, distances and verdict of `plan` at `times`, which increase.
    ///
    /// # Errors
    /// [`CertificateError::Times`], or [`CertificateError::Uncovered`] where the plan does not cover the network.
    pub fn run(&self, plan: &AnnealingPlan, times: &[f64]) -> Result<Convergence, CertificateError> {
        let bad = |i: &usize| !times[*i].is_finite() || (*i > 0 && times[i - 1] >= times[*i]);
        if let Some(index) = (0..times.len()).find(bad) {
            return Err(CertificateError::Times { index, value: times[index] });
        }
        let mut steps = Vec::with_capacity(times.len());
        let (mut by_gaps, mut by_intervals) = (Vec::new(), Vec::new());
        for (i, &time) in times.iter().enumerate() {
            let next = times.get(i + 1).copied().unwrap_or(f64::INFINITY);
            let (now, window) = (self.network.laws(plan, time, time)?, self.network.laws(plan, time, next)?);
            let (gap, bound) = (self.gap_bounds(&now), self.interval_bounds(&now));
            let (over, (measured, equal)) = (self.interval_bounds(&window), self.measure(&now).unwrap_or_default());
            by_gaps.push(self.gap_bounds(&window).last().is_some_and(|last| last.1 == 0.0));
            by_intervals.push(over.last() == Some(&0.0));
            let layers = (0..self.network.layers().len()).map(|l| LayerStep {
                delta: gap[l].0,
                gap_bound: gap[l].1,
                bound: bound[l],
                window_bound: over[l],
                measured: measured[l],
            });
            steps.push(Step { time, layers: layers.collect(), equal });
        }
        let equal: Vec<bool> = steps.iter().map(|step| step.equal).collect();
        let from = |held: &[bool]| last_run(held).map(|at| times[at]);
        Ok(Convergence {
            names: self.network.layers().iter().map(|layer| layer.name().to_owned()).collect(),
            gaps: self.gaps.clone(),
            samples: self.samples.len(),
            exact_from: from(&by_intervals),
            exact_from_gaps: from(&by_gaps),
            equal_from: from(&equal),
            steps,
            verdict: verdict::verdict(&self.network, &self.gaps, plan)?,
        })
    }
}

/// Where the run of `true` at the end of a list begins.
fn last_run(held: &[bool]) -> Option<usize> {
    let after = held.iter().rposition(|held| !held).map_or(0, |at| at + 1);
    (after < held.len()).then_some(after)
}

fn same_bits(x: &Trace, y: &Trace) -> bool {
    let bits =
        |trace: &Trace| trace.outputs.last().map(|logits| logits.iter().map(|v| v.to_bits()).collect::<Vec<_>>());
    bits(x) == bits(y)
}

fn larger(mut a: Vec<f64>, b: &[f64]) -> Vec<f64> {
    a.iter_mut().zip(b).for_each(|(a, b)| *a = a.max(*b));
    a
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_run_is_at_the_end() {
        assert_eq!(last_run(&[true, false, true, true]), Some(2));
        assert_eq!(last_run(&[true, true]), Some(0));
        assert_eq!(last_run(&[true, false]), None);
        assert_eq!(last_run(&[]), None);
    }
}
