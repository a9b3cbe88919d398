//! One layer: an affine map, a normalisation, an activation, a pool.

use std::sync::Arc;

use stairs_network::Window;

use super::{Activation, Init, Pointwise, Pool, Shape};
use crate::ChainError;

/// The affine map of a layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Map {
    /// All inputs to all outputs; weights `[outputs, inputs]`.
    Dense {
        /// Width of the layer.
        outputs: usize,
    },
    /// A convolution; weights `[channels, input channels, kernel height, kernel width]`.
    Conv {
        /// Output channels.
        channels: usize,
        /// Height and width of the kernel.
        kernel: [usize; 2],
        /// Steps of the kernel.
        stride: [usize; 2],
        /// Zeros around the image: rows above and below, columns left and right.
        padding: [[usize; 2]; 2],
        /// Distance of neighbouring taps.
        dilation: [usize; 2],
    },
}

impl Map {
    /// The kernel of a convolution; `None` for a dense layer, and for sizes of 0.
    pub(crate) fn window(&self) -> Option<Window> {
        let Map::Conv { kernel, stride, padding, dilation, .. } = *self else { return None };
        let window = Window::new(kernel).ok()?.with_stride(stride).ok()?.with_dilation(dilation).ok()?;
        Some(window.with_padding(padding))
    }
}

/// Batch normalisation in evaluation mode: fixed statistics, then a scale and a shift per channel, both parameters.
///
/// ```text
/// u = γ·(z − mean)/√(variance + epsilon) + β
/// ```
///
/// The statistics are constants: the Fisher matrix is taken at fixed statistics, with respect to γ and β.
#[derive(Clone, Debug, PartialEq)]
pub struct Norm {
    /// Mean per channel; empty for 0.
    pub mean: Vec<f64>,
    /// Variance per channel; empty for 1.
    pub variance: Vec<f64>,
    /// Added to the variance.
    pub epsilon: f64,
}

impl Norm {
    /// The statistics of an untrained normalisation: mean 0, variance 1.
    pub fn untrained(epsilon: f64) -> Self {
        Self { mean: Vec::new(), variance: Vec::new(), epsilon }
    }
}

/// A layer of a [`Chain`](crate::Chain): x ↦ pool(φ(norm(W x + b))).
///
/// ```
/// use stairs_capacity::{Activation, Layer, Pool};
/// let layer = Layer::conv(32, [3, 3]).with_padding([1, 1]).with_bias().with_activation(Activation::Relu).with_pool(Pool::max(2));
/// # let _ = layer;
/// ```
#[derive(Clone, Debug)]
pub struct Layer {
    pub(crate) map: Map,
    pub(crate) bias: bool,
    pub(crate) norm: Option<Norm>,
    pub(crate) activation: Activation,
    pub(crate) pool: Option<Pool>,
    pub(crate) weight_map: Option<Arc<dyn Pointwise>>,
    pub(crate) init: Init,
}

impl Layer {
    fn new(map: Map) -> Self {
        let (activation, init) = (Activation::Identity, Init::FanIn);
        Self { map, bias: false, norm: None, activation, pool: None, weight_map: None, init }
    }

    /// A dense layer without bias and activation.
    pub fn dense(outputs: usize) -> Self {
        Self::new(Map::Dense { outputs })
    }

    /// A convolution of stride 1 without padding, bias and activation.
    pub fn conv(channels: usize, kernel: [usize; 2]) -> Self {
        Self::new(Map::Conv { channels, kernel, stride: [1, 1], padding: [[0; 2]; 2], dilation: [1, 1] })
    }

    /// Sets the stride of a convolution; a dense layer has none and stays.
    #[must_use]
    pub fn with_stride(mut self, steps: [usize; 2]) -> Self {
        if let Map::Conv { stride, .. } = &mut self.map {
            *stride = steps;
        }
        self
    }

    /// Sets the zeros on each side of the image of a convolution, vertical and horizontal; a dense layer has none and stays.
    #[must_use]
    pub fn with_padding(self, zeros: [usize; 2]) -> Self {
        self.with_padding_around(zeros.map(|zeros| [zeros; 2]))
    }

    /// The same with the rows above and below, and the columns left and right.
    #[must_use]
    pub fn with_padding_around(mut self, zeros: [[usize; 2]; 2]) -> Self {
        if let Map::Conv { padding, .. } = &mut self.map {
            *padding = zeros;
        }
        self
    }

    /// Sets the distance of neighbouring taps of a convolution; a dense layer has none and stays.
    #[must_use]
    pub fn with_dilation(mut self, distance: [usize; 2]) -> Self {
        if let Map::Conv { dilation, .. } = &mut self.map {
            *dilation = distance;
        }
        self
    }

    /// Adds a bias per output channel.
    #[must_use]
    pub fn with_bias(mut self) -> Self {
        self.bias = true;
        self
    }

    /// Adds a normalisation after the affine map.
    #[must_use]
    pub fn with_norm(mut self, norm: Norm) -> Self {
        self.norm = Some(norm);
        self
    }

    /// Sets the activation.
    #[must_use]
    pub fn with_activation(mut self, activation: Activation) -> Self {
        self.activation = activation;
        self
    }

    /// Sets the pool after the activation.
    #[must_use]
    pub fn with_pool(mut self, pool: Pool) -> Self {
        self.pool = Some(pool);
        self
    }

    /// Sets the map from a latent weight to the weight used, e.g. a regularised stair; the parameter is the latent one.
    #[must_use]
    pub fn with_weight_map(mut self, map: Arc<dyn Pointwise>) -> Self {
        self.weight_map = Some(map);
        self
    }

    /// Sets how initial weights are drawn.
    #[must_use]
    pub fn with_init(mut self, init: Init) -> Self {
        self.init = init;
        self
    }

    /// Output channels.
    pub fn channels(&self) -> usize {
        match self.map {
            Map::Dense { outputs } => outputs,
            Map::Conv { channels, .. } => channels,
        }
    }
}

/// The sizes of a layer inside a chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Geometry {
    /// What comes in.
    pub(crate) input: Shape,
    /// After the affine map.
    pub(crate) inner: Shape,
    /// After the pool.
    pub(crate) output: Shape,
    /// Inputs of one output unit.
    pub(crate) fan_in: usize,
}

impl Geometry {
    pub(crate) fn of(index: usize, layer: &Layer, input: Shape) -> Result<Self, ChainError> {
        let positive = |what, value: usize| match value {
            0 => Err(ChainError::Zero { layer: index, what }),
            _ => Ok(()),
        };
        positive("number of output channels", layer.channels())?;
        let (inner, fan_in) = match layer.map {
            Map::Dense { outputs } => (Shape::vector(outputs), input.values()),
            Map::Conv { channels, kernel, .. } => {
                let window =
                    layer.map.window().ok_or(ChainError::Zero { layer: index, what: "kernel, stride or dilation" })?;
                let (height, width) = (input.height, input.width);
                let Some([rows, columns]) = window.output([height, width]) else {
                    return Err(ChainError::Window { layer: index, what: "kernel", size: kernel, height, width });
                };
                (Shape::image(channels, rows, columns), input.channels * window.taps())
            }
        };
        let output = match &layer.pool {
            None => inner,
            Some(pool) => {
                positive("window", pool.size[0].min(pool.size[1]))?;
                positive("stride of the pool", pool.stride[0].min(pool.stride[1]))?;
                let (height, width) = (inner.height, inner.width);
                let (rows, columns) = pool.output(height, width).ok_or(ChainError::Window {
                    layer: index,
                    what: "pool",
                    size: pool.size,
                    height,
                    width,
                })?;
                Shape::image(inner.channels, rows, columns)
            }
        };
        Ok(Self { input, inner, output, fan_in })
    }

    /// Parameters of one output channel: its weights, bias, and scale and shift of its normalisation.
    pub(crate) fn width(&self, layer: &Layer) -> usize {
        self.fan_in + usize::from(layer.bias) + 2 * usize::from(layer.norm.is_some())
    }
}
