//! What can go wrong while a figure is drawn.

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
