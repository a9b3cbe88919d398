//! A network that may be chosen.

use std::fmt;

use serde::{Deserialize, Serialize};
use stairs_data::DatasetName;
use stairs_quant::Quantiser;
use stairs_train::{Edges, Features, Method, RunConfig, stairs_config};
use stairs_zoo::{Architecture, Quantisation};

use crate::experiments::recipe;

/// A model and how it is quantised.
///
/// ```
/// use stairs_study::choose::Candidate;
/// let candidate = Candidate::float("cnn:8-16".parse()?);
/// assert_eq!(candidate.to_string(), "cnn:8-16 float");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Candidate {
    /// Model with its sizes.
    pub model: Architecture,
    /// Quantiser of the weights; a float network if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quantiser: Option<Quantiser>,
    /// What stands in place of activations; without a meaning for a float network.
    #[serde(default)]
    pub features: Features,
    /// Which layers keep float weights; without a meaning for a float network.
    #[serde(default)]
    pub edges: Edges,
}

impl Candidate {
    /// A float network.
    pub fn float(model: Architecture) -> Self {
        Self { model, quantiser: None, features: Features::default(), edges: Edges::default() }
    }

    /// How it is quantised.
    pub fn quantisation(&self) -> Quantisation {
        match self.quantiser {
            None => Quantisation::Float,
            Some(quantiser) => Quantisation::Stairs(stairs_config(quantiser, self.features, self.edges)),
        }
    }

    /// The training of choice for it on `dataset`: float, or by noise annealing, as [`recipe`] has it.
    pub fn training(&self, dataset: DatasetName) -> RunConfig {
        let method = if self.quantiser.is_some() { Method::Ana } else { Method::Float };
        let config = recipe(dataset, &self.model.to_string(), method);
        match self.quantiser {
            None => config,
            Some(quantiser) => config.with_quantiser(quantiser).with_features(self.features).with_edges(self.edges),
        }
    }
}

impl fmt::Display for Candidate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(quantiser) = self.quantiser else { return write!(f, "{} float", self.model) };
        write!(f, "{} {quantiser}", self.model)?;
        if self.features != Features::default() {
            write!(f, ", features {}", self.features)?;
        }
        if self.edges != Edges::default() {
            write!(f, ", {}", self.edges)?;
        }
        Ok(())
    }
}
