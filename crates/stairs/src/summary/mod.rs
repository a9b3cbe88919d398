//! What a model of the zoo costs: layers, parameters, multiplications, bit operations and memory, at several precisions.
//!
//! | file | what |
//! |---|---|
//! | `precisions` | the precisions that are compared |
//! | `table` | tables for terminals |
//! | `markdown` | the tables of the book |
//! | `number` | how counts and bytes read |
//!
//! The numbers are those of [`Structure`] and [`Totals`], which say what is counted.
//!
//! ```
//! use stairs::{summary::Summary, zoo::{Architecture, Quantisation}};
//!
//! let model: Architecture = "resnet18".parse()?;
//! let summary = Summary::new(&model, None, None, &Quantisation::Float)?;
//! assert_eq!((summary.structure.input, summary.structure.classes), ([3, 224, 224], 1000));
//! assert_eq!(summary.totals.bit_operations, 32 * 32 * 1_814_073_344);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod markdown;
mod number;
mod precisions;
mod table;

use burn::tensor::Device;
use serde::Serialize;
use stairs_zoo::{Architecture, ModelError, Quantisation, ResNetDepth, Stem, Structure, Totals};

pub use markdown::{Models, model_table};
pub use precisions::{Precisions, name};
pub use table::{layer_table, model_list, totals_table};

/// A model at one precision, and its totals at several.
#[derive(Clone, Debug, Serialize)]
pub struct Summary {
    /// The model, by name.
    pub model: Architecture,
    /// Precision of `structure` and `totals`.
    pub precision: String,
    /// The layers.
    #[serde(flatten)]
    pub structure: Structure,
    /// Their sums.
    pub totals: Totals,
    /// The sums at every precision that is compared.
    pub precisions: Vec<AtPrecision>,
}

/// The sums of a model at one precision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AtPrecision {
    /// Name of the precision.
    pub precision: String,
    /// The sums.
    pub totals: Totals,
}

impl Summary {
    /// The summary of `model` for samples of shape `input` and this many classes; those of [`samples`] where not given.
    ///
    /// # Errors
    /// [`ModelError`] for samples the model does not take, or no classes.
    pub fn new(
        model: &Architecture,
        input: Option<[usize; 3]>,
        classes: Option<usize>,
        quantisation: &Quantisation,
    ) -> Result<Self, ModelError> {
        let (shape, count) = samples(model);
        let (input, classes) = (input.unwrap_or(shape), classes.unwrap_or(count));
        let structure = |quantisation: &Quantisation| model.structure(input, classes, quantisation, &Device::flex());
        let precisions = Precisions::with(quantisation)
            .0
            .into_iter()
            .map(|(precision, quantisation)| Ok(AtPrecision { precision, totals: structure(&quantisation)?.totals() }));
        let precisions = precisions.collect::<Result<_, ModelError>>()?;
        let structure = structure(quantisation)?;
        let totals = structure.totals();
        Ok(Self { model: model.clone(), precision: name(quantisation), structure, totals, precisions })
    }

    /// Model, samples and precision in a line.
    pub fn title(&self) -> String {
        let input = number::shape(&self.structure.input);
        format!("{}, {input}, {} classes, {}", self.model, self.structure.classes, self.precision)
    }

    /// What is the same at every precision, in a line.
    pub fn counts(&self) -> String {
        let parameters = number::grouped(self.totals.parameters);
        format!("{parameters} parameters, {} multiply-accumulates", number::short(self.totals.macs))
    }
}

/// Shape and classes of the samples a model is usually measured on: ImageNet's, or those of CIFAR-10.
pub fn samples(model: &Architecture) -> ([usize; 3], usize) {
    let large = match model {
        Architecture::AlexNet { stem, .. } | Architecture::MobileNetV2 { stem, .. } => *stem == Stem::ImageNet,
        Architecture::ResNet { stem, depth, .. } => {
            let cifar = [ResNetDepth::ResNet20, ResNetDepth::ResNet32, ResNetDepth::ResNet56];
            *stem == Stem::ImageNet && !cifar.contains(depth)
        }
        Architecture::VggBn { .. } => true,
        _ => false,
    };
    if large { ([3, 224, 224], 1000) } else { ([3, 32, 32], 10) }
}
