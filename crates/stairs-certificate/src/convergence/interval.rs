//! The certificate of one sample: what the regularised network can be under all laws of a stretch of time.
//!
//! Weights and features become intervals, centre and radius (Rump's arithmetic): with |w − w°| ≤ ρ and |x − x°| ≤ r
//!
//! ```text
//! |Σ w x − Σ w° x°| ≤ Σ |w°| r + ρ (|x°| + r)
//! ```
//!
//! and the range of σ_ν over an interval of pre-activations and laws is exact where the stair is monotone, since F is. Only
//! thresholds near a pre-activation count, so nothing is lost to the total variation of the stair. At a single moment every
//! radius is 0 and the certificate follows the regularised network itself, bit for bit; over a stretch of time it holds
//! for every moment in it. Rounding errors of both networks are included, with the bound γ_n ≤ 2n·2⁻⁵³ for sums.

use stairs_laws::{Law, Noise};

use super::network::{Network, NetworkLaws, Trace};
use super::range::{LawRange, UNIT};

/// The weights of a network over a stretch of time as intervals.
#[derive(Clone, Debug)]
pub(super) struct Enclosure<'a> {
    network: &'a Network,
    laws: &'a NetworkLaws,
    weights: Vec<Intervals>,
}

/// Centres and radii; no radii where all are 0.
#[derive(Clone, Debug)]
struct Intervals {
    centre: Vec<f64>,
    radius: Option<Vec<f64>>,
}

impl Intervals {
    fn new(low: Vec<f64>, high: &[f64]) -> Self {
        if low == high {
            return Self { centre: low, radius: None };
        }
        let middle = |(&a, &b): (&f64, &f64)| if a == b { a } else { 0.5 * (a + b) };
        let centre: Vec<f64> = low.iter().zip(high).map(middle).collect();
        let radius = |((&a, &b), &m): ((&f64, &f64), &f64)| (b - m).max(m - a) * (1.0 + 4.0 * UNIT);
        let radius = low.iter().zip(high).zip(&centre).map(radius).collect();
        Self { centre, radius: Some(radius) }
    }

    fn radius(&self, index: usize) -> f64 {
        self.radius.as_ref().map_or(0.0, |radius| radius[index])
    }
}

impl<'a> Enclosure<'a> {
    pub(super) fn new(network: &'a Network, laws: &'a NetworkLaws) -> Self {
        let weights = network.layers.iter().enumerate().map(|(index, layer)| {
            let (low, high) = layer.soft_weights(laws.weights(index));
            Intervals::new(low, &high)
        });
        Self { network, laws, weights: weights.collect() }
    }

    /// Bounds on ‖x_ℓ^ν − x_ℓ‖_∞ for every layer, logits last, in levels; `hard` is the quantised pass of `sample`.
    pub(super) fn bounds(&self, sample: &[f64], hard: &Trace) -> Vec<f64> {
        let mut x = Intervals { centre: sample.to_vec(), radius: None };
        let mut bounds = Vec::with_capacity(self.network.layers.len());
        for (index, layer) in self.network.layers.iter().enumerate() {
            let (mut low, mut high) = self.preactivations(index, &x);
            if let Some(activation) = &layer.activation {
                let hard = LawRange::from(Law::hard(Noise::Uniform));
                let range = self.laws.features(index).unwrap_or(&hard);
                for (low, high) in low.iter_mut().zip(&mut high) {
                    (*low, *high) = range.expectation(&activation.stair, (*low, *high));
                }
                if let Some(pool) = &layer.pool {
                    (low, high) = (pool.apply(&low), pool.apply(&high));
                }
            }
            let ends = low.iter().zip(&high).zip(&hard.outputs[index]);
            bounds.push(ends.map(|((low, high), x)| (high - x).max(x - low)).fold(0.0, f64::max));
            x = Intervals::new(low, &high);
        }
        bounds
    }

    /// Smallest and largest pre-activations of a layer whose inputs lie in `x`.
    fn preactivations(&self, index: usize, x: &Intervals) -> (Vec<f64>, Vec<f64>) {
        let (layer, weights) = (&self.network.layers[index], &self.weights[index]);
        let sums = layer.taps.apply(&weights.centre, &x.centre);
        if weights.radius.is_none() && x.radius.is_none() {
            let u = self.network.affine(index, sums);
            return (u.clone(), u);
        }
        let radii = self.radii(index, x);
        let end = |(output, (sum, radius)): (usize, (&f64, &f64))| {
            let ends = [sum - radius, sum + radius].map(|sum| self.network.affine_of(index, output, sum));
            (ends[0].min(ends[1]), ends[0].max(ends[1]))
        };
        sums.iter().zip(&radii).enumerate().map(end).unzip()
    }

    /// Radii of the sums of a layer, rounding included; 0 where the sum is certain.
    fn radii(&self, index: usize, x: &Intervals) -> Vec<f64> {
        let (taps, weights) = (&self.network.layers[index].taps, &self.weights[index]);
        let mut radii = Vec::with_capacity(taps.outputs());
        for channel in 0..taps.channels {
            let shift = taps.shift(channel);
            for patch in &taps.patches {
                let (mut radius, mut size) = (0.0, 0.0);
                for &(k, j) in patch {
                    let (k, j) = (channel * taps.fan_in + k as usize, shift + j as usize);
                    let (w, x0, r) = (weights.centre[k].abs(), x.centre[j].abs(), x.radius(j));
                    radius += w * r + weights.radius(k) * (x0 + r);
                    size += w * x0;
                }
                radii.push(if radius == 0.0 { 0.0 } else { rounded(radius, size, patch.len()) });
            }
        }
        radii
    }
}

/// A bound on the distance of two computed sums of `terms` products, Σ|w||x| ≤ `size`, that differ by at most `radius` in
/// exact arithmetic.
pub(super) fn rounded(radius: f64, size: f64, terms: usize) -> f64 {
    let gamma = (2 * terms + 16) as f64 * UNIT;
    radius * (1.0 + 2.0 * gamma) + 2.0 * gamma * (size * (1.0 + 2.0 * gamma) + 2.0 * radius)
}
