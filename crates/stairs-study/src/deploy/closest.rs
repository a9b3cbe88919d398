//! How close a sample comes to a threshold: where a network in single precision and its program may differ.

use serde::Serialize;
use stairs_network::{Comparison, Network, Op, RunError, Source};

/// The place where a sample comes closest to a threshold.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Closest {
    /// Path of the quantiser.
    pub path: String,
    /// Distance of what it reads from a threshold, in units of its quantum.
    pub distance: f64,
}

/// The closest place in the network, evaluated in double precision; `None` without quantisers of features.
pub(super) fn closest(network: &Network, sample: &[f64]) -> Result<Option<Closest>, RunError> {
    let trace = network.trace(sample)?;
    let mut closest: Option<Closest> = None;
    for node in network.nodes() {
        let Op::Stair(stair) = &node.op else { continue };
        let x = match node.inputs[0] {
            Source::Input => sample,
            Source::Node(before) => &trace[before][..],
        };
        let quantum = stair.scales.quantum();
        let thresholds: Vec<f64> = (stair.function.thresholds().iter())
            .map(|threshold| match stair.comparison {
                Comparison::Folded => f64::from((quantum * threshold) as f32),
                Comparison::Divided => quantum * threshold,
            })
            .collect();
        let near = |x: f64| {
            let at = thresholds.partition_point(|t| *t <= x);
            let beside = thresholds[at.saturating_sub(1)..].iter().take(2);
            beside.map(|t| (x - t).abs()).fold(f64::INFINITY, f64::min)
        };
        let distance = x.iter().map(|x| near(*x)).fold(f64::INFINITY, f64::min) / quantum;
        if closest.as_ref().is_none_or(|closest| distance < closest.distance) {
            closest = Some(Closest { path: node.path.clone(), distance });
        }
    }
    Ok(closest)
}
