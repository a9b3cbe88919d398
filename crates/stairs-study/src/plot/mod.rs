//! A small chart kit: figures as SVG text, one visual identity, nothing to install.
//!
//! A [`Figure`] is a title, a legend and a grid of [`Panel`]s; a panel is two axes and a list of [`Layer`]s (lines,
//! bands, bars, dots, labels), drawn with `plotters`. Colours are roles ([`Ink`]), not values: each one ends up in the
//! SVG as a CSS variable with a fallback, so that a figure follows the light or dark theme of the page it is put into.
//!
//! ```
//! use stairs_study::plot::{Axis, Figure, Ink, Layer, Panel};
//! let points = (0..=50).map(|i| (f64::from(i), (-0.1 * f64::from(i)).exp())).collect();
//! let panel = Panel::new("Decay", Axis::new("step"), Axis::new("scale")).with_layer(Layer::line(points, Ink::Blue));
//! let svg = Figure::new("One panel").with_panel(panel).svg().unwrap();
//! assert!(svg.starts_with("<svg") && svg.trim_end().ends_with("</svg>"));
//! ```

mod activation;
mod axis;
mod baseline;
mod block;
mod capacity;
mod catalogue;
mod certificate;
mod diagnosis;
mod draw;
mod error;
mod expressivity;
mod figure;
mod histogram;
mod ink;
mod layer;
mod lettering;
mod mark;
mod panel;
mod schedule;
mod stair;

pub use activation::activation_figure;
pub use axis::Axis;
pub use block::{inverted_residual_figure, residual_figure};
pub use capacity::{capacity_figure, capacity_legend, capacity_panels};
pub use catalogue::{catalogue, plan_figure};
pub use certificate::certificate_figure;
pub use diagnosis::diagnosis_figure;
pub use error::{CatalogueError, PlotError};
pub use expressivity::{cost_figure, expressivity_figure, refinement_figure};
pub use figure::{Figure, InlinePanel, LegendEntry};
pub use histogram::weights_panel;
pub use ink::{Ink, theme_css};
pub use layer::{Anchor, Layer};
pub use panel::Panel;
pub use schedule::{Track, schedule_panels};
pub use stair::{StairCurve, derivative_panel, stair_panel};

/// Writes an SVG document to `path`, in one step; directories are created, and a file that already holds it is left
/// alone.
///
/// # Errors
/// The first I/O error.
pub fn write_svg(path: &std::path::Path, svg: &str) -> std::io::Result<()> {
    if std::fs::read(path).is_ok_and(|old| old == svg.as_bytes()) {
        return Ok(());
    }
    crate::files::write_atomically(path, svg.as_bytes())
}
