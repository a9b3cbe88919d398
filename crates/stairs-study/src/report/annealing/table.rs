//! Tables of the grid: shares of variance, levels, the best and the worst setups.

use super::setup::{COUNTS, FACTORS, Setup, core, level_name, term_name};
use crate::{
    report::{
        Stat,
        grid::Grid,
        number::{NONE, fixed},
    },
    stats::{Interval, Shares},
};

/// In percent, as a number between 0 and 100.
fn percent(share: f64) -> String {
    fixed(100.0 * share, 1)
}

pub(super) fn shares_table(found: &Shares) -> Grid {
    let mut grid = Grid::new(["term", "degrees of freedom", "η², %", "ω², %", "partial ω², % [95 %]"]);
    for share in &found.terms {
        let (name, freedom) = (term_name(share), share.degrees.to_string());
        if !share.is_estimable() {
            let text = "not estimable".to_string();
            grid.row([name, format!("{freedom} of {}", share.full), text, String::new(), String::new()]);
            continue;
        }
        let interval = |partial: Interval| {
            // The estimate may be negative; what is estimated is not.
            format!("{} [{}, {}]", percent(partial.value), percent(partial.low), percent(partial.high))
        };
        let partial = share.partial.map_or(NONE.into(), interval);
        grid.row([name, freedom, percent(share.eta), percent(share.omega), partial]);
    }
    for (name, freedom, share) in [
        ("interactions of three and more", String::new(), found.higher),
        ("seeds", found.freedom.to_string(), found.seeds),
    ] {
        grid.row([name.to_string(), freedom, percent(share), String::new(), String::new()]);
    }
    grid
}

/// What the table of shares is, and what it leaves out.
pub(super) fn shares_note(found: &Shares) -> String {
    let gap = found.terms.iter().any(|share| !share.is_estimable());
    let gap = match gap {
        false => "",
        true => {
            " Not estimable: the design has some or all degrees of freedom of the term in common with others, so that \
             nothing is known about its size; the other terms are free of it only if it is 0."
        }
    };
    let intervals = match (found.freedom, found.has_intervals()) {
        (0, _) => "One seed a setup gives no intervals.".to_string(),
        (freedom, false) => format!(
            "No intervals: the noise of the seeds is too uneven ({} effective degrees of freedom of {freedom}) for them to \
             cover what they say.",
            fixed(found.effective_freedom, 0)
        ),
        (freedom, true) => format!(
            "Intervals: 95 %, noncentral F with {} degrees of freedom of the seeds ({freedom}, less for noise that differs \
             between setups).",
            fixed(found.effective_freedom, 0)
        ),
    };
    format!("{} results. {intervals}{gap}", found.results)
}

/// Means over the setups that `takes` takes, by the levels of two factors: rows × columns.
pub(super) fn pair_table(setups: &[Setup<'_>], [row, column]: [usize; 2], takes: impl Fn(&Setup<'_>) -> bool) -> Grid {
    let name = |factor: usize, level: usize| format!("{} {}", FACTORS[factor], level_name(factor, level));
    let head = (0..COUNTS[column]).map(|level| format!("{}, %", name(column, level)));
    let mut grid = Grid::new(std::iter::once(String::new()).chain(head));
    for level in 0..COUNTS[row] {
        let cell = |other: usize| {
            let here = |s: &&Setup<'_>| takes(s) && s.levels[row] == level && s.levels[column] == other;
            let stat = Stat::of(setups.iter().filter(here).map(|setup| setup.accuracy().mean));
            if stat.n == 0 { NONE.into() } else { format!("{} ({})", fixed(stat.mean, 2), stat.n) }
        };
        let cells: Vec<String> = (0..COUNTS[column]).map(cell).collect();
        grid.row(std::iter::once(name(row, level)).chain(cells));
    }
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
