//! VGG networks for small images: (conv 3×3 – batch norm – act [– pool])ⁿ – (dense – batch norm – act)² – dense.
//!
//! | depth | convolutions; `M` is a max pool | source |
//! |---|---|---|
//! | 8 | 128 M 256 256 M 512 512 M | \[ANA22\] (arXiv 2203.11323), the network of its CIFAR-10 study |
//! | 9 | 128 128 M 256 256 M 512 512 M | Courbariaux, Bengio, David, *BinaryConnect*, NeurIPS 2015 |
//! | 11 | 64 M 128 M 256 256 M 512 512 M 512 512 M | Simonyan, Zisserman, ICLR 2015, A |
//! | 19 | 64 64 M 128 128 M 256×4 M 512×4 M 512×4 M | the same, E |
//!
//! Two hidden dense layers of 1024 units follow, and the output. All widths are multiplied by the capacity. Convolutions
//! keep the size; a pool is left out where the image has become a single row or column, so that images of any size will do.
//!
//! [`VggOptions`] has the variants that papers on quantised networks train.

use burn::config::Config;
use burn::module::Module;
use burn::nn::conv::Conv2dConfig;
use burn::nn::{BatchNorm, BatchNormConfig, Linear, LinearConfig, PaddingConfig2d};
use burn::tensor::{Device, Tensor};
use serde::{Deserialize, Serialize};

use crate::conv::{ConvBlock, halving};
use crate::family::{Family, Name, Order};
use crate::models::mlp::Block;
use crate::quantisation::{image, positive};
use crate::{FamilyName, Model, ModelError, Quantisation};

/// Units of a hidden dense layer at capacity 1.
const HIDDEN: usize = 1024;

/// Number of layers with weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum VggDepth {
    /// Five convolutions.
    Vgg8,
    /// Six convolutions.
    Vgg9,
    /// Eight convolutions.
    Vgg11,
    /// Sixteen convolutions.
    Vgg19,
}

impl VggDepth {
    /// All, ascending.
    pub const ALL: [VggDepth; 4] = [VggDepth::Vgg8, VggDepth::Vgg9, VggDepth::Vgg11, VggDepth::Vgg19];

    /// `vgg8`, `vgg9`, `vgg11`, `vgg19`.
    pub fn name(self) -> &'static str {
        match self {
            VggDepth::Vgg8 => "vgg8",
            VggDepth::Vgg9 => "vgg9",
            VggDepth::Vgg11 => "vgg11",
            VggDepth::Vgg19 => "vgg19",
        }
    }

    /// Channels at capacity 1 of the convolutions between two pools.
    pub fn stages(self) -> &'static [&'static [usize]] {
        match self {
            VggDepth::Vgg8 => &[&[128], &[256, 256], &[512, 512]],
            VggDepth::Vgg9 => &[&[128, 128], &[256, 256], &[512, 512]],
            VggDepth::Vgg11 => &[&[64], &[128], &[256, 256], &[512, 512], &[512, 512]],
            VggDepth::Vgg19 => &[&[64; 2], &[128; 2], &[256; 4], &[512; 4], &[512; 4]],
        }
    }
}

/// What papers on quantised networks change in a VGG; nothing by default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VggOptions {
    /// Pools stand in front of the batch norm: conv – pool – batch norm – act, as in \[ANA19\] (arXiv 1905.10452). In text
    /// `pool-first`.
    #[serde(default)]
    pub pool_first: bool,
    /// A batch norm on the logits, in place of the bias of the last layer: what gives logits of ternary weights their size,
    /// as in \[ANA19\]. In text `norm-logits`.
    #[serde(default)]
    pub norm_logits: bool,
    /// The hidden dense layers have 1024 units whatever the capacity, as in the authors' code of \[ANA22\]. In text `wide`.
    #[serde(default)]
    pub wide: bool,
}

impl VggOptions {
    /// All names.
    const NAMES: [&'static str; 3] = ["pool-first", "norm-logits", "wide"];

    /// The options by name, in the order in which a model's name has them.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        let set = [self.pool_first, self.norm_logits, self.wide];
        Self::NAMES.into_iter().zip(set).filter(|(_, on)| *on).map(|(name, _)| name)
    }

    /// The same with the option of this name, if it is one.
    #[must_use]
    fn with_named(mut self, name: &str) -> Self {
        self.pool_first |= name == "pool-first";
        self.norm_logits |= name == "norm-logits";
        self.wide |= name == "wide";
        self
    }
}

/// A VGG network; see the module of this name for its layers.
#[derive(Module, Debug)]
pub struct Vgg {
    blocks: Vec<ConvBlock>,
    hidden: Vec<Block>,
    output: Linear,
    logits: Option<BatchNorm>,
}

/// Configuration of a [`Vgg`].
///
/// ```
/// use burn::tensor::{Device, Tensor};
/// use stairs_zoo::{VggConfig, VggDepth};
/// let device = Device::flex();
/// let model = VggConfig::new(VggDepth::Vgg8, [3, 32, 32], 10).with_capacity(0.0625).init(&device).unwrap();
/// assert_eq!(model.forward(Tensor::zeros([2, 3, 32, 32], &device)).dims(), [2, 10]);
/// ```
#[derive(Config, Debug, PartialEq)]
pub struct VggConfig {
    /// Number of layers.
    pub depth: VggDepth,
    /// Shape of a sample: channels, height, width.
    pub input: [usize; 3],
    /// Number of classes.
    pub classes: usize,
    /// Factor on all widths, positive; widths are rounded, and at least 1.
    #[config(default = 1.0)]
    pub capacity: f64,
    /// Variants.
    #[config(default = "VggOptions::default()")]
    pub options: VggOptions,
    /// Float or quantised.
    #[config(default = "Quantisation::Float")]
    pub quantisation: Quantisation,
}

impl VggConfig {
    fn width(&self, at_one: usize) -> usize {
        ((self.capacity * at_one as f64).round() as usize).max(1)
    }

    /// For every convolution its channels and whether a pool follows; then the height and width that leave the stack.
    pub fn convolutions(&self) -> (Vec<(usize, bool)>, [usize; 2]) {
        let [_, mut height, mut width] = self.input;
        let mut convolutions = Vec::new();
        for stage in self.depth.stages() {
            for (index, channels) in stage.iter().enumerate() {
                let pool = index + 1 == stage.len() && height.min(width) >= 2;
                if pool {
                    (height, width) = (height / 2, width / 2);
                }
                convolutions.push((self.width(*channels), pool));
            }
        }
        (convolutions, [height, width])
    }

    /// Widths of the two hidden dense layers.
    pub fn hidden(&self) -> [usize; 2] {
        [if self.options.wide { HIDDEN } else { self.width(HIDDEN) }; 2]
    }

    /// The model on `device`.
    ///
    /// # Errors
    /// [`ModelError`] for a size of 0, a capacity that is not positive and finite, or a quantisation that is not possible.
    pub fn init(&self, device: &Device) -> Result<Vgg, ModelError> {
        self.quantisation.quantise(self.build(device)?)
    }

    /// The model before its weights are quantised.
    fn build(&self, device: &Device) -> Result<Vgg, ModelError> {
        let [mut channels, _, _] = image(self.input)?;
        if !(self.capacity > 0.0 && self.capacity.is_finite()) {
            return Err(ModelError::Capacity(self.capacity));
        }
        let (convolutions, [height, width]) = self.convolutions();
        let mut blocks = Vec::with_capacity(convolutions.len());
        for (next, pool) in convolutions {
            let conv = Conv2dConfig::new([channels, next], [3, 3]).with_padding(PaddingConfig2d::Same);
            let pool = pool.then(halving);
            let block = ConvBlock::new(&conv, true, pool, &self.quantisation, device)?;
            blocks.push(if self.options.pool_first { block.pooling_first() } else { block });
            channels = next;
        }
        let mut units = channels * height * width;
        let mut hidden = Vec::with_capacity(2);
        for next in self.hidden() {
            hidden.push(Block::new([units, next], true, &self.quantisation, device)?);
            units = next;
        }
        let classes = positive("classes", self.classes)?;
        let normed = self.options.norm_logits;
        let output = LinearConfig::new(units, classes).with_bias(!normed).init(device);
        let logits = normed.then(|| BatchNormConfig::new(classes).init(device));
        Ok(Vgg { blocks, hidden, output, logits })
    }
}

impl Vgg {
    /// Logits `[B, classes]` of images `[B, C, H, W]`.
    pub fn forward(&self, x: Tensor<4>) -> Tensor<2> {
        let x = self.blocks.iter().fold(x, |x, block| block.forward(x));
        let x = self.hidden.iter().fold(x.flatten::<2>(1, 3), |x, block| block.forward(x));
        let x = self.output.forward(x);
        match &self.logits {
            Some(norm) => norm.forward(x),
            None => x,
        }
    }
}

/// A [`Vgg`] by name: `vgg8:0.25`, `vgg9:0.25+pool-first+norm-logits`.
#[derive(Clone, Debug, PartialEq)]
pub struct VggSizes {
    /// Number of layers.
    pub depth: VggDepth,
    /// Factor on all widths.
    pub capacity: f64,
    /// Variants.
    pub options: VggOptions,
}

impl Family for VggSizes {
    fn names() -> Vec<FamilyName> {
        vec![FamilyName::new(
            ["vgg8", "1"],
            "VGG8",
            "VGG for small images, all widths times the factor, with +pool-first, +norm-logits or +wide; also vgg9, vgg11, vgg19",
            ("0.02", [3, 32, 32]),
        )]
    }

    fn options() -> &'static [&'static str] {
        &VggOptions::NAMES
    }

    fn parse(name: &Name<'_>) -> Option<Result<Self, &'static str>> {
        let depth = VggDepth::ALL.into_iter().find(|depth| depth.name() == name.family)?;
        let options = name.options().fold(VggOptions::default(), VggOptions::with_named);
        Some(name.factor().map(|capacity| Self { depth, capacity, options }))
    }

    fn name(&self) -> &'static str {
        self.depth.name()
    }

    fn sizes(&self) -> String {
        let options = self.options.names().map(|name| format!("+{name}"));
        [self.capacity.to_string()].into_iter().chain(options).collect()
    }

    fn build(&self, order: Order<'_>) -> Result<Model, ModelError> {
        let vgg = VggConfig::new(self.depth, order.input, order.classes)
            .with_capacity(self.capacity)
            .with_options(self.options);
        Ok(vgg.with_quantisation(order.quantisation).build(order.device)?.into())
    }
}
