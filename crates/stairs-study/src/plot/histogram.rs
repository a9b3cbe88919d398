//! Weights of one layer: the latent values above the axis, the quantised ones below it.
//!
//! Both halves show shares of the same weights. A level carries far more weights than a bin, so each half is scaled to
//! its own maximum, and every level says its share.

use super::{Anchor, Axis, Ink, Layer, Panel};

/// A panel with the histogram of `latent` (equal bins from `low` to `high`, in units of the quantum) above the axis and
/// the `quantised` levels (level, count) below it.
pub fn weights_panel(title: impl Into<String>, low: f64, high: f64, latent: &[u64], quantised: &[(f64, u64)]) -> Panel {
    let total = |counts: &mut dyn Iterator<Item = u64>| counts.map(|c| c as f64).sum::<f64>().max(1.0);
    let latent_total = total(&mut latent.iter().copied());
    let level_total = total(&mut quantised.iter().map(|(_, count)| *count));
    let top = latent.iter().copied().max().unwrap_or(1).max(1) as f64;
    let deepest = quantised.iter().map(|(_, count)| *count).max().unwrap_or(1).max(1) as f64;

    let width = if latent.is_empty() { 0.0 } else { (high - low) / latent.len() as f64 };
    let upper = latent
        .iter()
        .enumerate()
        .map(|(i, count)| [low + width * (i as f64 + 0.04), low + width * (i as f64 + 0.96), 0.0, *count as f64 / top])
        .collect();
    let gap = quantised.windows(2).map(|pair| pair[1].0 - pair[0].0).fold(f64::INFINITY, f64::min);
    let half = if gap.is_finite() { 0.16 * gap } else { 0.16 };
    let lower = quantised.iter().map(|(q, count)| [q - half, q + half, -0.8 * *count as f64 / deepest, 0.0]).collect();

    let ends = quantised.iter().map(|(q, _)| *q).chain([low, high]).filter(|v| v.is_finite());
    let (left, right) = ends.fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), v| (a.min(v), b.max(v)));
    let room = 0.06 * (right - left).max(1e-9);
    let x = Axis::new("weight / quantum").with_range(left - room, right + room);
    let y = Axis::new(format!("densest bin {:.1} % of latent", 100.0 * top / latent_total))
        .with_range(-1.1, 1.08)
        .with_ticks(Vec::new());
    let mut panel = Panel::new(title, x, y)
        .with_layer(Layer::Bars { bars: upper, ink: Ink::Blue, opacity: 0.75 })
        .with_layer(Layer::Bars { bars: lower, ink: Ink::Orange, opacity: 0.9 })
        .with_layer(Layer::Line {
            points: vec![(left - room, 0.0), (right + room, 0.0)],
            ink: Ink::Muted,
            width: 1.0,
            dashed: false,
        });
    if quantised.len() <= 5 {
        panel = panel.with_layers(quantised.iter().map(|(q, count)| Layer::Label {
            at: (*q, -0.8 * *count as f64 / deepest),
            text: format!("{:.0} %", 100.0 * *count as f64 / level_total),
            ink: Ink::Text,
            anchor: Anchor::Below,
        }));
    }
    panel
}
