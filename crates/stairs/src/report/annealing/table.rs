//! Tables of the grid: shares of variance, levels, the best and the worst setups.

use super::setup::{COUNTS, FACTORS, Setup, core, level_name, term_name};
use crate::{
    report::{Stat, grid::Grid, number::fixed},
    stats::{Interval, Shares},
};

fn percent(interval: Interval) -> String {
    let percent = |x: f64| fixed(100.0 * x, 1);
    format!("{} [{}, {}]", percent(interval.value), percent(interval.low), percent(interval.high))
}

pub(super) fn shares_table(found: &Shares) -> Grid {
    let mut grid = Grid::new(["term", "degrees of freedom", "η², % [95 %]", "ω², %"]);
    for share in &found.terms {
        let omega = fixed(100.0 * share.omega, 1);
        grid.row([term_name(share), share.degrees.to_string(), percent(share.eta), omega]);
    }
    grid.row([
        "interactions of three and more".to_string(),
        String::new(),
        fixed(100.0 * found.higher, 1),
        String::new(),
    ]);
    grid.row(["seeds".to_string(), String::new(), fixed(100.0 * found.seeds, 1), String::new()]);
    grid
}

/// Mean accuracy by level of every factor, over the setups with an annealed scale.
pub(super) fn level_table(setups: &[Setup<'_>]) -> Grid {
    let mut grid = Grid::new(["factor", "level", "setups", "mean accuracy, %", "sd of the setups", "best setup, %"]);
    for (factor, name) in FACTORS.iter().enumerate() {
        for level in 0..COUNTS[factor] {
            let means: Vec<f64> = setups
                .iter()
                .filter(|setup| core(setup) && setup.levels[factor] == level)
                .map(|setup| setup.accuracy().mean)
                .collect();
            let stat = Stat::of(means.iter().copied());
            if stat.n > 0 {
                let best = means.iter().copied().fold(f64::NEG_INFINITY, f64::max);
                grid.row([
                    (*name).to_string(),
                    level_name(factor, level),
                    stat.n.to_string(),
                    fixed(stat.mean, 2),
                    fixed(stat.sd, 2),
                    fixed(best, 2),
                ]);
            }
        }
    }
    grid
}

/// The best and the worst setups.
pub(super) fn extremes(setups: &[Setup<'_>]) -> Grid {
    let mut sorted: Vec<&Setup<'_>> = setups.iter().filter(|setup| setup.accuracy().mean.is_finite()).collect();
    sorted.sort_by(|a, b| b.accuracy().mean.total_cmp(&a.accuracy().mean));
    let mut grid = Grid::new(["setup", "rank", "test accuracy, %"]);
    for (index, setup) in sorted.iter().enumerate() {
        if index < 10 || index + 5 >= sorted.len() || setup.is_ste() {
            let (stat, ste) = (setup.accuracy(), if setup.is_ste() { " (STE)" } else { "" });
            let deviation = if stat.sd.is_finite() { format!(" ± {}", fixed(stat.sd, 2)) } else { String::new() };
            grid.row([
                format!("{}{ste}", setup.name()),
                (index + 1).to_string(),
                format!("{}{deviation}", fixed(stat.mean, 2)),
            ]);
        }
    }
    grid
}
