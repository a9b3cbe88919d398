//! Residual networks.
//!
//! | depth | stem | stages: blocks × channels | block | skip connection that changes the shape |
//! |---|---|---|---|---|
//! | 18 | conv 7×7 64 /2, pool 3×3 /2 | 2×64, 2×128, 2×256, 2×512 | basic | conv 1×1 – norm |
//! | 34 | the same | 3×64, 4×128, 6×256, 3×512 | basic | the same |
//! | 50 | the same | 3×256, 4×512, 6×1024, 3×2048 | bottleneck | the same |
//! | 20, 32, 56 | conv 3×3 16 | n×16, n×32, n×64; n = 3, 5, 9 | basic | every second pixel, new channels 0 |
//!
//! A mean over the image and a dense layer follow. He, Zhang, Ren, Sun, *Deep Residual Learning for Image Recognition*,
//! CVPR 2016, tables 1 and 6 (the latter with option A); the first three as torchvision defines them (`resnet18`, …, the
//! stride of a bottleneck in its 3×3 convolution), which they equal number for number. With the small stem they begin
//! with a convolution 3×3 of stride 1 and no pool. All widths are multiplied by the capacity.
//!
//! What is quantised where, with features of few levels Q and the 8 bits Q₈ of the stream (see `stream`):
//!
//! ```text
//!  s ──┬─ Q ─┬─ conv ─ norm ─ Q ─ conv ─ norm ─ + ─ Q₈ ── s′
//!      │     └─ conv 1×1 ─ norm ────────────────┤      where the shape changes
//!      └────────────────────────────────────────┘      elsewhere
//! ```

mod sizes;

use burn::config::Config;
use burn::module::Module;
use burn::nn::conv::Conv2dConfig;
use burn::nn::pool::{MaxPool2d, MaxPool2dConfig};
use burn::nn::{Linear, LinearConfig, PaddingConfig2d};
use burn::tensor::{Device, Tensor};
use stairs_kernels::max_pool2d;

use crate::conv::{ConvBlock, ConvNorm, global_mean, square};
use crate::quantisation::{image, positive, width};
use crate::stream::Stream;
use crate::{ModelError, Quantisation, Stem};

pub use sizes::{ResNetDepth, ResNetSizes};

/// A residual network; see the module of this name for its layers.
#[derive(Module, Debug)]
pub struct ResNet {
    stem: ConvBlock,
    entry: Stream,
    blocks: Vec<Residual>,
    output: Linear,
}

/// A block and the stream behind.
#[derive(Module, Debug)]
struct Residual {
    /// All convolutions of the block but the last.
    inner: Vec<ConvBlock>,
    last: ConvNorm,
    /// What is added to the block; the stream itself if `None`.
    skip: Option<Skip>,
    stream: Stream,
}

/// What is added where a block changes the shape.
#[derive(Module, Debug)]
#[allow(clippy::large_enum_variant)]
enum Skip {
    /// A convolution of what the block reads.
    Project(ConvNorm),
    /// Every second pixel of the stream, with channels of zeros.
    Pad(Pad),
}

#[derive(Module, Debug)]
struct Pad {
    subsample: MaxPool2d,
    channels: usize,
}

/// Configuration of a [`ResNet`].
///
/// ```
/// use burn::tensor::{Device, Tensor};
/// use stairs_zoo::{ResNetConfig, ResNetDepth};
/// let device = Device::flex();
/// let model = ResNetConfig::new(ResNetDepth::ResNet20, [3, 32, 32], 10).init(&device).unwrap();
/// assert_eq!(model.forward(Tensor::zeros([2, 3, 32, 32], &device)).dims(), [2, 10]);
/// ```
#[derive(Config, Debug, PartialEq)]
pub struct ResNetConfig {
    /// Number of layers.
    pub depth: ResNetDepth,
    /// Shape of a sample: channels, height, width; of any size.
    pub input: [usize; 3],
    /// Number of classes.
    pub classes: usize,
    /// The size of images that depths 18, 34 and 50 are made for; the others are for small ones.
    #[config(default = "Stem::ImageNet")]
    pub stem: Stem,
    /// Factor on all widths, positive; widths are rounded, and at least 1.
    #[config(default = 1.0)]
    pub capacity: f64,
    /// Float or quantised.
    #[config(default = "Quantisation::Float")]
    pub quantisation: Quantisation,
}

/// Input, inner and output channels of a block, and its stride.
type Shape = ([usize; 3], usize);

impl ResNetConfig {
    /// Whether the first layers shrink images.
    pub(crate) fn shrinks(&self) -> bool {
        self.stem == Stem::ImageNet && !self.depth.is_for_cifar()
    }

    /// Channels of the stem, and the blocks.
    fn blocks(&self) -> Result<(usize, Vec<Shape>), ModelError> {
        let first = width(self.depth.first(), self.capacity)?;
        let mut channels = first;
        let mut blocks = Vec::new();
        for (stage, count) in self.depth.stages().iter().enumerate() {
            let inner = width(self.depth.first() << stage, self.capacity)?;
            for index in 0..*count {
                let next = inner * self.depth.expansion();
                blocks.push(([channels, inner, next], if stage > 0 && index == 0 { 2 } else { 1 }));
                channels = next;
            }
        }
        Ok((first, blocks))
    }

    /// The model on `device`.
    ///
    /// # Errors
    /// [`ModelError`] for a size of 0, a capacity that is not possible, or a quantisation that is not.
    pub fn init(&self, device: &Device) -> Result<ResNet, ModelError> {
        self.quantisation.quantise(self.build(device)?)
    }

    /// The model before its weights are quantised.
    fn build(&self, device: &Device) -> Result<ResNet, ModelError> {
        let [inputs, _, _] = image(self.input)?;
        let (first, shapes) = self.blocks()?;
        let padded = || PaddingConfig2d::Explicit(1, 1, 1, 1);
        let (conv, pool) = if self.shrinks() {
            let pool = MaxPool2dConfig::new([3, 3]).with_strides([2, 2]).with_padding(padded());
            (square([inputs, first], 7, 2), Some(pool))
        } else {
            (square([inputs, first], 3, 1), None)
        };
        let blocks = shapes.iter().map(|(channels, stride)| self.block(*channels, *stride, device));
        let blocks = blocks.collect::<Result<_, _>>()?;
        let last = shapes.last().map_or(first, |([_, _, next], _)| *next);
        let float = Quantisation::Float;
        Ok(ResNet {
            // Its ReLU and its quantiser are those of the stream.
            stem: ConvBlock::build(&conv.with_bias(false), true, None, pool, &float, device)?,
            entry: Stream::new(true, &self.quantisation, device)?,
            blocks,
            output: LinearConfig::new(last, positive("classes", self.classes)?).init(device),
        })
    }

    fn block(&self, channels: [usize; 3], stride: usize, device: &Device) -> Result<Residual, ModelError> {
        let [before, inner, next] = channels;
        let block = |conv: Conv2dConfig| ConvBlock::new(&conv, true, None, &self.quantisation, device);
        let (inner, last) = if self.depth.expansion() == 1 {
            (vec![block(square([before, inner], 3, stride))?], square([inner, next], 3, 1))
        } else {
            let narrow = block(square([before, inner], 1, 1))?;
            (vec![narrow, block(square([inner, inner], 3, stride))?], square([inner, next], 1, 1))
        };
        let skip = match (stride == 1 && before == next, self.depth.is_for_cifar()) {
            (true, _) => None,
            (false, false) => Some(Skip::Project(ConvNorm::new(&square([before, next], 1, stride), device))),
            (false, true) => Some(Skip::Pad(Pad {
                subsample: MaxPool2dConfig::new([1, 1]).with_strides([stride, stride]).init(),
                channels: next - before,
            })),
        };
        let stream = Stream::new(true, &self.quantisation, device)?;
        Ok(Residual { inner, last: ConvNorm::new(&last, device), skip, stream })
    }
}

impl ResNet {
    /// Logits `[B, classes]` of images `[B, C, H, W]`.
    pub fn forward(&self, x: Tensor<4>) -> Tensor<2> {
        let stream = self.entry.sum(self.stem.forward(x));
        let start = (self.entry.read(stream.clone()), stream);
        let (x, _) = self.blocks.iter().fold(start, |(read, stream), block| block.forward(read, stream));
        self.output.forward(global_mean(x))
    }
}

impl Residual {
    /// What the next block reads and the next stream, from the same of this block.
    fn forward(&self, read: Tensor<4>, stream: Tensor<4>) -> (Tensor<4>, Tensor<4>) {
        let skipped = match &self.skip {
            None => stream,
            Some(Skip::Project(project)) => project.forward(read.clone()),
            Some(Skip::Pad(pad)) => pad.forward(stream),
        };
        let x = self.inner.iter().fold(read, |x, block| block.forward(x));
        let stream = self.stream.sum(self.last.forward(x) + skipped);
        (self.stream.read(stream.clone()), stream)
    }
}

impl Pad {
    fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let x = max_pool2d(&self.subsample, x);
        if self.channels == 0 {
            return x;
        }
        let [batch, _, height, width] = x.dims();
        let zeros = Tensor::zeros([batch, self.channels, height, width], &x.device());
        Tensor::cat(vec![x, zeros], 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_padded_skip_takes_every_second_pixel_and_adds_channels_of_zeros() {
        let pad = Pad { subsample: MaxPool2dConfig::new([1, 1]).with_strides([2, 2]).init(), channels: 1 };
        let x = Tensor::<4>::from_floats([[[[-1.0, 2.0, -3.0], [4.0, 5.0, 6.0], [7.0, 8.0, -9.0]]]], &Device::flex());
        let y = pad.forward(x);
        assert_eq!(y.dims(), [1, 2, 2, 2]);
        let y = y.into_data().try_to_vec::<f32>().unwrap();
        assert_eq!(y, [-1.0, -3.0, 7.0, -9.0, 0.0, 0.0, 0.0, 0.0]);
    }
}
