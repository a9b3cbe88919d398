//! The theorem as a recursion: a bound from gaps, layer after layer, without looking at samples.
//!
//! With e the bound on ‖x^ν − x‖_∞ before a layer, X the largest |x|, and everything per output channel c:
//!
//! ```text
//! δ_c = |scale_c|·(e·Σ|w_c^ν| + X·Σ|w_c^ν − w_c|)
//! e_c = Σ_k |Δ_k|·max( 1 − F((D_k − δ_c − m)/s)  for thresholds that are passed,
//!                      F((−D_k + δ_c − m)/s)      for thresholds that are not )
//! ```
//!
//! D is 0 for the threshold that a component lies on (the H(0) convention says on which side it counts), at least g_c for
//! its neighbours, and at least the distance between thresholds for those further away, so that the constant is much
//! smaller than TV(σ) where noise is narrower than a stair. Steps up and steps down pull a monotone stair in opposite
//! directions, so the larger of the two sums counts. For symmetric noise, m ≤ 0 and a single threshold this is
//! TV(σ)·max(T((|m| − δ)/s), T((g − |m| − δ)/s)), T = 1 − F, the form of \[ANA22\] (arXiv 2203.11323, section 3); signs of
//! m, laws that are not symmetric and s = 0 are covered as they stand.

use stairs_laws::{Law, Noise};
use stairs_quant::{StairFunction, ThresholdValue};

use super::gaps::LayerGaps;
use super::interval::rounded;
use super::network::{Network, NetworkLaws};
use super::range::{LawRange, UNIT};

/// What the recursion says of one layer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct GapBound {
    /// Largest δ_c, in units of the layer's quantum.
    pub(super) delta: f64,
    /// Largest e_c, in levels; for the last layer the bound on the logits.
    pub(super) error: f64,
}

/// The recursion under all laws of `laws`; `reach` bounds |x| of the inputs.
pub(super) fn bounds(network: &Network, laws: &NetworkLaws, gaps: &[LayerGaps], reach: f64) -> Vec<GapBound> {
    let (mut error, mut largest) = (0.0, reach);
    let mut bounds = Vec::with_capacity(network.layers.len());
    for (index, layer) in network.layers.iter().enumerate() {
        let hard = layer.hard_weights();
        let (low, high) = layer.soft_weights(laws.weights(index));
        let size = layer.taps.row_sums(|i| low[i].abs().max(high[i].abs()));
        let moved = layer.taps.row_sums(|i| (high[i] - hard[i]).max(hard[i] - low[i]));
        let deltas = size.iter().zip(&moved).enumerate().map(|(channel, (size, moved))| {
            let radius = error * size + largest * moved;
            if radius == 0.0 {
                return 0.0;
            }
            let (scale, shift) = (network.folded[index].0[channel].abs(), network.folded[index].1[channel].abs());
            let total = size * (largest + error) + moved * largest;
            // Two roundings of the affine map on top of those of the sum.
            scale * rounded(radius, total, layer.taps.fan_in) + 8.0 * UNIT * (scale * total + shift)
        });
        let deltas: Vec<f64> = deltas.collect();
        let delta = deltas.iter().copied().fold(0.0, f64::max);
        error = match &layer.activation {
            None => delta,
            Some(activation) => {
                let shape = Shape::new(&activation.stair);
                let hard = LawRange::from(Law::hard(Noise::Uniform));
                let range = laws.features(index).unwrap_or(&hard);
                let channel = |(channel, delta): (usize, &f64)| {
                    shape.error(range, gaps[index].gap[channel], gaps[index].on_threshold[channel], *delta)
                };
                largest = shape.largest;
                deltas.iter().enumerate().map(channel).fold(0.0, f64::max)
            }
        };
        bounds.push(GapBound { delta, error });
    }
    bounds
}

/// What the recursion needs of a stair.
struct Shape {
    at: ThresholdValue,
    /// Smallest distance of two thresholds i apart, i = 0, 1, ….
    separations: Vec<f64>,
    largest_step: f64,
    variation: f64,
    oscillation: f64,
    monotone: bool,
    largest: f64,
}

impl Shape {
    fn new(stair: &StairFunction) -> Self {
        let thresholds = stair.thresholds();
        let apart = |i: usize| thresholds.windows(i + 1).map(|w| w[i] - w[0]).fold(f64::INFINITY, f64::min);
        let (variation, oscillation) = (stair.total_variation(), stair.oscillation());
        Self {
            at: stair.threshold_value(),
            separations: (0..thresholds.len()).map(apart).collect(),
            largest_step: stair.steps().map(f64::abs).fold(0.0, f64::max),
            variation,
            oscillation,
            monotone: stair.steps().all(|step| step >= 0.0) || stair.steps().all(|step| step <= 0.0),
            largest: stair.lowest_level().abs().max(stair.highest_level().abs()),
        }
    }

    /// sup |σ_ν(u′) − σ(u)| over |u′ − u| ≤ `delta` and all u that keep `gap` from thresholds, or lie on one if `on`.
    fn error(&self, range: &LawRange, gap: f64, on: bool, delta: f64) -> f64 {
        let (upper, lower) = (on && self.at == ThresholdValue::Upper, on && self.at == ThresholdValue::Lower);
        let reduced = |distance: f64| match delta == 0.0 || distance.is_infinite() {
            true => distance,
            false => distance - delta - 8.0 * UNIT * (distance + delta),
        };
        let sum = |on: bool, probability: &dyn Fn(f64) -> f64| {
            let first = probability(reduced(if on { 0.0 } else { gap }));
            let rest = self.separations[1..].iter().map(|apart| probability(reduced(apart.max(gap))));
            // All thresholds as near as the nearest: right for steps of very different height.
            (self.largest_step * (first + rest.sum::<f64>())).min(self.variation * first)
        };
        // A gap that no threshold is within: nothing is ever near.
        let passed = sum(upper, &|distance| range.missed(distance, self.at));
        let ahead = sum(lower, &|distance| range.overrun(distance, self.at));
        let error = if self.monotone { passed.max(ahead) } else { passed + ahead };
        if error == 0.0 {
            return 0.0;
        }
        let slack = (4 * self.separations.len() + 8) as f64 * UNIT * (self.variation + self.largest);
        (error + slack).min(self.oscillation)
    }
}
