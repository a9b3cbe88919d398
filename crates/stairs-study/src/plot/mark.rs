//! Layers to drawing commands: lines, bands, bars, dots, labels.

use plotters::{
    prelude::{Circle, DashedLineSeries, EmptyElement, LineSeries, Polygon, Rectangle, Text},
    style::{
        Color,
        text_anchor::{HPos, VPos},
    },
};

use super::{
    Anchor, Layer, Panel,
    draw::{Chart, Failure, px, stroke},
    lettering::{SMALL, text},
};

pub(super) fn draw_layers(
    chart: &mut Chart<'_, '_>,
    panel: &Panel,
    x: (f64, f64),
    y: (f64, f64),
) -> Result<(), Failure> {
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
