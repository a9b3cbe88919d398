//! The table of accuracies on the page: one row a method, with a strip that shows every seed.

use maud::{Markup, html};

use super::{
    Study,
    number::{duration, fixed},
    table::Row,
};
use crate::plot::Ink;

/// Dots closer than this, in per cent of a strip's width, would touch: a strip is at least 170 pixels wide, a dot 8.
const DOT: f64 = 6.0;

pub(super) fn accuracy_table(study: &Study<'_>, rows: &[Row]) -> Markup {
    let all = study.groups.iter().flat_map(|g| g.runs.iter().map(|r| r.chosen().1)).filter(|v| v.is_finite());
    let (low, high) = all.fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), v| (a.min(v), b.max(v)));
    let room = (0.08 * (high - low)).max(0.05);
    let place = |v: f64| 100.0 * (v - low + room) / (high - low + 2.0 * room);
    html! {
        div.scroll { table."results accuracies" {
            thead { tr {
                th { "Method" }
                th.number { "Accuracy, %" }
                th.number { "Seeds" }
                th.number { "Against float" }
                th.strip {
                    @if low.is_finite() {
                        span { (fixed(low, 1)) } span { "each seed" } span { (fixed(high, 1)) }
                    }
                }
                th.number { "Time per run" }
            } }
            tbody { @for (row, group) in rows.iter().zip(&study.groups) {
                tr {
                    td { span.swatch style=(format!("background:{}", group.ink.css())) {} (row.label) }
                    td.number.strong { (row.accuracy_text()) }
                    td."number aside" data-name="seeds" { (row.seeds) }
                    td."number aside" data-name="against float" { (row.difference_text()) }
                    td.strip { (strip(group.runs.iter().map(|run| (run.config.seed, run.chosen().1)), group.ink, row.accuracy.mean, place)) }
                    td."number aside" data-name="time per run" { (duration(row.seconds)) }
                }
            } }
        } }
    }
}

/// A dot a seed, and a stroke at the mean. Dots that would touch stand below one another, so that all can be counted.
fn strip(seeds: impl Iterator<Item = (u64, f64)>, ink: Ink, mean: f64, place: impl Fn(f64) -> f64) -> Markup {
    let seeds: Vec<(u64, f64)> = seeds.filter(|(_, accuracy)| accuracy.is_finite()).collect();
    let lanes = lanes(&seeds.iter().map(|(_, accuracy)| place(*accuracy)).collect::<Vec<_>>());
    let most = lanes.iter().max().map_or(1, |most| most + 1);
    html! {
        div.track style=(format!("--lanes:{most}")) {
            @for ((seed, accuracy), lane) in seeds.iter().zip(&lanes) {
                i style=(format!("left:{:.2}%;--lane:{lane};background:{}", place(*accuracy), ink.css()))
                    title=(format!("seed {seed}: {} %", fixed(*accuracy, 2))) {}
            }
            @if mean.is_finite() {
                b style=(format!("left:{:.2}%;background:{}", place(mean), Ink::Text.css())) {}
            }
        }
    }
}

/// For every dot the first lane in which no dot before it is closer than [`DOT`].
fn lanes(places: &[f64]) -> Vec<usize> {
    let mut taken: Vec<Vec<f64>> = Vec::new();
    let lane = |place: &f64| {
        let free = taken.iter().position(|lane| lane.iter().all(|other| (place - other).abs() >= DOT));
        let lane = free.unwrap_or(taken.len());
        if lane == taken.len() {
            taken.push(Vec::new());
        }
        taken[lane].push(*place);
        lane
    };
    places.iter().map(lane).collect()
}

#[cfg(test)]
mod tests {
    use super::lanes;

    #[test]
    fn dots_that_would_touch_have_lanes_of_their_own() {
        assert_eq!(lanes(&[50.0, 50.0, 50.0, 70.0, 54.0]), [0, 1, 2, 0, 3]);
        assert_eq!(lanes(&[0.0, 6.0, 12.0]), [0, 0, 0]);
        assert!(lanes(&[]).is_empty());
    }
}
