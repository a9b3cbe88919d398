//! A layer as plain numbers: an affine map, a stair, perhaps a max pool.
//!
//! ```text
//! z = a_c·(W x + b)_c + t_c      per output channel c: bias b, then a per-channel affine map (a folded batch norm)
//! x′ = ε σ(z/ε)                  the stair with its quantum; the last layer has none
//! x″ = max over windows of x′    a pool, which commutes with monotone maps and has Lipschitz constant 1 in ‖·‖_∞
//! ```
//!
//! Weights are float, or α σ_w(w/ε_w) of latent weights w, with quantum ε_w and output scale α for all of them or one pair
//! an output channel.

use rayon::prelude::*;
use stairs_network::Window;
use stairs_quant::{Scales, StairFunction};

use super::geometry::{Convolution, Taps, Windows};
use super::{CertificateError, LawRange};

/// The weights of a layer, row after row: dense `[outputs, inputs]`, convolution `[outputs, inputs, rows, columns]`.
#[derive(Clone, Debug, PartialEq)]
pub enum Weights {
    /// As they are.
    Float(Vec<f64>),
    /// Outputs of a stair.
    Stair {
        /// Latent weights.
        latent: Vec<f64>,
        /// The stair, in units of the quantum.
        stair: StairFunction,
        /// Quantum and output scale, one pair for all or one an output channel.
        scales: Vec<Scales>,
        /// Path of the quantiser, as a plan addresses it.
        path: String,
    },
}

/// The stair of a layer's features.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Activation {
    pub(super) path: String,
    pub(super) stair: StairFunction,
    pub(super) quantum: f64,
}

/// One layer. Build it from [`dense`](Self::dense) or [`convolution`](Self::convolution); a
/// [`Network`](super::Network) checks that layers fit.
#[derive(Clone, Debug, PartialEq)]
pub struct Layer {
    pub(super) name: String,
    pub(super) taps: Taps,
    pub(super) weights: Weights,
    pub(super) bias: Vec<f64>,
    pub(super) affine: (Vec<f64>, Vec<f64>),
    pub(super) activation: Option<Activation>,
    pub(super) pool: Option<Windows>,
}

impl Layer {
    /// A dense layer with weights `[outputs, inputs]`.
    ///
    /// # Errors
    /// [`CertificateError::Size`], [`CertificateError::Length`] or [`CertificateError::Number`].
    pub fn dense(
        name: impl Into<String>,
        inputs: usize,
        outputs: usize,
        weights: Weights,
    ) -> Result<Self, CertificateError> {
        let name = name.into();
        let taps = Taps::dense(&name, inputs, outputs)?;
        Self::new(name, taps, weights)
    }

    /// A convolution.
    ///
    /// # Errors
    /// As [`dense`](Self::dense).
    pub fn convolution(
        name: impl Into<String>,
        shape: &Convolution,
        weights: Weights,
    ) -> Result<Self, CertificateError> {
        let name = name.into();
        let taps = Taps::convolution(&name, shape)?;
        Self::new(name, taps, weights)
    }

    fn new(name: String, taps: Taps, weights: Weights) -> Result<Self, CertificateError> {
        let channels = taps.channels;
        let layer = Self {
            bias: vec![0.0; channels],
            affine: (vec![1.0; channels], vec![0.0; channels]),
            activation: None,
            pool: None,
            name,
            taps,
            weights,
        };
        let (values, what) = match &layer.weights {
            Weights::Float(values) => (values, "weights"),
            Weights::Stair { latent, scales, .. } => {
                if scales.len() != 1 {
                    layer.length("scales of the weights", channels, scales.len())?;
                }
                let quanta: Vec<f64> = scales.iter().flat_map(|s| [s.quantum(), s.output()]).collect();
                layer.finite("scale of the weights", &quanta)?;
                if let Some(&value) = quanta.iter().find(|value| **value <= 0.0) {
                    return Err(layer.number("scale of the weights", "positive", value));
                }
                (latent, "latent weights")
            }
        };
        layer.length(what, channels * layer.taps.fan_in, values.len())?;
        layer.finite(what, values)?;
        Ok(layer)
    }

    /// Adds a bias, one number an output channel.
    ///
    /// # Errors
    /// [`CertificateError::Length`] or [`CertificateError::Number`].
    pub fn with_bias(mut self, bias: Vec<f64>) -> Result<Self, CertificateError> {
        self.length("bias", self.taps.channels, bias.len())?;
        self.finite("bias", &bias)?;
        self.bias = bias;
        Ok(self)
    }

    /// Adds the map z ↦ scale·z + shift per output channel: a batch norm with γ/√(v + ε) and β − μγ/√(v + ε).
    ///
    /// # Errors
    /// As [`with_bias`](Self::with_bias).
    pub fn with_affine(mut self, scale: Vec<f64>, shift: Vec<f64>) -> Result<Self, CertificateError> {
        for (what, values) in [("scale", &scale), ("shift", &shift)] {
            self.length(what, self.taps.channels, values.len())?;
            self.finite(what, values)?;
        }
        self.affine = (scale, shift);
        Ok(self)
    }

    /// Quantises the output; `path` is the quantiser's, as a plan addresses it.
    ///
    /// # Errors
    /// [`CertificateError::Number`] unless the quantum is positive and finite.
    pub fn with_stair(
        mut self,
        path: impl Into<String>,
        stair: StairFunction,
        quantum: f64,
    ) -> Result<Self, CertificateError> {
        if !(quantum.is_finite() && quantum > 0.0) {
            return Err(self.number("quantum", "positive and finite", quantum));
        }
        self.activation = Some(Activation { path: path.into(), stair, quantum });
        Ok(self)
    }

    /// Pools the quantised output: the maximum of every window; padding is no pixel.
    ///
    /// # Errors
    /// [`CertificateError::Size`] for a window that does not fit.
    pub fn with_pool(mut self, window: &Window) -> Result<Self, CertificateError> {
        self.pool = Some(Windows::new(&self.name, window, self.taps.size)?);
        Ok(self)
    }

    /// Name of the layer.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Path of the quantiser of the features; `None` for the last layer.
    pub fn feature_path(&self) -> Option<&str> {
        self.activation.as_ref().map(|activation| activation.path.as_str())
    }

    /// Path of the quantiser of the weights; `None` where they are float.
    pub fn weight_path(&self) -> Option<&str> {
        match &self.weights {
            Weights::Float(_) => None,
            Weights::Stair { path, .. } => Some(path),
        }
    }

    /// Whether nothing stands behind the affine map yet, not even a normalisation.
    pub(super) fn is_affine(&self) -> bool {
        self.activation.is_none()
            && self.affine.0.iter().all(|scale| *scale == 1.0)
            && self.affine.1.iter().all(|shift| *shift == 0.0)
    }

    /// Channels, height and width of the output.
    pub fn output(&self) -> [usize; 3] {
        let [height, width] = self.pool.as_ref().map_or(self.taps.size, |pool| pool.size);
        [self.taps.channels, height, width]
    }

    /// The weights of evaluation, in units of their output scale.
    pub(super) fn hard_weights(&self) -> Vec<f64> {
        match &self.weights {
            Weights::Float(values) => values.clone(),
            Weights::Stair { stair, .. } => self.latent().map(|w| stair.eval(w)).collect(),
        }
    }

    /// The weights under all laws of `range`, smallest and largest, in units of their output scale.
    pub(super) fn soft_weights(&self, range: Option<&LawRange>) -> (Vec<f64>, Vec<f64>) {
        match (&self.weights, range) {
            (Weights::Stair { stair, .. }, Some(range)) => {
                let latent: Vec<f64> = self.latent().collect();
                latent.par_iter().map(|&w| range.expectation(stair, (w, w))).unzip()
            }
            _ => (self.hard_weights(), self.hard_weights()),
        }
    }

    /// Latent weights in units of their quantum; none where they are float.
    pub(super) fn latent(&self) -> impl Iterator<Item = f64> + '_ {
        let (latent, scales) = match &self.weights {
            Weights::Float(_) => (&[][..], &[][..]),
            Weights::Stair { latent, scales, .. } => (&latent[..], &scales[..]),
        };
        let fan_in = self.taps.fan_in;
        latent.iter().enumerate().map(move |(i, w)| w / of_channel(scales, i / fan_in).map_or(1.0, |s| s.quantum()))
    }

    /// Output scale of the weights of a channel; 1 for float weights.
    pub(super) fn weight_scale(&self, channel: usize) -> f64 {
        match &self.weights {
            Weights::Float(_) => 1.0,
            Weights::Stair { scales, .. } => of_channel(scales, channel).map_or(1.0, |s| s.output()),
        }
    }

    fn length(&self, what: &'static str, expected: usize, got: usize) -> Result<(), CertificateError> {
        match expected == got {
            true => Ok(()),
            false => Err(CertificateError::Length { layer: self.name.clone(), what, expected, got }),
        }
    }

    fn finite(&self, what: &'static str, values: &[f64]) -> Result<(), CertificateError> {
        match values.iter().find(|value| !value.is_finite()) {
            Some(&value) => Err(self.number(what, "finite", value)),
            None => Ok(()),
        }
    }

    fn number(&self, what: &'static str, needs: &'static str, value: f64) -> CertificateError {
        CertificateError::Number { layer: self.name.clone(), what, needs, value }
    }
}

fn of_channel(scales: &[Scales], channel: usize) -> Option<&Scales> {
    scales.get(channel).or(scales.first())
}
