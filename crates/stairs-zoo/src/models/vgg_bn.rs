//! VGG networks for ImageNet: (conv 3×3 – batch norm – act [– pool])ⁿ, pooled to 7×7, three dense layers.
//!
//! | depth | convolutions at capacity 1; a pool of 2×2 after each group |
//! |---|---|
//! | 11 | 64, 128, 256×2, 512×2, 512×2 |
//! | 13 | 64×2, 128×2, 256×2, 512×2, 512×2 |
//! | 16 | 64×2, 128×2, 256×3, 512×3, 512×3 |
//! | 19 | 64×2, 128×2, 256×4, 512×4, 512×4 |
//!
//! Simonyan, Zisserman, *Very Deep Convolutional Networks for Large-Scale Image Recognition*, ICLR 2015, with batch
//! normalisation, as torchvision defines it (`vgg16_bn`), which it equals number for number: convolutions have a bias
//! although a norm follows, hidden dense layers (4096 units) have no norm, and dropout follows them.
//!
//! [`Vgg`](crate::Vgg) is the family for small images, of the CIFAR-10 studies.

use burn::config::Config;
use burn::module::Module;
use burn::nn::pool::{AdaptiveAvgPool2d, AdaptiveAvgPool2dConfig};
use burn::nn::{Dropout, Linear, LinearConfig};
use burn::tensor::{Device, Tensor};
use serde::{Deserialize, Serialize};
use stairs_kernels::adaptive_avg_pool2d;

use crate::activation::Rectifier;
use crate::conv::{ConvBlock, halving, square};
use crate::family::{Family, Name, Order};
use crate::models::mlp::Block;
use crate::quantisation::{dropout, image, positive, width};
use crate::{FamilyName, Model, ModelError, Quantisation};

/// Units of a hidden dense layer at capacity 1.
const HIDDEN: usize = 4096;

/// Number of layers with weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum VggBnDepth {
    /// Eight convolutions.
    Vgg11,
    /// Ten convolutions.
    Vgg13,
    /// Thirteen convolutions.
    Vgg16,
    /// Sixteen convolutions.
    Vgg19,
}

impl VggBnDepth {
    /// All, ascending.
    pub const ALL: [Self; 4] = [Self::Vgg11, Self::Vgg13, Self::Vgg16, Self::Vgg19];

    /// `vgg11-bn`, `vgg13-bn`, `vgg16-bn`, `vgg19-bn`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Vgg11 => "vgg11-bn",
            Self::Vgg13 => "vgg13-bn",
            Self::Vgg16 => "vgg16-bn",
            Self::Vgg19 => "vgg19-bn",
        }
    }

    /// Number of convolutions of 64, 128, 256, 512 and 512 channels.
    pub fn stages(self) -> [usize; 5] {
        match self {
            Self::Vgg11 => [1, 1, 2, 2, 2],
            Self::Vgg13 => [2, 2, 2, 2, 2],
            Self::Vgg16 => [2, 2, 3, 3, 3],
            Self::Vgg19 => [2, 2, 4, 4, 4],
        }
    }
}

/// A VGG network for ImageNet; see the module of this name for its layers.
#[derive(Module, Debug)]
pub struct VggBn {
    blocks: Vec<ConvBlock>,
    pool: AdaptiveAvgPool2d,
    hidden: Vec<Block>,
    dropout: Dropout,
    output: Linear,
}

/// Configuration of a [`VggBn`].
///
/// ```
/// use burn::tensor::{Device, Tensor};
/// use stairs_zoo::{VggBnConfig, VggBnDepth};
/// let device = Device::flex();
/// let model = VggBnConfig::new(VggBnDepth::Vgg11, [3, 32, 32], 10).with_capacity(0.0625).init(&device).unwrap();
/// assert_eq!(model.forward(Tensor::zeros([2, 3, 32, 32], &device)).dims(), [2, 10]);
/// ```
#[derive(Config, Debug, PartialEq)]
pub struct VggBnConfig {
    /// Number of layers.
    pub depth: VggBnDepth,
    /// Shape of a sample: channels, height, width; at least 32 pixels a side.
    pub input: [usize; 3],
    /// Number of classes.
    pub classes: usize,
    /// Factor on all widths, positive; widths are rounded, and at least 1.
    #[config(default = 1.0)]
    pub capacity: f64,
    /// Batch normalisation after the hidden dense layers too; torchvision's have none.
    #[config(default = false)]
    pub dense_norm: bool,
    /// Probability in [0, 1) with which training drops an output of the hidden dense layers; torchvision's is 0.5.
    #[config(default = 0.0)]
    pub dropout: f64,
    /// Float or quantised.
    #[config(default = "Quantisation::Float")]
    pub quantisation: Quantisation,
}

impl VggBnConfig {
    /// The model on `device`.
    ///
    /// # Errors
    /// [`ModelError`] for a size of 0, an image of fewer than 32 pixels a side, a capacity or dropout that is not possible, or
    /// a quantisation that is not.
    pub fn init(&self, device: &Device) -> Result<VggBn, ModelError> {
        self.quantisation.quantise(self.build(device)?)
    }

    /// The model before its weights are quantised.
    fn build(&self, device: &Device) -> Result<VggBn, ModelError> {
        let [mut channels, height, across] = image(self.input)?;
        for (field, value) in [("input height", height), ("input width", across)] {
            if value < 32 {
                return Err(ModelError::Size { field, value, needs: "VGG networks for ImageNet need at least 32" });
            }
        }
        let mut blocks = Vec::new();
        for (at_one, count) in [64, 128, 256, 512, 512].into_iter().zip(self.depth.stages()) {
            let next = width(at_one, self.capacity)?;
            for index in 0..count {
                let pool = (index + 1 == count).then(halving);
                let conv = square([channels, next], 3, 1).with_bias(true);
                blocks.push(ConvBlock::build(&conv, true, Some(Rectifier::Relu), pool, &self.quantisation, device)?);
                channels = next;
            }
        }
        let units = width(HIDDEN, self.capacity)?;
        let hidden = [[channels * 49, units], [units, units]];
        let hidden = hidden.map(|sizes| Block::new(sizes, self.dense_norm, &self.quantisation, device));
        let output = LinearConfig::new(units, positive("classes", self.classes)?).init(device);
        Ok(VggBn {
            blocks,
            pool: AdaptiveAvgPool2dConfig::new([7, 7]).init(),
            hidden: hidden.into_iter().collect::<Result<_, _>>()?,
            dropout: dropout(self.dropout)?,
            output,
        })
    }
}

impl VggBn {
    /// Logits `[B, classes]` of images `[B, C, H, W]`.
    pub fn forward(&self, x: Tensor<4>) -> Tensor<2> {
        let x = self.blocks.iter().fold(x, |x, block| block.forward(x));
        let x = adaptive_avg_pool2d(&self.pool, x).flatten::<2>(1, 3);
        let x = self.hidden.iter().fold(x, |x, block| self.dropout.forward(block.forward(x)));
        self.output.forward(x)
    }
}

/// A [`VggBn`] by name: `vgg16-bn:1`, with the dropout that was published, ½.
#[derive(Clone, Debug, PartialEq)]
pub struct VggBnSizes {
    /// Number of layers.
    pub depth: VggBnDepth,
    /// Factor on all widths.
    pub capacity: f64,
}

impl Family for VggBnSizes {
    fn names() -> Vec<FamilyName> {
        vec![FamilyName::new(
            ["vgg16-bn", "1"],
            "VGG16-BN",
            "VGG for ImageNet; also vgg11-bn, vgg13-bn, vgg19-bn",
            ("0.02", [3, 32, 40]),
        )]
    }

    fn parse(name: &Name<'_>) -> Option<Result<Self, &'static str>> {
        let depth = VggBnDepth::ALL.into_iter().find(|depth| depth.name() == name.family)?;
        Some(name.factor().map(|capacity| Self { depth, capacity }))
    }

    fn name(&self) -> &'static str {
        self.depth.name()
    }

    fn sizes(&self) -> String {
        self.capacity.to_string()
    }

    fn build(&self, order: Order<'_>) -> Result<Model, ModelError> {
        let vgg =
            VggBnConfig::new(self.depth, order.input, order.classes).with_capacity(self.capacity).with_dropout(0.5);
        Ok(vgg.with_quantisation(order.quantisation).build(order.device)?.into())
    }

    fn is_for_imagenet(&self) -> bool {
        true
    }
}
