//! The tables of paired trainings: differences, and rows with what they cost.

use stairs_train::RunRecord;

use super::{
    PairedPage,
    accuracies::{Part, accuracies, is_of, is_validated, rows as names},
};
use crate::{
    report::{
        Results, Stat,
        grid::Grid,
        number::{NONE, fixed, signed},
    },
    stats::Paired,
};

pub(super) fn interval(found: &Paired) -> String {
    found.interval.map_or("not known".into(), |i| format!("[{}, {}]", signed(i.low, 2), signed(i.high, 2)))
}

impl PairedPage {
    pub(super) fn differences(&self, results: &Results, part: Part) -> Grid {
        let what = match part {
            Part::Test => "difference, points",
            Part::Validation => "difference on validation, points",
        };
        let mut grid = Grid::new([what, "pairs", "mean", "95 % interval", "sign-flip p", "sign-test p"]);
        for (comparison, found) in self.found(results, part) {
            grid.row([
                format!("{} − {}", comparison.first, comparison.second),
                found.n.to_string(),
                signed(found.mean, 2),
                interval(&found),
                found.sign_flip_p.map_or(NONE.into(), |p| fixed(p, 3)),
                fixed(found.sign_p, 3),
            ]);
        }
        grid
    }
}

fn text(stat: Stat) -> String {
    match (stat.n, stat.sd.is_finite()) {
        (0, _) => NONE.into(),
        (_, true) => format!("{} ± {}", fixed(stat.mean, 2), fixed(stat.sd, 2)),
        (_, false) => fixed(stat.mean, 2),
    }
}

/// Top-5 accuracy of the epoch that [`RunRecord::chosen`] tells of.
fn top5(run: &RunRecord) -> Option<f64> {
    let top5 = run.top5?;
    Some(if run.validation.is_some() { top5.best } else { top5.last })
}

/// A row each: accuracies, and where records tell of them top-5 accuracy, training samples a second of processor time and hours of it.
pub(super) fn rows(results: &Results) -> Grid {
    let runs = || results.runs.iter().map(|(_, run)| run);
    let (with_top5, with_time) = (runs().any(|run| top5(run).is_some()), runs().any(|run| run.cpu_seconds.is_some()));
    let mut head = vec!["row", "seeds", "test accuracy, %", "validation accuracy, %"];
    head.extend(with_top5.then_some("top-5 test accuracy, %"));
    head.extend(with_time.then_some(["samples/s", "processor hours"]).into_iter().flatten());
    let mut grid = Grid::new(head);
    for row in names(results) {
        let test = accuracies(results, &row, Part::Test);
        let validation = accuracies(results, &row, Part::Validation).into_iter().map(|(_, x)| x);
        let validation = if is_validated(results) { text(Stat::of(validation)) } else { NONE.into() };
        let of_row: Vec<&RunRecord> =
            results.runs.iter().filter(|(id, _)| is_of(id, &row)).map(|(_, run)| run).collect();
        let mut cells = vec![row, test.len().to_string(), text(Stat::of(test.into_iter().map(|(_, x)| x))), validation];
        if with_top5 {
            cells.push(text(Stat::of(of_row.iter().filter_map(|run| top5(run)))));
        }
        if with_time {
            cells.push(fixed(Stat::of(of_row.iter().filter_map(|run| run.throughput())).mean, 0));
            cells.push(fixed(Stat::of(of_row.iter().filter_map(|run| run.cpu_seconds)).mean / 3600.0, 2));
        }
        grid.row(cells);
    }
    grid
}
