//! The pen: titles, legends and the axes of panels.
//!
//! The drawing library places things on whole pixels, so everything is drawn [`UNIT`] times larger than it is shown.

use std::ops::Range;

use plotters::{
    coord::{
        Shift,
        ranged1d::{DefaultFormatting, KeyPointHint, Ranged},
    },
    prelude::{
        Cartesian2d, ChartBuilder, ChartContext, DrawingArea, DrawingAreaErrorKind, PathElement, Rectangle, SVGBackend,
        Text,
    },
    style::{
        Color, ShapeStyle,
        text_anchor::{HPos, VPos},
    },
};

use super::{
    Ink, LegendEntry, Panel,
    lettering::{HEADING, SMALL, TITLE, crowded, text, text_width, wrap},
    mark::draw_layers,
};

/// Drawing units per pixel.
pub(super) const UNIT: f64 = 10.0;

pub(super) type Failure = DrawingAreaErrorKind<std::io::Error>;
pub(super) type Chart<'a, 'b> = ChartContext<'a, SVGBackend<'b>, Cartesian2d<Scale, Scale>>;
type Area<'a, 'b> = &'a DrawingArea<SVGBackend<'b>, Shift>;

/// A linear coordinate with given ticks.
pub(super) struct Scale {
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
pub(super) fn px(value: f64) -> i32 {
    (value * UNIT).round() as i32
}

pub(super) fn stroke(ink: Ink, width: f64) -> ShapeStyle {
    ink.rgb().stroke_width((width * UNIT).round() as u32)
}

/// A piece of a legend: where it begins, the colour of its swatch, its words. What goes on from the row above has no swatch.
pub(super) struct LegendPiece {
    x: f64,
    ink: Option<Ink>,
    words: String,
}

/// The entries of a legend broken into rows that fit `width`; an entry that is wider than a row goes on in the next ones.
pub(super) fn legend_rows(entries: &[LegendEntry], width: f64) -> Vec<Vec<LegendPiece>> {
    let mut rows: Vec<Vec<LegendPiece>> = Vec::new();
    let mut x = 0.0;
    for entry in entries {
        let needed = 26.0 + text_width(&entry.label, SMALL) + 18.0;
        if rows.is_empty() || x + needed > width {
            rows.push(Vec::new());
            x = 0.0;
        }
        let mut ink = Some(entry.ink);
        for words in wrap(&entry.label, SMALL, width - 26.0) {
            if ink.is_none() {
                rows.push(Vec::new());
            }
            if let Some(row) = rows.last_mut() {
                row.push(LegendPiece { x, ink: ink.take(), words });
            }
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

    pub(super) fn legend(&self, at: (f64, f64), rows: &[Vec<LegendPiece>]) -> Result<(), Failure> {
        for (i, row) in rows.iter().enumerate() {
            let y = at.1 + 22.0 * i as f64 + 9.0;
            for piece in row {
                let x = at.0 + piece.x;
                if let Some(ink) = piece.ink {
                    let line = vec![(px(x), px(y)), (px(x + 18.0), px(y))];
                    self.root.draw(&PathElement::new(line, stroke(ink, 3.0)))?;
                }
                let style = text(SMALL, false, Ink::Text, HPos::Left, VPos::Center);
                self.root.draw(&Text::new(piece.words.clone(), (px(x + 24.0), px(y)), style))?;
            }
        }
        Ok(())
    }

    /// Draws a panel at `at` into a cell of so many pixels. Names below the axis that would touch stand in two rows.
    pub(super) fn panel(&self, panel: &Panel, at: (f64, f64), cell: (f64, f64)) -> Result<(), Failure> {
        let (x_range, y_range) = panel.ranges();
        let x_ticks = panel.x.ticks_in(x_range, ((cell.0 / 75.0) as usize).clamp(2, 12));
        let y_ticks = panel.y.ticks_in(y_range, ((cell.1 / 48.0) as usize).clamp(2, 8));
        let y_text = |v: &f64| panel.y.format(*v, &y_ticks);
        let x_text = |v: &f64| panel.x.format(*v, &x_ticks);

        let mut top = at.1;
        for (line, size, bold, ink) in
            [(&panel.title, HEADING, true, Ink::Text), (&panel.y.label, SMALL, false, Ink::Muted)]
        {
            for words in wrap(line, size, cell.0 - 16.0) {
                let style = text(size, bold, ink, HPos::Left, VPos::Top);
                self.root.draw(&Text::new(words, (px(at.0), px(top)), style))?;
                top += size + 6.0;
            }
        }
        if panel.bare {
            return self.bare(panel, (at.0, top), (cell.0, cell.1 - (top - at.1)), x_range, y_range);
        }
        let gutter = y_ticks.iter().map(|t| text_width(&y_text(t), SMALL)).fold(8.0, f64::max) + 10.0;
        let names: Vec<String> = x_ticks.iter().map(x_text).collect();
        let step = (cell.0 - gutter - 24.0) / (x_range.1 - x_range.0);
        let staggered = crowded(&x_ticks.iter().map(|x| x * step).collect::<Vec<_>>(), &names);
        let x_text = |v: &f64| if staggered { String::new() } else { x_text(v) };
        let second = if staggered { SMALL + 2.0 } else { 0.0 };
        let foot = 20.0 + second + if panel.x.label.is_empty() { 0.0 } else { SMALL };
        let area =
            self.root.clone().shrink((px(at.0), px(top + 4.0)), (px(cell.0 - 16.0), px(cell.1 - (top + 4.0 - at.1))));
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
        if panel.lying {
            mesh.disable_y_mesh();
        } else {
            mesh.disable_x_mesh();
        }
        mesh.bold_line_style(stroke(Ink::Grid, 1.0))
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
        if staggered {
            for (i, (x, name)) in x_ticks.iter().zip(names).enumerate() {
                let (x, y) = chart.backend_coord(&(*x, y_range.0));
                let y = y + px(12.0 + if i % 2 == 0 { 0.0 } else { second });
                let style = text(SMALL, false, Ink::Muted, HPos::Center, VPos::Center);
                self.root.draw(&Text::new(name, (x, y), style))?;
            }
        }
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
