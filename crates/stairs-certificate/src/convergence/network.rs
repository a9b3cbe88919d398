//! A concrete network and its two forward passes in f64: quantised, and regularised at given laws.
//!
//! Features and quantised weights are kept in units of their quanta, so that they are levels, most often integers, and all
//! scales of a layer are folded into one affine map per channel:
//!
//! ```text
//! u = scale_c·Σ w x + shift_c        pre-activation in units of the layer's quantum; x′ = σ(u), in levels
//! ```
//!
//! Sums of integers are exact, and equal arguments give equal bits: two passes whose features agree in one layer agree
//! bit for bit from there on, if their weights do.

use stairs_laws::{AnnealingPlan, Law};
use stairs_quant::StairFunction;

use super::layer::Layer;
use super::{CertificateError, LawRange};

/// Layers with their scales folded.
#[derive(Clone, Debug, PartialEq)]
pub struct Network {
    pub(super) layers: Vec<Layer>,
    pub(super) folded: Vec<(Vec<f64>, Vec<f64>)>,
}

/// The laws of a network's quantisers over a stretch of time, one pair a layer; see [`Network::laws`].
#[derive(Clone, Debug, PartialEq)]
pub struct NetworkLaws {
    pub(super) weights: Vec<Option<LawRange>>,
    pub(super) features: Vec<Option<LawRange>>,
}

/// What a forward pass has computed.
#[derive(Clone, Debug, PartialEq)]
pub struct Trace {
    /// Pre-activations of every layer with a stair, in units of its quantum.
    pub preactivations: Vec<Vec<f64>>,
    /// Features of every layer with a stair, after its pool, in levels; then the logits.
    pub outputs: Vec<Vec<f64>>,
}

/// A network with the weights of one moment, ready for samples.
#[derive(Clone, Debug)]
pub struct Moment<'a> {
    network: &'a Network,
    weights: Vec<Vec<f64>>,
    features: Option<Vec<Option<LawRange>>>,
}

impl Network {
    /// A network of these layers; every layer but the last has a stair.
    ///
    /// # Errors
    /// [`CertificateError`] where layers do not fit.
    pub fn new(layers: Vec<Layer>) -> Result<Self, CertificateError> {
        let last = layers.len().checked_sub(1).ok_or(CertificateError::NoLayer)?;
        let mut folded = Vec::with_capacity(layers.len());
        let mut input: Option<(usize, f64)> = None;
        for (index, layer) in layers.iter().enumerate() {
            if layer.activation.is_some() == (index == last) || (index == last && layer.pool.is_some()) {
                return Err(CertificateError::Stair { layer: layer.name.clone() });
            }
            let (outputs, unit) = input.unwrap_or((layer.taps.inputs, 1.0));
            if outputs != layer.taps.inputs {
                let (expected, got) = (outputs, layer.taps.inputs);
                return Err(CertificateError::Length { layer: layer.name.clone(), what: "inputs", expected, got });
            }
            let quantum = layer.activation.as_ref().map_or(1.0, |activation| activation.quantum);
            let (scale, shift) = &layer.affine;
            let scales: Vec<f64> =
                (0..layer.taps.channels).map(|c| scale[c] * layer.weight_scale(c) * unit / quantum).collect();
            let shifts: Vec<f64> =
                (0..layer.taps.channels).map(|c| (scale[c] * layer.bias[c] + shift[c]) / quantum).collect();
            if let Some(&value) = scales.iter().chain(&shifts).find(|value| !value.is_finite()) {
                let (what, needs) = ("folded scale", "finite");
                return Err(CertificateError::Number { layer: layer.name.clone(), what, needs, value });
            }
            folded.push((scales, shifts));
            input = Some((layer.output().iter().product(), quantum));
        }
        Ok(Self { layers, folded })
    }

    /// The layers.
    pub fn layers(&self) -> &[Layer] {
        &self.layers
    }

    /// Numbers a sample holds.
    pub fn inputs(&self) -> usize {
        self.layers[0].taps.inputs
    }

    /// Scale of the features of layer `layer` in the units of the network itself; 1 for the logits.
    pub fn quantum(&self, layer: usize) -> f64 {
        self.layers[layer].activation.as_ref().map_or(1.0, |activation| activation.quantum)
    }

    /// Checks samples.
    pub(super) fn check(&self, samples: &[Vec<f64>]) -> Result<(), CertificateError> {
        if samples.is_empty() {
            return Err(CertificateError::NoSample);
        }
        let expected = self.inputs();
        let bad = |x: &Vec<f64>| x.len() != expected || x.iter().any(|value| !value.is_finite());
        match samples.iter().position(bad) {
            Some(index) => Err(CertificateError::Sample { index, expected }),
            None => Ok(()),
        }
    }

    /// The forward laws of `plan` at all times from `from` to `to` (equal for a single moment; `to` may be infinite), as
    /// the expectation strategy uses them, whatever strategy the plan names.
    ///
    /// # Errors
    /// [`CertificateError::Uncovered`] where the plan has no schedule for a quantiser.
    pub fn laws(&self, plan: &AnnealingPlan, from: f64, to: f64) -> Result<NetworkLaws, CertificateError> {
        let of = |path: Option<&str>| match path {
            None => Ok(None),
            Some(path) => match plan.schedule(path) {
                Some(schedule) => Ok(Some(LawRange::over(&schedule.forward, from, to))),
                None => Err(CertificateError::Uncovered(path.into())),
            },
        };
        let weights = self.layers.iter().map(|layer| of(layer.weight_path())).collect::<Result<_, _>>()?;
        let features = self.layers.iter().map(|layer| of(layer.feature_path())).collect::<Result<_, _>>()?;
        Ok(NetworkLaws { weights, features })
    }

    /// The quantised network: the one of evaluation.
    pub fn hard(&self) -> Moment<'_> {
        Moment { network: self, weights: self.layers.iter().map(Layer::hard_weights).collect(), features: None }
    }

    /// The regularised network with the expectation strategy; `None` unless `laws` is of a single moment.
    pub fn regularised(&self, laws: &NetworkLaws) -> Option<Moment<'_>> {
        let single = |laws: &[Option<LawRange>]| laws.iter().flatten().all(|range| range.law().is_some());
        if !single(&laws.weights) || !single(&laws.features) {
            return None;
        }
        let weights = self.layers.iter().zip(&laws.weights).map(|(layer, range)| layer.soft_weights(range.as_ref()).0);
        Some(Moment { network: self, weights: weights.collect(), features: Some(laws.features.clone()) })
    }
}

impl NetworkLaws {
    /// One law for the weights and one for the features of every layer, `None` for hard.
    pub fn of(weights: Vec<Option<Law>>, features: Vec<Option<Law>>) -> Self {
        let ranges = |laws: Vec<Option<Law>>| laws.into_iter().map(|law| law.map(LawRange::from)).collect();
        Self { weights: ranges(weights), features: ranges(features) }
    }

    /// Laws of the weights of a layer.
    pub fn weights(&self, layer: usize) -> Option<&LawRange> {
        self.weights.get(layer)?.as_ref()
    }

    /// Laws of the features of a layer.
    pub fn features(&self, layer: usize) -> Option<&LawRange> {
        self.features.get(layer)?.as_ref()
    }
}

impl Moment<'_> {
    /// The pass of one sample, which must have the network's number of inputs.
    pub fn run(&self, sample: &[f64]) -> Trace {
        let mut trace = Trace { preactivations: Vec::new(), outputs: Vec::new() };
        let mut x = sample.to_vec();
        for (index, layer) in self.network.layers.iter().enumerate() {
            let u = self.network.affine(index, layer.taps.apply(&self.weights[index], &x));
            x = match &layer.activation {
                None => u,
                Some(activation) => {
                    let range = self.features.as_ref().and_then(|features| features[index].as_ref());
                    let features: Vec<f64> = u.iter().map(|&u| value(&activation.stair, range, u)).collect();
                    trace.preactivations.push(u);
                    match &layer.pool {
                        Some(pool) => pool.apply(&features),
                        None => features,
                    }
                }
            };
            trace.outputs.push(x.clone());
        }
        trace
    }
}

impl Network {
    /// scale·s + shift for the sums of layer `layer`.
    pub(super) fn affine(&self, layer: usize, mut sums: Vec<f64>) -> Vec<f64> {
        for (output, sum) in sums.iter_mut().enumerate() {
            *sum = self.affine_of(layer, output, *sum);
        }
        sums
    }

    /// The same for one output.
    pub(super) fn affine_of(&self, layer: usize, output: usize, sum: f64) -> f64 {
        let channel = self.layers[layer].taps.channel(output);
        let (scale, shift) = &self.folded[layer];
        scale[channel] * sum + shift[channel]
    }
}

fn value(stair: &StairFunction, range: Option<&LawRange>, u: f64) -> f64 {
    match range {
        None => stair.eval(u),
        Some(range) => range.expectation(stair, (u, u)).0,
    }
}

impl Trace {
    /// ‖x_ℓ − y_ℓ‖_∞ for every layer, logits last, in levels.
    pub fn distances(&self, other: &Trace) -> Vec<f64> {
        let distance = |(x, y): (&Vec<f64>, &Vec<f64>)| x.iter().zip(y).map(|(x, y)| (x - y).abs()).fold(0.0, f64::max);
        self.outputs.iter().zip(&other.outputs).map(distance).collect()
    }
}
