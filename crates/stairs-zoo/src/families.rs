//! The families of models, for people: what `--model help` prints.

use std::fmt::Write;

use crate::{Architecture, limits};

/// A name with its usual sizes, and what it is.
const FAMILIES: [(&str, &str); 19] = [
    ("linear", "a dense layer: softmax regression"),
    ("mlp:256-256", "dense – batch norm – activation of these widths, then a dense layer"),
    ("plain-mlp:256-256", "the same without batch normalisation"),
    ("lenet:32-64-128", "two convolutions of these channels, a hidden dense layer of this width"),
    ("cnn:16-32-64", "convolutions of these channels, then a dense layer"),
    ("plain-cnn:16-32-64", "the same without batch normalisation"),
    (
        "vgg8:1",
        "VGG for small images, all widths times the factor, with +pool-first, +norm-logits or +wide; also vgg9, vgg11, vgg19",
    ),
    ("ds-cnn:64", "depthwise-separable convolutions of these channels, for keyword spotting"),
    ("alexnet:1", "AlexNet as published, all widths times the factor"),
    ("alexnet-bn:1", "the same with batch normalisation"),
    ("alexnet-small:1", "the same for small images"),
    ("vgg16-bn:1", "VGG for ImageNet; also vgg11-bn, vgg13-bn, vgg19-bn"),
    ("mobilenet-v2:1", "MobileNetV2 with this width multiplier"),
    ("mobilenet-v2-small:1", "the same for small images"),
    ("resnet18:1", "ResNet for ImageNet, all widths times the factor; also resnet34"),
    ("resnet50:1", "ResNet with bottlenecks, for ImageNet"),
    ("resnet18-small:1", "ResNet-18 for small images"),
    ("resnet20:1", "ResNet for CIFAR-10; also resnet32, resnet56"),
    ("resnet56:1", "the deepest of them"),
];

impl Architecture {
    /// Names of all families with their usual sizes, a line each, and the bounds of sizes.
    ///
    /// ```
    /// assert!(stairs_zoo::Architecture::help().contains("lenet:32-64-128"));
    /// ```
    pub fn help() -> String {
        let mut text = String::from("Models, with the sizes that are meant where none are given:\n\n");
        for (name, what) in FAMILIES {
            let _ = writeln!(text, "  {name:<21} {what}");
        }
        let (low, high) = (limits::FACTORS.start(), limits::FACTORS.end());
        let _ = write!(
            text,
            "\nAt most {} sizes that make at most {} in all; factors from {low} to {high}. A model has at most {} parameters.\n",
            limits::MAX_SIZES,
            limits::MAX_WIDTH,
            limits::MAX_PARAMETERS
        );
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_a_model_of_its_usual_sizes() {
        for (name, what) in FAMILIES {
            let model: Architecture = name.parse().unwrap();
            assert_eq!(model.to_string(), name);
            assert_eq!(Ok(model.clone()), model.family().parse::<Architecture>());
            for other in what.split("also ").skip(1).flat_map(|names| names.split(", ")) {
                assert!(other.parse::<Architecture>().is_ok(), "{other}");
            }
        }
    }
}
