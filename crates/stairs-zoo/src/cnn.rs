//! A plain stack of convolutions: (conv 3×3 – batch norm – act – pool)ⁿ – dense.
//!
//! Convolutions keep the size (padding 1). A pool halves it, rounding down, as long as the image has 4×4 pixels or more;
//! deeper convolutions work on what is left. 28×28 (MNIST) leaves 14, 7, 3, 3, … pixels a side, 32×32 leaves 16, 8, 4, 2.

use burn::config::Config;
use burn::module::Module;
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::pool::{MaxPool2d, MaxPool2dConfig};
use burn::nn::{BatchNorm, BatchNormConfig, Linear, LinearConfig, PaddingConfig2d};
use burn::tensor::{Device, Tensor};
use stairs_kernels::{batch_norm, conv2d, max_pool2d};

use crate::quantisation::positive;
use crate::{Activation, ModelError, Quantisation};

/// A stack of convolutions; see the module of this name for its layers.
#[derive(Module, Debug)]
pub struct Cnn {
    blocks: Vec<ConvBlock>,
    output: Linear,
}

/// Convolution – batch norm – activation – pool; norm and pool may be missing.
#[derive(Module, Debug)]
pub(crate) struct ConvBlock {
    conv: Conv2d,
    norm: Option<BatchNorm>,
    activation: Activation,
    pool: Option<MaxPool2d>,
}

/// Configuration of a [`Cnn`].
#[derive(Config, Debug, PartialEq)]
pub struct CnnConfig {
    /// Shape of a sample: channels, height, width.
    pub input: [usize; 3],
    /// Number of classes.
    pub classes: usize,
    /// Channels of the convolutions, first to last.
    pub channels: Vec<usize>,
    /// Batch normalisation after every convolution; without it convolutions have a bias.
    #[config(default = true)]
    pub norm: bool,
    /// Float or quantised.
    #[config(default = "Quantisation::Float")]
    pub quantisation: Quantisation,
}

impl CnnConfig {
    /// For every convolution whether a pool follows it, and the height and width that leave the stack.
    ///
    /// ```
    /// use stairs_zoo::CnnConfig;
    /// let cnn = CnnConfig::new([1, 28, 28], 10, vec![8; 4]);
    /// assert_eq!(cnn.pools(), (vec![true, true, true, false], [3, 3]));
    /// ```
    pub fn pools(&self) -> (Vec<bool>, [usize; 2]) {
        let [_, mut height, mut width] = self.input;
        let pools = self.channels.iter().map(|_| {
            let pools = height.min(width) >= 4;
            if pools {
                (height, width) = (height / 2, width / 2);
            }
            pools
        });
        (pools.collect(), [height, width])
    }

    /// The model on `device`.
    ///
    /// # Errors
    /// [`ModelError`] for a size of 0 or a quantisation that is not possible.
    pub fn init(&self, device: &Device) -> Result<Cnn, ModelError> {
        let [mut channels, height, width] = self.input;
        for (field, value) in [("input channels", channels), ("input height", height), ("input width", width)] {
            positive(field, value)?;
        }
        let (pools, [height, width]) = self.pools();
        let mut blocks = Vec::with_capacity(self.channels.len());
        for (next, pool) in self.channels.iter().zip(pools) {
            let next = positive("channels", *next)?;
            let conv = Conv2dConfig::new([channels, next], [3, 3]).with_padding(PaddingConfig2d::Same);
            blocks.push(ConvBlock::new(&conv, self.norm, pool, &self.quantisation, device)?);
            channels = next;
        }
        let flat = channels * height * width;
        let output = LinearConfig::new(flat, positive("classes", self.classes)?).init(device);
        self.quantisation.quantise(Cnn { blocks, output })
    }
}

impl Cnn {
    /// Logits `[B, classes]` of images `[B, C, H, W]`.
    pub fn forward(&self, x: Tensor<4>) -> Tensor<2> {
        let x = self.blocks.iter().fold(x, |x, block| block.forward(x));
        self.output.forward(x.flatten::<2>(1, 3))
    }
}

impl ConvBlock {
    /// A block around `conv`; without a norm the convolution has a bias.
    pub(crate) fn new(
        conv: &Conv2dConfig,
        norm: bool,
        pool: bool,
        quantisation: &Quantisation,
        device: &Device,
    ) -> Result<Self, ModelError> {
        Ok(Self {
            // A batch norm has a bias of its own.
            conv: conv.clone().with_bias(!norm).init(device),
            norm: norm.then(|| BatchNormConfig::new(conv.channels[1]).init(device)),
            activation: Activation::new(quantisation, device)?,
            pool: pool.then(|| MaxPool2dConfig::new([2, 2]).with_strides([2, 2]).init()),
        })
    }

    pub(crate) fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let x = conv2d(&self.conv, x);
        let x = match &self.norm {
            Some(norm) => batch_norm(norm, x),
            None => x,
        };
        let x = self.activation.forward(x);
        match &self.pool {
            Some(pool) => max_pool2d(pool, x),
            None => x,
        }
    }
}
