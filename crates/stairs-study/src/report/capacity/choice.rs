//! `2sed-choice`: what it is worth to choose by a measure, among networks that cost the same.

use maud::{Markup, html};
use stairs_train::RunRecord;

use super::{KICKER, at, factorised, power};
use crate::{
    measure::Measurement,
    plot::{Axis, Figure, Ink, Layer, Panel},
    report::{
        Page, ReportError, Results, Stat,
        grid::Grid,
        number::{NONE, display_name, fixed, signed},
        shell,
    },
    stats::{Resampled, bootstrap, choice_gain, kendall_tau, sign_error},
};

/// The page of choices among networks of one cost.
#[derive(Clone, Copy, Debug)]
pub struct NetworkChoicePage;

/// Networks that are at hand when one is chosen.
const POOL: usize = 10;
/// Bootstrap resamples of the networks, and their seed.
const RESAMPLES: (usize, u64) = (2000, 1);
/// Radius at which 2sED is shown in figures.
const RADIUS: f64 = 1e-3;

/// What can be changed in a network while all else stays.
const FACTORS: [&str; 3] = ["depth", "profile", "kernel"];

/// A network that was measured and trained.
struct Network<'a> {
    /// Depth, profile of widths, kernel: two networks that differ in one of them are an experiment.
    factors: [String; 3],
    capacity: &'a Measurement,
    runs: Vec<&'a RunRecord>,
}

/// Networks of one cost.
struct Set<'a> {
    name: String,
    networks: Vec<Network<'a>>,
}

/// What may choose.
#[derive(Clone, PartialEq)]
enum Measure {
    /// The unit-factorised lower 2sED.
    Factorised(f64),
    /// Jensen's bound of 2sED.
    Jensen(f64),
    /// Another one by its name in the record, 1 where a larger value is taken for better, −1 where a smaller one is.
    Other(&'static str, &'static str, f64),
}

const OTHERS: [Measure; 9] = [
    Measure::Other("effective_dimension", "effective dimension (Abbas et al.)", 1.0),
    Measure::Other("parameters", "number of parameters", 1.0),
    Measure::Other("macs", "multiply-accumulates", 1.0),
    Measure::Other("depth", "depth", 1.0),
    Measure::Other("gradient_norm", "gradient norm", 1.0),
    Measure::Other("synflow", "SynFlow", 1.0),
    Measure::Other("naswot", "NASWOT", 1.0),
    Measure::Other("path_norm", "path norm, smaller is better", -1.0),
    Measure::Other("spectral_norm", "spectral norm, smaller is better", -1.0),
];

impl Measure {
    /// All that some network of the set has.
    fn all(set: &Set<'_>) -> Vec<Measure> {
        let Some(first) = set.networks.first() else { return Vec::new() };
        let radii = |points: Vec<f64>, of: fn(f64) -> Measure| points.into_iter().map(of).collect::<Vec<_>>();
        let factorised = radii(first.capacity.factorised.iter().map(|point| point.eps).collect(), Measure::Factorised);
        let jensen = radii(first.capacity.points.iter().map(|point| point.eps).collect(), Measure::Jensen);
        factorised.into_iter().chain(jensen).chain(OTHERS).collect()
    }

    fn name(&self) -> String {
        match self {
            Measure::Factorised(eps) => format!("2sED, factorised, ε = {}", radius(*eps)),
            Measure::Jensen(eps) => format!("2sED, Jensen, ε = {}", radius(*eps)),
            Measure::Other(_, name, _) => (*name).to_owned(),
        }
    }

    /// The measure of a network, larger for one that it takes for better.
    fn of(&self, network: &Network<'_>) -> f64 {
        let capacity = network.capacity;
        match self {
            Measure::Factorised(eps) => at(capacity, *eps)
                .and_then(|point| factorised(capacity, point))
                .map_or(f64::NAN, |found| found.lower.value),
            Measure::Jensen(eps) => at(capacity, *eps).map_or(f64::NAN, |point| point.jensen.value),
            Measure::Other(key, _, sign) => {
                let other = capacity.baselines.get(*key).map(|found| found.estimate);
                // What is not defined for a network ranks it last: the log-determinant of NASWOT is −∞ where two samples have one code.
                other.or_else(|| capacity.scalar(key)).map_or(-f64::MAX, |found| sign * found.value)
            }
        }
    }

    /// Seconds a network.
    fn seconds(&self, network: &Network<'_>) -> Option<f64> {
        match self {
            Measure::Other("effective_dimension", _, _) | Measure::Jensen(_) => network.capacity.seconds,
            Measure::Factorised(_) => network.capacity.factorised_seconds,
            Measure::Other(key, _, _) => Some(network.capacity.baselines.get(*key)?.seconds),
        }
    }
}

/// A power of ten as one, another radius by its digits.
fn radius(eps: f64) -> String {
    if (eps.log10() - eps.log10().round()).abs() < 1e-9 { power(eps) } else { format!("{} (ε of n)", fixed(eps, 4)) }
}

impl Network<'_> {
    /// Test accuracy after the last epoch in percent, over the seeds.
    fn accuracy(&self) -> Stat {
        Stat::of(self.runs.iter().map(|run| run.test_accuracy))
    }

    /// Training loss of the last epoch, over the seeds.
    fn loss(&self) -> Stat {
        Stat::of(self.runs.iter().filter_map(|run| Some(run.epochs.last()?.train_loss)))
    }
}

/// Depth, profile and kernel in the name of a model.
fn factors(model: &str) -> [String; 3] {
    let sizes = model.rsplit(':').next().unwrap_or(model);
    let (widths, kernel) = sizes.split_once("+k").unwrap_or((sizes, "3"));
    let widths: Vec<f64> = widths.split('-').filter_map(|width| width.parse().ok()).collect();
    let (first, last) = (widths.first().copied().unwrap_or(1.0), widths.last().copied().unwrap_or(1.0));
    let middle = widths.get(widths.len() / 2).copied().unwrap_or(1.0);
    let profile = match (last / first, middle / first) {
        (growth, _) if growth > 1.6 => "growing",
        (growth, _) if growth < 0.625 => "shrinking",
        (_, middle) if middle > 1.4 => "bulging",
        (_, middle) if middle < 0.72 => "waisted",
        _ => "constant",
    };
    [widths.len().to_string(), profile.to_owned(), kernel.to_owned()]
}

/// Sets in the order of the experiment; a trial is named `SET-SIZES`, its measurement `measure-SET-SIZES`.
fn sets(results: &Results) -> Vec<Set<'_>> {
    let mut sets: Vec<Set<'_>> = Vec::new();
    for (id, capacity) in &results.measurements {
        let Some(row) = id.strip_prefix("measure-") else { continue };
        let own = |trial: &str| trial.rsplit_once("-seed").is_some_and(|(name, _)| name == row);
        let runs: Vec<&RunRecord> = results.runs.iter().filter(|(trial, _)| own(trial)).map(|(_, run)| run).collect();
        if runs.is_empty() {
            continue;
        }
        let sizes = row.char_indices().zip(row.chars().skip(1)).find(|((_, a), b)| *a == '-' && b.is_ascii_digit());
        let name = sizes.map_or(row, |((at, _), _)| &row[..at]).to_owned();
        let network = Network { factors: factors(&capacity.config.model.to_string()), capacity, runs };
        match sets.iter_mut().find(|set| set.name == name) {
            Some(set) => set.networks.push(network),
            None => sets.push(Set { name, networks: vec![network] }),
        }
    }
    sets
}

impl Set<'_> {
    /// Measure and accuracy of every network.
    fn points(&self, measure: &Measure) -> Vec<(f64, f64)> {
        self.networks.iter().map(|network| (measure.of(network), network.accuracy().mean)).collect()
    }

    fn accuracies(&self) -> Vec<f64> {
        self.networks.iter().map(|network| network.accuracy().mean).collect()
    }

    /// One standard deviation of the difference of two networks' mean accuracies that the seeds make.
    fn noise(&self) -> f64 {
        let variances: Vec<f64> = self
            .networks
            .iter()
            .map(|network| network.accuracy())
            .filter(|stat| stat.sd.is_finite())
            .map(|stat| 2.0 * stat.sd * stat.sd / stat.n as f64)
            .collect();
        if variances.is_empty() { 0.0 } else { (variances.iter().sum::<f64>() / variances.len() as f64).sqrt() }
    }

    /// What the choice among [`POOL`] networks gains over chance, in points.
    fn gain(&self, measure: &Measure) -> Resampled {
        bootstrap(&self.points(measure), |points| choice_gain(points, POOL), RESAMPLES.0, RESAMPLES.1)
    }

    /// The same of who knows the accuracies.
    fn ceiling(&self) -> f64 {
        let known: Vec<(f64, f64)> = self.accuracies().iter().map(|accuracy| (*accuracy, *accuracy)).collect();
        choice_gain(&known, POOL)
    }

    /// Kendall's τ with the accuracy.
    fn agreement(&self, measure: &Measure) -> Resampled {
        bootstrap(&self.points(measure), kendall_tau, RESAMPLES.0, RESAMPLES.1)
    }

    /// Kendall's τ with the training loss.
    fn with_loss(&self, measure: &Measure) -> Resampled {
        let points: Vec<(f64, f64)> =
            self.networks.iter().map(|network| (measure.of(network), network.loss().mean)).collect();
        bootstrap(&points, kendall_tau, RESAMPLES.0, RESAMPLES.1)
    }

    /// Sign errors where one factor alone differs, and their number of pairs.
    fn errors(&self, measure: &Measure) -> [(f64, usize); 3] {
        let points = self.points(measure);
        std::array::from_fn(|factor| {
            let alone = |i: usize, j: usize| {
                let (a, b) = (&self.networks[i].factors, &self.networks[j].factors);
                (0..FACTORS.len()).all(|at| (a[at] == b[at]) == (at != factor))
            };
            sign_error(&points, alone, self.noise())
        })
    }

    /// Accuracy of the network that the measure ranks first of all, minus the mean, in points.
    fn first(&self, measure: &Measure) -> f64 {
        choice_gain(&self.points(measure), self.networks.len())
    }

    fn seconds(&self, measure: &Measure) -> String {
        let seconds = Stat::of(self.networks.iter().filter_map(|network| measure.seconds(network)));
        if seconds.n == 0 { NONE.into() } else { fixed(seconds.mean, 4) }
    }

    /// For people: `34 networks on Covertype of 8,000 parameters`.
    fn title(&self) -> String {
        let data = display_name(self.name.split('-').next().unwrap_or(&self.name)).to_owned();
        let cost = if self.name.ends_with("-macs") { "equal multiply-accumulates" } else { "equal parameters" };
        format!("{data}, {cost}")
    }
}

/// `0.42 [0.10, 0.66]`; undefined resamples are counted.
fn resampled(found: Resampled, decimals: usize) -> String {
    if !found.value.is_finite() {
        return NONE.into();
    }
    let interval = match found.interval {
        Some(interval) => format!(" [{}, {}]", signed(interval.low, decimals), signed(interval.high, decimals)),
        None => " (no interval)".to_owned(),
    };
    let undefined = if found.undefined > 0 { format!(", {} undefined", found.undefined) } else { String::new() };
    format!("{}{interval}{undefined}", signed(found.value, decimals))
}

fn measures(set: &Set<'_>) -> Grid {
    let mut grid = Grid::new([
        "measure".to_owned(),
        format!("gain of choosing 1 of {POOL}, points [95 %]"),
        "first of all, points".into(),
        "τ with accuracy [95 %]".into(),
        "τ with training loss [95 %]".into(),
        "sign error: depth".into(),
        "profile".into(),
        "kernel".into(),
        "worst".into(),
        "seconds a network".into(),
    ]);
    for measure in Measure::all(set) {
        let last = set.networks.iter().filter(|network| measure.of(network) == -f64::MAX).count();
        let undefined = if last > 0 { format!(" ({last} undefined, ranked last)") } else { String::new() };
        let errors = set.errors(&measure);
        let worst = errors.iter().map(|(error, _)| *error).filter(|error| error.is_finite()).fold(f64::NAN, f64::max);
        let share = |error: f64| if error.is_finite() { fixed(error, 2) } else { NONE.into() };
        let mut row = vec![
            measure.name() + &undefined,
            resampled(set.gain(&measure), 2),
            signed(set.first(&measure), 2),
            resampled(set.agreement(&measure), 2),
            resampled(set.with_loss(&measure), 2),
        ];
        row.extend(errors.map(|(error, _)| share(error)));
        row.extend([share(worst), set.seconds(&measure)]);
        grid.row(row);
    }
    grid
}

fn networks(set: &Set<'_>) -> Grid {
    let mut grid = Grid::new(["network", "d", "2sED", "training loss", "test accuracy, %"]);
    let mut order: Vec<&Network<'_>> = set.networks.iter().collect();
    order.sort_by(|a, b| b.accuracy().mean.total_cmp(&a.accuracy().mean));
    for network in order {
        let accuracy = network.accuracy();
        let spread = if accuracy.sd.is_finite() { format!(" ± {}", fixed(accuracy.sd, 2)) } else { String::new() };
        grid.row([
            network.capacity.config.model.to_string(),
            network.capacity.dimension.to_string(),
            fixed(Measure::Jensen(RADIUS).of(network), 1),
            fixed(network.loss().mean, 4),
            format!("{}{spread}", fixed(accuracy.mean, 2)),
        ]);
    }
    grid
}

/// What 2sED and the best measure gain, set by set.
fn headline(results: &Results) -> String {
    let sentences = sets(results).into_iter().map(|set| {
        let all = Measure::all(&set);
        let gain = |measure: &Measure| set.gain(measure);
        let two_scale = all.iter().find(|measure| matches!(measure, Measure::Jensen(eps) if *eps == RADIUS));
        let others = all.iter().filter(|measure| matches!(measure, Measure::Other(..)));
        let best = others.filter(|m| gain(m).value.is_finite()).max_by(|a, b| gain(a).value.total_cmp(&gain(b).value));
        let said = |measure: Option<&Measure>| measure.map_or_else(String::new, |m| resampled(gain(m), 2));
        format!(
            "{} ({} networks): the one that 2sED ranks first of {POOL} is {} points from a random one; of the other measures {} gains \
             most: {}; who knows all accuracies gains {}",
            set.title(),
            set.networks.len(),
            said(two_scale),
            best.map_or_else(String::new, Measure::name),
            said(best),
            signed(set.ceiling(), 2),
        )
    });
    let sentences: Vec<String> = sentences.collect();
    if sentences.is_empty() {
        return "There is no network that is measured and trained yet.".into();
    }
    format!("{}.", sentences.join(". "))
}

/// The gains of all measures with their intervals, a panel a set.
fn gains(sets: &[Set<'_>]) -> Figure {
    let panels = sets.iter().map(|set| {
        let all = Measure::all(set);
        let at = |index: usize| -(index as f64);
        let names = all.iter().enumerate().map(|(index, measure)| (at(index), measure.name())).collect();
        let (low, high) = (at(all.len()), 1.0);
        let y = Axis::new("").with_range(low, high).with_named_ticks(names);
        let panel = Panel::new(set.title(), Axis::new("gain over chance, points"), y)
            .with_layer(Layer::dashed(vec![(0.0, low), (0.0, high)], Ink::Grey))
            .with_layer(Layer::dashed(vec![(set.ceiling(), low), (set.ceiling(), high)], Ink::Green));
        all.iter().enumerate().fold(panel, |panel, (index, measure)| {
            let (found, y) = (set.gain(measure), at(index));
            let ink = if matches!(measure, Measure::Other(..)) { Ink::Orange } else { Ink::Blue };
            let interval = found.interval.map(|at| Layer::line(vec![(at.low, y), (at.high, y)], ink));
            let panel = panel.with_layers(interval);
            panel.with_layer(Layer::Dots { points: vec![(found.value, y)], ink, radius: 4.0 })
        })
    });
    let panels: Vec<Panel> = panels.collect();
    let figure = Figure::new("").with_columns(1).with_size(960.0, 420.0 * panels.len() as f64).with_panels(panels);
    let figure = figure.with_legend(Ink::Blue, "2sED").with_legend(Ink::Orange, "other measures");
    figure.with_legend(Ink::Green, "all accuracies known")
}

/// 2sED before training and accuracy after it.
fn scatter(sets: &[Set<'_>]) -> Figure {
    let panels = sets.iter().map(|set| {
        let panel = Panel::new(set.title(), Axis::new("2sED, Jensen, ε = 10⁻³"), Axis::new("test accuracy, %"));
        set.networks.iter().fold(panel, |panel, network| {
            let depth: usize = network.factors[0].parse().unwrap_or(0);
            let point = (Measure::Jensen(RADIUS).of(network), network.accuracy().mean);
            panel.with_layer(Layer::Dots {
                points: vec![point],
                ink: Ink::depth(depth.saturating_sub(1), 8),
                radius: 4.5,
            })
        })
    });
    let figure = Figure::new("").with_columns(sets.len().max(1)).with_size(1100.0, 320.0);
    let figure = figure.with_panels(panels.collect::<Vec<_>>());
    figure.with_legend(Ink::depth(0, 8), "one hidden layer").with_legend(Ink::depth(7, 8), "eight")
}

fn figures(results: &Results) -> Vec<(String, Figure)> {
    let sets = sets(results);
    if sets.is_empty() {
        return Vec::new();
    }
    vec![("gains".into(), gains(&sets)), ("scatter".into(), scatter(&sets))]
}

impl Page for NetworkChoicePage {
    fn html(&self, results: &Results) -> Result<String, ReportError> {
        let sets = sets(results);
        let drawn = figures(results)
            .into_iter()
            .map(|(_, figure)| shell::figure(&figure))
            .collect::<Result<Vec<Markup>, _>>()?;
        let content = html! {
            @if let Some(headline) = results.concluded(headline) { p.headline { (headline) } }
            section {
                h2 { "What a choice is worth" }
                p.note {
                    "Gain: mean test accuracy of the network that a measure ranks first among " (POOL) " networks, minus that of a random one, over all "
                    "choices of " (POOL) " of the set. Intervals: percentile bootstrap over the networks, " (RESAMPLES.0) " resamples; for thirty "
                    "networks they cover more than 90 % (simulated), less than the 95 % they are made for. Undefined resamples are counted."
                }
                @for figure in &drawn { (figure) }
            }
            @for set in &sets {
                section {
                    h2 { (set.title()) ", " (set.networks.len()) " networks" }
                    p.note {
                        "Sign error: share of pairs of networks that a measure orders against their accuracies, of pairs that differ in one factor alone and by more than "
                        (fixed(set.noise(), 2)) " points, the standard deviation that the seeds make. Half is chance. “First of all”: the network that the measure ranks first of the set, against the mean."
                    }
                    (measures(set).html())
                    details { summary { "The networks" } (networks(set).html()) }
                }
            }
        };
        let unfinished = results.unfinished();
        Ok(shell::page(&results.title, KICKER, unfinished.as_ref(), &content, &results.commands))
    }

    fn text(&self, results: &Results) -> String {
        let tables =
            sets(results).iter().map(|set| format!("{}\n{}\n", set.title(), measures(set).text())).collect::<String>();
        format!("{tables}\n{}", results.concluded(headline).unwrap_or_default())
    }

    fn figures(&self, results: &Results) -> Vec<(String, Figure)> {
        figures(results)
    }

    fn markdown(&self, results: &Results) -> String {
        sets(results).iter().map(|set| format!("**{}**\n\n{}\n", set.title(), measures(set).markdown())).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn factors_are_read_from_names() {
        let text = |model: &str| factors(model).join(" ");
        assert_eq!(text("plain-mlp:129"), "1 constant 3");
        assert_eq!(text("cnn:5-10-21+k5"), "3 growing 5");
        assert_eq!(text("plain-mlp:65-42-26-16"), "4 shrinking 3");
        assert_eq!(text("plain-mlp:54-31-18-31-55"), "5 waisted 3");
        assert_eq!(text("plain-mlp:20-32-48-48-31-20"), "6 bulging 3");
    }
}
