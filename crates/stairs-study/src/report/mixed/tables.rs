//! The tables of rules: accuracies, differences, and how often a rule is ahead.

use super::{Against, Compared, MixedPage};
use crate::{
    report::{
        Results, Stat,
        grid::Grid,
        number::{NONE, fixed, signed},
        paired::{self, Part},
    },
    stats::Paired,
};

fn stat(results: &Results, row: &str) -> String {
    let stat = Stat::of(paired::accuracies(results, row, Part::Test).into_iter().map(|(_, accuracy)| accuracy));
    match (stat.n, stat.sd.is_finite()) {
        (0, _) => NONE.into(),
        (_, true) => format!("{} ± {}", fixed(stat.mean, 2), fixed(stat.sd, 2)),
        (_, false) => fixed(stat.mean, 2),
    }
}

/// Mean and deviation of the accuracies, a row each budget.
pub(super) fn accuracies(page: &MixedPage, results: &Results, network: &str) -> Grid {
    let head = ["mean bits".to_owned(), "uniform".to_owned()].into_iter();
    let mut grid = Grid::new(head.chain(page.rules.iter().map(|rule| (*rule).to_owned())));
    for width in page.widths {
        let uniform = stat(results, &Against::Uniform.row(network, *width));
        let mut cells = vec![width.mean.to_string(), format!("{} bits: {uniform}", width.uniform)];
        cells.extend(page.rules.iter().map(|rule| stat(results, &MixedPage::row(network, rule, width.mean))));
        grid.row(cells);
    }
    let mut float = vec!["float".to_owned(), stat(results, &format!("{network}-float"))];
    float.extend(page.rules.iter().map(|_| String::new()));
    grid.row(float);
    grid
}

/// `+0.31 [−0.10, +0.72]`.
fn with_interval(found: &Paired) -> String {
    match found.interval {
        Some(i) => format!("{} [{}, {}]", signed(found.mean, 2), signed(i.low, 2), signed(i.high, 2)),
        None => signed(found.mean, 2),
    }
}

/// Differences with their intervals; what is beyond its interval has a star, what is after correction too has two.
pub(super) fn differences(page: &MixedPage, results: &Results, network: &str, against: Against) -> Grid {
    let all = page.compared(results, against);
    let of_network: Vec<&Compared> = all.iter().filter(|found| found.network == network).collect();
    let head = ["mean bits".to_owned()].into_iter();
    let mut grid = Grid::new(head.chain(of_network.iter().map(|found| found.rule.to_owned())));
    for width in page.widths {
        let cell = |found: &&Compared| {
            let at = found.at.iter().find(|(other, _, _)| other == width);
            at.map_or(NONE.to_owned(), |(_, paired, p)| {
                let beyond = paired.interval.is_some_and(|interval| interval.low > 0.0 || interval.high < 0.0);
                let stars = usize::from(beyond) + usize::from(beyond && *p < 0.05);
                with_interval(paired) + &"*".repeat(stars)
            })
        };
        grid.row([width.mean.to_string()].into_iter().chain(of_network.iter().map(cell)));
    }
    grid
}

/// How often a rule is ahead or behind by more than its interval, after correction, and the mean over all budgets.
pub(super) fn counts(page: &MixedPage, results: &Results) -> Grid {
    let mut grid = Grid::new([
        "network, rule",
        "against",
        "budgets",
        "ahead",
        "behind",
        "ahead, corrected",
        "behind, corrected",
        "mean over budgets, points",
    ]);
    for against in [Against::Uniform, Against::Random] {
        for found in page.compared(results, against) {
            grid.row([
                format!("{}, {}", page.title(found.network), found.rule),
                against.name().to_owned(),
                found.budgets().to_string(),
                found.ahead().to_string(),
                found.behind().to_string(),
                found.ahead_corrected().to_string(),
                found.behind_corrected().to_string(),
                found.over_all().map_or(NONE.into(), |over| with_interval(&over)),
            ]);
        }
    }
    grid
}
