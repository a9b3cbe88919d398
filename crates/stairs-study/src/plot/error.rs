//! What can go wrong while a figure is drawn.

use stairs_noise::{EstimatorError, PlanError};
use stairs_quant::ExpressivityError;
use thiserror::Error;

/// A figure that could not be drawn.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum PlotError {
    /// The figure has no panel.
    #[error("figure `{0}` has no panel: add one with `with_panel`")]
    Empty(String),
    /// The drawing library refused; its message.
    #[error("drawing figure `{figure}`: {message}")]
    Draw {
        /// Title of the figure.
        figure: String,
        /// What the drawing library said.
        message: String,
    },
}

/// A figure of the catalogue that could not be computed.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum CatalogueError {
    /// A policy that makes no plan.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// A baseline that does not exist for its parameters.
    #[error(transparent)]
    Estimator(#[from] EstimatorError),
    /// A function that could not be approximated.
    #[error(transparent)]
    Expressivity(#[from] ExpressivityError),
}
