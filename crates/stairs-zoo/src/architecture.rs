//! Models by name and size: `lenet`, `mlp:64-32`, `mobilenet-v2:0.35`.

use std::fmt::{self, Write};
use std::str::FromStr;

use burn::tensor::Device;
use thiserror::Error;

use crate::family::{Name, Order};
use crate::{Architecture, Branches, Model, ModelError, Quantisation, StairsConfig, limits, pretrained::parameters};

/// A name that is no model.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("`{name}` is no model: expected {expected}")]
pub struct ArchitectureError {
    /// The name.
    pub name: String,
    /// What would have been one.
    pub expected: String,
}

impl Architecture {
    /// Name of the family, what stands before the colon: `mlp`, `plain-cnn`, `vgg8`, `mobilenet-v2-small`.
    ///
    /// ```
    /// # use stairs_zoo::Architecture;
    /// assert_eq!("plain-cnn:4-8".parse::<Architecture>().unwrap().family(), "plain-cnn");
    /// ```
    pub fn family(&self) -> &'static str {
        self.member().name()
    }

    /// Names of all families with their usual sizes, a line each, and the bounds of sizes.
    ///
    /// ```
    /// assert!(stairs_zoo::Architecture::help().contains("lenet:32-64-128"));
    /// ```
    pub fn help() -> String {
        let mut text = String::from("Models, with the sizes that are meant where none are given:\n\n");
        for name in Self::names() {
            let _ = writeln!(text, "  {:<21} {}", name.usual(), name.about);
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

    /// Whether it is made for images of about 224 pixels a side, as on ImageNet.
    ///
    /// ```
    /// # use stairs_zoo::Architecture;
    /// assert!("resnet18".parse::<Architecture>().unwrap().is_for_imagenet());
    /// assert!(!"resnet20".parse::<Architecture>().unwrap().is_for_imagenet());
    /// ```
    pub fn is_for_imagenet(&self) -> bool {
        self.member().is_for_imagenet()
    }

    /// The model for samples of shape `input` (channels, height, width) on `device`. AlexNet, VGG and MobileNetV2 for ImageNet
    /// have the dropout they were published with, all others have none.
    ///
    /// # Errors
    /// [`ModelError`] for an input the network is not made for, no classes, more than
    /// [`MAX_PARAMETERS`](crate::MAX_PARAMETERS) parameters, or a quantisation that is not possible.
    pub fn init(
        &self,
        input: [usize; 3],
        classes: usize,
        quantisation: Quantisation,
        device: &Device,
    ) -> Result<Model, ModelError> {
        let model = self.build(input, classes, &quantisation, device)?;
        quantisation.quantise(model)
    }

    /// `quantisation` for this model: where only residual branches are to be quantised, with the paths they have.
    ///
    /// # Errors
    /// [`ModelError::Branches`] for a model whose branches are not known: all but MobileNetV2.
    ///
    /// ```
    /// use stairs_quant::Quantiser;
    /// use stairs_zoo::{Architecture, Branches, Quantisation, StairsConfig};
    /// let model: Architecture = "mobilenet-v2-small:0.35".parse().unwrap();
    /// let stairs = StairsConfig { branches: Branches::only(), ..StairsConfig::new(Quantiser::Ternary) };
    /// let Quantisation::Stairs(stairs) = model.scoped(Quantisation::Stairs(stairs)).unwrap() else { unreachable!() };
    /// assert!(matches!(stairs.branches, Branches::Only(blocks) if blocks.len() == 10));
    /// ```
    pub fn scoped(&self, quantisation: Quantisation) -> Result<Quantisation, ModelError> {
        let Quantisation::Stairs(stairs) = &quantisation else { return Ok(quantisation) };
        if stairs.branches == Branches::Whole {
            return Ok(quantisation);
        }
        let modules = self.member().branches().ok_or(ModelError::Branches)?;
        Ok(Quantisation::Stairs(StairsConfig { branches: Branches::Only(modules), ..stairs.clone() }))
    }

    /// Number of parameters of the float model, none of which is drawn; running statistics are none.
    ///
    /// # Errors
    /// [`ModelError`] as [`init`](Self::init), before any memory is taken.
    ///
    /// ```
    /// use burn::tensor::Device;
    /// let lenet: stairs_zoo::Architecture = "lenet".parse().unwrap();
    /// assert_eq!(lenet.parameters([1, 28, 28], 10, &Device::flex()).unwrap(), 421_866);
    /// ```
    pub fn parameters(&self, input: [usize; 3], classes: usize, device: &Device) -> Result<u64, ModelError> {
        let model = self.build(input, classes, &Quantisation::Float, device)?;
        Ok(parameters(&model) as u64)
    }

    /// The model before its weights are quantised.
    pub(crate) fn build(
        &self,
        input: [usize; 3],
        classes: usize,
        quantisation: &Quantisation,
        device: &Device,
    ) -> Result<Model, ModelError> {
        limits::check_samples(input, classes)?;
        let model = self.member().build(Order { input, classes, quantisation: quantisation.clone(), device })?;
        limits::check_parameters(&model)?;
        Ok(model)
    }
}

impl FromStr for Architecture {
    type Err = ArchitectureError;

    fn from_str(text: &str) -> Result<Self, ArchitectureError> {
        let error = |expected| ArchitectureError { name: text.to_owned(), expected };
        let unknown = || {
            let names: Vec<String> = Self::names().iter().map(|name| name.usual()).collect();
            format!("one of {}, of these or other sizes", names.join(", "))
        };
        let plain = text.replace('_', "-");
        Self::named(&Name::of(&plain)).unwrap_or_else(|| Err(unknown())).map_err(error)
    }
}

impl fmt::Display for Architecture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.member().sizes().as_str() {
            "" => f.write_str(self.family()),
            sizes => write!(f, "{}:{sizes}", self.family()),
        }
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
            "cnn:4-8+k5",
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

    #[test]
    fn every_name_is_a_model_of_its_usual_sizes() {
        for family in Architecture::names() {
            let model: Architecture = family.usual().parse().unwrap();
            assert_eq!(model.to_string(), family.usual());
            assert_eq!(Ok(model.clone()), model.family().parse::<Architecture>());
            assert_eq!(family.narrow().0.parse::<Architecture>().unwrap().family(), family.name);
            for other in family.about.split("also ").skip(1).flat_map(|names| names.split(", ")) {
                assert!(other.parse::<Architecture>().is_ok(), "{other}");
            }
        }
    }
}
