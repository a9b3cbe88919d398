//! A network as a Markov chain of layers: plain data, no tensor library.
//!
//! x_j = pool(φ_j(norm(W_j x_{j−1} + b_j))) + σ·ξ_j for the hidden layers, and a head that turns the last layer's output
//! into a distribution. The estimators of this crate work on this description alone.

mod activation;
mod init;
mod layer;
mod parameters;
#[cfg(feature = "fisher")]
mod pass;
#[cfg(feature = "fisher")]
mod patches;
mod pool;
mod prior;
mod shape;

pub use activation::{Activation, Pointwise};
pub use init::Init;
pub use layer::{Layer, Map, Norm};
pub use parameters::LayerParameters;
pub use pool::{Pool, PoolKind};
pub use prior::Prior;
pub use shape::Shape;

pub(crate) use layer::Geometry;
pub(crate) use parameters::finite;
#[cfg(feature = "fisher")]
pub(crate) use parameters::{flatten, unflatten};
#[cfg(feature = "fisher")]
pub(crate) use pass::{Pass, pass};
#[cfg(feature = "fisher")]
pub(crate) use patches::{patches, scatter};

use crate::ChainError;

/// What the last layer's output parametrises.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Head {
    /// Class probabilities: the softmax of the output, one number a class.
    Categorical,
    /// A normal distribution around the output, independent components of this variance.
    Gaussian {
        /// Variance, positive and finite.
        variance: f64,
    },
}

/// A network as a chain of layers, its sizes checked.
///
/// ```
/// use stairs_capacity::{Activation, Chain, Head, Layer, Shape};
/// let layers = vec![
///     Layer::dense(16).with_bias().with_activation(Activation::Relu),
///     Layer::dense(7).with_bias(),
/// ];
/// let chain = Chain::new(Shape::vector(54), layers, Head::Categorical)?;
/// assert_eq!(chain.dimension(), 54 * 16 + 16 + 16 * 7 + 7);
/// # Ok::<(), stairs_capacity::ChainError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Chain {
    pub(crate) input: Shape,
    pub(crate) layers: Vec<Layer>,
    pub(crate) geometry: Vec<Geometry>,
    pub(crate) head: Head,
}

impl Chain {
    /// The chain of `layers`.
    ///
    /// # Errors
    /// [`ChainError`] for no layer, a size of 0, a kernel or pool that does not fit, statistics of a wrong length or not
    /// finite, or a categorical head on an image.
    pub fn new(input: Shape, layers: Vec<Layer>, head: Head) -> Result<Self, ChainError> {
        if input.values() == 0 {
            return Err(ChainError::Zero { layer: 0, what: "input shape" });
        }
        if let Head::Gaussian { variance } = head {
            positive("variance of the head", variance)?;
        }
        let mut geometry = Vec::with_capacity(layers.len());
        let mut shape = input;
        for (index, layer) in layers.iter().enumerate() {
            let sizes = Geometry::of(index, layer, shape)?;
            if let Some(norm) = &layer.norm {
                check_norm(index, norm, layer.channels())?;
            }
            check_init(index, &layer.init)?;
            shape = sizes.output;
            geometry.push(sizes);
        }
        if layers.is_empty() {
            return Err(ChainError::NoLayers);
        }
        if head == Head::Categorical && shape.positions() != 1 {
            return Err(ChainError::Head(shape));
        }
        Ok(Self { input, layers, geometry, head })
    }

    /// Shape of a sample.
    pub fn input(&self) -> Shape {
        self.input
    }

    /// The layers.
    pub fn layers(&self) -> &[Layer] {
        &self.layers
    }

    /// What the output parametrises.
    pub fn head(&self) -> Head {
        self.head
    }

    /// Shape of the output.
    pub fn output(&self) -> Shape {
        self.geometry.last().map_or(self.input, |geometry| geometry.output)
    }

    /// Number of parameters d: the parameter count is the simplest measure of capacity.
    pub fn dimension(&self) -> usize {
        (0..self.layers.len()).map(|index| self.layer_dimension(index)).sum()
    }

    /// Parameters of layer `index`; 0 for a layer that does not exist.
    pub fn layer_dimension(&self, index: usize) -> usize {
        let layer = self.layers.get(index).zip(self.geometry.get(index));
        layer.map_or(0, |(layer, geometry)| layer.channels() * geometry.width(layer))
    }

    /// Checks the parameters of all layers: lengths, and that every number is finite.
    ///
    /// # Errors
    /// [`ChainError::Length`] or [`ChainError::NotFinite`].
    pub fn check(&self, parameters: &[LayerParameters]) -> Result<(), ChainError> {
        if parameters.len() != self.layers.len() {
            let (expected, got) = (self.layers.len(), parameters.len());
            return Err(ChainError::Length { layer: 0, what: "the list of layers", expected, got });
        }
        let all = parameters.iter().zip(&self.layers).zip(&self.geometry).enumerate();
        all.into_iter().try_for_each(|(index, ((own, layer), geometry))| own.check(index, layer, geometry))
    }

    /// Checks inputs (samples one after the other) and counts them.
    ///
    /// # Errors
    /// [`ChainError::Inputs`] or [`ChainError::NotFinite`].
    pub fn samples(&self, inputs: &[f64]) -> Result<usize, ChainError> {
        let sample = self.input.values();
        if inputs.is_empty() || !inputs.len().is_multiple_of(sample) {
            return Err(ChainError::Inputs { sample, got: inputs.len() });
        }
        finite(0, "input", inputs)?;
        Ok(inputs.len() / sample)
    }

    /// The outputs of `inputs` without noise in the hidden layers: samples one after the other.
    ///
    /// # Errors
    /// [`ChainError`] for parameters or inputs that do not fit.
    #[cfg(feature = "fisher")]
    pub fn forward(&self, parameters: &[LayerParameters], inputs: &[f64]) -> Result<Vec<f64>, ChainError> {
        self.check(parameters)?;
        let samples = self.samples(inputs)?;
        let mut values = inputs.to_vec();
        for (index, own) in parameters.iter().enumerate() {
            values = pass(self, index, own, &values, samples).output;
        }
        Ok(values)
    }
}

pub(crate) fn positive(what: &'static str, value: f64) -> Result<(), ChainError> {
    if value.is_finite() && value > 0.0 { Ok(()) } else { Err(ChainError::Variance { what, value }) }
}

fn check_norm(layer: usize, norm: &Norm, channels: usize) -> Result<(), ChainError> {
    for (what, list) in [("mean of the norm", &norm.mean), ("variance of the norm", &norm.variance)] {
        if !list.is_empty() && list.len() != channels {
            return Err(ChainError::Length { layer, what, expected: channels, got: list.len() });
        }
        finite(layer, what, list)?;
    }
    let smallest =
        norm.variance.iter().copied().fold(if norm.variance.is_empty() { 1.0 } else { f64::INFINITY }, f64::min);
    positive("variance of a normalisation", smallest + norm.epsilon)
}

fn check_init(layer: usize, init: &Init) -> Result<(), ChainError> {
    match init {
        Init::FanIn => Ok(()),
        Init::Uniform { radius } if radius.is_finite() && *radius > 0.0 => Ok(()),
        Init::Uniform { radius } => Err(ChainError::Radius(*radius)),
        Init::Support { thresholds, .. } if thresholds.is_empty() => {
            Err(ChainError::Zero { layer, what: "number of thresholds" })
        }
        Init::Support { thresholds, quantum, mean } => {
            finite(layer, "threshold", thresholds)?;
            finite(layer, "mean of the noise", &[*mean])?;
            positive("quantum", *quantum)
        }
    }
}
