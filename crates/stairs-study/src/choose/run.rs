//! Candidates counted and measured, in the order of the space, as many at a time as there are processors.
//!
//! `measured.json` of the directory holds everything that was measured there, by a checksum of the network, the samples and the way of
//! measuring: another budget, another space or more candidates measure only what is new. It is written after every few networks.

use std::{collections::BTreeMap, path::Path};

use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use stairs_data::{Dataset, SampleShape};
use stairs_train::{SealedDir, StopSignal};

use super::{
    Candidate, ChooseConfig, ChooseError, Costs, Resource, Scores, TWO_SCALE,
    cost::{cost, seconds},
    front,
    score::{Probe, direction, measures, value},
};

/// Everything that was measured in the directory.
const MEASURED: &str = "measured.json";
/// The choice.
const RESULT: &str = "choice.json";
/// Networks between two writes.
const CHUNK: usize = 16;
/// Networks looked at for every one that is wanted, before a budget counts as too small for the rest.
const TRIES: usize = 50;
/// The measure that ranks where the one asked for is defined for no network, as NASWOT where two samples have one code in each.
const OTHERWISE: &str = "macs";
/// Version of what is cached: part of every key.
const VERSION: u32 = 1;

/// A network with its costs and scores.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    /// The network.
    pub candidate: Candidate,
    /// What it costs.
    pub costs: Costs,
    /// What the measures say.
    pub scores: Scores,
}

impl Measured {
    /// The measure of this name, or the cost; `None` where it is not defined.
    pub fn value(&self, name: &str) -> Option<f64> {
        value(name, &self.scores, &self.costs)
    }
}

/// What there is to choose from, measured.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Choice {
    /// What was asked for.
    pub config: ChooseConfig,
    /// The measure that ranks: the one asked for, or `macs` where that is not defined for any network.
    pub by: String,
    /// Networks that were counted, those beyond the budget too.
    pub looked_at: usize,
    /// Those within the budget, in the order of the space.
    pub measured: Vec<Measured>,
    /// Of these the numbers of the Pareto front between [`cost`](Self::cost) and the measure, ascending in cost.
    pub front: Vec<usize>,
    /// Of these the numbers by falling measure.
    pub ranked: Vec<usize>,
    /// What was trained, best first, then at random; empty where nothing was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trained: Option<super::Trained>,
}

impl Choice {
    /// The cost of the front: that of the first budget, else the number of parameters.
    pub fn cost(&self) -> Resource {
        self.config.budgets.first().map_or(Resource::Parameters, |budget| budget.resource)
    }

    /// The network that the measure ranks first.
    pub fn best(&self) -> Option<&Measured> {
        self.ranked.first().map(|i| &self.measured[*i])
    }

    /// Writes it to the directory.
    ///
    /// # Errors
    /// [`ChooseError::File`].
    pub fn write(&self, dir: &Path) -> Result<(), ChooseError> {
        Ok(SealedDir::new(dir).write(RESULT, &json(self))?)
    }
}

/// Chooses, keeping everything that is measured in `dir`; `progress` is told (networks measured, networks in all).
///
/// # Errors
/// [`ChooseError`]; after [`ChooseError::Stopped`] the same call goes on.
pub fn choose(
    config: &ChooseConfig,
    data: &Dataset,
    dir: &Path,
    stop: &StopSignal,
    mut progress: impl FnMut(usize, usize),
) -> Result<Choice, ChooseError> {
    check(config)?;
    let sealed = SealedDir::new(dir);
    let _lock = sealed.lock()?.ok_or_else(|| ChooseError::Busy { dir: dir.to_owned() })?;
    let mut cache = read(&sealed)?;
    let probe = Probe::new(&config.measuring, data)
        .map_err(|source| ChooseError::Measuring { candidate: "the samples".into(), source: Box::new(source) })?;
    let key = Key::new(config, data, &probe);
    let shape = match data.shape {
        SampleShape::Image { channels, height, width } => [channels, height, width],
        _ => [data.shape.values(), 1, 1],
    };
    let mut candidates = config.space.candidates(config.seed)?;
    let (mut measured, mut looked_at) = (Vec::with_capacity(config.candidates), 0);
    let mut least: Option<Costs> = None;
    while measured.len() < config.candidates && looked_at < TRIES * config.candidates {
        progress(measured.len(), config.candidates);
        if stop.is_requested() {
            let at = format!("with {} of {} networks measured", measured.len(), config.candidates);
            return Err(ChooseError::Stopped { at });
        }
        let wanted = CHUNK.min(config.candidates - measured.len());
        let chunk: Vec<Candidate> = candidates.by_ref().take(wanted).collect();
        if chunk.is_empty() {
            break;
        }
        looked_at += chunk.len();
        let work = |candidate: &Candidate| one(config, candidate, &cache, &key, &probe, (shape, data.classes));
        let found: Vec<_> = chunk.par_iter().map(work).collect::<Result<_, _>>()?;
        let mut is_new = false;
        for (candidate, (one, costs)) in chunk.iter().zip(found) {
            least = least.map_or(costs, |least| smaller(least, costs, config)).into();
            let Some(mut one) = one else { continue };
            if config.timed && one.costs.seconds.is_none() {
                // One after another: what runs beside it would be timed too.
                one.costs.seconds = Some(seconds(&one.candidate, shape, data.classes)?);
            }
            let name = key.of(candidate);
            is_new |= cache.get(&name) != Some(&one);
            cache.insert(name, one.clone());
            // Seconds are known only now.
            if config.allows(&one.costs) {
                measured.push(one);
            }
        }
        if is_new {
            sealed.write(MEASURED, &json(&cache))?;
        }
    }
    progress(config.candidates, config.candidates);
    if measured.is_empty() {
        let least = least.map_or(String::new(), |costs| {
            let all =
                config.budgets.iter().filter_map(|b| Some(format!("{}={}", b.resource.name(), costs.of(b.resource)?)));
            all.collect::<Vec<_>>().join(", ")
        });
        return Err(ChooseError::NothingFits { looked_at, budget: config.budget(), least });
    }
    let is_defined = measured.iter().any(|one: &Measured| one.value(&config.by).is_some());
    let by = if is_defined { config.by.clone() } else { OTHERWISE.to_owned() };
    let sign = direction(&by);
    let score = |one: &Measured| one.value(&by).map_or(f64::NAN, |value| sign * value);
    let resource = config.budgets.first().map_or(Resource::Parameters, |budget| budget.resource);
    let points: Vec<(f64, f64)> =
        measured.iter().map(|one| (one.costs.of(resource).unwrap_or(f64::NAN), score(one))).collect();
    // Of equally ranked networks the cheaper one; those without the measure last.
    let mut ranked: Vec<usize> = (0..points.len()).collect();
    let key = |i: usize| if points[i].1.is_nan() { f64::NEG_INFINITY } else { points[i].1 };
    ranked.sort_by(|a, b| key(*b).total_cmp(&key(*a)).then(points[*a].0.total_cmp(&points[*b].0)));
    let front = front(&points);
    let choice = Choice { config: config.clone(), by, looked_at, measured, front, ranked, trained: None };
    choice.write(dir)?;
    Ok(choice)
}

fn check(config: &ChooseConfig) -> Result<(), ChooseError> {
    let known = measures();
    if !known.contains(&&config.by[..]) {
        return Err(ChooseError::Measure { name: config.by.clone(), known: known.join(", ") });
    }
    Ok(())
}

/// Costs and scores of one network, those of before where there are any; `None` beside its costs for one beyond the budget.
fn one(
    config: &ChooseConfig,
    candidate: &Candidate,
    cache: &BTreeMap<String, Measured>,
    key: &Key,
    probe: &Probe,
    (shape, classes): ([usize; 3], usize),
) -> Result<(Option<Measured>, Costs), ChooseError> {
    if let Some(there) = cache.get(&key.of(candidate)) {
        return Ok((config.allows(&there.costs).then(|| there.clone()), there.costs));
    }
    let (network, costs) = cost(candidate, shape, classes, |costs| config.allows(costs))?;
    let Some(network) = network else { return Ok((None, costs)) };
    let (scores, no_chain) = probe.scores(candidate, &network, (shape, classes), &config.measuring)?;
    if let Some(source) = no_chain.filter(|_| value(&config.by, &scores, &costs).is_none() && needs_chain(&config.by)) {
        return Err(ChooseError::NoChain { candidate: candidate.to_string(), source });
    }
    Ok((Some(Measured { candidate: candidate.clone(), costs, scores }), costs))
}

/// Whether a measure is one of chains of layers.
fn needs_chain(name: &str) -> bool {
    name == TWO_SCALE || !Resource::ALL.iter().any(|(_, cost, _)| *cost == name)
}

/// The smaller of each bounded cost.
fn smaller(a: Costs, b: Costs, config: &ChooseConfig) -> Costs {
    let first = config.budgets.first().map_or(Resource::Parameters, |budget| budget.resource);
    match (a.of(first), b.of(first)) {
        (Some(x), Some(y)) if y < x => b,
        _ => a,
    }
}

/// What a measurement depends on besides the network.
struct Key(Vec<u8>);

impl Key {
    fn new(config: &ChooseConfig, data: &Dataset, probe: &Probe) -> Self {
        let text = json(&(VERSION, &data.name, data.classes, &config.measuring));
        Self([text, Sha256::digest(probe.identity()).to_vec()].concat())
    }

    fn of(&self, candidate: &Candidate) -> String {
        let digest = Sha256::new().chain_update(&self.0).chain_update(json(candidate)).finalize();
        digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect()
    }
}

fn read(sealed: &SealedDir) -> Result<BTreeMap<String, Measured>, ChooseError> {
    let path = sealed.path().join(MEASURED);
    if !path.exists() {
        return Ok(BTreeMap::new());
    }
    let bytes = sealed.read(MEASURED)?;
    serde_json::from_slice(&bytes).map_err(|error| ChooseError::Content { path, problem: error.to_string() })
}

fn json(value: &impl Serialize) -> Vec<u8> {
    // Plain data with text keys.
    serde_json::to_vec_pretty(value).unwrap_or_default()
}
