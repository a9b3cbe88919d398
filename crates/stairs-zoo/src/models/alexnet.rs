//! AlexNet: five convolutions, three dense layers.
//!
//! | stem | convolutions: kernel, channels, stride; `M` is a max pool of 3×3 with stride 2 | pooled to | dense |
//! |---|---|---|---|
//! | ImageNet | 11×11 64 /4 M, 5×5 192 M, 3×3 384, 3×3 256, 3×3 256 M | 6×6 | 4096, 4096 |
//! | small images | 5×5 64 M, 5×5 192 M, 3×3 384, 3×3 256, 3×3 256 M | what is left | 1024, 1024 |
//!
//! The first is Krizhevsky, *One weird trick for parallelizing convolutional neural networks*, arXiv 1404.5997, as torchvision
//! defines it (`alexnet`), which without batch normalisation it equals number for number. The second is ours, for images of
//! 16 to 64 pixels. Quantised networks want the normalisation, which puts features where their thresholds are; then it
//! follows every layer but the last. All widths are multiplied by the capacity.
//!
//! Dropout stands before the two hidden dense layers, as published.

use burn::config::Config;
use burn::module::Module;
use burn::nn::pool::{AdaptiveAvgPool2d, AdaptiveAvgPool2dConfig, MaxPool2dConfig};
use burn::nn::{Dropout, Linear, LinearConfig, PaddingConfig2d};
use burn::tensor::{Device, Tensor};
use stairs_kernels::adaptive_avg_pool2d;

use crate::conv::{ConvBlock, square, windows};
use crate::family::{Family, Name, Order};
use crate::models::mlp::Block;
use crate::quantisation::{dropout, image, positive, width};
use crate::{FamilyName, Model, ModelError, Quantisation, Stem};

/// Channels of the convolutions at capacity 1.
const CHANNELS: [usize; 5] = [64, 192, 384, 256, 256];

/// An AlexNet; see the module of this name for its layers.
#[derive(Module, Debug)]
pub struct AlexNet {
    blocks: Vec<ConvBlock>,
    pool: Option<AdaptiveAvgPool2d>,
    dropout: Dropout,
    hidden: Vec<Block>,
    output: Linear,
}

/// Configuration of an [`AlexNet`].
///
/// ```
/// use burn::tensor::{Device, Tensor};
/// use stairs_zoo::{AlexNetConfig, Stem};
/// let device = Device::flex();
/// let model = AlexNetConfig::new([3, 32, 32], 10).with_stem(Stem::Small).with_capacity(0.125).init(&device).unwrap();
/// assert_eq!(model.forward(Tensor::zeros([2, 3, 32, 32], &device)).dims(), [2, 10]);
/// ```
#[derive(Config, Debug, PartialEq)]
pub struct AlexNetConfig {
    /// Shape of a sample: channels, height, width.
    pub input: [usize; 3],
    /// Number of classes.
    pub classes: usize,
    /// The size of images it is made for: at least 63 pixels a side, small ones at least 15.
    #[config(default = "Stem::ImageNet")]
    pub stem: Stem,
    /// Factor on all widths, positive; widths are rounded, and at least 1.
    #[config(default = 1.0)]
    pub capacity: f64,
    /// Batch normalisation after every hidden layer; torchvision's has none.
    #[config(default = true)]
    pub norm: bool,
    /// Probability in [0, 1) with which training drops an input of the hidden dense layers; torchvision's is 0.5.
    #[config(default = 0.0)]
    pub dropout: f64,
    /// Float or quantised.
    #[config(default = "Quantisation::Float")]
    pub quantisation: Quantisation,
}

impl AlexNetConfig {
    /// Kernel, stride, padding of the convolutions and whether a pool follows.
    fn convolutions(&self) -> [(usize, usize, usize, bool); 5] {
        let first = match self.stem {
            Stem::ImageNet => (11, 4, 2, true),
            Stem::Small => (5, 1, 2, true),
        };
        [first, (5, 1, 2, true), (3, 1, 1, false), (3, 1, 1, false), (3, 1, 1, true)]
    }

    /// The model on `device`.
    ///
    /// # Errors
    /// [`ModelError`] for a size of 0, an image that is too small, a capacity or dropout that is not possible, or a quantisation
    /// that is not.
    pub fn init(&self, device: &Device) -> Result<AlexNet, ModelError> {
        self.quantisation.quantise(self.build(device)?)
    }

    /// The model before its weights are quantised.
    fn build(&self, device: &Device) -> Result<AlexNet, ModelError> {
        let [mut channels, mut height, mut across] = image(self.input)?;
        let small = |field, value| ModelError::Size { field, value, needs: "too small an image for this AlexNet" };
        let smaller = |size: usize, kernel, stride, padding, pool| {
            let size = windows(size, kernel, stride, padding)?;
            if pool { windows(size, 3, 2, 0) } else { Some(size) }
        };
        let mut blocks = Vec::with_capacity(CHANNELS.len());
        for (at_one, (kernel, stride, padding, pools)) in CHANNELS.into_iter().zip(self.convolutions()) {
            let next = width(at_one, self.capacity)?;
            let padded = PaddingConfig2d::Explicit(padding, padding, padding, padding);
            let conv = square([channels, next], kernel, stride).with_padding(padded);
            let pool = pools.then(|| MaxPool2dConfig::new([3, 3]).with_strides([2, 2]));
            blocks.push(ConvBlock::new(&conv, self.norm, pool, &self.quantisation, device)?);
            height = smaller(height, kernel, stride, padding, pools).ok_or(small("input height", self.input[1]))?;
            across = smaller(across, kernel, stride, padding, pools).ok_or(small("input width", self.input[2]))?;
            channels = next;
        }
        let (pool, pixels, units) = match self.stem {
            Stem::ImageNet => (Some(AdaptiveAvgPool2dConfig::new([6, 6]).init()), 36, 4096),
            Stem::Small => (None, height * across, 1024),
        };
        let units = width(units, self.capacity)?;
        let hidden = [[channels * pixels, units], [units, units]];
        let hidden = hidden.map(|sizes| Block::new(sizes, self.norm, &self.quantisation, device));
        let output = LinearConfig::new(units, positive("classes", self.classes)?).init(device);
        Ok(AlexNet {
            blocks,
            pool,
            dropout: dropout(self.dropout)?,
            hidden: hidden.into_iter().collect::<Result<_, _>>()?,
            output,
        })
    }
}

impl AlexNet {
    /// Logits `[B, classes]` of images `[B, C, H, W]`.
    pub fn forward(&self, x: Tensor<4>) -> Tensor<2> {
        let x = self.blocks.iter().fold(x, |x, block| block.forward(x));
        let x = match &self.pool {
            Some(pool) => adaptive_avg_pool2d(pool, x),
            None => x,
        };
        let x = self.hidden.iter().fold(x.flatten::<2>(1, 3), |x, block| block.forward(self.dropout.forward(x)));
        self.output.forward(x)
    }
}

/// An [`AlexNet`] by name: `alexnet:1` as published and without batch normalisation, `alexnet-bn` with it, `alexnet-small` for
/// small images. Those for ImageNet have the dropout that was published, ½.
#[derive(Clone, Debug, PartialEq)]
pub struct AlexNetSizes {
    /// The size of images it is made for.
    pub stem: Stem,
    /// Factor on all widths.
    pub capacity: f64,
    /// Batch normalisation after every hidden layer.
    pub norm: bool,
}

impl Family for AlexNetSizes {
    fn names() -> Vec<FamilyName> {
        vec![
            FamilyName::new(
                ["alexnet", "1"],
                "AlexNet",
                "AlexNet as published, all widths times the factor",
                ("0.02", [3, 63, 71]),
            ),
            FamilyName::new(
                ["alexnet-bn", "1"],
                "AlexNet with batch norm",
                "the same with batch normalisation",
                ("0.02", [3, 95, 64]),
            ),
            FamilyName::new(
                ["alexnet-small", "1"],
                "AlexNet for small images",
                "the same for small images",
                ("0.05", [1, 28, 23]),
            ),
        ]
    }

    fn parse(name: &Name<'_>) -> Option<Result<Self, &'static str>> {
        let (stem, norm) = match name.family {
            "alexnet" => (Stem::ImageNet, false),
            "alexnet-bn" => (Stem::ImageNet, true),
            "alexnet-small" => (Stem::Small, true),
            _ => return None,
        };
        Some(name.factor().map(|capacity| Self { stem, capacity, norm }))
    }

    fn name(&self) -> &'static str {
        match (self.stem, self.norm) {
            (Stem::Small, _) => "alexnet-small",
            (Stem::ImageNet, true) => "alexnet-bn",
            (Stem::ImageNet, false) => "alexnet",
        }
    }

    fn sizes(&self) -> String {
        self.capacity.to_string()
    }

    fn build(&self, order: Order<'_>) -> Result<Model, ModelError> {
        let dropout = if self.is_for_imagenet() { 0.5 } else { 0.0 };
        let alexnet = AlexNetConfig::new(order.input, order.classes).with_stem(self.stem).with_capacity(self.capacity);
        let alexnet = alexnet.with_norm(self.norm).with_dropout(dropout);
        Ok(alexnet.with_quantisation(order.quantisation).build(order.device)?.into())
    }

    fn is_for_imagenet(&self) -> bool {
        self.stem == Stem::ImageNet
    }
}
