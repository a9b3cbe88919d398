//! What a network costs: layers, parameters, multiplications, bit operations and memory, at several precisions.
//!
//! | file | what |
//! |---|---|
//! | `precisions` | the precisions that are compared |
//! | `table` | tables for terminals |
//! | `markdown` | the tables of the book |
//! | `number` | how counts and bytes read |
//!
//! The numbers are those of [`Network::costs`] and [`Totals`], which say what is counted. A network may be one of the zoo, or recorded
//! from a module of one's own: [`layer_table`] and [`totals_table`] take both.
//!
//! ```
//! use stairs::zoo::{Architecture, Quantisation};
//! use stairs_study::summary::Summary;
//!
//! let model: Architecture = "resnet18".parse()?;
//! let summary = Summary::new(&model, None, None, &Quantisation::Float)?;
//! assert_eq!(summary.network.input(), [3, 224, 224]);
//! assert_eq!(summary.totals.bit_operations, 32 * 32 * 1_814_073_344);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod markdown;
mod number;
mod precisions;
mod table;

use std::{io, path::Path};

use burn::tensor::Device;
use serde::{Serialize, Serializer};
use stairs_network::{Cost, Network, Totals};
use stairs_zoo::{Architecture, ModelError, Quantisation};

use crate::files::write_atomically;
pub use markdown::{Models, model_table};
pub(crate) use number::{bytes, grouped, shape, short};
pub use precisions::{Precisions, name};
pub use table::{layer_table, model_list, totals_table};

/// A model at one precision, and its totals at several.
#[derive(Clone, Debug, Serialize)]
pub struct Summary {
    /// The model, by name.
    pub model: Architecture,
    /// Precision of `network` and `totals`.
    pub precision: String,
    /// Shape of a sample: channels, height, width.
    pub input: [usize; 3],
    /// Number of classes.
    pub classes: usize,
    /// The layers, without the values of their parameters.
    #[serde(rename = "layers", serialize_with = "layers")]
    pub network: Network,
    /// Their sums.
    pub totals: Totals,
    /// The sums at every precision that is compared.
    pub precisions: Vec<AtPrecision>,
}

/// The nodes with their costs, as JSON has them.
fn layers<S: Serializer>(network: &Network, serializer: S) -> Result<S::Ok, S::Error> {
    #[derive(Serialize)]
    struct Layer<'a> {
        path: &'a str,
        what: String,
        input: &'a [usize],
        output: &'a [usize],
        parameters: u64,
        macs: u64,
        bit_operations: u64,
        #[serde(skip_serializing_if = "Option::is_none")]
        weights: Option<stairs_network::Precision>,
        input_features: stairs_network::Precision,
        output_features: stairs_network::Precision,
    }
    serializer.collect_seq(network.costs().iter().map(|cost: &Cost<'_>| Layer {
        path: &cost.node.path,
        what: cost.node.op.to_string(),
        input: cost.input,
        output: &cost.node.shape,
        parameters: cost.parameters(),
        macs: cost.macs,
        bit_operations: cost.bit_operations(),
        weights: cost.weights,
        input_features: cost.input_features,
        output_features: cost.output_features,
    }))
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
        let network = |quantisation: &Quantisation| model.network(input, classes, quantisation, &Device::flex());
        let precisions = Precisions::with(quantisation)
            .0
            .into_iter()
            .map(|(precision, quantisation)| Ok(AtPrecision { precision, totals: network(&quantisation)?.totals() }));
        let precisions = precisions.collect::<Result<_, ModelError>>()?;
        let network = network(quantisation)?;
        let totals = network.totals();
        Ok(Self { model: model.clone(), precision: name(quantisation), input, classes, network, totals, precisions })
    }

    /// Model, samples and precision in a line.
    pub fn title(&self) -> String {
        let input = number::shape(&self.input);
        format!("{}, {input}, {} classes, {}", self.model, self.classes, self.precision)
    }

    /// The sums at every precision, as [`totals_table`] takes them.
    pub fn totals(&self) -> impl Iterator<Item = (&str, Totals)> {
        self.precisions.iter().map(|at| (at.precision.as_str(), at.totals))
    }

    /// Draws the graph of the network into an SVG file, which is replaced as a whole.
    ///
    /// # Errors
    /// What the system says of writing it.
    pub fn draw(&self, path: &Path) -> io::Result<()> {
        write_atomically(path, self.network.svg(&self.title()).as_bytes())
    }

    /// What is the same at every precision, in a line.
    pub fn counts(&self) -> String {
        let parameters = number::grouped(self.totals.parameters);
        format!("{parameters} parameters, {} multiply-accumulates", number::short(self.totals.macs))
    }
}

/// Shape and classes of the samples a model is usually measured on: ImageNet's, or those of CIFAR-10.
pub fn samples(model: &Architecture) -> ([usize; 3], usize) {
    if model.is_for_imagenet() { ([3, 224, 224], 1000) } else { ([3, 32, 32], 10) }
}
