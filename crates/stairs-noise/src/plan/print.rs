//! Plans as text: one row a quantiser, one column a time, `mean ± scale` in units of the quantum.

use comfy_table::{CellAlignment, LineStyle, Table, TableStyle};

use super::{BackwardSchedule, NoiseSchedule, QuantiserSchedule, TimeUnit};
use crate::Law;

/// A table of the laws at `times`; a backward schedule of its own gets a row below its quantiser's.
pub(super) fn table<'a>(
    unit: TimeUnit,
    rows: impl Iterator<Item = (&'a str, &'a QuantiserSchedule)>,
    times: &[f64],
) -> String {
    let mut table = Table::new();
    table.load_style(TableStyle::new().header_separator(LineStyle::none().fill('─').junction('─')));
    let head = ["quantiser", "law", "strategy"].map(String::from);
    let name = match unit {
        TimeUnit::Epochs => "epoch",
        TimeUnit::Steps => "step",
    };
    table.set_header(head.into_iter().chain(times.iter().map(|t| format!("{name} {t}"))));
    for (path, schedule) in rows {
        let strategy = schedule.strategy.to_string();
        table.add_row(row(path, &schedule.forward, &strategy, times));
        match &schedule.backward {
            None => {}
            Some(BackwardSchedule::Schedule(backward)) => {
                table.add_row(row("", backward, "(backward)", times));
            }
            Some(BackwardSchedule::Identity) => {
                table.add_row(["", "identity", "(backward)"]);
            }
            Some(BackwardSchedule::Dsq(dsq)) => {
                table.add_row(["".into(), format!("dsq {}", dsq.alpha()), "(backward)".into()]);
            }
            Some(BackwardSchedule::Ewgs(ewgs)) => {
                table.add_row(["".into(), format!("ewgs {}", ewgs.delta()), "(backward)".into()]);
            }
        }
    }
    for column in table.column_iter_mut().skip(3) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table.trim_fmt()
}

fn row(path: &str, schedule: &NoiseSchedule, strategy: &str, times: &[f64]) -> Vec<String> {
    let head = [path, schedule.start().noise().name(), strategy].map(String::from);
    head.into_iter().chain(times.iter().map(|&t| cell(&schedule.law_at(t)))).collect()
}

/// `mean ± scale` to four digits after the point; `hard` for the Dirac law at 0.
fn cell(law: &Law) -> String {
    if law.is_hard() && law.mean() == 0.0 { "hard".into() } else { format!("{:.4} ± {:.4}", law.mean(), law.scale()) }
}
