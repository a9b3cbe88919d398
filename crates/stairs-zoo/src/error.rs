//! Models that cannot be built.

use stairs_noise::{RecordError, SettingError, WeightsError};
use stairs_quant::ScaleError;
use thiserror::Error;

/// Why a model cannot be built.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ModelError {
    /// A size that must be positive, or an image too small for the network.
    #[error("{field} = {value}: {needs}")]
    Size {
        /// The configuration field.
        field: &'static str,
        /// Its value.
        value: usize,
        /// What it must be.
        needs: &'static str,
    },
    /// A forward pass that cannot be recorded.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// More parameters than a model may have.
    #[error("{parameters} parameters: a model has at most {}", crate::MAX_PARAMETERS)]
    Parameters {
        /// Parameters it would have.
        parameters: u64,
    },
    /// A capacity multiplier that is not possible.
    #[error("capacity must be positive and finite, got {0}")]
    Capacity(f64),
    /// A probability of dropout that is not possible.
    #[error("dropout must be in [0, 1), got {0}")]
    Dropout(f64),
    /// Sizes of features that were measured in another network.
    #[error("{sizes} sizes of features for {quantisers} quantisers: measure them in the float model of the same name")]
    Twin {
        /// Sites that were measured.
        sizes: usize,
        /// Feature quantisers of the model.
        quantisers: usize,
    },
    /// Only residual branches were to be quantised, of a model that has none known here.
    #[error("only residual branches are to be quantised, and of this model they are not known: use mobilenet-v2")]
    Branches,
    /// A scale that is not positive and finite.
    #[error(transparent)]
    Scale(#[from] ScaleError),
    /// Weights that cannot be quantised.
    #[error(transparent)]
    Weights(#[from] WeightsError),
    /// Scales that cannot be what they would have to be.
    #[error(transparent)]
    Setting(#[from] SettingError),
}
