//! The search for a large deviation: random parameters, and from some of them, brought towards the centre where no softmax is saturated, steps of Adam
//! (Kingma, Ba 2015) of falling length within the box. The best of the way counts.
//!
//! For few samples the risk is ascended on a part of the population, twenty times the sample, which is enough for a direction; what
//! counts is the exact deviation where the ascent ends.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};
use stairs_capacity::certified::{Population, SmallModel};
use stairs_noise::derive_seed;

use super::BoundConfig;

/// Members of the population for each of the sample in an ascent.
const SHARE: usize = 20;
/// How far from the centre an ascent starts, of the way to its random parameters.
const START: f64 = 0.3;
/// Its first step, in half-widths of the box.
const LENGTH: f64 = 0.3;
/// Adam's two rates of forgetting: short, for a few dozen steps.
const MEMORY: [f64; 2] = [0.8, 0.95];

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
                let start = theta.iter().map(|t| START * t).collect();
                let end = ascend(config, population, model, &some, (start, sign));
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
    let mut moments = vec![(0.0, 0.0); theta.len()];
    let (mut best, mut reached) = (theta.clone(), f64::NEG_INFINITY);
    for step in 0..=config.steps {
        let value = sign * population.combination(model, config.loss, &theta, terms, Some(&mut gradient));
        if value > reached {
            reached = value;
            best.clone_from(&theta);
        }
        let length = LENGTH * config.radius * (1.0 - step as f64 / (config.steps + 1) as f64);
        let bias = MEMORY.map(|b| 1.0 - b.powi(step as i32 + 1));
        for ((t, g), (m, v)) in theta.iter_mut().zip(&gradient).zip(&mut moments) {
            *m = MEMORY[0] * *m + (1.0 - MEMORY[0]) * sign * g;
            *v = MEMORY[1] * *v + (1.0 - MEMORY[1]) * g * g;
            let direction = if *v > 0.0 { *m / bias[0] / (*v / bias[1]).sqrt() } else { 0.0 };
            *t = (*t + length * direction).clamp(-config.radius, config.radius);
        }
    }
    best
}
