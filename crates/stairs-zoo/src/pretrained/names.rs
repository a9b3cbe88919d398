//! Names of layers in torchvision's models, as their state dicts have them (torchvision 0.29).

use super::{KeyMap, PretrainedError};
use crate::{Architecture, MobileNetV2Config, ResNetDepth, VggBnDepth};

/// Positions of AlexNet's convolutions and hidden dense layers in their `Sequential`s; ReLUs, pools and dropout count too.
const ALEXNET: ([usize; 5], [usize; 2]) = ([0, 3, 6, 8, 10], [1, 4]);
/// Positions of VGG's hidden dense layers.
const VGG_HIDDEN: [usize; 2] = [0, 3];

impl KeyMap {
    /// The layers of a zoo model under torchvision's names: `alexnet`, `vgg11_bn` to `vgg19_bn`, `resnet18`, `resnet34`,
    /// `resnet50`, `mobilenet_v2`, of any width.
    ///
    /// # Errors
    /// [`PretrainedError::NoCounterpart`] for every other model.
    pub fn torchvision(architecture: &Architecture) -> Result<Self, PretrainedError> {
        match architecture {
            Architecture::AlexNet(_) if architecture.family() == "alexnet" => Ok(alexnet()),
            Architecture::VggBn(sizes) => Ok(vgg_bn(sizes.depth)),
            Architecture::ResNet(sizes) if !sizes.depth.is_for_cifar() => Ok(resnet(sizes.depth)),
            Architecture::MobileNetV2(_) => Ok(mobilenet_v2()),
            other => Err(PretrainedError::NoCounterpart {
                model: other.to_string(),
                known: "alexnet, vgg11-bn, vgg13-bn, vgg16-bn, vgg19-bn, resnet18, resnet34, resnet50, mobilenet-v2"
                    .into(),
            }),
        }
    }

    /// A convolution and its norm, both under `path`.
    fn conv(self, path: &str, conv: &str, norm: &str) -> Self {
        self.with_layer(format!("{path}.conv"), conv).with_layer(format!("{path}.norm"), norm)
    }

    /// The same where torch has them one behind the other in `parent`.
    fn sequence(self, path: &str, parent: &str, first: usize) -> Self {
        self.conv(path, &format!("{parent}.{first}"), &format!("{parent}.{}", first + 1))
    }
}

fn alexnet() -> KeyMap {
    let (convolutions, hidden) = ALEXNET;
    let mut keys = KeyMap::new();
    for (block, at) in convolutions.into_iter().enumerate() {
        keys = keys.with_layer(format!("blocks.{block}.conv"), format!("features.{at}"));
    }
    for (block, at) in hidden.into_iter().enumerate() {
        keys = keys.with_layer(format!("hidden.{block}.linear"), format!("classifier.{at}"));
    }
    keys.with_layer("output", "classifier.6")
}

/// Convolution, norm, ReLU, and a pool behind each stage.
fn vgg_bn(depth: VggBnDepth) -> KeyMap {
    let (mut keys, mut block, mut at) = (KeyMap::new(), 0, 0);
    for count in depth.stages() {
        for _ in 0..count {
            keys = keys.sequence(&format!("blocks.{block}"), "features", at);
            (block, at) = (block + 1, at + 3);
        }
        at += 1;
    }
    for (block, at) in VGG_HIDDEN.into_iter().enumerate() {
        keys = keys.with_layer(format!("hidden.{block}.linear"), format!("classifier.{at}"));
    }
    keys.with_layer("output", "classifier.6")
}

/// `layerS.B.convN`, `layerS.B.bnN`, and `layerS.B.downsample` where a block changes the shape.
fn resnet(depth: ResNetDepth) -> KeyMap {
    let convolutions = if depth.expansion() == 1 { 2 } else { 3 };
    let mut keys = KeyMap::new().conv("stem", "conv1", "bn1");
    let mut block = 0;
    for (stage, count) in depth.stages().iter().enumerate() {
        for index in 0..*count {
            let (path, torch) = (format!("blocks.{block}"), format!("layer{}.{index}", stage + 1));
            for number in 1..=convolutions {
                let inner = format!("{path}.inner.{}", number - 1);
                let path = if number == convolutions { format!("{path}.last") } else { inner };
                keys = keys.conv(&path, &format!("{torch}.conv{number}"), &format!("{torch}.bn{number}"));
            }
            keys = keys.sequence(&format!("{path}.skip.Project"), &format!("{torch}.downsample"), 0);
            block += 1;
        }
    }
    keys.with_layer("output", "fc")
}

/// `features.0` is the stem, `features.18` the head; a block lists its convolutions under `conv`, those with an activation one level
/// deeper.
fn mobilenet_v2() -> KeyMap {
    let mut keys = KeyMap::new().sequence("stem", "features.0", 0);
    // The blocks are those of every width.
    let blocks = MobileNetV2Config::new([3, 224, 224], 1000).blocks();
    for (block, (_, expansion, _, _)) in blocks.iter().enumerate() {
        let (path, torch) = (format!("blocks.{block}"), format!("features.{}.conv", block + 1));
        let expands = usize::from(*expansion > 1);
        if expands == 1 {
            keys = keys.sequence(&format!("{path}.expand"), &format!("{torch}.0"), 0);
        }
        keys = keys.sequence(&format!("{path}.depthwise"), &format!("{torch}.{expands}"), 0);
        keys = keys.sequence(&format!("{path}.project"), &torch, expands + 1);
    }
    keys.sequence("head", &format!("features.{}", blocks.len() + 1), 0).with_layer("output", "classifier.1")
}
