//! Networks of one cost, and what is known of a measure among them.

use stairs_train::RunRecord;

use super::measure::Measure;
use crate::{
    measure::Measurement,
    report::{
        Results, Stat,
        number::{NONE, display_name, fixed},
    },
    stats::{Resampled, bootstrap, choice_gain, kendall_tau, sign_error},
};

/// Networks that are at hand when one is chosen.
pub(super) const POOL: usize = 10;
/// Bootstrap resamples of the networks, and their seed.
pub(super) const RESAMPLES: (usize, u64) = (2000, 1);
/// Radius at which 2sED is shown in figures.
pub(super) const RADIUS: f64 = 1e-3;

/// What can be changed in a network while all else stays.
pub(super) const FACTORS: [&str; 3] = ["depth", "profile", "kernel"];

/// A network that was measured and trained.
pub(super) struct Network<'a> {
    /// Depth, profile of widths, kernel: two networks that differ in one of them are an experiment.
    pub(super) factors: [String; 3],
    pub(super) capacity: &'a Measurement,
    pub(super) runs: Vec<&'a RunRecord>,
}

/// Networks of one cost.
pub(super) struct Set<'a> {
    name: String,
    pub(super) networks: Vec<Network<'a>>,
}

impl Network<'_> {
    /// Test accuracy after the last epoch in percent, over the seeds.
    pub(super) fn accuracy(&self) -> Stat {
        Stat::of(self.runs.iter().map(|run| run.test_accuracy))
    }

    /// Training loss of the last epoch, over the seeds.
    pub(super) fn loss(&self) -> Stat {
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
pub(super) fn sets(results: &Results) -> Vec<Set<'_>> {
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
    pub(super) fn points(&self, measure: &Measure) -> Vec<(f64, f64)> {
        self.networks.iter().map(|network| (measure.of(network), network.accuracy().mean)).collect()
    }

    pub(super) fn accuracies(&self) -> Vec<f64> {
        self.networks.iter().map(|network| network.accuracy().mean).collect()
    }

    /// One standard deviation of the difference of two networks' mean accuracies that the seeds make.
    pub(super) fn noise(&self) -> f64 {
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
    pub(super) fn gain(&self, measure: &Measure) -> Resampled {
        bootstrap(&self.points(measure), |points| choice_gain(points, POOL), RESAMPLES.0, RESAMPLES.1)
    }

    /// The same of who knows the accuracies.
    pub(super) fn ceiling(&self) -> f64 {
        let known: Vec<(f64, f64)> = self.accuracies().iter().map(|accuracy| (*accuracy, *accuracy)).collect();
        choice_gain(&known, POOL)
    }

    /// Kendall's τ with the accuracy.
    pub(super) fn agreement(&self, measure: &Measure) -> Resampled {
        bootstrap(&self.points(measure), kendall_tau, RESAMPLES.0, RESAMPLES.1)
    }

    /// Kendall's τ with the training loss.
    pub(super) fn with_loss(&self, measure: &Measure) -> Resampled {
        let points: Vec<(f64, f64)> =
            self.networks.iter().map(|network| (measure.of(network), network.loss().mean)).collect();
        bootstrap(&points, kendall_tau, RESAMPLES.0, RESAMPLES.1)
    }

    /// Sign errors where one factor alone differs, and their number of pairs.
    pub(super) fn errors(&self, measure: &Measure) -> [(f64, usize); 3] {
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
    pub(super) fn first(&self, measure: &Measure) -> f64 {
        choice_gain(&self.points(measure), self.networks.len())
    }

    pub(super) fn seconds(&self, measure: &Measure) -> String {
        let seconds = Stat::of(self.networks.iter().filter_map(|network| measure.seconds(network)));
        if seconds.n == 0 { NONE.into() } else { fixed(seconds.mean, 4) }
    }

    /// For people: `34 networks on Covertype of 8,000 parameters`.
    pub(super) fn title(&self) -> String {
        let data = display_name(self.name.split('-').next().unwrap_or(&self.name)).to_owned();
        let cost = if self.name.ends_with("-macs") { "equal multiply-accumulates" } else { "equal parameters" };
        format!("{data}, {cost}")
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
