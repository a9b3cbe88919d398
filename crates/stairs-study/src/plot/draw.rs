//! The pen: layers to drawing commands.
//!
//! The drawing library places things on whole pixels, so everything is drawn [`UNIT`] times larger than it is shown.

use std::ops::Range;

use plotters::{
    coord::{
        Shift,
        ranged1d::{DefaultFormatting, KeyPointHint, Ranged},
    },
    prelude::{
        Cartesian2d, ChartBuilder, ChartContext, Circle, DashedLineSeries, DrawingArea, DrawingAreaErrorKind,
        EmptyElement, IntoFont, LineSeries, PathElement, Polygon, Rectangle, SVGBackend, Text,
    },
    style::{
        Color, FontFamily, FontStyle, ShapeStyle, TextStyle,
        text_anchor::{HPos, Pos, VPos},
    },
};

use super::{Anchor, Ink, Layer, LegendEntry, Panel};

/// Drawing units per pixel.
pub(super) const UNIT: f64 = 10.0;

const FAMILY: FontFamily<'static> =
    FontFamily::Name("system-ui,-apple-system,Segoe UI,Roboto,Helvetica,Arial,sans-serif");
const SMALL: f64 = 11.5;
const HEADING: f64 = 13.0;
const TITLE: f64 = 16.0;

type Failure = DrawingAreaErrorKind<std::io::Error>;
type Area<'a, 'b> = &'a DrawingArea<SVGBackend<'b>, Shift>;
type Chart<'a, 'b> = ChartContext<'a, SVGBackend<'b>, Cartesian2d<Scale, Scale>>;

/// A linear coordinate with given ticks.
struct Scale {
    range: (f64, f64),
    ticks: Vec<f64>,
}

impl Ranged for Scale {
    type FormatOption = DefaultFormatting;
    type ValueType = f64;

    fn map(&self, value: &f64, limit: (i32, i32)) -> i32 {
        let share = (value - self.range.0) / (self.range.1 - self.range.0);
        limit.0 + (share * f64::from(limit.1 - limit.0)).round() as i32
    }

    fn key_points<H: KeyPointHint>(&self, hint: H) -> Vec<f64> {
        if hint.weight().allow_light_points() { Vec::new() } else { self.ticks.clone() }
    }

    fn range(&self) -> Range<f64> {
        self.range.0..self.range.1
    }
}

/// Pixels to drawing units.
fn px(value: f64) -> i32 {
    (value * UNIT).round() as i32
}

/// Estimated width of text in pixels.
fn text_width(text: &str, size: f64) -> f64 {
    0.55 * size * text.chars().count() as f64
}

fn text(size: f64, bold: bool, ink: Ink, h: HPos, v: VPos) -> TextStyle<'static> {
    let style = if bold { FontStyle::Bold } else { FontStyle::Normal };
    // The SVG backend divides font sizes by 1.24.
    let font = (FAMILY, size * UNIT * 1.24, style).into_font();
    TextStyle { font, color: ink.rgb().to_backend_color(), pos: Pos::new(h, v) }
}

fn stroke(ink: Ink, width: f64) -> ShapeStyle {
    ink.rgb().stroke_width((width * UNIT).round() as u32)
}

/// The entries of a legend broken into rows that fit `width`, each entry with its x position.
pub(super) fn legend_rows(entries: &[LegendEntry], width: f64) -> Vec<Vec<(f64, LegendEntry)>> {
    let mut rows: Vec<Vec<(f64, LegendEntry)>> = Vec::new();
    let mut x = 0.0;
    for entry in entries {
        let needed = 26.0 + text_width(&entry.label, SMALL) + 18.0;
        if rows.is_empty() || x + needed > width {
            rows.push(Vec::new());
            x = 0.0;
        }
        if let Some(row) = rows.last_mut() {
            row.push((x, entry.clone()));
        }
        x += needed;
    }
    rows
}

/// Draws on the whole figure, in pixels.
pub(super) struct Pen<'a, 'b> {
    root: Area<'a, 'b>,
}

impl<'a, 'b> Pen<'a, 'b> {
    pub(super) fn new(root: Area<'a, 'b>) -> Self {
        Self { root }
    }

    pub(super) fn background(&self, size: (f64, f64)) -> Result<(), Failure> {
        self.root.draw(&Rectangle::new([(0, 0), (px(size.0), px(size.1))], Ink::Paper.rgb().filled()))
    }

    pub(super) fn title(&self, at: (f64, f64), title: &str) -> Result<(), Failure> {
        let style = text(TITLE, true, Ink::Text, HPos::Left, VPos::Top);
        self.root.draw(&Text::new(title.to_string(), (px(at.0), px(at.1)), style))
    }

    pub(super) fn legend(&self, at: (f64, f64), rows: &[Vec<(f64, LegendEntry)>]) -> Result<(), Failure> {
        for (i, row) in rows.iter().enumerate() {
            let y = at.1 + 22.0 * i as f64 + 9.0;
            for (x, entry) in row {
                let x = at.0 + x;
                let line = vec![(px(x), px(y)), (px(x + 18.0), px(y))];
                self.root.draw(&PathElement::new(line, stroke(entry.ink, 3.0)))?;
                let style = text(SMALL, false, Ink::Text, HPos::Left, VPos::Center);
                self.root.draw(&Text::new(entry.label.clone(), (px(x + 24.0), px(y)), style))?;
            }
        }
        Ok(())
    }

    /// Draws a panel into the cell at `at` of `size` pixels.
    pub(super) fn panel(&self, panel: &Panel, at: (f64, f64), size: (f64, f64)) -> Result<(), Failure> {
        let (x_range, y_range) = panel.ranges();
        let x_ticks = panel.x.ticks_in(x_range, ((size.0 / 75.0) as usize).clamp(2, 12));
        let y_ticks = panel.y.ticks_in(y_range, ((size.1 / 48.0) as usize).clamp(2, 8));
        let y_text = |v: &f64| panel.y.format(*v, &y_ticks);
        let x_text = |v: &f64| panel.x.format(*v, &x_ticks);

        let mut top = at.1;
        for (line, size, bold, ink) in
            [(&panel.title, HEADING, true, Ink::Text), (&panel.y.label, SMALL, false, Ink::Muted)]
        {
            if !line.is_empty() {
                let style = text(size, bold, ink, HPos::Left, VPos::Top);
                self.root.draw(&Text::new(line.clone(), (px(at.0), px(top)), style))?;
                top += size + 6.0;
            }
        }
        if panel.bare {
            return self.bare(panel, (at.0, top), (size.0, size.1 - (top - at.1)), x_range, y_range);
        }
        let gutter = y_ticks.iter().map(|t| text_width(&y_text(t), SMALL)).fold(8.0, f64::max) + 10.0;
        let foot = 20.0 + if panel.x.label.is_empty() { 0.0 } else { SMALL };
        let area =
            self.root.clone().shrink((px(at.0), px(top + 4.0)), (px(size.0 - 16.0), px(size.1 - (top + 4.0 - at.1))));
        let mut chart = ChartBuilder::on(&area)
            .set_all_label_area_size(0)
            .margin_top(px(4.0))
            .margin_right(px(8.0))
            .x_label_area_size(px(foot))
            .y_label_area_size(px(gutter))
            .build_cartesian_2d(
                Scale { range: x_range, ticks: x_ticks.clone() },
                Scale { range: y_range, ticks: y_ticks.clone() },
            )?;
        let label = text(SMALL, false, Ink::Muted, HPos::Center, VPos::Center);
        let mut mesh = chart.configure_mesh();
        if y_ticks.is_empty() {
            mesh.disable_y_axis();
        }
        mesh.disable_x_mesh()
            .bold_line_style(stroke(Ink::Grid, 1.0))
            .light_line_style(stroke(Ink::Grid, 0.0).color.mix(0.0))
            .axis_style(stroke(Ink::Muted, 1.0))
            .set_all_tick_mark_size(px(3.0))
            .label_style(label)
            .x_label_formatter(&x_text)
            .y_label_formatter(&y_text)
            .x_labels(x_ticks.len().max(1))
            .y_labels(y_ticks.len().max(1))
            .axis_desc_style(text(SMALL, false, Ink::Muted, HPos::Center, VPos::Center))
            .x_desc(panel.x.label.clone())
            .draw()?;
        draw_layers(&mut chart, panel, x_range, y_range)
    }

    /// The layers alone, over all of the cell.
    fn bare(
        &self,
        panel: &Panel,
        at: (f64, f64),
        size: (f64, f64),
        x: (f64, f64),
        y: (f64, f64),
    ) -> Result<(), Failure> {
        let area = self.root.clone().shrink((px(at.0), px(at.1)), (px(size.0), px(size.1)));
        let scale = |range| Scale { range, ticks: Vec::new() };
        let mut chart = ChartBuilder::on(&area).set_all_label_area_size(0).build_cartesian_2d(scale(x), scale(y))?;
        draw_layers(&mut chart, panel, x, y)
    }
}

fn draw_layers(chart: &mut Chart<'_, '_>, panel: &Panel, x: (f64, f64), y: (f64, f64)) -> Result<(), Failure> {
    panel.layers.iter().try_for_each(|layer| draw_layer(chart, layer, x, y))
}

/// The parts of the line through the finite points that lie in the range of y, cut where the line leaves it.
fn runs(points: &[(f64, f64)], y: (f64, f64)) -> Vec<Vec<(f64, f64)>> {
    let mut runs: Vec<Vec<(f64, f64)>> = Vec::new();
    for line in points.split(|(x, y)| !x.is_finite() || !y.is_finite()) {
        let mut joined = false;
        for pair in line.windows(2) {
            let Some((from, to)) = inside(pair[0], pair[1], y) else {
                joined = false;
                continue;
            };
            match runs.last_mut() {
                Some(run) if joined && from == pair[0] => run.push(to),
                _ => runs.push(vec![from, to]),
            }
            joined = to == pair[1];
        }
        if let [(x, value)] = *line
            && (y.0..=y.1).contains(&value)
        {
            runs.push(vec![(x, value)]);
        }
    }
    runs
}

/// The part of the segment from `a` to `b` that lies in the range of y.
fn inside(a: (f64, f64), b: (f64, f64), (low, high): (f64, f64)) -> Option<((f64, f64), (f64, f64))> {
    if a.1.max(b.1) < low || a.1.min(b.1) > high {
        return None;
    }
    let at = |value: f64| (a.0 + (b.0 - a.0) * (value - a.1) / (b.1 - a.1), value);
    let cut = |p: (f64, f64)| {
        if p.1 < low {
            at(low)
        } else if p.1 > high {
            at(high)
        } else {
            p
        }
    };
    Some((cut(a), cut(b)))
}

fn draw_layer(chart: &mut Chart<'_, '_>, layer: &Layer, x: (f64, f64), y: (f64, f64)) -> Result<(), Failure> {
    match layer {
        Layer::Line { points, ink, width, dashed } => {
            for run in runs(points, y) {
                if *dashed {
                    chart.draw_series(DashedLineSeries::new(run, px(5.0), px(4.0), stroke(*ink, *width)))?;
                } else {
                    chart.draw_series(LineSeries::new(run, stroke(*ink, *width)))?;
                }
            }
        }
        Layer::Band { points, ink } => {
            let ok = |p: &&(f64, f64, f64)| p.0.is_finite() && p.1.is_finite() && p.2.is_finite();
            let upper = points.iter().filter(ok).map(|p| (p.0, p.2.clamp(y.0, y.1)));
            let lower = points.iter().filter(ok).rev().map(|p| (p.0, p.1.clamp(y.0, y.1)));
            let outline: Vec<_> = upper.chain(lower).collect();
            if outline.len() > 3 {
                chart.draw_series([Polygon::new(outline, ink.rgb().mix(0.16).filled())])?;
            }
        }
        Layer::Bars { bars, ink, opacity } => {
            let fill = ink.rgb().mix(*opacity).filled();
            let rectangles = bars.iter().filter(|b| b.iter().all(|v| v.is_finite())).map(|[x0, x1, y0, y1]| {
                let corner = |a: f64, b: f64| (a.clamp(x.0, x.1), b.clamp(y.0, y.1));
                Rectangle::new([corner(*x0, *y0), corner(*x1, *y1)], fill)
            });
            chart.draw_series(rectangles)?;
        }
        Layer::Dots { points, ink, radius } => {
            let inside = |p: &&(f64, f64)| p.0.is_finite() && p.1.is_finite();
            let dots = points
                .iter()
                .filter(inside)
                .map(|p| Circle::new((p.0.clamp(x.0, x.1), p.1.clamp(y.0, y.1)), px(*radius), ink.rgb().filled()));
            chart.draw_series(dots)?;
        }
        Layer::Label { at, text: label, ink, anchor } if at.0.is_finite() && at.1.is_finite() => {
            let (h, v, offset) = match anchor {
                Anchor::Right => (HPos::Left, VPos::Center, (px(6.0), 0)),
                Anchor::Left => (HPos::Right, VPos::Center, (px(-6.0), 0)),
                Anchor::Above => (HPos::Center, VPos::Bottom, (0, px(-4.0))),
                Anchor::Below => (HPos::Center, VPos::Top, (0, px(4.0))),
                Anchor::Centre => (HPos::Center, VPos::Center, (0, 0)),
            };
            let style = text(SMALL, false, *ink, h, v);
            chart.draw_series([EmptyElement::at(*at) + Text::new(label.clone(), offset, style)])?;
        }
        Layer::Label { .. } => {}
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_cut_where_they_leave_the_range() {
        let points = [(0.0, 0.0), (2.0, 2.0), (4.0, 0.0), (5.0, -1.0), (6.0, -2.0), (8.0, 0.0)];
        let expected = vec![
            vec![(0.0, 0.0), (1.0, 1.0)],
            vec![(3.0, 1.0), (4.0, 0.0), (4.5, -0.5)],
            vec![(7.5, -0.5), (8.0, 0.0)],
        ];
        assert_eq!(runs(&points, (-0.5, 1.0)), expected);
    }

    #[test]
    fn numbers_that_are_not_finite_break_lines() {
        let points = [(0.0, 0.0), (1.0, 0.5), (2.0, f64::NAN), (3.0, 0.5), (f64::INFINITY, 0.0), (4.0, 9.0)];
        assert_eq!(runs(&points, (0.0, 1.0)), vec![vec![(0.0, 0.0), (1.0, 0.5)], vec![(3.0, 0.5)]]);
        assert!(runs(&[], (0.0, 1.0)).is_empty());
    }
}
