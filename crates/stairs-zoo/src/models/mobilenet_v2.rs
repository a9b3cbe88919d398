//! MobileNetV2: inverted residuals with linear bottlenecks.
//!
//! Stem: conv 3×3, 32 channels, stride 2. Then blocks (expansion t, channels c, number n, stride s of the first)
//!
//! | t | c | n | s |
//! |---|---|---|---|
//! | 1 | 16 | 1 | 1 |
//! | 6 | 24 | 2 | 2 |
//! | 6 | 32 | 3 | 2 |
//! | 6 | 64 | 4 | 2 |
//! | 6 | 96 | 3 | 1 |
//! | 6 | 160 | 3 | 2 |
//! | 6 | 320 | 1 | 1 |
//!
//! and a head: conv 1×1, 1280 channels, mean over the image, dropout, dense. A block expands its c′ channels to t·c′ (1×1), filters each
//! (3×3 depthwise), and projects to c (1×1, no activation); where stride and channels permit, its input is added. Batch
//! norm follows every convolution, ReLU6 all but the projections. Channels times the width multiplier are rounded to
//! multiples of 8; the head never has fewer than 1280. Source: Sandler, Howard, Zhu, Zhmoginov, Chen, *MobileNetV2*,
//! CVPR 2018, table 2, as torchvision defines it (`mobilenet_v2`), which it equals number for number. For small images
//! the stem has stride 1.
//!
//! What is quantised where, with features of few levels Q and the 8 bits Q₈ of the stream (see `stream`):
//!
//! ```text
//!  s ──┬─ expand 1×1 ─ norm ─ Q ─ depthwise 3×3 ─ norm ─ Q ─ project 1×1 ─ norm ─ + ─ Q₈ ── s′
//!      └──────────────────────────────────────────────────────────────────────────┘
//! ```

use burn::config::Config;
use burn::module::Module;
use burn::nn::conv::Conv2dConfig;
use burn::nn::{Dropout, Linear, LinearConfig};
use burn::tensor::{Device, Tensor};

use crate::activation::Rectifier;
use crate::conv::{ConvBlock, ConvNorm, global_mean, square};
use crate::family::{Family, Name, Order};
use crate::quantisation::{dropout, image, positive};
use crate::stream::Stream;
use crate::{Branches, FamilyName, Model, ModelError, Quantisation, Stem};

/// Expansion, channels, number and first stride of the blocks.
const STAGES: [(usize, usize, usize, usize); 7] =
    [(1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1)];
/// What no module is called: the sums belong to no branch.
const STREAM: &str = "stream";
/// Channels of stem and head.
const ENDS: [usize; 2] = [32, 1280];

/// A MobileNetV2; see the module of this name for its layers.
#[derive(Module, Debug)]
pub struct MobileNetV2 {
    stem: ConvBlock,
    blocks: Vec<InvertedResidual>,
    head: ConvBlock,
    dropout: Dropout,
    output: Linear,
}

/// Expand – depthwise – project, and the stream behind.
#[derive(Module, Debug)]
struct InvertedResidual {
    expand: Option<ConvBlock>,
    depthwise: ConvBlock,
    project: ConvNorm,
    stream: Stream,
    #[module(skip)]
    skips: bool,
}

/// Configuration of a [`MobileNetV2`].
///
/// ```
/// use burn::tensor::{Device, Tensor};
/// use stairs_zoo::{MobileNetV2Config, Stem};
/// let device = Device::flex();
/// let model = MobileNetV2Config::new([3, 32, 32], 10).with_stem(Stem::Small).with_width(0.35).init(&device).unwrap();
/// assert_eq!(model.forward(Tensor::zeros([2, 3, 32, 32], &device)).dims(), [2, 10]);
/// ```
#[derive(Config, Debug, PartialEq)]
pub struct MobileNetV2Config {
    /// Shape of a sample: channels, height, width; of any size.
    pub input: [usize; 3],
    /// Number of classes.
    pub classes: usize,
    /// The size of images it is made for.
    #[config(default = "Stem::ImageNet")]
    pub stem: Stem,
    /// Width multiplier, positive.
    #[config(default = 1.0)]
    pub width: f64,
    /// Probability in [0, 1) with which training drops an input of the dense layer; torchvision's is 0.2.
    #[config(default = 0.0)]
    pub dropout: f64,
    /// Float or quantised.
    #[config(default = "Quantisation::Float")]
    pub quantisation: Quantisation,
}

impl MobileNetV2Config {
    fn channels(&self, at_one: usize) -> usize {
        multiple_of_eight(at_one as f64 * self.width)
    }

    /// Input channels, expansion, output channels and stride of every block.
    pub(crate) fn blocks(&self) -> Vec<(usize, usize, usize, usize)> {
        let mut channels = self.channels(ENDS[0]);
        let mut blocks = Vec::new();
        for (expansion, at_one, count, first) in STAGES {
            for index in 0..count {
                let next = self.channels(at_one);
                blocks.push((channels, expansion, next, if index == 0 { first } else { 1 }));
                channels = next;
            }
        }
        blocks
    }

    /// Paths of the blocks with a skip connection: ten of seventeen.
    pub(crate) fn branches(&self) -> Vec<String> {
        let skips =
            |&(_, (channels, _, next, stride)): &(usize, (usize, usize, usize, usize))| stride == 1 && channels == next;
        self.blocks().into_iter().enumerate().filter(skips).map(|(index, _)| block_path(index)).collect()
    }

    /// Channels of stem and head.
    pub(crate) fn ends(&self) -> [usize; 2] {
        [self.channels(ENDS[0]), multiple_of_eight(ENDS[1] as f64 * self.width.max(1.0))]
    }

    /// The model on `device`.
    ///
    /// # Errors
    /// [`ModelError`] for a size of 0, a width or dropout that is not possible, or a quantisation that is not.
    pub fn init(&self, device: &Device) -> Result<MobileNetV2, ModelError> {
        self.quantisation.quantise(self.build(device)?)
    }

    /// The model before its weights are quantised.
    fn build(&self, device: &Device) -> Result<MobileNetV2, ModelError> {
        if let Some(Branches::Only(modules)) = self.quantisation.stairs().map(|stairs| &stairs.branches)
            && modules.is_empty()
        {
            return Err(ModelError::Branches);
        }
        let [inputs, _, _] = image(self.input)?;
        if !(self.width > 0.0 && self.width.is_finite()) {
            return Err(ModelError::Capacity(self.width));
        }
        let block = |conv: &Conv2dConfig, quantisation: &Quantisation| {
            let conv = conv.clone().with_bias(false);
            ConvBlock::build(&conv, true, Some(Rectifier::Relu6), None, quantisation, device)
        };
        let residual = |(index, (channels, expansion, next, stride))| -> Result<_, ModelError> {
            let quantisation = self.quantisation.of_module(&block_path(index));
            let inner = channels * expansion;
            let pointwise = |channels| Conv2dConfig::new(channels, [1, 1]);
            Ok(InvertedResidual {
                expand: if expansion == 1 { None } else { Some(block(&pointwise([channels, inner]), &quantisation)?) },
                depthwise: block(&square([inner, inner], 3, stride).with_groups(inner), &quantisation)?,
                project: ConvNorm::new(&pointwise([inner, next]), device),
                stream: Stream::new(false, &self.quantisation.of_module(STREAM), device)?,
                skips: stride == 1 && channels == next,
            })
        };
        let [first, last] = self.ends();
        let stride = match self.stem {
            Stem::ImageNet => 2,
            Stem::Small => 1,
        };
        let stem = block(&square([inputs, first], 3, stride), &self.quantisation.of_module("stem"))?;
        let blocks = self.blocks();
        let before = blocks.last().map_or(first, |(_, _, next, _)| *next);
        Ok(MobileNetV2 {
            stem,
            blocks: blocks.into_iter().enumerate().map(residual).collect::<Result<_, _>>()?,
            head: block(&Conv2dConfig::new([before, last], [1, 1]), &self.quantisation.of_module("head"))?,
            dropout: dropout(self.dropout)?,
            output: LinearConfig::new(last, positive("classes", self.classes)?).init(device),
        })
    }
}

/// Path of a block.
fn block_path(index: usize) -> String {
    format!("blocks.{index}")
}

/// The multiple of 8 nearest to `channels`, at least 8 and at least 90 % of it.
fn multiple_of_eight(channels: f64) -> usize {
    let nearest = ((channels + 4.0) as usize / 8 * 8).max(8);
    if (nearest as f64) < 0.9 * channels { nearest + 8 } else { nearest }
}

impl MobileNetV2 {
    /// Logits `[B, classes]` of images `[B, C, H, W]`.
    pub fn forward(&self, x: Tensor<4>) -> Tensor<2> {
        let x = self.blocks.iter().fold(self.stem.forward(x), |stream, block| block.forward(stream));
        let x = global_mean(self.head.forward(x));
        self.output.forward(self.dropout.forward(x))
    }
}

impl InvertedResidual {
    /// The next stream.
    fn forward(&self, stream: Tensor<4>) -> Tensor<4> {
        let x = match &self.expand {
            Some(expand) => expand.forward(stream.clone()),
            None => stream.clone(),
        };
        let x = self.project.forward(self.depthwise.forward(x));
        self.stream.sum(if self.skips { x + stream } else { x })
    }
}

/// A [`MobileNetV2`] by name: `mobilenet-v2:0.35` with the dropout of torchvision, 0.2; `mobilenet-v2-small` for small images.
#[derive(Clone, Debug, PartialEq)]
pub struct MobileNetV2Sizes {
    /// The size of images it is made for.
    pub stem: Stem,
    /// Width multiplier.
    pub width: f64,
}

impl Family for MobileNetV2Sizes {
    fn names() -> Vec<FamilyName> {
        vec![
            FamilyName::new(
                ["mobilenet-v2", "1"],
                "MobileNetV2",
                "MobileNetV2 with this width multiplier",
                ("0.1", [3, 33, 47]),
            ),
            FamilyName::new(
                ["mobilenet-v2-small", "1"],
                "MobileNetV2 for small images",
                "the same for small images",
                ("0.1", [1, 28, 28]),
            ),
        ]
    }

    fn parse(name: &Name<'_>) -> Option<Result<Self, &'static str>> {
        let stem = match name.family {
            "mobilenet-v2" => Stem::ImageNet,
            "mobilenet-v2-small" => Stem::Small,
            _ => return None,
        };
        Some(name.factor().map(|width| Self { stem, width }))
    }

    fn name(&self) -> &'static str {
        match self.stem {
            Stem::ImageNet => "mobilenet-v2",
            Stem::Small => "mobilenet-v2-small",
        }
    }

    fn sizes(&self) -> String {
        self.width.to_string()
    }

    fn build(&self, order: Order<'_>) -> Result<Model, ModelError> {
        let dropout = if self.is_for_imagenet() { 0.2 } else { 0.0 };
        let mobilenet = MobileNetV2Config::new(order.input, order.classes).with_stem(self.stem).with_width(self.width);
        Ok(mobilenet.with_dropout(dropout).with_quantisation(order.quantisation).build(order.device)?.into())
    }

    fn is_for_imagenet(&self) -> bool {
        self.stem == Stem::ImageNet
    }

    fn branches(&self) -> Option<Vec<String>> {
        Some(MobileNetV2Config::new([3, 32, 32], 1).with_width(self.width).branches())
    }
}
