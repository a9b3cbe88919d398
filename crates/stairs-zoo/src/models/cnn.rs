//! A plain stack of convolutions: (conv k×k – batch norm – act – pool)ⁿ – dense; k is 3 unless an option says 1, 5 or 7.
//!
//! Convolutions keep the size (padding ⌊k/2⌋). A pool halves it, rounding down, as long as the image has 4×4 pixels or more;
//! deeper convolutions work on what is left. 28×28 (MNIST) leaves 14, 7, 3, 3, … pixels a side, 32×32 leaves 16, 8, 4, 2.

use burn::config::Config;
use burn::module::Module;
use burn::nn::conv::Conv2dConfig;
use burn::nn::{Linear, LinearConfig, PaddingConfig2d};
use burn::tensor::{Device, Tensor};

use crate::conv::{ConvBlock, halving};
use crate::family::{Family, Name, Order, joined};
use crate::quantisation::{image, positive};
use crate::{FamilyName, Model, ModelError, Quantisation};

/// A stack of convolutions; see the module of this name for its layers.
#[derive(Module, Debug)]
pub struct Cnn {
    blocks: Vec<ConvBlock>,
    output: Linear,
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
    /// Height and width of every kernel, odd.
    #[config(default = 3)]
    pub kernel: usize,
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
        self.quantisation.quantise(self.build(device)?)
    }

    /// The model before its weights are quantised.
    fn build(&self, device: &Device) -> Result<Cnn, ModelError> {
        let [mut channels, _, _] = image(self.input)?;
        if self.kernel.is_multiple_of(2) {
            return Err(ModelError::Size { field: "kernel", value: self.kernel, needs: "must be odd" });
        }
        let (pools, [height, width]) = self.pools();
        let mut blocks = Vec::with_capacity(self.channels.len());
        for (next, pool) in self.channels.iter().zip(pools) {
            let next = positive("channels", *next)?;
            let conv = Conv2dConfig::new([channels, next], [self.kernel; 2]).with_padding(PaddingConfig2d::Same);
            blocks.push(ConvBlock::new(&conv, self.norm, pool.then(halving), &self.quantisation, device)?);
            channels = next;
        }
        let flat = channels * height * width;
        let output = LinearConfig::new(flat, positive("classes", self.classes)?).init(device);
        Ok(Cnn { blocks, output })
    }
}

impl Cnn {
    /// Logits `[B, classes]` of images `[B, C, H, W]`.
    pub fn forward(&self, x: Tensor<4>) -> Tensor<2> {
        let x = self.blocks.iter().fold(x, |x, block| block.forward(x));
        self.output.forward(x.flatten::<2>(1, 3))
    }
}

/// Kernels that a name may ask for, as options; the usual one is 3.
const KERNELS: [(&str, usize); 3] = [("k1", 1), ("k5", 5), ("k7", 7)];

/// A [`Cnn`] by name: `cnn:8-16`; `plain-cnn:8-16` without batch normalisation; `cnn:8-16+k5` with kernels of 5×5.
#[derive(Clone, Debug, PartialEq)]
pub struct CnnSizes {
    /// Channels of the convolutions.
    pub channels: Vec<usize>,
    /// Height and width of every kernel: 1, 3, 5 or 7.
    pub kernel: usize,
    /// Batch normalisation after every convolution.
    pub norm: bool,
}

impl Family for CnnSizes {
    fn names() -> Vec<FamilyName> {
        vec![
            FamilyName::new(
                ["cnn", "16-32-64"],
                "CNN",
                "convolutions of these channels, then a dense layer",
                ("3-2-4-3", [2, 8, 13]),
            ),
            FamilyName::new(
                ["plain-cnn", "16-32-64"],
                "plain CNN",
                "the same without batch normalisation",
                ("2-3", [3, 6, 6]),
            ),
        ]
    }

    fn options() -> &'static [&'static str] {
        const { &[KERNELS[0].0, KERNELS[1].0, KERNELS[2].0] }
    }

    fn parse(name: &Name<'_>) -> Option<Result<Self, &'static str>> {
        let channels = matches!(name.family, "cnn" | "plain-cnn").then(|| name.sizes(&[16, 32, 64]))?;
        let kernel = |option| KERNELS.iter().find(|(name, _)| *name == option);
        // The last one counts.
        let kernel = name.options().filter_map(kernel).last().map_or(3, |(_, kernel)| *kernel);
        Some(channels.map(|channels| Self { channels, kernel, norm: name.family == "cnn" }))
    }

    fn name(&self) -> &'static str {
        if self.norm { "cnn" } else { "plain-cnn" }
    }

    fn sizes(&self) -> String {
        let option = KERNELS.iter().find(|(_, kernel)| *kernel == self.kernel);
        joined(&self.channels) + &option.map_or_else(String::new, |(name, _)| format!("+{name}"))
    }

    fn build(&self, order: Order<'_>) -> Result<Model, ModelError> {
        let cnn = CnnConfig::new(order.input, order.classes, self.channels.clone()).with_norm(self.norm);
        Ok(cnn.with_kernel(self.kernel).with_quantisation(order.quantisation).build(order.device)?.into())
    }
}
