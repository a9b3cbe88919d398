//! What is drawn inside a panel.

use super::Ink;

/// Where a label stands relative to its point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anchor {
    /// To the right of the point.
    Right,
    /// To the left of the point.
    Left,
    /// Above the point, centred.
    Above,
    /// Below the point, centred.
    Below,
    /// On the point, centred.
    Centre,
}

/// One thing drawn inside a panel, in data coordinates. Points that are not finite are left out and break lines.
#[derive(Clone, Debug, PartialEq)]
pub enum Layer {
    /// A line through the points, `width` in pixels.
    Line {
        /// (x, y), in drawing order.
        points: Vec<(f64, f64)>,
        /// Colour.
        ink: Ink,
        /// Pixels.
        width: f64,
        /// Dashed instead of solid.
        dashed: bool,
    },
    /// A translucent band between two curves.
    Band {
        /// (x, lower y, upper y), ascending in x.
        points: Vec<(f64, f64, f64)>,
        /// Colour.
        ink: Ink,
    },
    /// Filled rectangles.
    Bars {
        /// (x from, x to, y from, y to).
        bars: Vec<[f64; 4]>,
        /// Colour.
        ink: Ink,
        /// Opacity in [0, 1].
        opacity: f64,
    },
    /// Filled circles of `radius` pixels.
    Dots {
        /// (x, y).
        points: Vec<(f64, f64)>,
        /// Colour.
        ink: Ink,
        /// Pixels.
        radius: f64,
    },
    /// Text beside a point.
    Label {
        /// The point.
        at: (f64, f64),
        /// The text.
        text: String,
        /// Colour.
        ink: Ink,
        /// Where the text stands.
        anchor: Anchor,
    },
}

impl Layer {
    /// A solid line, two pixels wide.
    pub fn line(points: Vec<(f64, f64)>, ink: Ink) -> Self {
        Layer::Line { points, ink, width: 2.0, dashed: false }
    }

    /// A thin dashed line.
    pub fn dashed(points: Vec<(f64, f64)>, ink: Ink) -> Self {
        Layer::Line { points, ink, width: 1.2, dashed: true }
    }

    /// A step function: constant between `edges`, `values[i]` between `edges[i]` and `edges[i + 1]`. Values without a
    /// right edge are left out.
    pub fn steps(edges: &[f64], values: &[f64], ink: Ink) -> Self {
        let points = edges.windows(2).zip(values).flat_map(|(edge, value)| [(edge[0], *value), (edge[1], *value)]);
        Layer::line(points.collect(), ink)
    }

    /// A translucent band.
    pub fn band(points: Vec<(f64, f64, f64)>, ink: Ink) -> Self {
        Layer::Band { points, ink }
    }

    /// Ranges of the finite data: ((x low, x high), (y low, y high)); `None` where there is none.
    pub(super) fn extent(&self) -> Option<((f64, f64), (f64, f64))> {
        let points: Vec<(f64, f64)> = match self {
            Layer::Line { points, .. } | Layer::Dots { points, .. } => points.clone(),
            Layer::Band { points, .. } => points.iter().flat_map(|(x, low, high)| [(*x, *low), (*x, *high)]).collect(),
            Layer::Bars { bars, .. } => bars.iter().flat_map(|[x0, x1, y0, y1]| [(*x0, *y0), (*x1, *y1)]).collect(),
            Layer::Label { .. } => Vec::new(),
        };
        let mut finite = points.into_iter().filter(|(x, y)| x.is_finite() && y.is_finite());
        let (x, y) = finite.next()?;
        Some(
            finite.fold(((x, x), (y, y)), |((x0, x1), (y0, y1)), (x, y)| {
                ((x0.min(x), x1.max(x)), (y0.min(y), y1.max(y)))
            }),
        )
    }
}
