//! A figure: title, legend, a grid of panels of equal size; SVG text comes out.

use plotters::prelude::{DrawingArea, IntoDrawingArea, SVGBackend};

use super::{
    Ink, Panel, PlotError,
    draw::{self, Pen, UNIT},
    ink::{theme_css, themed},
};

/// Space between rows of panels in pixels.
const ROW_GAP: f64 = 18.0;
/// Widest panel that a phone shows with readable letters, in pixels.
const PHONE: f64 = 380.0;

/// One entry of a legend: a colour and what it stands for.
#[derive(Clone, Debug, PartialEq)]
pub struct LegendEntry {
    /// Colour of the swatch.
    pub ink: Ink,
    /// What it stands for.
    pub label: String,
}

/// A panel as SVG text.
#[derive(Clone, Debug, PartialEq)]
pub struct InlinePanel {
    /// As wide as in the figure.
    pub wide: String,
    /// As wide as a phone, so that letters keep their size there; `None` where `wide` is no wider.
    pub narrow: Option<String>,
}

/// A grid of panels under a common title and legend.
///
/// Sizes are CSS pixels of the drawing; in a page the figure scales with the width it is given.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    title: String,
    panels: Vec<Panel>,
    legend: Vec<LegendEntry>,
    columns: usize,
    width: f64,
    panel_height: f64,
}

impl Figure {
    /// A figure without panels, 860 px wide, one column, panels 260 px high. The title may be empty; it is then not
    /// drawn.
    pub fn new(title: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            panels: Vec::new(),
            legend: Vec::new(),
            columns: 1,
            width: 860.0,
            panel_height: 260.0,
        }
    }

    /// Adds a panel; panels fill the grid row by row.
    #[must_use]
    pub fn with_panel(mut self, panel: Panel) -> Self {
        self.panels.push(panel);
        self
    }

    /// Adds panels in their order.
    #[must_use]
    pub fn with_panels(mut self, panels: impl IntoIterator<Item = Panel>) -> Self {
        self.panels.extend(panels);
        self
    }

    /// Adds an entry to the legend.
    #[must_use]
    pub fn with_legend(mut self, ink: Ink, label: impl Into<String>) -> Self {
        self.legend.push(LegendEntry { ink, label: label.into() });
        self
    }

    /// Number of panels in a row (at least 1).
    #[must_use]
    pub fn with_columns(mut self, columns: usize) -> Self {
        self.columns = columns.max(1);
        self
    }

    /// Width of the figure and height of a panel in pixels, clamped to 120..=4000.
    #[must_use]
    pub fn with_size(mut self, width: f64, panel_height: f64) -> Self {
        let clamp = |v: f64| if v.is_finite() { v.clamp(120.0, 4000.0) } else { 400.0 };
        (self.width, self.panel_height) = (clamp(width), clamp(panel_height));
        self
    }

    /// The figure as a stand-alone SVG document with its own background, light or dark as the reader's system asks.
    ///
    /// # Errors
    /// [`PlotError::Empty`] without panels; [`PlotError::Draw`] if the drawing library refuses.
    pub fn svg(&self) -> Result<String, PlotError> {
        self.render(true)
    }

    /// The panels one by one, for a page that defines the variables of [`theme_css`] and puts them beside or below each
    /// other as it has room. Without title, legend and background: those are the page's.
    ///
    /// # Errors
    /// As [`Figure::svg`].
    pub fn inline_panels(&self) -> Result<Vec<InlinePanel>, PlotError> {
        let width = self.width / self.columns() as f64;
        let alone = |panel: &Panel, width: f64| {
            let figure = Figure { panels: vec![panel.clone()], columns: 1, width, ..Figure::new("") };
            Figure { panel_height: self.panel_height, ..figure }.render(false)
        };
        let panels = self.panels.iter().map(|panel| {
            let narrow = if width > PHONE { Some(alone(panel, PHONE)?) } else { None };
            Ok(InlinePanel { wide: alone(panel, width)?, narrow })
        });
        match self.panels.is_empty() {
            true => Err(PlotError::Empty(self.title.clone())),
            false => panels.collect(),
        }
    }

    /// What the colours mean.
    pub fn legend(&self) -> &[LegendEntry] {
        &self.legend
    }

    /// Number of panels in a row.
    pub fn columns(&self) -> usize {
        self.columns.min(self.panels.len()).max(1)
    }

    fn render(&self, alone: bool) -> Result<String, PlotError> {
        if self.panels.is_empty() {
            return Err(PlotError::Empty(self.title.clone()));
        }
        let columns = self.columns();
        let margin = if alone { 16.0 } else { 2.0 };
        let rows = self.panels.len().div_ceil(columns);
        let title_height = if self.title.is_empty() { 0.0 } else { 30.0 };
        let inner = self.width - 2.0 * margin;
        let legend = draw::legend_rows(&self.legend, inner);
        let head = title_height + 22.0 * legend.len() as f64 + if legend.is_empty() { 0.0 } else { 6.0 };
        let height = 2.0 * margin + head + rows as f64 * self.panel_height + (rows - 1) as f64 * ROW_GAP;

        let mut svg = String::new();
        {
            let size = ((self.width * UNIT) as u32, (height * UNIT) as u32);
            let root: DrawingArea<_, _> = SVGBackend::with_string(&mut svg, size).into_drawing_area();
            let pen = Pen::new(&root);
            let drawn = (|| {
                if alone {
                    pen.background((self.width, height))?;
                }
                if !self.title.is_empty() {
                    pen.title((margin, margin), &self.title)?;
                }
                pen.legend((margin, margin + title_height), &legend)?;
                let cell = (inner / columns as f64, self.panel_height);
                for (i, panel) in self.panels.iter().enumerate() {
                    let (row, column) = ((i / columns) as f64, (i % columns) as f64);
                    pen.panel(panel, (margin + column * cell.0, margin + head + row * (cell.1 + ROW_GAP)), cell)?;
                }
                root.present()
            })();
            drawn.map_err(|e| PlotError::Draw { figure: self.title.clone(), message: e.to_string() })?;
        }
        Ok(self.finish(&svg, height, alone))
    }

    /// Puts pixel sizes, name and theme into the drawn document.
    fn finish(&self, svg: &str, height: f64, alone: bool) -> String {
        let body = svg.find('>').map_or("", |end| &svg[end + 1..]);
        let name = escape(&self.accessible_name());
        let style = if alone { format!("<style>{}</style>", theme_css(":root")) } else { String::new() };
        let open = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{w}\" height=\"{h}\" viewBox=\"0 0 {vw} {vh}\" \
             stroke-linejoin=\"round\" role=\"img\" aria-label=\"{name}\">{style}",
            w = self.width.round(),
            h = height.round(),
            vw = (self.width * UNIT) as u32,
            vh = (height * UNIT) as u32,
        );
        open + &themed(body)
    }

    fn accessible_name(&self) -> String {
        let panels: Vec<&str> = self.panels.iter().map(|p| p.title.as_str()).filter(|t| !t.is_empty()).collect();
        match (self.title.is_empty(), panels.is_empty()) {
            (true, _) => panels.join(", "),
            (false, true) => self.title.clone(),
            (false, false) => format!("{}: {}", self.title, panels.join(", ")),
        }
    }
}

/// Escapes text for an attribute.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plot::{Axis, Layer};

    fn panel(points: Vec<(f64, f64)>) -> Panel {
        Panel::new("A <panel> & more", Axis::new("x"), Axis::new("y")).with_layer(Layer::line(points, Ink::Blue))
    }

    #[test]
    fn a_figure_without_panels_is_an_error() {
        assert_eq!(Figure::new("Nothing").svg(), Err(PlotError::Empty("Nothing".into())));
    }

    #[test]
    fn colours_become_variables() {
        let svg = Figure::new("T").with_panel(panel(vec![(0.0, 0.0), (1.0, 2.0)])).svg().unwrap();
        assert!(svg.contains("var(--ink-blue,#1466b0)"));
        assert!(!svg.contains("\"#1466B0\""));
        assert!(svg.contains("prefers-color-scheme:dark"));
    }

    #[test]
    fn text_is_escaped_and_values_that_are_not_finite_are_left_out() {
        let points = vec![(0.0, 0.0), (1.0, f64::NAN), (2.0, 1.0), (f64::INFINITY, 3.0)];
        let svg = Figure::new("a < b").with_panel(panel(points)).with_legend(Ink::Blue, "x & y").svg().unwrap();
        assert!(svg.contains("A &lt;panel&gt; &amp; more") && svg.contains("x &amp; y"));
        assert!(!svg.contains("NaN") && !svg.contains("inf"));
    }

    #[test]
    fn panels_of_a_page_have_a_drawing_for_phones() {
        let figure = Figure::new("T").with_panels([panel(vec![(0.0, 1.0)]), panel(vec![(0.0, 1.0)])]);
        let width = |svg: &str, width: &str| svg.contains(&format!("width=\"{width}\""));
        let panels = figure.clone().with_columns(2).inline_panels().unwrap();
        assert!(panels.len() == 2 && width(&panels[0].wide, "430"));
        assert!(panels.iter().all(|panel| panel.narrow.as_ref().is_some_and(|svg| width(svg, "380"))));
        let small = figure.with_size(380.0, 200.0).inline_panels().unwrap();
        assert!(small.iter().all(|panel| panel.narrow.is_none() && !panel.wide.contains("<style>")));
        assert!(Figure::new("T").inline_panels().is_err());
    }

    #[test]
    fn empty_and_constant_data_still_draw() {
        for points in [vec![], vec![(1.0, 1.0)], vec![(0.0, 5.0), (3.0, 5.0)]] {
            assert!(Figure::new("T").with_panel(panel(points)).svg().is_ok());
        }
    }
}
