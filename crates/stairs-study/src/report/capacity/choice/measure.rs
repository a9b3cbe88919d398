//! What may choose: 2sED at its radii, and the measures of others.

use super::{
    super::{at, factorised, power},
    set::{Network, Set},
};
use crate::report::number::fixed;

/// What may choose.
#[derive(Clone, PartialEq)]
pub(super) enum Measure {
    /// The unit-factorised lower 2sED.
    Factorised(f64),
    /// Jensen's bound of 2sED.
    Jensen(f64),
    /// Another one by its name in the record, 1 where a larger value is taken for better, −1 where a smaller one is.
    Other(&'static str, &'static str, f64),
}

pub(super) const OTHERS: [Measure; 9] = [
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
    pub(super) fn all(set: &Set<'_>) -> Vec<Measure> {
        let Some(first) = set.networks.first() else { return Vec::new() };
        let radii = |points: Vec<f64>, of: fn(f64) -> Measure| points.into_iter().map(of).collect::<Vec<_>>();
        let factorised = radii(first.capacity.factorised.iter().map(|point| point.eps).collect(), Measure::Factorised);
        let jensen = radii(first.capacity.points.iter().map(|point| point.eps).collect(), Measure::Jensen);
        factorised.into_iter().chain(jensen).chain(OTHERS).collect()
    }

    pub(super) fn name(&self) -> String {
        match self {
            Measure::Factorised(eps) => format!("2sED, factorised, ε = {}", radius(*eps)),
            Measure::Jensen(eps) => format!("2sED, Jensen, ε = {}", radius(*eps)),
            Measure::Other(_, name, _) => (*name).to_owned(),
        }
    }

    /// The measure of a network, larger for one that it takes for better.
    pub(super) fn of(&self, network: &Network<'_>) -> f64 {
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
    pub(super) fn seconds(&self, network: &Network<'_>) -> Option<f64> {
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
