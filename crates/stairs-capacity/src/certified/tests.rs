//! Every inequality of the proof against random search; sizes that a square root too little would show.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::{jacobi::eigenvalues, *};
use crate::DeviationBound;

fn uniform(rng: &mut ChaCha8Rng, low: f64, high: f64) -> f64 {
    low + (high - low) * rng.random::<f64>()
}

/// Random samples with inputs in [−1, 1], some of them 0.
fn population(rng: &mut ChaCha8Rng, samples: usize, inputs: usize, classes: usize) -> Population {
    let value = |rng: &mut ChaCha8Rng| if rng.random::<f64>() < 0.2 { 0.0 } else { uniform(rng, -1.0, 1.0) as f32 };
    let values: Vec<f32> = (0..samples * inputs).map(|_| value(rng)).collect();
    let labels: Vec<u32> = (0..samples).map(|_| (rng.random::<u32>() as usize % classes) as u32).collect();
    Population::new(inputs, classes, &values, &labels).unwrap()
}

fn point(rng: &mut ChaCha8Rng, model: &SmallModel, radius: f64) -> Vec<f64> {
    // Corners of the box are where most constants are nearly reached.
    let corner = rng.random::<bool>();
    let sign = |x: f64| if corner { radius * x.signum() } else { x };
    (0..model.parameters()).map(|_| sign(uniform(rng, -radius, radius))).collect()
}

fn mean(population: &Population) -> Vec<(u32, f64)> {
    (0..population.len() as u32).map(|i| (i, 1.0 / population.len() as f64)).collect()
}

fn gradient(
    population: &Population,
    model: &SmallModel,
    loss: CertifiedLoss,
    theta: &[f64],
    i: u32,
) -> (f64, Vec<f64>) {
    let mut gradient = vec![0.0; theta.len()];
    let value = population.combination(model, loss, theta, &[(i, 1.0)], Some(&mut gradient));
    (value, gradient)
}

/// F = E Σ_j p_j ∇log p_j ∇log p_jᵀ, by the gradients for every label.
fn fisher(population: &Population, model: &SmallModel, theta: &[f64]) -> Vec<f64> {
    let d = theta.len();
    let mut fisher = vec![0.0; d * d];
    for label in 0..model.classes {
        let labelled = Population { labels: vec![label as u32; population.len()], ..population.clone() };
        for i in 0..population.len() as u32 {
            let (log, score) = gradient(&labelled, model, CertifiedLoss::CrossEntropy, theta, i);
            let weight = (-log).exp() / population.len() as f64;
            for (a, first) in score.iter().enumerate() {
                for (b, second) in score.iter().enumerate() {
                    fisher[a * d + b] += weight * first * second;
                }
            }
        }
    }
    fisher
}

const MODELS: [(usize, Option<usize>, usize); 5] =
    [(1, None, 2), (3, None, 4), (2, Some(1), 2), (3, Some(2), 3), (1, Some(4), 2)];

#[test]
fn gradients_are_those_of_finite_differences() {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    for (inputs, hidden, classes) in MODELS {
        let population = population(&mut rng, 1, inputs, classes);
        let model = population.model(hidden).unwrap();
        for loss in CertifiedLoss::ALL {
            let theta = point(&mut rng, &model, 1.5);
            let (_, analytic) = gradient(&population, &model, loss, &theta, 0);
            for (k, analytic) in analytic.iter().enumerate() {
                let at = |h: f64| {
                    let mut moved = theta.clone();
                    moved[k] += h;
                    population.combination(&model, loss, &moved, &[(0, 1.0)], None)
                };
                let numeric = (at(1e-5) - at(-1e-5)) / 2e-5;
                assert!((numeric - analytic).abs() < 1e-8, "{model:?} {loss}: {numeric} {analytic}");
            }
        }
    }
}

/// One sample at a time, so that its moments are what the bounds of the derivatives take.
#[test]
fn no_search_exceeds_a_constant() {
    let mut rng = ChaCha8Rng::seed_from_u64(2);
    for (inputs, hidden, classes) in MODELS {
        for loss in CertifiedLoss::ALL {
            let (radius, side) = (1.0, 0.4);
            let mut closest = [0f64; 4];
            for _ in 0..3_000 {
                let population = population(&mut rng, 1, inputs, classes);
                let model = population.model(hidden).unwrap();
                let constants = Constants::new(model, loss, radius, &population.moments()).unwrap();
                let theta = point(&mut rng, &model, radius);
                let (value, slope) = gradient(&population, &model, loss, &theta, 0);
                // The centre of a cell that θ is in, and a step within the cell: in its corners.
                let sign = |rng: &mut ChaCha8Rng| if rng.random() { 1.0 } else { -1.0 };
                let centre: Vec<f64> = theta.iter().map(|t| t + 0.5 * side * sign(&mut rng)).collect();
                let step: Vec<f64> = theta.iter().map(|_| side * sign(&mut rng)).collect();
                let (_, there) = gradient(&population, &model, loss, &centre, 0);
                let change: f64 = slope.iter().zip(&there).zip(&step).map(|((a, b), s)| (a - b) * s).sum();
                // ρ at the centre, against the sample's own Fisher matrix.
                let f = fisher(&population, &model, &centre);
                let d = theta.len();
                let quadratic: f64 = (0..d * d).map(|ab| f[ab] * step[ab / d] * step[ab % d]).sum();
                let along: f64 = there.iter().zip(&step).map(|(g, s)| g * s).sum();
                let reached = [
                    value / constants.range(),
                    slope.iter().map(|g| g.abs()).sum::<f64>() / constants.slope(),
                    change.abs() / (0.5 * side * side * constants.curvature(side)),
                    if quadratic > 1e-12 { along.abs() / (constants.fisher(side) * quadratic.sqrt()) } else { 0.0 },
                ];
                for (closest, reached) in closest.iter_mut().zip(reached) {
                    *closest = closest.max(reached);
                }
            }
            println!("{inputs}-{hidden:?}-{classes} {loss}: range, slope, curvature, fisher reached {closest:.3?}");
            assert!(closest.iter().all(|reached| *reached <= 1.0 + 1e-9), "{closest:?}");
            if loss == CertifiedLoss::Error && hidden.is_none() && classes == 2 {
                assert!(closest[0] > 0.8 && closest[1] > 0.95 && closest[3] > 0.9, "{closest:?}");
            }
        }
    }
}

/// a₂ of the error is reached by two classes: no smaller number would do.
#[test]
fn the_curvature_of_the_error_is_reached() {
    let bend = |q: f64| (4.0 * q * (1.0 - q) * (2.0 * q - 1.0)).abs();
    let largest = (0..=10_000).map(|i| bend(f64::from(i) / 10_000.0)).fold(0.0, f64::max);
    let constant = CertifiedLoss::Error.curvature();
    assert!(largest <= constant && largest > 0.999_999 * constant, "{largest} {constant}");
    // With more classes, uᵀHv over all corners of both cubes at random p.
    let mut rng = ChaCha8Rng::seed_from_u64(3);
    let mut reached = 0f64;
    for _ in 0..2_000 {
        let weights: Vec<f64> = (0..4).map(|_| rng.random::<f64>().powi(3)).collect();
        let p: Vec<f64> = weights.iter().map(|w| w / weights.iter().sum::<f64>()).collect();
        for corners in 0..256u32 {
            let at = |j: usize| if corners >> j & 1 == 1 { 1.0 } else { -1.0 };
            let (u, v): (Vec<f64>, Vec<f64>) = (0..4).map(|j| (at(j), at(j + 4))).unzip();
            let mean = |x: &[f64]| x.iter().zip(&p).map(|(x, p)| x * p).sum::<f64>();
            let product: Vec<f64> = u.iter().zip(&v).map(|(u, v)| u * v).collect();
            let covariance = mean(&product) - mean(&u) * mean(&v);
            reached = reached.max((p[0] * (covariance - (u[0] - mean(&u)) * (v[0] - mean(&v)))).abs());
        }
    }
    assert!(reached <= constant, "{reached} {constant}");
}

#[test]
fn the_determinant_is_enclosed() {
    let mut rng = ChaCha8Rng::seed_from_u64(4);
    for (inputs, hidden, classes) in MODELS {
        let population = population(&mut rng, 30, inputs, classes);
        let model = population.model(hidden).unwrap();
        let constants = Constants::new(model, CertifiedLoss::Error, 1.0, &population.moments()).unwrap();
        let mut least = f64::INFINITY;
        for _ in 0..40 {
            let (side, kappa) = (0.3, 20.0);
            let theta = point(&mut rng, &model, 1.0 + 0.5 * side);
            let spectrum = eigenvalues(fisher(&population, &model, &theta), theta.len());
            let rank = spectrum.iter().filter(|value| **value > 1e-12).count();
            assert!(rank <= model.rank(), "{rank} {model:?}");
            let log_det: f64 = spectrum.iter().map(|value| (kappa * value.max(0.0).sqrt()).ln_1p()).sum();
            least = least.min(constants.log_det(kappa, side) / log_det);
        }
        println!("{model:?}: the upper bound of log det is at least {least:.3} times what is found");
        assert!(least >= 1.0, "{least}");
    }
}

/// A rotated lattice of boxes with a uniform offset meets a square as often as the volume says, and no more than 2^{d/2} det.
#[test]
fn micro_boxes_are_counted() {
    let mut rng = ChaCha8Rng::seed_from_u64(5);
    for _ in 0..6 {
        let (angle, side) = (uniform(&mut rng, 0.0, 1.6), 1.0);
        let boxes = [uniform(&mut rng, 0.05, 0.5), uniform(&mut rng, 0.3, 3.0)];
        let (sin, cos) = angle.sin_cos();
        let runs = 80;
        let mut count = 0usize;
        for _ in 0..runs {
            let offset = boxes.map(|b| uniform(&mut rng, 0.0, b));
            let mut met = std::collections::BTreeSet::new();
            let steps = 120;
            for i in 0..=steps {
                for j in 0..=steps {
                    let [x, y] = [i, j].map(|i| side * (f64::from(i) / f64::from(steps) - 0.5));
                    let at = [cos * x + sin * y, cos * y - sin * x];
                    met.insert([0, 1].map(|k| ((at[k] + offset[k]) / boxes[k]).floor() as i64));
                }
            }
            count += met.len();
        }
        let mean = count as f64 / f64::from(runs);
        let [a, b] = boxes.map(|b| side / b);
        let volume = 1.0 + (sin.abs() + cos.abs()) * (a + b) + a * b;
        assert!((mean / volume - 1.0).abs() < 0.08, "{mean} {volume}");
        assert!(volume <= 2.0 * (1.0 + a) * (1.0 + b));
    }
}

/// Why brackets: a rare input has a direction of its own, in which a micro-box is as long as the input is rare.
#[test]
fn a_rare_input_moves_its_loss_beyond_any_fisher_radius() {
    let count = 10_000;
    let values: Vec<f32> = (0..count).flat_map(|i| if i == 0 { [0.0, 1.0] } else { [1.0, 0.0] }).collect();
    let population = Population::new(2, 2, &values, &vec![0; count]).unwrap();
    let model = population.model(None).unwrap();
    // The difference of the weights of the second input: Var_p = ¼·2² at θ = 0, seen by one sample of 10,000.
    let direction = [0.0, 0.0, 0.5, -0.5, 0.0, 0.0];
    let fisher = fisher(&population, &model, &[0.0; 6]);
    let squared: f64 = (0..36).map(|ab| fisher[ab] * direction[ab / 6] * direction[ab % 6]).sum();
    assert!((squared - 0.25 / count as f64).abs() < 1e-12);
    let eps = 0.01;
    let moved = direction.map(|v| v * eps / squared.sqrt());
    let change = |i: u32| {
        let loss = |theta: &[f64]| population.combination(&model, CertifiedLoss::Error, theta, &[(i, 1.0)], None);
        (loss(&moved) - loss(&[0.0; 6])).abs()
    };
    assert!(change(0) > 20.0 * eps, "{}", change(0));
    let all: f64 = (0..count as u32).map(change).sum::<f64>() / count as f64;
    assert!(all <= 0.5 * eps, "{all}");
}

#[test]
fn bounds_agree_hold_and_fall() {
    let mut rng = ChaCha8Rng::seed_from_u64(6);
    let population = population(&mut rng, 200, 1, 2);
    let model = population.model(None).unwrap();
    let constants = Constants::new(model, CertifiedLoss::Error, 1.0, &population.moments()).unwrap();
    let bound = CertifiedBound::new(constants.clone(), 0.95).unwrap();

    // The same as the formula with its constants.
    let at = bound.two_scale_at(500, 1e-2, 0.7).unwrap();
    let formula = DeviationBound { loss: 1.0, lipschitz: at.width / 2e-2, constant: at.log_constant.exp() };
    let expected = formula.deviation(500, 1e-2, at.dimension, 0.95).unwrap();
    assert!((at.deviation / expected - 1.0).abs() < 1e-7, "{at:?} {expected}");

    // A grid of θ never exceeds either bound.
    let n = 50;
    let (two_scale, euclidean) = (bound.two_scale(n).unwrap(), bound.euclidean(n).unwrap());
    let mut largest = 0f64;
    for _ in 0..20 {
        let mut terms = mean(&population);
        for _ in 0..n {
            terms[rng.random::<u32>() as usize % 200].1 -= 1.0 / n as f64;
        }
        for corner in 0..81usize {
            let theta: Vec<f64> = (0..4).map(|k| (corner / 3usize.pow(k) % 3) as f64 - 1.0).collect();
            largest = largest.max(population.combination(&model, CertifiedLoss::Error, &theta, &terms, None).abs());
        }
    }
    assert!(largest < two_scale.deviation.min(euclidean.deviation), "{largest} {two_scale:?} {euclidean:?}");

    // More samples, smaller deviations; the floor is below; the search is no worse than a point.
    for n in [10, 1_000, 100_000] {
        let best = bound.two_scale(n).unwrap();
        assert!(best.deviation > bound.two_scale(10 * n).unwrap().deviation);
        assert!(best.deviation >= bound.two_scale_floor(n).unwrap().deviation);
        assert!(best.deviation <= bound.two_scale_at(n, 3e-3, 0.68).unwrap().deviation);
    }
    for two_scale in [true, false] {
        let from = bound.informative_from(two_scale).unwrap() as usize;
        let deviation = |n| match two_scale {
            true => bound.two_scale(n).unwrap().deviation,
            false => bound.euclidean(n).unwrap().deviation,
        };
        assert!(deviation(from) < 1.0 && deviation(from - 1) >= 1.0, "{from}");
    }
    assert!(bound.two_scale(0).is_err() && bound.two_scale_at(5, 1.0, 0.7).is_err());
    assert!(bound.two_scale_at(5, 0.1, 0.5).is_err() && CertifiedBound::new(constants, 1.0).is_err());
    assert!(Constants::new(model, CertifiedLoss::CrossEntropy, 1e6, &population.moments()).is_err());
}

#[test]
fn eigenvalues_of_known_matrices() {
    let mut found = eigenvalues(vec![2.0, 1.0, 0.0, 1.0, 2.0, 0.0, 0.0, 0.0, 5.0], 3);
    found.sort_by(f64::total_cmp);
    for (found, expected) in found.iter().zip([1.0, 3.0, 5.0]) {
        assert!((found - expected).abs() < 1e-14, "{found}");
    }
    assert_eq!(eigenvalues(vec![0.0; 4], 2), [0.0, 0.0]);
}
