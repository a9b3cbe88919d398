//! Depths of residual networks and their names.

use serde::{Deserialize, Serialize};

use super::ResNetConfig;
use crate::family::{Family, Name, Order};
use crate::{FamilyName, Model, ModelError, Stem};

/// Number of layers with weights on the longest path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ResNetDepth {
    /// For ImageNet, basic blocks.
    ResNet18,
    /// For ImageNet, basic blocks.
    ResNet34,
    /// For ImageNet, bottlenecks.
    ResNet50,
    /// For CIFAR-10.
    ResNet20,
    /// For CIFAR-10.
    ResNet32,
    /// For CIFAR-10.
    ResNet56,
}

impl ResNetDepth {
    /// All: those for ImageNet, then those for CIFAR-10.
    pub const ALL: [Self; 6] =
        [Self::ResNet18, Self::ResNet34, Self::ResNet50, Self::ResNet20, Self::ResNet32, Self::ResNet56];

    /// `resnet18`, `resnet34`, …
    pub fn name(self) -> &'static str {
        match self {
            Self::ResNet18 => "resnet18",
            Self::ResNet34 => "resnet34",
            Self::ResNet50 => "resnet50",
            Self::ResNet20 => "resnet20",
            Self::ResNet32 => "resnet32",
            Self::ResNet56 => "resnet56",
        }
    }

    /// Whether it is one of those for CIFAR-10.
    pub fn is_for_cifar(self) -> bool {
        matches!(self, Self::ResNet20 | Self::ResNet32 | Self::ResNet56)
    }

    /// Number of blocks of every stage.
    pub fn stages(self) -> &'static [usize] {
        match self {
            Self::ResNet18 => &[2, 2, 2, 2],
            Self::ResNet34 | Self::ResNet50 => &[3, 4, 6, 3],
            Self::ResNet20 => &[3; 3],
            Self::ResNet32 => &[5; 3],
            Self::ResNet56 => &[9; 3],
        }
    }

    /// Channels that leave a block, as a multiple of those inside.
    pub(crate) fn expansion(self) -> usize {
        if self == Self::ResNet50 { 4 } else { 1 }
    }

    /// Channels of the stem and inside the first stage.
    pub(super) fn first(self) -> usize {
        if self.is_for_cifar() { 16 } else { 64 }
    }
}

/// A [`ResNet`](crate::ResNet) by name: `resnet18:1`, `resnet18-small:0.5`, `resnet20:1`.
#[derive(Clone, Debug, PartialEq)]
pub struct ResNetSizes {
    /// Number of layers.
    pub depth: ResNetDepth,
    /// The size of images it is made for.
    pub stem: Stem,
    /// Factor on all widths.
    pub capacity: f64,
}

impl Family for ResNetSizes {
    fn names() -> Vec<FamilyName> {
        vec![
            FamilyName::new(
                ["resnet18", "1"],
                "ResNet-18",
                "ResNet for ImageNet, all widths times the factor; also resnet34",
                ("0.05", [3, 33, 40]),
            ),
            FamilyName::new(
                ["resnet50", "1"],
                "ResNet-50",
                "ResNet with bottlenecks, for ImageNet",
                ("0.05", [3, 40, 33]),
            ),
            FamilyName::new(
                ["resnet18-small", "1"],
                "ResNet-18 for small images",
                "ResNet-18 for small images",
                ("0.05", [3, 16, 16]),
            ),
            FamilyName::new(
                ["resnet20", "1"],
                "ResNet-20",
                "ResNet for CIFAR-10; also resnet32, resnet56",
                ("0.25", [1, 15, 17]),
            ),
            FamilyName::new(["resnet56", "1"], "ResNet-56", "the deepest of them", ("0.1", [3, 8, 9])),
        ]
    }

    fn parse(name: &Name<'_>) -> Option<Result<Self, &'static str>> {
        let (depth, stem) = match name.family {
            "resnet18-small" => (ResNetDepth::ResNet18, Stem::Small),
            family => {
                let depth = ResNetDepth::ALL.into_iter().find(|depth| depth.name() == family)?;
                (depth, if depth.is_for_cifar() { Stem::Small } else { Stem::ImageNet })
            }
        };
        Some(name.factor().map(|capacity| Self { depth, stem, capacity }))
    }

    fn name(&self) -> &'static str {
        match (self.depth, self.stem) {
            (ResNetDepth::ResNet18, Stem::Small) => "resnet18-small",
            (depth, _) => depth.name(),
        }
    }

    fn sizes(&self) -> String {
        self.capacity.to_string()
    }

    fn build(&self, order: Order<'_>) -> Result<Model, ModelError> {
        let resnet =
            ResNetConfig::new(self.depth, order.input, order.classes).with_stem(self.stem).with_capacity(self.capacity);
        Ok(resnet.with_quantisation(order.quantisation).build(order.device)?.into())
    }

    fn is_for_imagenet(&self) -> bool {
        self.stem == Stem::ImageNet && !self.depth.is_for_cifar()
    }
}
