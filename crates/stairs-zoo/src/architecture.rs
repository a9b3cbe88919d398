//! Models by name and size: `lenet`, `mlp:64-32`, `mobilenet-v2:0.35`.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::{MobileNetV2Config, ResNetDepth, Stem, VggBnDepth, VggDepth, VggOptions, limits};

/// Family and size of a model, written as one word; its input and classes come from the data.
///
/// | text | model |
/// |---|---|
/// | `mlp`, `mlp:64-32` | [`Mlp`](crate::Mlp) with hidden layers of these widths; 256-256 where none are given |
/// | `lenet`, `lenet:32-64-128` | [`LeNet`](crate::LeNet) with these channels and hidden width |
/// | `cnn`, `cnn:8-16` | [`Cnn`](crate::Cnn) with these channels; 16-32-64 where none are given |
/// | `plain-mlp:16`, `plain-cnn:8-16` | the same without batch normalisation, with biases |
/// | `vgg8`, `vgg8:0.25`, `vgg9`, `vgg11`, `vgg19` | [`Vgg`](crate::Vgg) with all widths times this capacity; 1 where none is given |
/// | `vgg9:0.25+pool-first+norm-logits`, `vgg8:0.25+wide` | the same with [`VggOptions`] |
/// | `ds-cnn`, `ds-cnn:32` | [`DsCnn`](crate::DsCnn) with this many channels; 64 where none are given |
/// | `alexnet`, `alexnet-bn`, `alexnet-small`, with a capacity as above | [`AlexNet`](crate::AlexNet), as published and without batch normalisation, with it, for small images |
/// | `vgg11-bn`, `vgg13-bn`, `vgg16-bn`, `vgg19-bn` | [`VggBn`](crate::VggBn), for ImageNet |
/// | `mobilenet-v2`, `mobilenet-v2:0.35`, `mobilenet-v2-small` | [`MobileNetV2`](crate::MobileNetV2) with this width multiplier, and for small images |
/// | `resnet18`, `resnet34`, `resnet50`, `resnet18-small`, … | [`ResNet`](crate::ResNet) for ImageNet, and for small images |
/// | `resnet20`, `resnet32`, `resnet56` | [`ResNet`](crate::ResNet) for CIFAR-10 |
/// | `linear` | a dense layer: softmax regression |
///
/// Underscores are read as hyphens, so that torchvision's names do: `mobilenet_v2`, `vgg16_bn`.
///
/// ```
/// use stairs_zoo::Architecture;
/// let model: Architecture = "plain-mlp:16-8".parse().unwrap();
/// assert_eq!(model, Architecture::Mlp { hidden: vec![16, 8], norm: false });
/// assert_eq!(model.to_string(), "plain-mlp:16-8");
/// assert!("lenet:32".parse::<Architecture>().is_err());
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
#[non_exhaustive]
pub enum Architecture {
    /// A multilayer perceptron.
    Mlp {
        /// Widths of the hidden layers.
        hidden: Vec<usize>,
        /// Batch normalisation after every hidden layer.
        norm: bool,
    },
    /// A LeNet.
    LeNet {
        /// Channels of the two convolutions.
        channels: [usize; 2],
        /// Width of the hidden dense layer.
        hidden: usize,
    },
    /// A plain stack of convolutions.
    Cnn {
        /// Channels of the convolutions.
        channels: Vec<usize>,
        /// Batch normalisation after every convolution.
        norm: bool,
    },
    /// A VGG network.
    Vgg {
        /// Number of layers.
        depth: VggDepth,
        /// Factor on all widths.
        capacity: f64,
        /// Variants.
        options: VggOptions,
    },
    /// A DS-CNN.
    DsCnn {
        /// Channels of every layer.
        channels: usize,
    },
    /// An AlexNet.
    AlexNet {
        /// The size of images it is made for.
        stem: Stem,
        /// Factor on all widths.
        capacity: f64,
        /// Batch normalisation after every hidden layer.
        norm: bool,
    },
    /// A VGG network for ImageNet.
    VggBn {
        /// Number of layers.
        depth: VggBnDepth,
        /// Factor on all widths.
        capacity: f64,
    },
    /// A MobileNetV2.
    MobileNetV2 {
        /// The size of images it is made for.
        stem: Stem,
        /// Width multiplier.
        width: f64,
    },
    /// A residual network.
    ResNet {
        /// Number of layers.
        depth: ResNetDepth,
        /// The size of images it is made for.
        stem: Stem,
        /// Factor on all widths.
        capacity: f64,
    },
}

/// A name that is no model.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("`{name}` is no model: expected {expected}")]
pub struct ArchitectureError {
    /// The name.
    pub name: String,
    /// What would have been one.
    pub expected: &'static str,
}

/// What [`ArchitectureError`] says about an unknown family.
const FAMILIES: &str = "linear, mlp, lenet, cnn, vgg8, vgg9, vgg11, vgg19, ds-cnn, alexnet, alexnet-bn, alexnet-small, vgg11-bn to \
                        vgg19-bn, mobilenet-v2, resnet18, resnet34, resnet50 (mobilenet-v2 and resnet18 also with -small), resnet20, \
                        resnet32 or resnet56, with sizes as in mlp:64-32, lenet:32-64-128, cnn:8-16, ds-cnn:32 or a factor as in \
                        vgg8:0.25; vgg also with +pool-first, +norm-logits and +wide; mlp and cnn also as plain-mlp and plain-cnn, without batch normalisation";

/// A VGG as published.
fn vgg(depth: VggDepth, capacity: f64) -> Architecture {
    Architecture::Vgg { depth, capacity, options: VggOptions::default() }
}

/// Makes a model of a family from the factor on its widths.
type Scaled = fn(f64) -> Architecture;

/// The families that have one number, a factor on all widths.
const SCALED: [(&str, Scaled); 20] = {
    use Architecture::{AlexNet, MobileNetV2, ResNet, VggBn};
    const LARGE: Stem = Stem::ImageNet;
    const SMALL: Stem = Stem::Small;
    [
        ("vgg8", |capacity| vgg(VggDepth::Vgg8, capacity)),
        ("vgg9", |capacity| vgg(VggDepth::Vgg9, capacity)),
        ("vgg11", |capacity| vgg(VggDepth::Vgg11, capacity)),
        ("vgg19", |capacity| vgg(VggDepth::Vgg19, capacity)),
        ("alexnet", |capacity| AlexNet { stem: LARGE, capacity, norm: false }),
        ("alexnet-bn", |capacity| AlexNet { stem: LARGE, capacity, norm: true }),
        ("alexnet-small", |capacity| AlexNet { stem: SMALL, capacity, norm: true }),
        ("vgg11-bn", |capacity| VggBn { depth: VggBnDepth::Vgg11, capacity }),
        ("vgg13-bn", |capacity| VggBn { depth: VggBnDepth::Vgg13, capacity }),
        ("vgg16-bn", |capacity| VggBn { depth: VggBnDepth::Vgg16, capacity }),
        ("vgg19-bn", |capacity| VggBn { depth: VggBnDepth::Vgg19, capacity }),
        ("mobilenet-v2", |width| MobileNetV2 { stem: LARGE, width }),
        ("mobilenet-v2-small", |width| MobileNetV2 { stem: SMALL, width }),
        ("resnet18", |capacity| ResNet { depth: ResNetDepth::ResNet18, stem: LARGE, capacity }),
        ("resnet34", |capacity| ResNet { depth: ResNetDepth::ResNet34, stem: LARGE, capacity }),
        ("resnet50", |capacity| ResNet { depth: ResNetDepth::ResNet50, stem: LARGE, capacity }),
        ("resnet18-small", |capacity| ResNet { depth: ResNetDepth::ResNet18, stem: SMALL, capacity }),
        ("resnet20", |capacity| ResNet { depth: ResNetDepth::ResNet20, stem: SMALL, capacity }),
        ("resnet32", |capacity| ResNet { depth: ResNetDepth::ResNet32, stem: SMALL, capacity }),
        ("resnet56", |capacity| ResNet { depth: ResNetDepth::ResNet56, stem: SMALL, capacity }),
    ]
};

impl Architecture {
    /// Name of the family, what stands before the colon: `mlp`, `plain-cnn`, `vgg8`, `mobilenet-v2-small`.
    ///
    /// ```
    /// # use stairs_zoo::Architecture;
    /// assert_eq!("plain-cnn:4-8".parse::<Architecture>().unwrap().family(), "plain-cnn");
    /// ```
    pub fn family(&self) -> &'static str {
        match self {
            Self::Mlp { hidden, .. } if hidden.is_empty() => "linear",
            Self::Mlp { norm: true, .. } => "mlp",
            Self::Mlp { norm: false, .. } => "plain-mlp",
            Self::LeNet { .. } => "lenet",
            Self::Cnn { norm: true, .. } => "cnn",
            Self::Cnn { norm: false, .. } => "plain-cnn",
            Self::Vgg { depth, .. } => depth.name(),
            Self::DsCnn { .. } => "ds-cnn",
            Self::AlexNet { stem: Stem::Small, .. } => "alexnet-small",
            Self::AlexNet { norm: true, .. } => "alexnet-bn",
            Self::AlexNet { norm: false, .. } => "alexnet",
            Self::VggBn { depth, .. } => depth.name(),
            Self::MobileNetV2 { stem: Stem::ImageNet, .. } => "mobilenet-v2",
            Self::MobileNetV2 { stem: Stem::Small, .. } => "mobilenet-v2-small",
            Self::ResNet { depth: ResNetDepth::ResNet18, stem: Stem::Small, .. } => "resnet18-small",
            Self::ResNet { depth, .. } => depth.name(),
        }
    }

    /// Names of the layers with an activation, in network order: those an annealing plan has a schedule for when weights
    /// and features are quantised and the last layer is not.
    ///
    /// ```
    /// # use stairs_zoo::Architecture;
    /// assert_eq!("mlp:64-32".parse::<Architecture>().unwrap().layers(), ["hidden.0", "hidden.1"]);
    /// ```
    pub fn layers(&self) -> Vec<String> {
        let numbered = |name: &str, count: usize| (0..count).map(|i| format!("{name}.{i}")).collect::<Vec<_>>();
        match self {
            Self::Mlp { hidden, .. } => numbered("hidden", hidden.len()),
            Self::LeNet { .. } => ["conv1", "conv2", "fc1"].map(String::from).into(),
            Self::Cnn { channels, .. } => numbered("blocks", channels.len()),
            Self::Vgg { depth, .. } => {
                let convolutions = depth.stages().iter().map(|stage| stage.len()).sum();
                [numbered("blocks", convolutions), numbered("hidden", 2)].concat()
            }
            Self::DsCnn { .. } => [vec!["stem".to_owned()], numbered("blocks", 8)].concat(),
            Self::AlexNet { .. } => [numbered("blocks", 5), numbered("hidden", 2)].concat(),
            Self::VggBn { depth, .. } => {
                [numbered("blocks", depth.stages().iter().sum()), numbered("hidden", 2)].concat()
            }
            Self::MobileNetV2 { .. } => MobileNetV2Config::layers(),
            Self::ResNet { depth, .. } => depth.layers(),
        }
    }
}

impl FromStr for Architecture {
    type Err = ArchitectureError;

    fn from_str(text: &str) -> Result<Self, ArchitectureError> {
        let error = |expected| ArchitectureError { name: text.to_owned(), expected };
        let text = &text.replace('_', "-");
        if let Some((plain, names)) = text.split_once('+') {
            let Self::Vgg { depth, capacity, options } = plain.parse()? else {
                return Err(error("options after a `+` only for vgg8, vgg9, vgg11 and vgg19"));
            };
            let options = names.split('+').try_fold(options, VggOptions::with_named);
            let expected = "pool-first, norm-logits or wide after a `+`, each once, such as vgg9:0.25+pool-first";
            return Ok(Self::Vgg { depth, capacity, options: options.ok_or_else(|| error(expected))? });
        }
        let (family, sizes) = match text.split_once(':') {
            Some((family, sizes)) => (family, Some(sizes)),
            None => (text.as_str(), None),
        };
        if let Some((_, scaled)) = SCALED.iter().find(|(name, _)| *name == family) {
            let factor = match sizes {
                None => Some(1.0),
                Some(text) => text.parse::<f64>().ok().filter(|factor| limits::FACTORS.contains(factor)),
            };
            let expected = "a factor from 0.0001 to 64 after the colon, such as vgg8:0.25";
            return Ok(scaled(factor.ok_or_else(|| error(expected))?));
        }
        if text == "linear" {
            return Ok(Self::Mlp { hidden: Vec::new(), norm: false });
        }
        let sizes = |default: &[usize]| -> Result<Vec<usize>, ArchitectureError> {
            let Some(sizes) = sizes else { return Ok(default.to_vec()) };
            let sizes: Option<Vec<usize>> = sizes.split('-').map(|part| part.parse().ok()).collect();
            sizes.filter(|sizes| limits::are_sizes(sizes)).ok_or_else(|| {
                error(
                    "positive sizes joined by `-` after the colon, such as 64-32: at most 256, at most 1048576 in all",
                )
            })
        };
        let (plain, family) = match family.strip_prefix("plain-") {
            Some(family) => (true, family),
            None => (false, family),
        };
        match family {
            "mlp" => Ok(Self::Mlp { hidden: sizes(&[256, 256])?, norm: !plain }),
            "cnn" => Ok(Self::Cnn { channels: sizes(&[16, 32, 64])?, norm: !plain }),
            "lenet" if !plain => match sizes(&[32, 64, 128])?.as_slice() {
                [first, second, hidden] => Ok(Self::LeNet { channels: [*first, *second], hidden: *hidden }),
                _ => Err(error("three sizes for lenet, such as lenet:32-64-128")),
            },
            "ds-cnn" if !plain => match sizes(&[64])?.as_slice() {
                [channels] => Ok(Self::DsCnn { channels: *channels }),
                _ => Err(error("one number of channels for ds-cnn, such as ds-cnn:32")),
            },
            _ => Err(error(FAMILIES)),
        }
    }
}

impl fmt::Display for Architecture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sizes = match self {
            Self::Mlp { hidden, .. } if hidden.is_empty() => return f.write_str(self.family()),
            Self::Mlp { hidden: sizes, .. } | Self::Cnn { channels: sizes, .. } => sizes.clone(),
            Self::LeNet { channels, hidden } => vec![channels[0], channels[1], *hidden],
            Self::DsCnn { channels } => vec![*channels],
            Self::Vgg { capacity, options, .. } => {
                write!(f, "{}:{capacity}", self.family())?;
                return options.names().try_for_each(|name| write!(f, "+{name}"));
            }
            Self::AlexNet { capacity: factor, .. }
            | Self::VggBn { capacity: factor, .. }
            | Self::MobileNetV2 { width: factor, .. }
            | Self::ResNet { capacity: factor, .. } => return write!(f, "{}:{factor}", self.family()),
        };
        let sizes = sizes.iter().map(ToString::to_string).collect::<Vec<_>>().join("-");
        write!(f, "{}:{sizes}", self.family())
    }
}

impl TryFrom<String> for Architecture {
    type Error = ArchitectureError;

    fn try_from(text: String) -> Result<Self, ArchitectureError> {
        text.parse()
    }
}

impl From<Architecture> for String {
    fn from(architecture: Architecture) -> Self {
        architecture.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_back() {
        for text in [
            "mlp:256-256",
            "lenet:32-64-128",
            "cnn:16-32-64",
            "plain-mlp:16",
            "plain-cnn:4-4-4-4",
            "mlp:1",
            "vgg8:0.125",
            "vgg19:1",
            "vgg9:0.25+pool-first+norm-logits",
            "vgg8:0.5+wide",
            "ds-cnn:32",
            "linear",
            "alexnet:1",
            "alexnet-bn:0.5",
            "alexnet-small:0.25",
            "vgg16-bn:1",
            "mobilenet-v2:0.35",
            "mobilenet-v2-small:1.4",
            "resnet50:1",
            "resnet18-small:0.5",
            "resnet56:1",
        ] {
            let model: Architecture = text.parse().unwrap();
            assert_eq!(model.to_string(), text);
            assert_eq!(serde_json::from_str::<Architecture>(&serde_json::to_string(&model).unwrap()).unwrap(), model);
        }
        for (short, long) in [
            ("mlp", "mlp:256-256"),
            ("lenet", "lenet:32-64-128"),
            ("cnn", "cnn:16-32-64"),
            ("vgg11", "vgg11:1"),
            ("ds-cnn", "ds-cnn:64"),
            ("mobilenet_v2", "mobilenet-v2:1"),
            ("vgg16_bn", "vgg16-bn:1"),
        ] {
            assert_eq!(short.parse::<Architecture>(), long.parse());
        }
    }

    #[test]
    fn what_is_no_model_is_refused() {
        for text in [
            "",
            "vgg99",
            "mlp:",
            "mlp:0",
            "mlp:64,32",
            "mlp:-1",
            "lenet:1-2",
            "plain-lenet",
            "cnn:8-",
            "MLP",
            "vgg8:0",
            "vgg8+narrow",
            "vgg8+wide+wide",
            "vgg8+",
            "lenet+wide",
            "vgg8:NaN",
            "vgg8:inf",
            "plain-vgg8",
            "ds-cnn:1-2",
            "linear:3",
            "resnet20-small",
            "alexnet:-1",
        ] {
            let error = text.parse::<Architecture>().unwrap_err().to_string();
            assert!(error.contains(&format!("`{text}`")), "{error}");
        }
    }
}
