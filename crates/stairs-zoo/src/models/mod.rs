//! The models: a file each, and the table that makes them known.
//!
//! | model | file | input | what |
//! |---|---|---|---|
//! | [`Mlp`] | `mlp` | any, flattened | dense – batch norm – activation, repeated; last layer plain |
//! | [`LeNet`] | `lenet` | images `[B, C, H, W]` | two convolutions, two dense layers |
//! | [`Cnn`] | `cnn` | images `[B, C, H, W]` | convolutions of any number, one dense layer |
//! | [`Vgg`] | `vgg` | images `[B, C, H, W]` | VGG8, VGG9, VGG11, VGG19 with a capacity multiplier |
//! | [`DsCnn`] | `ds_cnn` | `[B, C, H, W]` | depthwise-separable convolutions, for keyword spotting |
//! | [`AlexNet`] | `alexnet` | images `[B, C, H, W]` | as published, and for small images |
//! | [`VggBn`] | `vgg_bn` | images `[B, C, H, W]` | VGG11 to VGG19 for ImageNet, with batch normalisation |
//! | [`MobileNetV2`] | `mobilenet_v2` | images `[B, C, H, W]` | inverted residuals with a width multiplier |
//! | [`ResNet`] | `resnet` | images `[B, C, H, W]` | 18, 34, 50 for ImageNet; 20, 32, 56 for CIFAR-10 |
//!
//! A file holds a config, the module with its `forward`, and its names (`Family`). The row of the table at the end of this file
//! makes the variants of [`Architecture`] and [`Model`] and all that depends on them.

mod alexnet;
mod cnn;
mod ds_cnn;
mod lenet;
mod mlp;
mod mobilenet_v2;
mod resnet;
mod vgg;
mod vgg_bn;

pub use alexnet::{AlexNet, AlexNetConfig, AlexNetSizes};
pub use cnn::{Cnn, CnnConfig, CnnSizes};
pub use ds_cnn::{DsCnn, DsCnnConfig, DsCnnSizes};
pub use lenet::{LeNet, LeNetConfig, LeNetSizes};
pub use mlp::{Mlp, MlpConfig, MlpSizes};
pub use mobilenet_v2::{MobileNetV2, MobileNetV2Config, MobileNetV2Sizes};
pub use resnet::{ResNet, ResNetConfig, ResNetDepth, ResNetSizes};
pub use vgg::{Vgg, VggConfig, VggDepth, VggOptions, VggSizes};
pub use vgg_bn::{VggBn, VggBnConfig, VggBnDepth, VggBnSizes};

use std::fmt;

use burn::module::{Content, Devices, Module, ModuleDisplay, ModuleDisplayDefault, ModuleMapper, ModuleVisitor};
use burn::tensor::{Device, Tensor};
use serde::{Deserialize, Serialize};

use crate::FamilyName;
use crate::family::{Family, Name};

/// Makes [`Architecture`] and [`Model`] from one row a model: documentation, module, sizes.
macro_rules! models {
    ($($(#[$about:meta])* $Model:ident with $Sizes:ident;)*) => {
        /// Family and sizes of a model, written as one word; its input and classes come from the data.
        ///
        /// Every variant holds the sizes of one family, which say how they are written. Underscores are read as hyphens, so
        /// that torchvision's names do: `mobilenet_v2`, `vgg16_bn`. [`names`](Self::names) lists all, and so does
        /// `--model help`.
        ///
        /// ```
        /// use stairs_zoo::{Architecture, MlpSizes};
        /// let model: Architecture = "plain-mlp:16-8".parse().unwrap();
        /// assert_eq!(model, Architecture::Mlp(MlpSizes { hidden: vec![16, 8], norm: false }));
        /// assert_eq!(model.to_string(), "plain-mlp:16-8");
        /// assert!("lenet:32".parse::<Architecture>().is_err());
        /// ```
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        #[non_exhaustive]
        pub enum Architecture {
            $($(#[$about])* $Model($Sizes),)*
        }

        impl Architecture {
            /// The names of all families with their usual sizes.
            pub fn names() -> Vec<FamilyName> {
                [$($Sizes::names()),*].into_iter().flatten().collect()
            }

            /// What the file of the model says.
            pub(crate) fn member(&self) -> &dyn Family {
                match self {
                    $(Self::$Model(sizes) => sizes,)*
                }
            }

            /// The model of a name; `None` where it is of no family, an error that says what was expected for impossible sizes.
            pub(crate) fn named(name: &Name<'_>) -> Option<Result<Self, String>> {
                $(
                    if let Some(sizes) = $Sizes::parse(name) {
                        return Some(with_options(name, $Sizes::options()).and(sizes.map_err(str::to_owned)).map(Self::$Model));
                    }
                )*
                None
            }
        }

        /// Any model of the zoo that is trained. As a Burn module it is the one it holds: paths of parameters do not begin with a
        /// name of its own.
        ///
        /// ```
        /// use burn::{module::Module, tensor::Device};
        /// use stairs_zoo::{Architecture, Quantisation};
        ///
        /// let resnet: Architecture = "resnet20".parse().unwrap();
        /// let model = resnet.init([3, 32, 32], 10, Quantisation::Float, &Device::flex()).unwrap();
        /// assert!(model.num_params() > 269_000);
        /// ```
        #[derive(Clone, Debug)]
        #[allow(clippy::large_enum_variant)]
        #[non_exhaustive]
        pub enum Model {
            $($(#[$about])* $Model($Model),)*
        }

        $(impl From<$Model> for Model {
            fn from(model: $Model) -> Self {
                Self::$Model(model)
            }
        })*

        impl Model {
            /// Logits `[B, classes]` of a batch `[B, C, H, W]`; tables come as `[B, features, 1, 1]`.
            pub fn forward(&self, x: Tensor<4>) -> Tensor<2> {
                match self {
                    $(Self::$Model(model) => model.forward(x),)*
                }
            }
        }

        impl Module for Model {
            fn collect_devices(&self, devices: Devices) -> Devices {
                match self {
                    $(Self::$Model(model) => model.collect_devices(devices),)*
                }
            }

            fn fork(self, device: &Device) -> Self {
                match self {
                    $(Self::$Model(model) => Self::$Model(model.fork(device)),)*
                }
            }

            fn to_device(self, device: &Device) -> Self {
                match self {
                    $(Self::$Model(model) => Self::$Model(model.to_device(device)),)*
                }
            }

            fn train(self) -> Self {
                match self {
                    $(Self::$Model(model) => Self::$Model(model.train()),)*
                }
            }

            fn valid(&self) -> Self {
                match self {
                    $(Self::$Model(model) => Self::$Model(model.valid()),)*
                }
            }

            fn materialize(self) -> Self {
                match self {
                    $(Self::$Model(model) => Self::$Model(model.materialize()),)*
                }
            }

            fn visit<V: ModuleVisitor>(&self, visitor: &mut V) {
                match self {
                    $(Self::$Model(model) => model.visit(visitor),)*
                }
            }

            fn map<M: ModuleMapper>(self, mapper: &mut M) -> Self {
                match self {
                    $(Self::$Model(model) => Self::$Model(model.map(mapper)),)*
                }
            }
        }

        impl ModuleDisplay for Model {}

        impl ModuleDisplayDefault for Model {
            fn content(&self, content: Content) -> Option<Content> {
                match self {
                    $(Self::$Model(model) => model.content(content),)*
                }
            }

            fn num_params(&self) -> usize {
                Module::num_params(self)
            }
        }
    };
}

models! {
    /// A multilayer perceptron.
    Mlp with MlpSizes;
    /// A LeNet.
    LeNet with LeNetSizes;
    /// A stack of convolutions.
    Cnn with CnnSizes;
    /// A VGG network for small images.
    Vgg with VggSizes;
    /// A DS-CNN.
    DsCnn with DsCnnSizes;
    /// An AlexNet.
    AlexNet with AlexNetSizes;
    /// A VGG network for ImageNet.
    VggBn with VggBnSizes;
    /// A MobileNetV2.
    MobileNetV2 with MobileNetV2Sizes;
    /// A residual network.
    ResNet with ResNetSizes;
}

impl fmt::Display for Model {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&ModuleDisplay::format(self, Default::default()))
    }
}

/// Refuses options that the family of `name` does not have.
fn with_options(name: &Name<'_>, known: &[&str]) -> Result<(), String> {
    let mut seen = Vec::new();
    for option in name.options() {
        if !known.contains(&option) || seen.contains(&option) {
            return Err(match known {
                [] => format!("no options after a `+`: {} has none", name.family),
                known => format!("{} after a `+`, each once, such as {}+{}", known.join(" or "), name.family, known[0]),
            });
        }
        seen.push(option);
    }
    Ok(())
}
