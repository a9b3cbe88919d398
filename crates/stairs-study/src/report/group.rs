//! Records by what they trained and how: studies, and groups of runs that differ in the seed only.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use stairs_train::{EpochRecord, Method, RunRecord};

use super::number::NONE;
use crate::plot::Ink;

/// All runs of one model on one data set.
#[derive(Clone, Debug)]
pub struct Study<'a> {
    /// Data set by name.
    pub dataset: &'a str,
    /// Model by name.
    pub model: &'a str,
    /// Groups: float first, then STE, ANA and the baselines, each in a stable order.
    pub groups: Vec<Group<'a>>,
}

/// Runs with the same configuration but for the seed.
#[derive(Clone, Debug)]
pub struct Group<'a> {
    /// Short name, unique in its study.
    pub label: String,
    /// Colour in every figure of the study.
    pub ink: Ink,
    /// The runs, ascending in the seed.
    pub runs: Vec<&'a RunRecord>,
}

/// Mean and sample standard deviation (n − 1) of the finite values among some.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stat {
    /// Number of finite values.
    pub n: usize,
    /// Mean; NaN without values.
    pub mean: f64,
    /// Sample standard deviation; NaN with fewer than two values.
    pub sd: f64,
}

impl Stat {
    /// Statistics of the finite values.
    pub fn of(values: impl IntoIterator<Item = f64>) -> Self {
        let values: Vec<f64> = values.into_iter().filter(|v| v.is_finite()).collect();
        let n = values.len();
        let mean = if n == 0 { f64::NAN } else { values.iter().map(|v| v / n as f64).sum() };
        let square: f64 = values.iter().map(|v| (v - mean) * (v - mean)).sum();
        let sd = if n < 2 { f64::NAN } else { (square / (n - 1) as f64).sqrt() };
        Self { n, mean, sd }
    }
}

impl Study<'_> {
    /// The float baseline with the most seeds.
    pub fn float(&self) -> Option<&Group<'_>> {
        self.groups.iter().filter(|g| g.method() == Method::Float).max_by_key(|g| g.runs.len())
    }
}

impl Group<'_> {
    /// The method all runs share.
    pub fn method(&self) -> Method {
        self.runs[0].config.method
    }

    /// Final accuracy in percent of the hard network on the test set, over the seeds.
    pub fn accuracy(&self) -> Stat {
        Stat::of(self.runs.iter().map(|run| run.chosen().1))
    }

    /// One statistic per epoch that every run has: (epoch, statistic of `value` over the seeds).
    pub fn per_epoch(&self, value: impl Fn(&EpochRecord) -> f64) -> Vec<(f64, Stat)> {
        let shortest = self.runs.iter().map(|run| run.epochs.len()).min().unwrap_or(0);
        (0..shortest)
            .map(|i| {
                let epoch = self.runs[0].epochs[i].epoch as f64;
                (epoch, Stat::of(self.runs.iter().map(|run| value(&run.epochs[i]))))
            })
            .collect()
    }
}

/// Groups records into studies, in the order of data set and model. Records without epochs are left out.
pub fn studies(records: &[RunRecord]) -> Vec<Study<'_>> {
    // Data set and model → method (in order) and settings → runs.
    type Groups<'a> = BTreeMap<(usize, String), Vec<&'a RunRecord>>;
    let mut by_study: BTreeMap<(&str, &str), Groups<'_>> = BTreeMap::new();
    for record in records.iter().filter(|record| !record.epochs.is_empty()) {
        let config = &record.config;
        let order = Method::ALL.iter().position(|method| *method == config.method).unwrap_or(Method::ALL.len());
        let key = serde_json::to_string(&settings(record)).unwrap_or_default();
        by_study.entry((&config.dataset, &config.model)).or_default().entry((order, key)).or_default().push(record);
    }
    by_study.into_iter().map(|((dataset, model), groups)| study(dataset, model, groups.into_values())).collect()
}

fn study<'a>(dataset: &'a str, model: &'a str, groups: impl Iterator<Item = Vec<&'a RunRecord>>) -> Study<'a> {
    let mut groups: Vec<Group<'a>> = groups
        .map(|mut runs| {
            runs.sort_by_key(|run| run.config.seed);
            Group { label: String::new(), ink: Ink::Grey, runs }
        })
        .collect();
    let labels: Vec<String> = groups.iter().map(|group| label(group, &groups)).collect();
    let mut others = [Ink::Green, Ink::Purple, Ink::Red, Ink::Depth(6), Ink::Depth(0)].into_iter().cycle();
    let mut taken = BTreeSet::new();
    for (group, label) in groups.iter_mut().zip(labels) {
        group.label = label;
        let method = group.method();
        let favourite = match method {
            Method::Float => Some(Ink::Grey),
            Method::Ste => Some(Ink::Orange),
            Method::Ana => Some(Ink::Blue),
            _ => None,
        };
        let favourite = favourite.filter(|_| taken.insert(method as u8));
        group.ink = favourite.or_else(|| others.next()).unwrap_or(Ink::Red);
    }
    Study { dataset, model, groups }
}

/// Everything that decides the numbers of a run, but the seed.
fn settings(record: &RunRecord) -> BTreeMap<String, Value> {
    let mut flat = BTreeMap::new();
    flatten("", &serde_json::to_value(&record.config).unwrap_or(Value::Null), &mut flat);
    flat.remove("seed");
    // Runs of several seeds start from as many files.
    let start = if record.config.init.is_some() { "float weights" } else { "random weights" };
    flat.retain(|name, _| !name.starts_with("init"));
    flat.insert("from".into(), start.into());
    // A plan is one setting, not one a layer.
    if let Some(bits) = &record.config.bits {
        flat.retain(|name, _| !name.starts_with("bits."));
        flat.insert("bits".into(), bits.to_string().into());
    }
    // What a configuration leaves out because it is the usual choice, where a name says more than its absence.
    for (name, usual) in [("features", "matching"), ("edges", "last-float")] {
        flat.entry(name.into()).or_insert_with(|| usual.into());
    }
    flat
}

fn flatten(path: &str, value: &Value, flat: &mut BTreeMap<String, Value>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                flatten(&path, value, flat);
            }
        }
        _ => {
            flat.insert(path.to_string(), value.clone());
        }
    }
}

/// The method, and whatever tells this group from the others of the same method.
fn label(group: &Group<'_>, all: &[Group<'_>]) -> String {
    let name = group.method().label();
    let own = settings(group.runs[0]);
    let peers: Vec<_> = all.iter().filter(|g| g.method() == group.method()).map(|g| settings(g.runs[0])).collect();
    let names: BTreeSet<&String> = peers.iter().flat_map(BTreeMap::keys).collect();
    let differing = names.into_iter().filter(|name| peers.iter().any(|peer| peer.get(*name) != own.get(*name)));
    let parts: Vec<String> = differing
        .map(|name| {
            let short = name.rsplit('.').next().unwrap_or(name);
            match own.get(name) {
                Some(Value::String(text)) => format!("{short} {text}"),
                // JSON has no number for what is not finite.
                Some(Value::Null) => format!("{short} {NONE}"),
                Some(value) => format!("{short} {value}"),
                None => format!("no {short}"),
            }
        })
        .collect();
    if parts.is_empty() { name.to_string() } else { format!("{name} ({})", parts.join(", ")) }
}
