//! Plans as text: one row a quantiser, one column a time, `mean ± scale` in units of the quantum.

use super::{BackwardSchedule, NoiseSchedule, QuantiserSchedule, TimeUnit};
use crate::Law;

/// Columns before those of the times; they are aligned to the left, the times to the right.
const HEAD: [&str; 3] = ["quantiser", "law", "strategy"];

/// A table of the laws at `times`; a backward schedule of its own gets a row below its quantiser's.
pub(super) fn table<'a>(
    unit: TimeUnit,
    rows: impl Iterator<Item = (&'a str, &'a QuantiserSchedule)>,
    times: &[f64],
) -> String {
    let name = match unit {
        TimeUnit::Epochs => "epoch",
        TimeUnit::Steps => "step",
    };
    let mut cells =
        vec![HEAD.map(String::from).into_iter().chain(times.iter().map(|t| format!("{name} {t}"))).collect()];
    for (path, schedule) in rows {
        cells.push(row(path, &schedule.forward, schedule.strategy.name(), times));
        let rule = match &schedule.backward {
            None => continue,
            Some(BackwardSchedule::Schedule(backward)) => {
                cells.push(row("", backward, "(backward)", times));
                continue;
            }
            Some(BackwardSchedule::Identity) => "identity".to_owned(),
            Some(BackwardSchedule::Dsq(dsq)) => format!("dsq {}", dsq.alpha()),
            Some(BackwardSchedule::Ewgs(ewgs)) => format!("ewgs {}", ewgs.delta()),
        };
        cells.push(vec![String::new(), rule, "(backward)".to_owned()]);
    }
    lay_out(&cells)
}

fn row(path: &str, schedule: &NoiseSchedule, strategy: &str, times: &[f64]) -> Vec<String> {
    let head = [path, schedule.start().noise().name(), strategy].map(String::from);
    head.into_iter().chain(times.iter().map(|&t| cell(&schedule.law_at(t)))).collect()
}

/// `mean ± scale` to four digits after the point; `hard` for the Dirac law at 0.
fn cell(law: &Law) -> String {
    if law.is_hard() && law.mean() == 0.0 { "hard".into() } else { format!("{:.4} ± {:.4}", law.mean(), law.scale()) }
}

/// Rows of cells in columns of equal width, a line below the first row, no space at the ends of lines.
fn lay_out(rows: &[Vec<String>]) -> String {
    let mut widths = vec![0; rows[0].len()];
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = cell.chars().count().max(*width);
        }
    }
    let line = |row: &Vec<String>| -> String {
        let cells = row.iter().zip(&widths).enumerate().map(|(column, (cell, width))| match column < HEAD.len() {
            true => format!(" {cell:<width$} "),
            false => format!(" {cell:>width$} "),
        });
        cells.collect::<Vec<_>>().join(" ").trim_end().to_owned()
    };
    let mut lines: Vec<String> = rows.iter().map(line).collect();
    lines.insert(1, "─".repeat(widths.iter().sum::<usize>() + 3 * widths.len() - 1));
    lines.join("\n")
}
