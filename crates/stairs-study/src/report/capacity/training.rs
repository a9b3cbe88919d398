//! `2sed-training`: lower 2sED before training against the training loss after it.

use std::collections::BTreeMap;

use maud::html;
use stairs_train::RunRecord;

use super::{KICKER, at, factorised, power};
use crate::{
    measure::Measurement,
    plot::{Axis, Figure, Ink, Layer, Panel},
    report::{
        Page, ReportError, Results, Stat,
        grid::Grid,
        number::{display_name, fixed},
        shell,
    },
    stats::{Discordant, Resampled, bootstrap, discordant, kendall_tau, partial_kendall_tau},
};

/// The page of capacity before training against the loss after it.
#[derive(Clone, Copy, Debug)]
pub struct TrainingPage;

/// Radii at which Jensen's bound is compared; the factorised one and figures are at the second.
const RADII: [f64; 4] = [1e-1, 1e-3, 1e-4, 1e-6];
const SHOWN: f64 = RADII[1];
/// Bootstrap resamples of the networks, and their seed.
const RESAMPLES: (usize, u64) = (2000, 1);

/// A network that was measured and trained.
struct Network<'a> {
    capacity: &'a Measurement,
    runs: Vec<&'a RunRecord>,
}

impl Network<'_> {
    /// Mean training loss of the last epoch, over the seeds.
    fn loss(&self) -> Stat {
        Stat::of(self.runs.iter().filter_map(|run| Some(run.epochs.last()?.train_loss)))
    }

    /// The unit-factorised lower 2sED at the ε shown, in parameters; Jensen's where it was not measured.
    fn lower(&self) -> f64 {
        let value = |point| factorised(self.capacity, point).map_or(point.jensen.value, |found| found.lower.value);
        at(self.capacity, SHOWN).map_or(f64::NAN, value)
    }

    fn jensen(&self, eps: f64) -> f64 {
        at(self.capacity, eps).map_or(f64::NAN, |point| point.jensen.value)
    }

    fn dimension(&self) -> f64 {
        self.capacity.dimension as f64
    }
}

/// What may order the networks.
#[derive(Clone, Copy)]
enum Measure {
    Lower,
    Jensen(f64),
    Dimension,
    Effective,
}

impl Measure {
    fn all() -> impl Iterator<Item = Measure> {
        let jensen = RADII.into_iter().map(Measure::Jensen);
        [Measure::Lower].into_iter().chain(jensen).chain([Measure::Dimension, Measure::Effective])
    }

    fn name(self) -> String {
        match self {
            Measure::Lower => format!("lower 2sED, factorised, ε = {}", power(SHOWN)),
            Measure::Jensen(eps) => format!("Jensen's bound, ε = {}", power(eps)),
            Measure::Dimension => "number of parameters d".into(),
            Measure::Effective => "effective dimension (Abbas et al.)".into(),
        }
    }

    fn of(self, network: &Network<'_>) -> f64 {
        match self {
            Measure::Lower => network.lower(),
            Measure::Jensen(eps) => network.jensen(eps),
            Measure::Dimension => network.dimension(),
            Measure::Effective => network.capacity.scalar("effective_dimension").map_or(f64::NAN, |found| found.value),
        }
    }
}

/// Networks by data set in the order of the experiment, ascending in the lower 2sED.
fn families(results: &Results) -> Vec<(String, Vec<Network<'_>>)> {
    let mut runs: BTreeMap<(&str, &str), Vec<&RunRecord>> = BTreeMap::new();
    for (_, run) in &results.runs {
        runs.entry((&run.config.dataset, &run.config.model)).or_default().push(run);
    }
    let mut families: Vec<(String, Vec<Network<'_>>)> = Vec::new();
    for (_, capacity) in &results.measurements {
        let model = capacity.config.model.to_string();
        let Some(runs) = runs.get(&(capacity.config.dataset.as_str(), model.as_str())) else { continue };
        let network = Network { capacity, runs: runs.clone() };
        match families.iter_mut().find(|(dataset, _)| *dataset == capacity.config.dataset) {
            Some((_, networks)) => networks.push(network),
            None => families.push((capacity.config.dataset.clone(), vec![network])),
        }
    }
    for (_, networks) in &mut families {
        networks.sort_by(|a, b| a.lower().total_cmp(&b.lower()));
    }
    families
}

/// Kendall's τ of a measure and the final training loss over the networks.
fn agreement(networks: &[Network<'_>], measure: Measure) -> Resampled {
    let points: Vec<(f64, f64)> = networks.iter().map(|network| (measure.of(network), network.loss().mean)).collect();
    bootstrap(&points, kendall_tau, RESAMPLES.0, RESAMPLES.1)
}

/// A measure, minus the training loss (so that the larger is the better), and the number of parameters.
fn points(networks: &[Network<'_>], measure: Measure) -> Vec<(f64, f64, f64)> {
    networks.iter().map(|network| (measure.of(network), -network.loss().mean, network.dimension())).collect()
}

/// Kendall's partial τ with the loss given the number of parameters.
fn beyond_dimension(networks: &[Network<'_>], measure: Measure) -> Resampled {
    let points: Vec<_> = points(networks, measure).iter().map(|p| (p.0, -p.1, p.2)).collect();
    bootstrap(&points, partial_kendall_tau, RESAMPLES.0, RESAMPLES.1)
}

/// `−0.70 [−0.93, −0.41]`, and what became of undefined resamples.
fn resampled(found: Resampled) -> String {
    let interval = match found.interval {
        Some(interval) => format!(" [{}, {}]", fixed(interval.low, 2), fixed(interval.high, 2)),
        None => String::new(),
    };
    let undefined = match (found.undefined, found.interval) {
        (0, _) => String::new(),
        (k, None) => format!(" ({k} of {} resamples undefined, no interval)", found.resamples),
        (k, Some(_)) => format!(" ({k} of {} resamples undefined)", found.resamples),
    };
    format!("{}{interval}{undefined}", fixed(found.value, 2))
}

/// `2 : 0 of 66, p = 0.500`.
fn opposite(found: Discordant) -> String {
    format!("{} : {} of {}, p = {}", found.first, found.third, found.pairs, fixed(found.p, 3))
}

fn agreements(results: &Results) -> Grid {
    let mut grid = Grid::new([
        "data set",
        "networks",
        "measure",
        "τ with the loss [95 %]",
        "τ given d [95 %]",
        "pairs it orders against d: right : wrong",
    ]);
    for (dataset, networks) in families(results) {
        for measure in Measure::all() {
            let (partial, pairs) = match measure {
                Measure::Dimension => (String::new(), String::new()),
                _ => {
                    (resampled(beyond_dimension(&networks, measure)), opposite(discordant(&points(&networks, measure))))
                }
            };
            grid.row([
                display_name(&dataset).to_string(),
                networks.len().to_string(),
                measure.name(),
                resampled(agreement(&networks, measure)),
                partial,
                pairs,
            ]);
        }
    }
    grid
}

fn networks(results: &Results) -> Grid {
    let mut grid = Grid::new(["network", "data set", "d", "lower 2sED", "training loss", "test accuracy, %"]);
    for (dataset, networks) in families(results) {
        for network in networks {
            let loss = network.loss();
            let deviation = if loss.sd.is_finite() { format!(" ± {}", fixed(loss.sd, 4)) } else { String::new() };
            grid.row([
                network.capacity.config.model.to_string(),
                display_name(&dataset).to_string(),
                network.capacity.dimension.to_string(),
                fixed(network.lower(), 1),
                format!("{}{deviation}", fixed(loss.mean, 4)),
                fixed(Stat::of(network.runs.iter().map(|run| run.chosen().1)).mean, 2),
            ]);
        }
    }
    grid
}

fn headline(results: &Results) -> String {
    let sentences = families(results).into_iter().map(|(dataset, networks)| {
        let found = agreement(&networks, Measure::Lower);
        let verdict = match found.interval {
            Some(interval) if interval.high < 0.0 => "more capacity went with a lower training loss",
            Some(interval) if interval.low > 0.0 => "more capacity went with a higher training loss",
            Some(_) => "the interval allows both signs",
            None => "nothing is said about its sign",
        };
        format!("{} ({} networks): τ = {}, {verdict}", display_name(&dataset), networks.len(), resampled(found))
    });
    let sentences: Vec<String> = sentences.collect();
    if sentences.is_empty() {
        return "There is no network that is measured and trained yet.".into();
    }
    let eps = power(SHOWN);
    format!(
        "Rank agreement of the lower 2sED (ε = {eps}) before training with the training loss after it. {}.",
        sentences.join(". ")
    )
}

fn figures(results: &Results) -> Vec<(String, Figure)> {
    let families = families(results);
    if families.is_empty() {
        return Vec::new();
    }
    let size = |figure: Figure| figure.with_columns(families.len()).with_size(960.0, 300.0);
    let curves = families.iter().map(|(dataset, networks)| {
        let axis = Axis::new("training loss, log₁₀");
        let panel = Panel::new(display_name(dataset), Axis::new("epoch").with_whole_ticks(), axis);
        networks.iter().enumerate().fold(panel, |panel, (index, network)| {
            panel.with_layer(Layer::line(curve(network), Ink::depth(index, networks.len())))
        })
    });
    let scatter = families.iter().map(|(dataset, networks)| {
        let axis = Axis::new("final training loss, log₁₀");
        let panel = Panel::new(display_name(dataset), Axis::new("log₁₀ lower 2sED"), axis);
        networks.iter().enumerate().fold(panel, |panel, (index, network)| {
            let point = (network.lower().log10(), network.loss().mean.log10());
            let ink = Ink::depth(index, networks.len());
            panel.with_layer(Layer::Dots { points: vec![point], ink, radius: 4.5 })
        })
    });
    let legend = |figure: Figure| {
        figure.with_legend(Ink::depth(0, 8), "smallest lower 2sED").with_legend(Ink::depth(7, 8), "largest lower 2sED")
    };
    vec![
        ("curves".into(), legend(size(Figure::new("").with_panels(curves.collect::<Vec<_>>())))),
        ("agreement".into(), legend(size(Figure::new("").with_panels(scatter.collect::<Vec<_>>())))),
    ]
}

/// log₁₀ of the mean training loss over the seeds, by epoch.
fn curve(network: &Network<'_>) -> Vec<(f64, f64)> {
    let shortest = network.runs.iter().map(|run| run.epochs.len()).min().unwrap_or(0);
    let mean = |i: usize| Stat::of(network.runs.iter().map(|run| run.epochs[i].train_loss)).mean;
    (0..shortest).map(|i| ((i + 1) as f64, mean(i).log10())).collect()
}

impl Page for TrainingPage {
    fn html(&self, results: &Results) -> Result<String, ReportError> {
        let drawn =
            figures(results).into_iter().map(|(_, figure)| shell::figure(&figure)).collect::<Result<Vec<_>, _>>()?;
        let content = html! {
            @if let Some(headline) = results.concluded(headline) { p.headline { (headline) } }
            section {
                h2 { "Learning curves and final losses" }
                p.note {
                    "Mean over the seeds; colours order the networks of a data set by their lower 2sED at ε = "
                    (power(SHOWN)) ", measured before training."
                }
                @for figure in &drawn { (figure) }
            }
            section {
                h2 { "Which measure orders the networks as the training does?" }
                p.note {
                    "Kendall's τ-b between a measure before training and the training loss of the last epoch; −1 means that "
                    "more capacity always went with a lower loss. Intervals: percentile bootstrap over the networks, "
                    (RESAMPLES.0) " resamples. “Given d” is Kendall's partial τ: what is left once both are known to "
                    "depend on the number of parameters; it rests on the pairs of networks that the measure orders against d, which "
                    "stand beside it: how many of them the loss orders as the measure does (right) or as d does (wrong), with "
                    "the p of the sign test. A resample whose τ is not defined counts as beyond both ends of the interval."
                }
                (agreements(results).html())
            }
            section {
                h2 { "The networks" }
                p.note { "Ascending in the lower 2sED at ε = " (power(SHOWN)) "; ± one standard deviation over the seeds." }
                (networks(results).html())
            }
        };
        let unfinished = results.unfinished();
        Ok(shell::page(&results.title, KICKER, unfinished.as_ref(), &content, &results.commands))
    }

    fn text(&self, results: &Results) -> String {
        format!("{}\n\n{}", agreements(results).text(), results.concluded(headline).unwrap_or_default())
    }

    fn figures(&self, results: &Results) -> Vec<(String, Figure)> {
        figures(results)
    }
}
