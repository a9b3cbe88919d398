//! `ana-grid`: which choices of the annealing study matter.

use std::collections::BTreeMap;

use maud::html;
use stairs_data::DatasetName;
use stairs_noise::{
    Noise, Strategy,
    plan::{Decay, Dynamics, Interval as Window},
};
use stairs_train::RunConfig;

use super::{
    Page, ReportError, Results, Stat,
    grid::Grid,
    number::{count, display_name, fixed},
    shell,
};
use crate::{
    plot::{Axis, Figure, Ink, Layer, Panel},
    stats::{Interval, Layout, Share, Shares, shares},
};

/// The page of the annealing grid.
#[derive(Clone, Copy, Debug)]
pub struct GridPage;

/// Names of the factors, in the order of [`levels`].
const FACTORS: [&str; 6] = ["law", "strategy", "mean", "scale", "interval", "power"];
const COUNTS: [usize; 6] = [4, 3, 2, 2, 4, 2];
const LAW: usize = 0;
/// The factors that say when which layer's noise disappears.
const SCHEDULE: [usize; 2] = [4, 5];
/// Resamples of the intervals, and their seed.
const RESAMPLES: (usize, u64) = (1000, 1);
const INKS: [Ink; 4] = [Ink::Blue, Ink::Orange, Ink::Green, Ink::Purple];

/// A setup with its accuracies, one a seed.
struct Setup<'a> {
    config: &'a RunConfig,
    levels: Vec<usize>,
    accuracies: Vec<f64>,
}

impl Setup<'_> {
    fn accuracy(&self) -> Stat {
        Stat::of(self.accuracies.iter().copied())
    }

    /// Hard forward, clipped identity backward: the straight-through estimator.
    fn is_ste(&self) -> bool {
        let fixed = self.config.policy.mean == Dynamics::Static && self.config.policy.scale == Dynamics::Static;
        fixed && self.config.strategy == Strategy::Mode && self.config.law == Noise::Uniform
    }

    fn name(&self) -> String {
        format!("{}, {}, {}", self.config.law, self.config.strategy, self.config.policy)
    }
}

/// The level of every factor, in the order of [`FACTORS`]; `None` for a law that is none of the four.
fn levels(config: &RunConfig) -> Option<Vec<usize>> {
    fn level<T: PartialEq>(all: &[T], value: &T) -> Option<usize> {
        all.iter().position(|other| other == value)
    }
    Some(vec![
        level(&Noise::ALL, &config.law)?,
        level(&Strategy::ALL, &config.strategy)?,
        level(&Dynamics::ALL, &config.policy.mean)?,
        level(&Dynamics::ALL, &config.policy.scale)?,
        level(&Window::ALL, &config.policy.interval)?,
        level(&Decay::ALL, &config.policy.power)?,
    ])
}

fn level_name(factor: usize, level: usize) -> String {
    match factor {
        0 => Noise::ALL[level].to_string(),
        1 => Strategy::ALL[level].to_string(),
        2 | 3 => Dynamics::ALL[level].name().into(),
        4 => Window::ALL[level].name().into(),
        _ => Decay::ALL[level].name().into(),
    }
}

fn setups(results: &Results) -> Vec<Setup<'_>> {
    let mut setups: BTreeMap<Vec<usize>, Setup<'_>> = BTreeMap::new();
    let trained = results.runs.iter().map(|(_, run)| (&run.config, run.test_accuracy));
    let diverged = results.diverged.iter().map(|(_, at)| (&at.config, chance(&at.config)));
    for (config, accuracy) in trained.chain(diverged) {
        let Some(levels) = levels(config) else { continue };
        let setup = setups.entry(levels.clone()).or_insert_with(|| Setup { config, levels, accuracies: Vec::new() });
        setup.accuracies.push(accuracy);
    }
    setups.into_values().collect()
}

/// Accuracy in percent of guessing, which a training that diverged counts with.
fn chance(config: &RunConfig) -> f64 {
    config.dataset.parse::<DatasetName>().map_or(0.0, |dataset| 100.0 / dataset.classes() as f64)
}

/// Shares over the setups that `takes` takes; none where they do not vary.
fn analysis(setups: &[Setup<'_>], takes: impl Fn(&Setup<'_>) -> bool) -> Option<Shares> {
    let taken: Vec<_> =
        setups.iter().filter(|setup| takes(setup)).map(|s| (s.levels.clone(), s.accuracies.clone())).collect();
    let found = shares(&Layout { levels: COUNTS.to_vec(), setups: taken }, RESAMPLES.0, RESAMPLES.1);
    found.terms.first()?.eta.value.is_finite().then_some(found)
}

/// Setups with an annealed scale: there every choice of one factor goes with every choice of the others.
fn core(setup: &Setup<'_>) -> bool {
    setup.config.policy.scale == Dynamics::Dynamic
}

/// Of them those whose noise has mean 0 throughout.
fn centred(setup: &Setup<'_>) -> bool {
    core(setup) && setup.config.policy.mean == Dynamics::Static
}

fn term_name(share: &Share) -> String {
    share.factors.iter().map(|factor| FACTORS[*factor]).collect::<Vec<_>>().join(" × ")
}

fn percent(interval: Interval) -> String {
    let percent = |x: f64| fixed(100.0 * x, 1);
    format!("{} [{}, {}]", percent(interval.value), percent(interval.low), percent(interval.high))
}

fn shares_table(found: &Shares) -> Grid {
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

/// Sums of η² over the terms: those with the law, and those of the schedule without it.
fn law_and_schedule(found: &Shares) -> (f64, f64) {
    let sum = |takes: &dyn Fn(&[usize]) -> bool| {
        found.terms.iter().filter(|share| takes(&share.factors)).map(|share| share.eta.value).sum::<f64>()
    };
    let law = sum(&|factors| factors.contains(&LAW));
    let schedule = sum(&|factors| !factors.contains(&LAW) && factors.iter().any(|f| SCHEDULE.contains(f)));
    (law, schedule)
}

fn headline(setups: &[Setup<'_>], found: Option<&Shares>, centred: Option<&Shares>) -> String {
    let Some(found) = found else {
        return "There are not enough finished trials to compare yet.".into();
    };
    let (law, schedule) = law_and_schedule(found);
    let verdict = match (law, schedule) {
        (law, schedule) if schedule > 2.0 * law => {
            "The schedule of the decay matters much more than the law of the noise"
        }
        (law, schedule) if schedule > law => "The schedule of the decay matters more than the law of the noise",
        (law, schedule) if law > 2.0 * schedule => {
            "The law of the noise matters much more than the schedule of its decay"
        }
        _ => "The law of the noise matters more than the schedule of its decay",
    };
    let best = setups.iter().filter(|s| !s.is_ste()).max_by(|a, b| a.accuracy().mean.total_cmp(&b.accuracy().mean));
    let best = best.map_or(String::new(), |best| {
        format!(" The best setup ({}) ends at {} %.", best.name(), fixed(best.accuracy().mean, 2))
    });
    let ste = setups.iter().find(|setup| setup.is_ste()).map_or(String::new(), |ste| {
        format!(" The straight-through estimator, one point of the grid, ends at {} %.", fixed(ste.accuracy().mean, 2))
    });
    let most = found.terms.first().map_or(String::new(), |share| {
        format!(" The largest share is that of {}: {} %.", term_name(share), fixed(100.0 * share.eta.value, 1))
    });
    let centred = centred.map_or(String::new(), |found| {
        let (law, schedule) = law_and_schedule(found);
        format!(
            " Where the mean of the noise is 0 throughout, the schedule explains {} % and the law {} %.",
            fixed(100.0 * schedule, 1),
            fixed(100.0 * law, 1)
        )
    });
    format!(
        "{verdict}, where the scale is annealed: interval and power, with their interactions, explain {} % of the variance \
         of the test accuracy, the law with all of its interactions {} %.{most}{centred}{best}{ste}",
        fixed(100.0 * schedule, 1),
        fixed(100.0 * law, 1)
    )
}

/// Mean accuracy by level of every factor, over the setups with an annealed scale.
fn level_table(setups: &[Setup<'_>]) -> Grid {
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
fn extremes(setups: &[Setup<'_>]) -> Grid {
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

/// Accuracy by schedule, one panel a strategy and mean, coloured by the law.
fn accuracy_figure(setups: &[Setup<'_>]) -> Option<Figure> {
    let ste = setups.iter().find(|setup| setup.is_ste()).map(|setup| setup.accuracy().mean);
    let finite = || setups.iter().map(|setup| setup.accuracy().mean).filter(|mean| mean.is_finite());
    let (low, high) = finite().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), x| (low.min(x), high.max(x)));
    if low > high {
        return None;
    }
    let room = (0.05 * (high - low)).max(0.5);
    let ticks: Vec<(f64, String)> = Window::ALL
        .iter()
        .enumerate()
        .map(|(i, window)| (f64::from(2 * i as u32) + 0.5, window.name().to_string()))
        .collect();
    let mut panels = Vec::new();
    for mean in Dynamics::ALL {
        for strategy in Strategy::ALL {
            let title = format!("{strategy}, mean {}", mean.name());
            let x = Axis::new("").with_range(-0.6, 7.6).with_named_ticks(ticks.clone());
            let y = Axis::new("test accuracy, %").with_range(low - room, high + room);
            let mut panel = Panel::new(title, x, y);
            if let Some(ste) = ste {
                panel = panel.with(Layer::dashed(vec![(-0.6, ste), (7.6, ste)], Ink::Grey));
            }
            for (law, ink) in INKS.into_iter().enumerate() {
                let here = |setup: &&Setup<'_>| {
                    core(setup)
                        && setup.levels[LAW] == law
                        && setup.config.policy.mean == mean
                        && setup.config.strategy == strategy
                };
                let points = setups.iter().filter(here).map(|setup| {
                    let at = (2 * setup.levels[4] + setup.levels[5]) as f64 + 0.14 * (law as f64 - 1.5);
                    (at, setup.accuracy().mean)
                });
                panel = panel.with(Layer::Dots { points: points.collect(), ink, radius: 3.6 });
            }
            panels.push(panel);
        }
    }
    let figure = Figure::new("").with_columns(3).with_size(1000.0, 250.0).with_panels(panels);
    let figure =
        Noise::ALL.iter().zip(INKS).fold(figure, |figure, (law, ink)| figure.with_legend(ink, law.to_string()));
    Some(if ste.is_some() { figure.with_legend(Ink::Grey, "straight-through estimator") } else { figure })
}

/// Shares of the variance as bars.
fn shares_figure(found: &Shares) -> Figure {
    let terms: Vec<&Share> = found.terms.iter().take(8).collect();
    let ticks = terms.iter().enumerate().map(|(i, share)| (i as f64, term_name(share))).collect();
    let x = Axis::new("").with_range(-0.7, terms.len() as f64 - 0.3).with_named_ticks(ticks);
    let mut panel = Panel::new("", x, Axis::new("share of the variance, %"));
    for (i, share) in terms.iter().enumerate() {
        let (at, eta) = (i as f64, share.eta);
        let ink = if share.factors.contains(&LAW) { Ink::Orange } else { Ink::Blue };
        panel = panel
            .with(Layer::Bars { bars: vec![[at - 0.3, at + 0.3, 0.0, 100.0 * eta.value]], ink, opacity: 0.75 })
            .with(Layer::line(vec![(at, 100.0 * eta.low), (at, 100.0 * eta.high)], Ink::Text));
    }
    let figure = Figure::new("").with_size(1000.0, 280.0).with_panel(panel);
    figure.with_legend(Ink::Orange, "terms with the law").with_legend(Ink::Blue, "terms without it")
}

fn figures(results: &Results) -> Vec<(&'static str, Figure)> {
    let setups = setups(results);
    let accuracy = accuracy_figure(&setups).map(|figure| ("accuracy", figure));
    let shares = analysis(&setups, core).map(|found| ("shares", shares_figure(&found)));
    accuracy.into_iter().chain(shares).collect()
}

/// `LeNet 16-32-64 on digits, 24 epochs`.
fn subject(results: &Results) -> String {
    results.runs.first().map_or(String::new(), |(_, run)| {
        let config = &run.config;
        let (dataset, samples) = (display_name(&config.dataset), run.samples.0);
        format!("{} on {dataset}, {samples} training samples, {} epochs", config.model, config.epochs)
    })
}

impl Page for GridPage {
    fn html(&self, results: &Results) -> Result<String, ReportError> {
        let setups = setups(results);
        let drawn = |figure: Option<Figure>| figure.map(|figure| shell::figure(&figure)).transpose();
        let (core_shares, all_shares) = (analysis(&setups, core), analysis(&setups, |_| true));
        let centred_shares = analysis(&setups, centred);
        let accuracy = drawn(accuracy_figure(&setups))?;
        let bars = drawn(core_shares.as_ref().map(shares_figure))?;
        let content = html! {
            p.headline { (headline(&setups, core_shares.as_ref(), centred_shares.as_ref())) }
            @if !results.diverged.is_empty() {
                p.notice {
                    (count(results.diverged.len(), "training")) " diverged (a loss that is not finite) and count with the accuracy "
                    "of guessing."
                }
            }
            @if let Some(found) = &core_shares {
                section {
                    h2 { "What explains the accuracy" }
                    p.note {
                        (subject(results)) ". Shares of the variance of the final test accuracy over the setups with an annealed "
                        "scale and their seeds: η² of every factor and every pair, with 95 % intervals over the seeds. ω² is free "
                        "of what noise alone would give. Strategy: what the forward pass computes. Interval and power: when which "
                        "layer's noise disappears."
                    }
                    @if let Some(bars) = bars { (bars) }
                    (shares_table(found).html())
                }
            }
            @if let Some(found) = &centred_shares {
                section {
                    h2 { "Where the mean of the noise is 0" }
                    p.note { "The same for the setups with an annealed scale and a static mean." }
                    (shares_table(found).html())
                }
            }
            @if let Some(accuracy) = accuracy {
                section {
                    h2 { "Accuracy by schedule" }
                    p.note {
                        "One dot a setup with an annealed scale, the mean over its seeds; of each pair left the homogeneous, right "
                        "the progressive decay. Dashed: the straight-through estimator."
                    }
                    (accuracy)
                }
            }
            @if !setups.is_empty() {
                section {
                    h2 { "Level by level" }
                    p.note { "Means over the setups with an annealed scale." }
                    (level_table(&setups).html())
                }
                section {
                    h2 { "The best and the worst" }
                    p.note { "Mean ± standard deviation over the seeds; of all setups." }
                    (extremes(&setups).html())
                }
            }
            @if let Some(found) = &all_shares {
                details {
                    summary { "The same shares over all setups, with and without an annealed scale" }
                    p.note {
                        "Not every combination exists there, so that shares do not add up: each is what a term adds to all others "
                        "of its order (sums of squares of type II)."
                    }
                    (shares_table(found).html())
                }
            }
        };
        let missing = (results.missing(), results.planned);
        let kicker = "stairs · quantisation-aware training by noise annealing";
        Ok(shell::page(&results.title, kicker, missing, &content, &results.commands))
    }

    fn text(&self, results: &Results) -> String {
        let setups = setups(results);
        let found = analysis(&setups, core);
        let centred = analysis(&setups, centred);
        let table = found.as_ref().map_or(String::new(), |found| shares_table(found).text());
        format!("{table}\n\n{}", headline(&setups, found.as_ref(), centred.as_ref()))
    }

    fn figures(&self, results: &Results) -> Vec<(&'static str, Figure)> {
        figures(results)
    }
}

#[cfg(test)]
mod tests {
    use stairs_noise::Policy;
    use stairs_train::{EpochRecord, RECORD_FORMAT, RunRecord, Versions};

    use super::*;
    use crate::experiments::Diverged;

    /// A made-up grid in which the interval decides and the law adds a little.
    fn results(seeds: u64) -> Results {
        let mut results = Results::new("A grid", 264 * seeds as usize);
        for (noise, strategy, policy) in Policy::full_grid() {
            for seed in 1..=seeds {
                let config = RunConfig { law: noise.clone(), strategy, policy, seed, ..RunConfig::default() };
                let at = levels(&config).unwrap();
                let jitter = ((seed * 7 + at.iter().sum::<usize>() as u64 * 3) % 5) as f64 / 10.0;
                let accuracy = 60.0 + 8.0 * at[4] as f64 + at[0] as f64 + jitter;
                let epoch = EpochRecord {
                    epoch: 1,
                    step: 1,
                    train_loss: 1.0,
                    train_accuracy: accuracy,
                    test_loss: 1.0,
                    test_accuracy: accuracy,
                    learning_rate: 1e-3,
                    seconds: 1.0,
                    laws: vec![],
                };
                let record = RunRecord {
                    format: RECORD_FORMAT,
                    versions: Versions { stairs: "0".into(), burn: "0".into() },
                    device: "flex".into(),
                    parameters: 1,
                    samples: (10, 5),
                    epochs: vec![epoch],
                    test_accuracy: accuracy,
                    best_test_accuracy: accuracy,
                    wall_seconds: 1.0,
                    weights: vec![],
                    config,
                };
                results.runs.push((format!("{noise}-{strategy}-{policy}-seed{seed}"), record));
            }
        }
        results
    }

    #[test]
    fn the_page_finds_what_decides() {
        let results = results(3);
        assert_eq!(results.runs.len(), 792);
        let page = GridPage.html(&results).unwrap();
        assert!(page.contains("The schedule of the decay matters much more"), "{}", GridPage.text(&results));
        assert!(page.contains("The largest share is that of interval"));
        assert!(!page.contains("NaN") && !page.contains("not finished yet"));
        let found = analysis(&setups(&results), core).unwrap();
        assert_eq!(found.terms[0].factors, [4]);
        let (law, schedule) = law_and_schedule(&found);
        assert!(schedule > 0.8 && law < 0.1, "{law} {schedule}");
        assert_eq!(setups(&results).iter().filter(|setup| setup.is_ste()).count(), 1);
        assert!(
            setups(&results).iter().any(
                |setup| setup.is_ste() && setup.config.policy.to_string() == "static-static-overlapped-homogeneous"
            )
        );
        assert_eq!(GridPage.figures(&results).len(), 2);
    }

    #[test]
    fn few_trials_make_a_page_too() {
        let mut few = results(1);
        few.runs.truncate(1);
        assert!(GridPage.html(&few).unwrap().contains("263 of 264 trials not finished yet"));
        let (id, run) = few.runs.pop().unwrap();
        few.diverged.push((id, Diverged { config: run.config, epoch: 2, step: 9 }));
        assert!(GridPage.html(&few).unwrap().contains("1 training diverged"));
        assert_eq!(setups(&few)[0].accuracies, [10.0]);
        few.diverged.clear();
        assert!(GridPage.html(&few).unwrap().contains("not enough finished trials"));
    }
}
