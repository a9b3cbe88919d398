//! The search for a large deviation: random parameters, and steps along the signs of the gradient within the box.
//!
//! Where the deviation is nearly linear in θ, as in small boxes, it is largest in a corner, to which signs lead at once; a step halves where it does
//! not ascend. For few samples the risk is ascended on a part of the population, twenty times the sample, which is enough for a direction; what
//! counts is the exact deviation where the ascent ends.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};
use stairs_capacity::certified::{Population, SmallModel};
use stairs_noise::derive_seed;

use super::BoundConfig;

/// Members of the population for each of the sample in an ascent.
const SHARE: usize = 20;

/// The largest |R − R̂_n| of one repetition, at the parameters that were looked at.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Found {
    /// At random parameters of the box.
    pub random: f64,
    /// Where ascents from some of them ended.
    pub ascended: f64,
}

/// Draws `samples` members with replacement, and searches.
pub(super) fn search(
    config: &BoundConfig,
    population: &Population,
    model: &SmallModel,
    samples: usize,
    repetition: usize,
) -> Found {
    let seed = derive_seed(config.seed, &format!("deviation {samples}"), repetition as u64);
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let count = population.len();
    let mut drawn = vec![0u32; count];
    for _ in 0..samples {
        drawn[rng.random_range(0..count)] += 1;
    }
    let weight = |drawn: u32, share: f64| share - f64::from(drawn) / samples as f64;
    let all = 1.0 / count as f64;
    let terms: Vec<(u32, f64)> = (0..).zip(&drawn).map(|(i, drawn)| (i, weight(*drawn, all))).collect();
    let part = samples.saturating_mul(SHARE);
    let some = if part < count {
        let mut shares = vec![0.0; count];
        for _ in 0..part {
            shares[rng.random_range(0..count)] += 1.0 / part as f64;
        }
        let terms = (0..).zip(drawn.iter().zip(&shares)).map(|(i, (drawn, share))| (i, weight(*drawn, *share)));
        terms.filter(|(_, weight)| *weight != 0.0).collect()
    } else {
        terms.clone()
    };

    let deviation = |theta: &[f64]| population.combination(model, config.loss, theta, &terms, None).abs();
    let radius = config.radius;
    let mut found = Found { random: 0.0, ascended: 0.0 };
    for index in 0..config.random {
        let theta: Vec<f64> = (0..model.parameters()).map(|_| radius * (2.0 * rng.random::<f64>() - 1.0)).collect();
        found.random = found.random.max(deviation(&theta));
        if index < config.starts {
            for sign in [1.0, -1.0] {
                let end = ascend(config, population, model, &some, (theta.clone(), sign));
                found.ascended = found.ascended.max(deviation(&end));
            }
        }
    }
    found
}

/// The best of some steps from θ, for the deviation with this sign.
fn ascend(
    config: &BoundConfig,
    population: &Population,
    model: &SmallModel,
    terms: &[(u32, f64)],
    (mut theta, sign): (Vec<f64>, f64),
) -> Vec<f64> {
    let mut gradient = vec![0.0; theta.len()];
    let value = |theta: &[f64], gradient: &mut [f64]| {
        sign * population.combination(model, config.loss, theta, terms, Some(gradient))
    };
    let mut best = value(&theta, &mut gradient);
    let mut length = config.radius;
    let mut there = gradient.clone();
    for _ in 0..config.steps {
        let moved = theta.iter().zip(&gradient).map(|(t, g)| {
            let direction = if *g == 0.0 { 0.0 } else { sign * g.signum() };
            (t + length * direction).clamp(-config.radius, config.radius)
        });
        let moved: Vec<f64> = moved.collect();
        let reached = value(&moved, &mut there);
        if reached > best {
            (best, theta) = (reached, moved);
            std::mem::swap(&mut gradient, &mut there);
        } else {
            length *= 0.5;
        }
    }
    theta
}
