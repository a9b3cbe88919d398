//! A certificate as text for a terminal.

use comfy_table::{CellAlignment, LineStyle, Table, TableStyle};
use stairs_noise::TimeUnit;
use stairs_noise::certificate::{Convergence, GapSource, LayerStep};

/// Times shown.
const SHOWN: usize = 5;

/// One row a layer: its gap, then at about five times the distance measured and its bounds, from intervals until the next
/// step and from gaps alone.
pub fn convergence_table(convergence: &Convergence, unit: TimeUnit) -> String {
    let mut table = Table::new();
    table.load_style(TableStyle::new().header_separator(LineStyle::none().fill('─').junction('─')));
    let last = convergence.steps.len().saturating_sub(1);
    let mut shown: Vec<usize> = (0..SHOWN).map(|i| last * i / (SHOWN - 1)).collect();
    shown.dedup();
    let name = match unit {
        TimeUnit::Epochs => "epoch",
        TimeUnit::Steps => "step",
    };
    let head = ["layer", "gap", "on thresholds", ""].map(String::from);
    let times = shown.iter().filter_map(|i| Some(format!("{name} {}", rounded(convergence.steps.get(*i)?.time))));
    table.set_header(head.into_iter().chain(times));
    type Row = (&'static str, fn(&LayerStep) -> f64);
    let rows: [Row; 3] = [
        ("measured", |layer| layer.measured),
        ("bound", |layer| layer.window_bound),
        ("by gaps", |layer| layer.gap_bound),
    ];
    for (layer, name) in convergence.names.iter().enumerate() {
        let gaps = convergence.gaps.get(layer);
        let gap = gaps.map_or_else(String::new, |gaps| {
            let source = if gaps.source == GapSource::Lattice { "lattice" } else { "data" };
            format!("{} ({source})", number(gaps.smallest()))
        });
        let on = gaps.map_or_else(String::new, |gaps| {
            format!("{} of {} channels", gaps.channels_on_threshold(), gaps.on_threshold.len())
        });
        for (i, (what, value)) in rows.iter().enumerate() {
            let head = if i == 0 { [name.clone(), gap.clone(), on.clone()] } else { Default::default() };
            let values =
                shown.iter().filter_map(|at| Some(number(value(convergence.steps.get(*at)?.layers.get(layer)?))));
            table.add_row(head.into_iter().chain([(*what).to_owned()]).chain(values));
        }
    }
    for column in table.column_iter_mut().skip(4) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table.trim_fmt()
}

fn rounded(time: f64) -> String {
    let text = format!("{time:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// Three digits; 0 only where it is exactly 0.
fn number(value: f64) -> String {
    match value {
        0.0 => "0".into(),
        value if value.is_infinite() => "none".into(),
        value if (1e-3..1e4).contains(&value) => format!("{value:.3}"),
        value => format!("{value:.1e}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short_and_zero_is_exact() {
        assert_eq!([0.0, 0.25, 1e-9, 12345.0, f64::INFINITY].map(number), ["0", "0.250", "1.0e-9", "1.2e4", "none"]);
        assert_eq!([0.0, 12.5, 100.0].map(rounded), ["0", "12.5", "100"]);
    }
}
