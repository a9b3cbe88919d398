//! Weight histograms: latent against quantised, one panel per quantised parameter.

use super::{Group, laws::short};
use crate::plot::{Figure, Ink, weights_panel};

/// Histograms of a group's first run; `None` if it has none.
pub(super) fn figure(group: &Group<'_>) -> Option<Figure> {
    let weights = &group.runs[0].weights;
    if weights.is_empty() {
        return None;
    }
    let panels = weights.iter().map(|w| weights_panel(short(&w.path), w.low, w.high, &w.latent, &w.quantised));
    Some(
        Figure::new("")
            .with_columns(weights.len().clamp(1, 4))
            .with_size(960.0, 240.0)
            .with_panels(panels)
            .with_legend(Ink::Blue, "latent (trained) weights")
            .with_legend(Ink::Orange, "the weights the network uses"),
    )
}
