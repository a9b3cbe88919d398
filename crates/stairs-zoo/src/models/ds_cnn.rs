//! DS-CNN: a convolutional stem, four depthwise-separable blocks, average pool, dense.
//!
//! The stem is a convolution of 10×4 with stride 2; a block is a depthwise convolution of 3×3 and a pointwise one, each with
//! batch norm and activation. Padding keeps ⌈size/2⌉ in the stem and the size in the blocks. Source: Zhang, Suda, Lai,
//! Chandra, *Hello Edge: Keyword Spotting on Microcontrollers*, arXiv 1711.07128; with 64 channels as in \[ANA22\].

use burn::config::Config;
use burn::module::Module;
use burn::nn::conv::Conv2dConfig;
use burn::nn::{Linear, LinearConfig, PaddingConfig2d};
use burn::tensor::{Device, Tensor};

use crate::conv::{ConvBlock, global_mean};
use crate::family::{Family, Name, Order};
use crate::quantisation::{image, positive};
use crate::{FamilyName, Model, ModelError, Quantisation};

/// Number of depthwise-separable blocks.
const BLOCKS: usize = 4;

/// A DS-CNN; see the module of this name for its layers.
#[derive(Module, Debug)]
pub struct DsCnn {
    stem: ConvBlock,
    /// Depthwise and pointwise convolutions in turn.
    blocks: Vec<ConvBlock>,
    output: Linear,
}

/// Configuration of a [`DsCnn`].
///
/// ```
/// use burn::tensor::{Device, Tensor};
/// use stairs_zoo::DsCnnConfig;
/// let device = Device::flex();
/// // 49 frames of 10 features, 12 words.
/// let model = DsCnnConfig::new([1, 49, 10], 12).with_channels(8).init(&device).unwrap();
/// assert_eq!(model.forward(Tensor::zeros([2, 1, 49, 10], &device)).dims(), [2, 12]);
/// ```
#[derive(Config, Debug, PartialEq)]
pub struct DsCnnConfig {
    /// Shape of a sample: channels, height (time), width (features).
    pub input: [usize; 3],
    /// Number of classes.
    pub classes: usize,
    /// Channels of every layer.
    #[config(default = 64)]
    pub channels: usize,
    /// Float or quantised.
    #[config(default = "Quantisation::Float")]
    pub quantisation: Quantisation,
}

impl DsCnnConfig {
    /// The model on `device`.
    ///
    /// # Errors
    /// [`ModelError`] for a size of 0 or a quantisation that is not possible.
    pub fn init(&self, device: &Device) -> Result<DsCnn, ModelError> {
        self.quantisation.quantise(self.build(device)?)
    }

    /// The model before its weights are quantised.
    fn build(&self, device: &Device) -> Result<DsCnn, ModelError> {
        let [inputs, _, _] = image(self.input)?;
        let channels = positive("channels", self.channels)?;
        let block = |conv: Conv2dConfig| ConvBlock::new(&conv, true, None, &self.quantisation, device);
        // ⌈size/2⌉ rows and columns are left.
        let stem = Conv2dConfig::new([inputs, channels], [10, 4]).with_stride([2, 2]);
        let stem = stem.with_padding(PaddingConfig2d::Explicit(4, 1, 5, 2));
        let mut blocks = Vec::with_capacity(2 * BLOCKS);
        for _ in 0..BLOCKS {
            let depthwise = Conv2dConfig::new([channels, channels], [3, 3]).with_groups(channels);
            blocks.push(block(depthwise.with_padding(PaddingConfig2d::Same))?);
            blocks.push(block(Conv2dConfig::new([channels, channels], [1, 1]))?);
        }
        let output = LinearConfig::new(channels, positive("classes", self.classes)?).init(device);
        Ok(DsCnn { stem: block(stem)?, blocks, output })
    }
}

impl DsCnn {
    /// Logits `[B, classes]` of samples `[B, C, H, W]`.
    pub fn forward(&self, x: Tensor<4>) -> Tensor<2> {
        let x = self.blocks.iter().fold(self.stem.forward(x), |x, block| block.forward(x));
        self.output.forward(global_mean(x))
    }
}

/// A [`DsCnn`] by name: `ds-cnn:32`.
#[derive(Clone, Debug, PartialEq)]
pub struct DsCnnSizes {
    /// Channels of every layer.
    pub channels: usize,
}

impl Family for DsCnnSizes {
    fn names() -> Vec<FamilyName> {
        vec![FamilyName::new(
            ["ds-cnn", "64"],
            "DS-CNN",
            "depthwise-separable convolutions of these channels, for keyword spotting",
            ("5", [1, 49, 10]),
        )]
    }

    fn parse(name: &Name<'_>) -> Option<Result<Self, &'static str>> {
        let sizes = (name.family == "ds-cnn").then(|| name.sizes(&[64]))?;
        Some(sizes.and_then(|sizes| match sizes[..] {
            [channels] => Ok(Self { channels }),
            _ => Err("one number of channels for ds-cnn, such as ds-cnn:32"),
        }))
    }

    fn name(&self) -> &'static str {
        "ds-cnn"
    }

    fn sizes(&self) -> String {
        self.channels.to_string()
    }

    fn build(&self, order: Order<'_>) -> Result<Model, ModelError> {
        let ds_cnn = DsCnnConfig::new(order.input, order.classes).with_channels(self.channels);
        Ok(ds_cnn.with_quantisation(order.quantisation).build(order.device)?.into())
    }
}
