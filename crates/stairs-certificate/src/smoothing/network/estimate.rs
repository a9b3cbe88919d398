//! The error of a network whose activations are regularised, from its weights alone.
//!
//! For Φ = φ_L∘A_L∘…∘φ₁∘A₁ and laws ν_ℓ, with e_ℓ ≥ ‖φ_{ℓ,ν} − φ_ℓ‖_∞, for every input
//!
//! ```text
//! ‖Φ_ν(x) − Φ(x)‖ ≤ Σ_ℓ c_ℓ·e_ℓ·Π_{j>ℓ} Lip(φ_j)·‖A_j‖
//! ```
//!
//! | norm of the result | ‖A‖ | c_ℓ |
//! |---|---|---|
//! | maximum over the outputs | largest row sum | 1 |
//! | Euclidean norm of the output vector | largest singular value, from above | √n_ℓ, n_ℓ the outputs of layer ℓ |
//!
//! The factor √n_ℓ is the price of the Euclidean norm: the noise acts on every component, each up to e_ℓ. The Euclidean
//! bound is also one for the maximum; which of the two is smaller depends on the weights. Taken with e_ℓ = Lip(φ_ℓ)·E|ν_ℓ|
//! it is the published estimate; with the exact error of every activation ([`ActivationCertificate`]) it is sharper.
//!
//! Source: Leonardi, Spallanzani, arXiv 2011.01858; constants and norms as derived here.

use std::fmt;

use serde::{Deserialize, Serialize};
use stairs_laws::RegularisedActivation;
use thiserror::Error;

use super::{AffineError, AffineMap};
use crate::ActivationCertificate;

/// A network that does not fit together.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum EstimateError {
    /// No layer.
    #[error("a network needs at least one layer")]
    Empty,
    /// A layer whose inputs are not the outputs of the one before.
    #[error("layer {layer} has {inputs} inputs, but the layer before has {outputs} outputs")]
    Mismatch {
        /// Index of the layer, from 0.
        layer: usize,
        /// Its inputs.
        inputs: usize,
        /// Outputs of the layer before.
        outputs: usize,
    },
    /// An affine map that cannot be.
    #[error("layer {layer}: {error}")]
    Affine {
        /// Index of the layer, from 0.
        layer: usize,
        /// What is wrong.
        #[source]
        error: AffineError,
    },
}

/// One layer: an affine map and the regularised activation after it.
#[derive(Clone, Debug, PartialEq)]
pub struct NetworkLayer {
    /// The affine map A.
    pub map: AffineMap,
    /// φ_ν; `None` for no activation, as after the last layer.
    pub activation: Option<RegularisedActivation>,
}

impl NetworkLayer {
    /// A layer with an activation.
    pub fn new(map: AffineMap, activation: RegularisedActivation) -> Self {
        Self { map, activation: Some(activation) }
    }

    /// A layer without.
    pub fn linear(map: AffineMap) -> Self {
        Self { map, activation: None }
    }
}

/// What one layer contributes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct LayerEstimate {
    /// Number of outputs n.
    pub outputs: usize,
    /// ‖A‖_∞→∞.
    pub norm_inf: f64,
    /// An upper bound of ‖A‖₂→₂.
    pub norm_two: f64,
    /// Lip(φ), 1 without an activation.
    pub lipschitz: f64,
    /// Lip(φ)·E|ν|, 0 without an activation.
    pub published: f64,
    /// ‖φ_ν − φ‖_∞, 0 without an activation.
    pub error: f64,
}

/// Bounds of the distance between a regularised network and the network, for all inputs.
///
/// ```
/// use stairs_certificate::{AffineMap, NetworkEstimate, NetworkLayer};
/// use stairs_laws::{Activation, Law, Noise, RegularisedActivation};
///
/// let relu = RegularisedActivation::new(Activation::Relu, Law::new(Noise::Uniform, 0.0, 0.1)?);
/// let first = AffineMap::dense(2, 2, vec![1.0, -1.0, 0.5, 0.5], vec![0.0; 2])?;
/// let last = AffineMap::dense(2, 1, vec![2.0, -1.0], vec![0.0])?;
/// let estimate = NetworkEstimate::new(&[NetworkLayer::new(first, relu), NetworkLayer::linear(last)])?;
/// assert!((estimate.published_max - 3.0 * 0.05).abs() < 1e-15); // ‖A₂‖·E|ν|
/// assert!((estimate.max - 3.0 * 0.025).abs() < 1e-15); // half: the exact error of a ReLU
/// println!("{estimate}");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct NetworkEstimate {
    /// The layers, from the input on.
    pub layers: Vec<LayerEstimate>,
    /// Published estimate of the largest error of an output.
    pub published_max: f64,
    /// Published estimate of the Euclidean norm of the error.
    pub published_two: f64,
    /// With exact activation errors: largest error of an output.
    pub max: f64,
    /// With exact activation errors: Euclidean norm of the error.
    pub two: f64,
}

impl NetworkEstimate {
    /// The estimate for these layers, the first one next to the input.
    ///
    /// # Errors
    /// [`EstimateError`] where there is no layer, layers do not fit or a map is malformed.
    pub fn new(layers: &[NetworkLayer]) -> Result<Self, EstimateError> {
        if layers.is_empty() {
            return Err(EstimateError::Empty);
        }
        let mut found = Vec::with_capacity(layers.len());
        let (mut published_max, mut published_two, mut max, mut two) = (0.0, 0.0, 0.0, 0.0);
        for (index, layer) in layers.iter().enumerate() {
            let map = layer.map.clone().validate().map_err(|error| EstimateError::Affine { layer: index, error })?;
            if index > 0 && map.inputs() != layers[index - 1].map.outputs() {
                let outputs = layers[index - 1].map.outputs();
                return Err(EstimateError::Mismatch { layer: index, inputs: map.inputs(), outputs });
            }
            let certificate = layer.activation.as_ref().map(ActivationCertificate::new);
            let estimate = LayerEstimate {
                outputs: map.outputs(),
                norm_inf: map.norm_inf(),
                norm_two: map.norm_2_bound(),
                lipschitz: certificate.as_ref().map_or(1.0, |c| c.lipschitz),
                published: certificate.as_ref().map_or(0.0, |c| c.published),
                error: certificate.as_ref().map_or(0.0, |c| c.error.upper),
            };
            let root = (estimate.outputs as f64).sqrt();
            let (by_max, by_two) = (estimate.lipschitz * estimate.norm_inf, estimate.lipschitz * estimate.norm_two);
            published_max = published_max * by_max + estimate.published;
            max = max * by_max + estimate.error;
            published_two = published_two * by_two + root * estimate.published;
            two = two * by_two + root * estimate.error;
            found.push(estimate);
        }
        Ok(Self { layers: found, published_max, published_two, max, two })
    }

    /// The smallest bound of the largest error of an output that the estimate contains.
    pub fn best(&self) -> f64 {
        self.max.min(self.two)
    }
}

impl NetworkEstimate {
    /// Φ(x) and Φ_ν(x): the outputs without and with noise, to compare with the estimate.
    ///
    /// # Errors
    /// [`EstimateError::Affine`] where a layer's input has the wrong length.
    pub fn measure(layers: &[NetworkLayer], x: &[f64]) -> Result<(Vec<f64>, Vec<f64>), EstimateError> {
        let (mut hard, mut smooth) = (x.to_vec(), x.to_vec());
        for (index, layer) in layers.iter().enumerate() {
            let apply = |x: &[f64]| layer.map.apply(x).map_err(|error| EstimateError::Affine { layer: index, error });
            (hard, smooth) = (apply(&hard)?, apply(&smooth)?);
            if let Some(activation) = &layer.activation {
                hard.iter_mut().for_each(|z| *z = activation.function().eval(*z));
                smooth.iter_mut().for_each(|z| *z = activation.eval(*z));
            }
        }
        Ok((hard, smooth))
    }
}

impl fmt::Display for NetworkEstimate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, layer) in self.layers.iter().enumerate() {
            writeln!(
                f,
                "layer {index}: {} outputs, norms {:.4} (max) and {:.4} (Euclidean), Lip {:.4}, error {:.6}",
                layer.outputs, layer.norm_inf, layer.norm_two, layer.lipschitz, layer.error
            )?;
        }
        writeln!(f, "largest error of an output at most {:.6} (published {:.6})", self.max, self.published_max)?;
        write!(f, "Euclidean norm of the error at most {:.6} (published {:.6})", self.two, self.published_two)
    }
}
