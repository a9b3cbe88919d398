//! A LeNet: conv 3×3 32 – bn – act – pool – conv 3×3 64 – bn – act – pool – dense 128 – bn – act – dense.
//!
//! Convolutions keep the size (padding 1), pools halve it (rounding down), so any image of 4×4 pixels or more will do:
//! 28×28 (MNIST) leaves 7×7 for the dense layer, 8×8 (digits) leaves 2×2.

use burn::config::Config;
use burn::module::Module;
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::pool::{MaxPool2d, MaxPool2dConfig};
use burn::nn::{BatchNorm, BatchNormConfig, Linear, LinearConfig, PaddingConfig2d};
use burn::tensor::{Device, Tensor};
use stairs_kernels::{batch_norm, conv2d, max_pool2d};

use crate::family::{Family, Name, Order, joined};
use crate::quantisation::positive;
use crate::{Activation, FamilyName, Model, ModelError, Quantisation};

/// A LeNet; see the module of this name for its layers.
#[derive(Module, Debug)]
pub struct LeNet {
    conv1: Conv2d,
    norm1: BatchNorm,
    act1: Activation,
    conv2: Conv2d,
    norm2: BatchNorm,
    act2: Activation,
    fc1: Linear,
    norm3: BatchNorm,
    act3: Activation,
    fc2: Linear,
    pool: MaxPool2d,
}

/// Configuration of a [`LeNet`].
#[derive(Config, Debug, PartialEq)]
pub struct LeNetConfig {
    /// Shape of a sample: channels, height, width; height and width at least 4.
    pub input: [usize; 3],
    /// Number of classes.
    pub classes: usize,
    /// Channels of the two convolutions.
    #[config(default = "[32, 64]")]
    pub channels: [usize; 2],
    /// Width of the hidden dense layer.
    #[config(default = 128)]
    pub hidden: usize,
    /// Float or quantised.
    #[config(default = "Quantisation::Float")]
    pub quantisation: Quantisation,
}

impl LeNetConfig {
    /// The model on `device`.
    ///
    /// # Errors
    /// [`ModelError`] for a size of 0, an image below 4×4 pixels, or a quantisation that is not possible.
    pub fn init(&self, device: &Device) -> Result<LeNet, ModelError> {
        self.quantisation.quantise(self.build(device)?)
    }

    /// The model before its weights are quantised.
    fn build(&self, device: &Device) -> Result<LeNet, ModelError> {
        let [channels, height, width] = self.input;
        for (field, value) in [("input height", height), ("input width", width)] {
            if value < 4 {
                return Err(ModelError::Size { field, value, needs: "a LeNet halves the image twice: at least 4" });
            }
        }
        let [first, second] = self.channels;
        let conv = |from, to| {
            // The batch norm that follows has a bias of its own.
            Conv2dConfig::new([from, to], [3, 3]).with_padding(PaddingConfig2d::Same).with_bias(false).init(device)
        };
        let activation = || Activation::new(&self.quantisation, device);
        let (first, second) = (positive("channels", first)?, positive("channels", second)?);
        let hidden = positive("hidden", self.hidden)?;
        let flat = second * (height / 4) * (width / 4);
        Ok(LeNet {
            conv1: conv(positive("input channels", channels)?, first),
            norm1: BatchNormConfig::new(first).init(device),
            act1: activation()?,
            conv2: conv(first, second),
            norm2: BatchNormConfig::new(second).init(device),
            act2: activation()?,
            fc1: LinearConfig::new(flat, hidden).with_bias(false).init(device),
            norm3: BatchNormConfig::new(hidden).init(device),
            act3: activation()?,
            fc2: LinearConfig::new(hidden, positive("classes", self.classes)?).init(device),
            pool: MaxPool2dConfig::new([2, 2]).with_strides([2, 2]).init(),
        })
    }
}

impl LeNet {
    /// Logits `[B, classes]` of images `[B, C, H, W]`.
    pub fn forward(&self, x: Tensor<4>) -> Tensor<2> {
        let x = self.act1.forward(batch_norm(&self.norm1, conv2d(&self.conv1, x)));
        let x = max_pool2d(&self.pool, x);
        let x = self.act2.forward(batch_norm(&self.norm2, conv2d(&self.conv2, x)));
        let x = max_pool2d(&self.pool, x);
        let x = self.act3.forward(self.norm3.forward(self.fc1.forward(x.flatten::<2>(1, 3))));
        self.fc2.forward(x)
    }
}

/// A [`LeNet`] by name: `lenet:32-64-128`.
#[derive(Clone, Debug, PartialEq)]
pub struct LeNetSizes {
    /// Channels of the two convolutions.
    pub channels: [usize; 2],
    /// Width of the hidden dense layer.
    pub hidden: usize,
}

impl Family for LeNetSizes {
    fn names() -> Vec<FamilyName> {
        vec![FamilyName::new(
            ["lenet", "32-64-128"],
            "LeNet",
            "two convolutions of these channels, a hidden dense layer of this width",
            ("3-4-5", [1, 9, 11]),
        )]
    }

    fn parse(name: &Name<'_>) -> Option<Result<Self, &'static str>> {
        let sizes = (name.family == "lenet").then(|| name.sizes(&[32, 64, 128]))?;
        Some(sizes.and_then(|sizes| match sizes[..] {
            [first, second, hidden] => Ok(Self { channels: [first, second], hidden }),
            _ => Err("three sizes for lenet, such as lenet:32-64-128"),
        }))
    }

    fn name(&self) -> &'static str {
        "lenet"
    }

    fn sizes(&self) -> String {
        joined(&[self.channels[0], self.channels[1], self.hidden])
    }

    fn build(&self, order: Order<'_>) -> Result<Model, ModelError> {
        let lenet = LeNetConfig::new(order.input, order.classes).with_channels(self.channels).with_hidden(self.hidden);
        Ok(lenet.with_quantisation(order.quantisation).build(order.device)?.into())
    }
}
