//! Measures of networks before training: cases worked out by hand, invariances, finite differences, an independent program.
#![allow(missing_docs)]

mod baselines {
    mod codes;
    mod golden;
    mod gradient;
    mod learning;
    mod table;
    mod weights;
}

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use stairs_capacity::{Chain, FisherError, LayerParameters, Prior};

/// Nothing: for measures that need no batch.
fn none() -> stairs_capacity::Batch<'static> {
    stairs_capacity::Batch::labelled(&[], &[])
}

fn weights(weight: &[f64]) -> LayerParameters {
    LayerParameters { weight: weight.to_vec(), ..LayerParameters::default() }
}

/// Evenly spread numbers in ±1.7.
fn inputs(count: usize) -> Vec<f64> {
    (0..count).map(|i| 3.4 * (i as f64 * 0.618_033_988_749_895).fract() - 1.7).collect()
}

fn random(count: usize) -> Vec<f64> {
    let mut rng = ChaCha8Rng::seed_from_u64(11);
    (0..count).map(|_| rng.random_range(-1.7..1.7)).collect()
}

fn drawn(chain: &Chain, seed: u64) -> Vec<LayerParameters> {
    Prior::Cube { radius: 0.9 }.draw_all(chain, &mut ChaCha8Rng::seed_from_u64(seed)).unwrap()
}

#[track_caller]
fn close(a: f64, b: f64, tolerance: f64) {
    assert!((a - b).abs() <= tolerance * b.abs().max(1.0), "{a} against {b}: {:e}", a - b);
}

#[track_caller]
fn undefined(result: Result<f64, FisherError>, part: &str) {
    let error = result.unwrap_err();
    assert!(matches!(error, FisherError::Undefined { .. }) && error.to_string().contains(part), "{error}");
}
