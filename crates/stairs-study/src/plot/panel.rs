//! One pair of axes with what is drawn between them.

use super::{Axis, Layer};

/// A chart inside a [`Figure`](super::Figure).
#[derive(Clone, Debug, PartialEq)]
pub struct Panel {
    pub(super) title: String,
    pub(super) x: Axis,
    pub(super) y: Axis,
    pub(super) layers: Vec<Layer>,
    /// Without axes.
    pub(super) bare: bool,
    /// Grid lines stand upright, across bars that lie.
    pub(super) lying: bool,
}

impl Panel {
    /// A panel without content. The title may be empty.
    pub fn new(title: impl Into<String>, x: Axis, y: Axis) -> Self {
        Self { title: title.into(), x, y, layers: Vec::new(), bare: false, lying: false }
    }

    /// A panel without axes, for diagrams: `x` and `y` are the ranges shown.
    pub fn bare(title: impl Into<String>, x: (f64, f64), y: (f64, f64)) -> Self {
        let axis = |(low, high)| Axis::new("").with_range(low, high);
        Self { bare: true, ..Self::new(title, axis(x), axis(y)) }
    }

    /// Grid lines at the ticks of x instead of those of y: for bars that lie.
    #[must_use]
    pub fn lying(mut self) -> Self {
        self.lying = true;
        self
    }

    /// Adds a layer on top of the others.
    #[must_use]
    pub fn with_layer(mut self, layer: Layer) -> Self {
        self.layers.push(layer);
        self
    }

    /// Adds layers on top of the others, in their order.
    #[must_use]
    pub fn with_layers(mut self, layers: impl IntoIterator<Item = Layer>) -> Self {
        self.layers.extend(layers);
        self
    }

    /// Ranges to draw, in x and in y.
    pub(super) fn ranges(&self) -> ((f64, f64), (f64, f64)) {
        let mut data: Option<((f64, f64), (f64, f64))> = None;
        for extent in self.layers.iter().filter_map(Layer::extent) {
            data = Some(match data {
                None => extent,
                Some(((x0, x1), (y0, y1))) => {
                    let ((a0, a1), (b0, b1)) = extent;
                    ((x0.min(a0), x1.max(a1)), (y0.min(b0), y1.max(b1)))
                }
            });
        }
        (self.x.resolve(data.map(|d| d.0), 0.0), self.y.resolve(data.map(|d| d.1), 0.06))
    }
}
