//! Gaps: how far pre-activations keep from thresholds.
//!
//! g_ℓ is the smallest non-zero distance between a pre-activation and a threshold; whether some lie exactly on one is kept
//! apart, since there the noise's mean decides. Where weights and incoming features are integers in units of their quanta,
//! the sums Σ w x are integers n with |n| ≤ N_c = Σ|w|·max|x|, and scale_c·n + shift_c for all those n is a lattice: gap
//! and coincidences follow without data, channel by channel. Elsewhere they are measured on samples and hold for those.

use serde::Serialize;
use stairs_quant::ThresholdValue;

use super::network::{Network, Trace};

/// Sums beyond this are not sure to be exact.
const EXACT: f64 = (1u64 << 53) as f64;

/// Where gaps come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum GapSource {
    /// Weights and features lie on a lattice: valid for every input.
    Lattice,
    /// Measured: valid for the samples.
    Data,
}

/// Gaps of one layer, in units of its quantum, per output channel.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LayerGaps {
    /// Where they come from.
    pub source: GapSource,
    /// Smallest non-zero distance to a threshold; infinite (`null` in JSON) where there is none.
    pub gap: Vec<f64>,
    /// Whether a pre-activation can lie exactly on a threshold (lattice), or does (data).
    pub on_threshold: Vec<bool>,
}

impl LayerGaps {
    /// The smallest gap of all channels.
    pub fn smallest(&self) -> f64 {
        self.gap.iter().copied().fold(f64::INFINITY, f64::min)
    }

    /// Channels with a pre-activation on a threshold.
    pub fn channels_on_threshold(&self) -> usize {
        self.on_threshold.iter().filter(|on| **on).count()
    }

    fn empty(source: GapSource, channels: usize) -> Self {
        Self { source, gap: vec![f64::INFINITY; channels], on_threshold: vec![false; channels] }
    }

    fn add(&mut self, channel: usize, distance: f64) {
        if distance == 0.0 {
            self.on_threshold[channel] = true;
        } else {
            self.gap[channel] = self.gap[channel].min(distance.abs());
        }
    }
}

/// Gaps of layer `layer` from its lattice; `None` where weights or features are no integers, or there is no stair.
pub(super) fn lattice(network: &Network, layer: usize) -> Option<LayerGaps> {
    let this = &network.layers[layer];
    let thresholds = this.activation.as_ref()?.stair.thresholds();
    let before = &network.layers[layer.checked_sub(1)?].activation.as_ref()?.stair;
    let weights = this.hard_weights();
    let integer = |x: &f64| x.fract() == 0.0;
    if !weights.iter().all(integer) || !before.levels().iter().all(integer) {
        return None;
    }
    let largest = before.highest_level().abs().max(before.lowest_level().abs());
    let reach = this.taps.row_sums(|i| weights[i].abs() * largest);
    let mut gaps = LayerGaps::empty(GapSource::Lattice, this.taps.channels);
    for (channel, &reach) in reach.iter().enumerate() {
        if reach >= EXACT {
            return None;
        }
        let (scale, shift) = (network.folded[layer].0[channel], network.folded[layer].1[channel]);
        for threshold in thresholds {
            // The lattice point below the threshold, up to rounding; two on either side make sure of its neighbours.
            let middle = ((threshold - shift) / scale).clamp(-reach, reach);
            let middle = if middle.is_nan() { 0.0 } else { middle.floor() };
            for n in (-2..=3).map(|i| middle + f64::from(i)).filter(|n| n.abs() <= reach) {
                gaps.add(channel, scale * n + shift - threshold);
            }
        }
    }
    Some(gaps)
}

/// Gaps of layer `layer` in the given quantised passes.
pub(super) fn measured(network: &Network, layer: usize, traces: &[Trace]) -> Option<LayerGaps> {
    let this = &network.layers[layer];
    let thresholds = this.activation.as_ref()?.stair.thresholds();
    let mut gaps = LayerGaps::empty(GapSource::Data, this.taps.channels);
    for trace in traces {
        for (output, u) in trace.preactivations[layer].iter().enumerate() {
            let channel = this.taps.channel(output);
            // The nearest threshold may be met exactly; then the next ones count as well.
            let above = thresholds.partition_point(|threshold| threshold < u);
            for threshold in &thresholds[above.saturating_sub(1)..(above + 2).min(thresholds.len())] {
                gaps.add(channel, u - threshold);
            }
        }
    }
    Some(gaps)
}

/// Smallest non-zero distance of a latent weight to a threshold, in units of the quantum, whether some lie on one, and the
/// stair's H(0); `None` for float weights.
pub(super) fn latent(network: &Network, layer: usize) -> Option<(f64, bool, ThresholdValue)> {
    let this = &network.layers[layer];
    let super::Weights::Stair { stair, .. } = &this.weights else { return None };
    let mut gaps = LayerGaps::empty(GapSource::Data, 1);
    for w in this.latent() {
        stair.thresholds().iter().for_each(|threshold| gaps.add(0, w - threshold));
    }
    Some((gaps.gap[0], gaps.on_threshold[0], stair.threshold_value()))
}
