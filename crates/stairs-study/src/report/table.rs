//! The accuracy table, for the terminal; the page shows the same rows.

use comfy_table::{CellAlignment, LineStyle, Table, TableStyle};
use stairs_train::RunRecord;

use super::{
    Group, Stat, Study,
    number::{NONE, display_name, duration, fixed, signed},
    studies,
};

/// One row of the accuracy table.
pub(super) struct Row {
    pub(super) label: String,
    pub(super) seeds: usize,
    pub(super) accuracy: Stat,
    /// Points above the float baseline; NaN without one, and for the baseline itself.
    pub(super) difference: f64,
    /// Mean wall time of a run in seconds.
    pub(super) seconds: f64,
}

impl Row {
    /// `97.41 ± 0.20`, in percent.
    pub(super) fn accuracy_text(&self) -> String {
        match (self.accuracy.mean.is_finite(), self.accuracy.sd.is_finite()) {
            (false, _) => NONE.into(),
            (true, false) => fixed(self.accuracy.mean, 2),
            (true, true) => format!("{} ± {}", fixed(self.accuracy.mean, 2), fixed(self.accuracy.sd, 2)),
        }
    }

    pub(super) fn difference_text(&self) -> String {
        signed(self.difference, 2)
    }
}

pub(super) fn rows(study: &Study<'_>) -> Vec<Row> {
    let float = study.float();
    let base = float.map_or(f64::NAN, |g| g.accuracy().mean);
    let row = |group: &Group<'_>| {
        let is_base = float.is_some_and(|g| std::ptr::eq(g.runs[0], group.runs[0]));
        let accuracy = group.accuracy();
        Row {
            label: group.label.clone(),
            seeds: group.runs.len(),
            accuracy,
            difference: if is_base { f64::NAN } else { accuracy.mean - base },
            seconds: Stat::of(group.runs.iter().map(|run| run.wall_seconds)).mean,
        }
    };
    study.groups.iter().map(row).collect()
}

/// The accuracy table of every study among the records, as text. Empty without records.
pub fn text_table(records: &[RunRecord]) -> String {
    let blocks = studies(records).into_iter().map(|study| {
        let mut table = Table::new();
        table.load_style(TableStyle::new().header_separator(LineStyle::none().fill('─').junction('─')));
        table.set_header(["method", "seeds", "test accuracy, %", "against float, points", "wall time per run"]);
        for row in rows(&study) {
            table.add_row([
                row.label.clone(),
                row.seeds.to_string(),
                row.accuracy_text(),
                row.difference_text(),
                duration(row.seconds),
            ]);
        }
        for column in table.column_iter_mut().skip(1) {
            column.set_cell_alignment(CellAlignment::Right);
        }
        let (model, dataset) = (display_name(study.model), display_name(study.dataset));
        format!("{model} on {dataset}, hard network after the last epoch\n{}\n", table.trim_fmt())
    });
    blocks.collect::<Vec<_>>().join("\n")
}
