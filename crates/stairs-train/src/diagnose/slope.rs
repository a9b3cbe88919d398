//! The cosine of two gradients from their slopes along random directions.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use stairs_noise::derive_seed;

use super::weights::{Latent, Site, with_weights};
use crate::{Classifier, data::Batch};

/// Differences of the smoothed loss whose root mean square is at most this share of the loss are its f32 rounding: there
/// is no slope.
pub const FLAT: f64 = 2e-6;

/// The difference that a step is chosen for, as a share of the loss.
const AIM: f64 = 5e-5;

/// Largest step as a share of the narrowest window.
pub(super) const LARGEST: f64 = 1.0 / 256.0;

/// Smallest step in quanta: a few units of the last place of a latent weight.
const SMALLEST: f64 = 1e-6;

/// The latent weights of one site moved by `step` quanta along and against `signs`.
struct Move {
    plus: Vec<f32>,
    minus: Vec<f32>,
}

impl Move {
    fn new(latent: &Latent, signs: &[bool], step: f64) -> Self {
        let moved = |against: bool| {
            let one = |(i, (w, sign)): (usize, (&f32, &bool))| {
                let size = (step * latent.quantum(i)) as f32;
                if *sign ^ against { w + size } else { w - size }
            };
            latent.values.iter().zip(signs).enumerate().map(one).collect()
        };
        Self { plus: moved(false), minus: moved(true) }
    }

    /// Σ g·d with the d that single precision made.
    fn along(&self, gradient: &[f32]) -> f64 {
        let ends = self.plus.iter().zip(&self.minus).map(|(plus, minus)| f64::from(*plus) - f64::from(*minus));
        0.5 * ends.zip(gradient).map(|(d, g)| d * f64::from(*g)).sum::<f64>()
    }
}

/// What the cosines are taken from: the smoothed network and the surrogate gradient.
pub(super) struct Slopes<'a, M> {
    /// The network of expectations under the backward laws.
    pub(super) smoothed: &'a M,
    pub(super) batch: &'a Batch,
    pub(super) sites: &'a [Site],
    pub(super) latent: &'a [Latent],
    /// The surrogate gradient, one vector a site.
    pub(super) gradients: &'a [Vec<f32>],
    /// Sites whose weights are moved at all.
    pub(super) soft: &'a [bool],
    /// Largest step in quanta that a site may make.
    pub(super) largest: &'a [f64],
    pub(super) directions: usize,
    pub(super) seed: u64,
}

impl<M: Classifier> Slopes<'_, M> {
    /// The cosine of every site and that of all of them together; `loss` is the smoothed loss.
    pub(super) fn cosines(&self, loss: f64) -> (Vec<Option<f64>>, Option<f64>) {
        let reached = |site: &usize| self.soft[*site] && self.gradients[*site].iter().any(|g| *g != 0.0);
        let all: Vec<usize> = (0..self.sites.len()).filter(reached).collect();
        let signs: Vec<Vec<Vec<bool>>> = (0..self.sites.len()).map(|site| self.signs(site)).collect();
        let one = |site: usize| if all.contains(&site) { self.cosine(&[site], &signs, loss) } else { None };
        ((0..self.sites.len()).map(one).collect(), self.cosine(&all, &signs, loss))
    }

    /// Random signs, by direction and value; the same whatever other sites there are.
    fn signs(&self, site: usize) -> Vec<Vec<bool>> {
        let mut rng = ChaCha8Rng::seed_from_u64(derive_seed(self.seed, &self.sites[site].weight, 0));
        let count = self.latent[site].values.len();
        (0..self.directions).map(|_| (0..count).map(|_| rng.random()).collect()).collect()
    }

    /// The cosine over the weights of `sites`; `signs` by site, direction and value.
    fn cosine(&self, sites: &[usize], signs: &[Vec<Vec<bool>>], loss: f64) -> Option<f64> {
        if sites.is_empty() {
            return None;
        }
        let moves = |k: usize, step: f64| -> Vec<Move> {
            sites.iter().map(|site| Move::new(&self.latent[*site], &signs[*site][k], step)).collect()
        };
        let surrogate = |moves: &[Move]| -> f64 {
            sites.iter().zip(moves).map(|(site, one)| one.along(&self.gradients[*site])).sum()
        };
        let end = |ends: Vec<Vec<f32>>| {
            let paths = sites.iter().map(|site| self.sites[*site].weight.as_str());
            self::loss(&with_weights(self.smoothed.clone(), paths.zip(ends).collect()), self.batch)
        };
        let largest = sites.iter().map(|site| self.largest[*site]).fold(f64::INFINITY, f64::min);
        let square = |k: usize| (surrogate(&moves(k, largest)) / largest).powi(2);
        let slope = ((0..self.directions).map(square).sum::<f64>() / self.directions as f64).sqrt();
        let step = (AIM * loss / slope).max(SMALLEST).min(largest);
        let pair = |k: usize| {
            let moves = moves(k, step);
            let slope = surrogate(&moves);
            let (plus, minus) = moves.into_iter().map(|one| (one.plus, one.minus)).unzip();
            (slope, 0.5 * (end(plus) - end(minus)))
        };
        cosine(&(0..self.directions).map(pair).collect::<Vec<_>>(), FLAT * loss)
    }
}

/// Mean cross entropy of a batch in nats, in f64 from the logits on: the difference of two losses is then as exact as the
/// logits, however small the losses are.
pub(super) fn loss<M: Classifier>(model: &M, batch: &Batch) -> f64 {
    let logits = model.logits(batch.inputs.clone());
    let [samples, classes] = logits.dims();
    let logits = logits.into_data().try_into_vec_as::<f32>().unwrap_or_default();
    let targets = batch.targets.classes.clone().into_data().try_into_vec_as::<i64>().unwrap_or_default();
    let one = |(row, target): (&[f32], &i64)| {
        // log Σ exp(x − x_target), the target's own term apart.
        let target = *target as usize;
        let gaps = row.iter().map(|x| f64::from(*x) - f64::from(row[target])).enumerate();
        let gaps: Vec<f64> = gaps.filter(|(i, _)| *i != target).map(|(_, gap)| gap).collect();
        let most = gaps.iter().fold(0.0f64, |most, gap| most.max(*gap));
        let rest: f64 = gaps.iter().map(|gap| (gap - most).exp()).sum();
        if most > 0.0 { most + (rest + (-most).exp()).ln() } else { rest.ln_1p() }
    };
    let sum: f64 = logits.chunks_exact(classes.max(1)).zip(&targets).map(one).sum();
    sum / samples.max(1) as f64
}

/// The cosine of the first and the second components; `None` where one has no length, or the second is `flat`.
fn cosine(pairs: &[(f64, f64)], flat: f64) -> Option<f64> {
    let [dot, first, second] =
        pairs.iter().fold([0.0; 3], |[dot, first, second], (a, b)| [dot + a * b, first + a * a, second + b * b]);
    let slope = (second / pairs.len().max(1) as f64).sqrt();
    let cosine = dot / (first * second).sqrt();
    (slope > flat && cosine.is_finite()).then(|| cosine.clamp(-1.0, 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cosine_is_that_of_the_vectors() {
        assert_eq!(cosine(&[(1.0, 2.0), (2.0, 4.0)], 0.0), Some(1.0));
        assert_eq!(cosine(&[(1.0, -1.0), (1.0, 1.0)], 0.0), Some(0.0));
        assert_eq!(cosine(&[(3.0, -0.1)], 0.0), Some(-1.0));
        for none in [&[(0.0, 1.0)][..], &[(1.0, 0.0)], &[(1.0, 1e-9)], &[(1.0, f64::NAN)], &[]] {
            assert_eq!(cosine(none, 1e-8), None, "{none:?}");
        }
    }
}
