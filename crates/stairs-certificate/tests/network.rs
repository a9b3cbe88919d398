//! Operator norms against random vectors and power iteration; the network estimate on random networks.
#![allow(missing_docs)]

#[path = "../../stairs-laws/tests/quadrature/mod.rs"]
mod quadrature;

use quadrature::median;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use stairs_certificate::{AffineError, AffineMap, EstimateError, NetworkEstimate, NetworkLayer};
use stairs_laws::{Activation, Law, Noise, RegularisedActivation};

fn numbers(rng: &mut ChaCha8Rng, n: usize, size: f64) -> Vec<f64> {
    (0..n).map(|_| size * rng.random_range(-1.0..1.0)).collect()
}

fn dense(rng: &mut ChaCha8Rng, inputs: usize, outputs: usize) -> AffineMap {
    let size = 1.5 / (inputs as f64).sqrt();
    AffineMap::dense(inputs, outputs, numbers(rng, inputs * outputs, size), numbers(rng, outputs, 0.3)).unwrap()
}

fn conv(rng: &mut ChaCha8Rng, image: [usize; 3], wide: bool) -> AffineMap {
    let groups = if image[0].is_multiple_of(2) && rng.random_range(0..3) == 0 { 2 } else { 1 };
    let kernel = [2 * rng.random_range(1..=3), image[0] / groups, rng.random_range(1..=3), rng.random_range(1..=3)];
    let fan_in = kernel[1] * kernel[2] * kernel[3];
    let mut two = |from: usize, to: usize| [rng.random_range(from..=to), rng.random_range(from..=to)];
    let (stride, padding, dilation) = (two(1, 2), two(0, 2), if wide { two(1, 2) } else { [1, 1] });
    AffineMap::Conv {
        image,
        kernel,
        weight: numbers(rng, kernel[0] * fan_in, 1.5 / (fan_in as f64).sqrt()),
        bias: numbers(rng, kernel[0], 0.3),
        stride,
        padding,
        dilation,
        groups,
    }
    .validate()
    .unwrap()
}

/// A without b.
fn linear(map: &AffineMap, x: &[f64]) -> Vec<f64> {
    let zero = map.apply(&vec![0.0; map.inputs()]).unwrap();
    map.apply(x).unwrap().iter().zip(zero).map(|(y, b)| y - b).collect()
}

/// The matrix of a map, column by column.
fn columns(map: &AffineMap) -> Vec<Vec<f64>> {
    (0..map.inputs())
        .map(|j| {
            let mut x = vec![0.0; map.inputs()];
            x[j] = 1.0;
            linear(map, &x)
        })
        .collect()
}

fn euclidean(x: &[f64]) -> f64 {
    x.iter().map(|v| v * v).sum::<f64>().sqrt()
}

fn largest(x: &[f64]) -> f64 {
    x.iter().fold(0.0, |a, b| a.max(b.abs()))
}

/// Largest singular value from below.
fn power_iteration(rng: &mut ChaCha8Rng, columns: &[Vec<f64>], rounds: usize) -> f64 {
    let mut x = numbers(rng, columns.len(), 1.0);
    let mut found = 0.0;
    for _ in 0..rounds {
        let norm = euclidean(&x);
        let mut y = vec![0.0; columns[0].len()];
        for (column, x) in columns.iter().zip(&x) {
            y.iter_mut().zip(column).for_each(|(y, c)| *y += c * x / norm);
        }
        found = euclidean(&y);
        x = columns.iter().map(|c| c.iter().zip(&y).map(|(a, b)| a * b).sum()).collect();
    }
    found
}

fn maps(rng: &mut ChaCha8Rng, count: usize) -> Vec<(&'static str, AffineMap)> {
    (0..count)
        .map(|i| match i % 4 {
            0 => ("dense", dense(rng, 1 + i % 13, 1 + i % 7)),
            1 => ("channel", AffineMap::channel_affine(numbers(rng, 3, 2.0), numbers(rng, 3, 1.0), 1 + i % 5).unwrap()),
            _ => {
                let image = [1 + i % 3, 5 + i % 3, 5 + i % 2];
                ("conv", conv(rng, image, i % 4 == 3))
            }
        })
        .collect()
}

#[test]
fn norms_are_those_of_the_matrix() {
    let mut rng = ChaCha8Rng::seed_from_u64(11);
    let mut tight: Vec<(&str, f64)> = Vec::new();
    for (kind, map) in maps(&mut rng, 400) {
        let columns = columns(&map);
        let rows: Vec<f64> = (0..map.outputs()).map(|i| columns.iter().map(|c| c[i].abs()).sum()).collect();
        let sums: Vec<f64> = columns.iter().map(|c| c.iter().map(|v| v.abs()).sum()).collect();
        let (inf, one) = (largest(&rows), largest(&sums));
        assert!(map.norm_inf() >= inf * (1.0 - 1e-12) && map.norm_one() >= one * (1.0 - 1e-12), "{map:?}");
        let two = power_iteration(&mut rng, &columns, 300);
        assert!(map.norm_2_bound() >= two * (1.0 - 1e-12), "{map:?}: {} below {two}", map.norm_2_bound());
        if kind != "conv" {
            assert!((map.norm_inf() - inf).abs() < 1e-12 * inf && (map.norm_one() - one).abs() < 1e-12 * one);
            assert!(map.norm_2_bound() <= two * (1.0 + 1e-3), "{map:?}: {} above {two}", map.norm_2_bound());
        }
        tight.push((kind, two / map.norm_2_bound()));
        // On vectors.
        let x = numbers(&mut rng, map.inputs(), 1.0);
        let y = linear(&map, &x);
        assert!(largest(&y) <= map.norm_inf() * largest(&x) * (1.0 + 1e-12));
        assert!(euclidean(&y) <= map.norm_2_bound() * euclidean(&x) * (1.0 + 1e-12));
    }
    for kind in ["dense", "channel", "conv"] {
        let mut ratios: Vec<f64> = tight.iter().filter(|(k, _)| *k == kind).map(|(_, r)| *r).collect();
        println!("{kind:<8} Euclidean norm / bound, median of {}: {:.3}", ratios.len(), median(&mut ratios));
    }
}

#[test]
fn the_maximum_norm_of_a_convolution_is_exact_where_the_kernel_fits() {
    let mut rng = ChaCha8Rng::seed_from_u64(12);
    let map = AffineMap::conv([2, 6, 6], [3, 3, 3], numbers(&mut rng, 54, 1.0), vec![0.0; 3], [1, 1], [1, 1]).unwrap();
    let columns = columns(&map);
    let rows: Vec<f64> = (0..map.outputs()).map(|i| columns.iter().map(|c| c[i].abs()).sum()).collect();
    assert!((map.norm_inf() - largest(&rows)).abs() < 1e-12);
}

#[test]
fn large_matrices_have_a_close_norm_too() {
    let mut rng = ChaCha8Rng::seed_from_u64(13);
    let map = dense(&mut rng, 400, 90);
    let two = power_iteration(&mut rng, &columns(&map), 400);
    let bound = map.norm_2_bound();
    assert!(bound >= two * (1.0 - 1e-12) && bound < two * 1.01, "{bound} against {two}");
    // Extreme sizes.
    for size in [1e-200, 1e200] {
        let map = AffineMap::dense(2, 2, vec![size, 0.0, 0.0, -0.5 * size], vec![0.0; 2]).unwrap();
        assert!((map.norm_2_bound() / size - 1.0).abs() < 1e-5);
    }
    assert_eq!(AffineMap::dense(2, 2, vec![0.0; 4], vec![0.0; 2]).unwrap().norm_2_bound(), 0.0);
}

#[test]
fn folding_is_composition() {
    let mut rng = ChaCha8Rng::seed_from_u64(14);
    for (_, map) in maps(&mut rng, 40) {
        let channels = match &map {
            AffineMap::Dense { outputs, .. } => *outputs,
            AffineMap::Conv { kernel, .. } => kernel[0],
            AffineMap::ChannelAffine { scale, .. } => scale.len(),
            _ => unreachable!(),
        };
        let (scale, shift) = (numbers(&mut rng, channels, 2.0), numbers(&mut rng, channels, 1.0));
        let x = numbers(&mut rng, map.inputs(), 1.0);
        let positions = map.outputs() / channels;
        let after = AffineMap::channel_affine(scale.clone(), shift.clone(), positions).unwrap();
        let expected = after.apply(&map.apply(&x).unwrap()).unwrap();
        let product = after.norm_inf() * map.norm_inf();
        let folded = map.folded(&scale, &shift).unwrap();
        let found = folded.apply(&x).unwrap();
        assert!(found.iter().zip(&expected).all(|(a, b)| (a - b).abs() < 1e-12));
        assert!(folded.norm_inf() <= product * (1.0 + 1e-12));
    }
}

/// Two to four layers, dense or convolutions then dense, every activation and law.
fn network(rng: &mut ChaCha8Rng, convolutional: bool) -> Vec<NetworkLayer> {
    let depth = rng.random_range(2..=4);
    let mut layers: Vec<NetworkLayer> = Vec::new();
    let mut image = [rng.random_range(1..=2), 5, 5];
    for index in 0..depth {
        let map = if convolutional && index < 2 {
            let map = AffineMap::conv(
                image,
                [2, 3, 3],
                numbers(rng, 18 * image[0], 1.2 / (9.0 * image[0] as f64).sqrt()),
                numbers(rng, 2, 0.2),
                [1, 1],
                [1, 1],
            );
            image[0] = 2;
            map.unwrap().folded(&[1.1, 0.8], &[0.1, -0.1]).unwrap()
        } else {
            let inputs = layers.last().map_or(rng.random_range(2..=6), |layer| layer.map.outputs());
            let outputs = rng.random_range(2..=8);
            dense(rng, inputs, outputs)
        };
        let activation = Activation::NAMED[rng.random_range(0..5)].clone();
        let noise = Noise::ALL[rng.random_range(0..Noise::ALL.len())].clone();
        let mean = if rng.random_range(0..2) == 0 { 0.0 } else { rng.random_range(-0.1..0.1) };
        let law = Law::new(noise, mean, rng.random_range(0.01..0.5)).unwrap();
        let last = index + 1 == depth;
        layers.push(if last {
            NetworkLayer::linear(map)
        } else {
            NetworkLayer::new(map, RegularisedActivation::new(activation, law))
        });
    }
    layers
}

#[test]
fn the_estimate_holds_on_random_networks() {
    for (kind, convolutional, count) in [("dense", false, 1000), ("conv", true, 300)] {
        let mut rng = ChaCha8Rng::seed_from_u64(15);
        let mut ratios: [Vec<f64>; 4] = Default::default();
        for _ in 0..count {
            let layers = network(&mut rng, convolutional);
            let estimate = NetworkEstimate::new(&layers).unwrap();
            let (mut max, mut two) = (0.0f64, 0.0f64);
            for _ in 0..40 {
                let size = 10f64.powf(rng.random_range(-2.0..1.0));
                let x = numbers(&mut rng, layers[0].map.inputs(), size);
                let (hard, smooth) = NetworkEstimate::measure(&layers, &x).unwrap();
                let error: Vec<f64> = hard.iter().zip(smooth).map(|(a, b)| a - b).collect();
                max = max.max(largest(&error));
                two = two.max(euclidean(&error));
            }
            let (max, two) = (max / (1.0 + 1e-9), two / (1.0 + 1e-9)); // rounding where a bound is attained
            assert!(max <= estimate.max && estimate.max <= estimate.published_max * (1.0 + 1e-12), "{estimate}: {max}");
            assert!(two <= estimate.two && estimate.two <= estimate.published_two * (1.0 + 1e-12), "{estimate}: {two}");
            assert!(max <= estimate.best());
            let pairs =
                [estimate.published_max / max, estimate.max / max, estimate.published_two / two, estimate.two / two];
            ratios.iter_mut().zip(pairs).for_each(|(list, ratio)| list.push(ratio));
        }
        let medians = ratios.each_mut().map(|list| median(list));
        println!(
            "{kind:<6} bound / largest error seen, median of {count}: maximum {:.1} (published {:.1}), Euclidean {:.1} \
             (published {:.1})",
            medians[1], medians[0], medians[3], medians[2]
        );
    }
}

#[test]
fn one_relu_layer_is_attained() {
    // A single layer, x = 0 before the activation: the error is the bound.
    let relu = RegularisedActivation::new(Activation::Relu, Law::new(Noise::Normal, 0.0, 0.3).unwrap());
    let layers = [
        NetworkLayer::new(AffineMap::dense(1, 1, vec![2.0], vec![0.0]).unwrap(), relu),
        NetworkLayer::linear(AffineMap::dense(1, 2, vec![-3.0, 4.0], vec![1.0, 0.0]).unwrap()),
    ];
    let estimate = NetworkEstimate::new(&layers).unwrap();
    let (hard, smooth) = NetworkEstimate::measure(&layers, &[0.0]).unwrap();
    let error: Vec<f64> = hard.iter().zip(smooth).map(|(a, b)| a - b).collect();
    assert!((largest(&error) - estimate.max).abs() < 1e-14, "{estimate}");
    assert!((euclidean(&error) - estimate.two).abs() < 1e-5, "{estimate}");
}

#[test]
fn malformed_networks_are_refused() {
    let dense = |inputs, outputs| AffineMap::dense(inputs, outputs, vec![0.5; inputs * outputs], vec![0.0; outputs]);
    assert_eq!(NetworkEstimate::new(&[]), Err(EstimateError::Empty));
    let layers = [NetworkLayer::linear(dense(2, 3).unwrap()), NetworkLayer::linear(dense(4, 1).unwrap())];
    assert_eq!(NetworkEstimate::new(&layers), Err(EstimateError::Mismatch { layer: 1, inputs: 4, outputs: 3 }));
    assert!(matches!(AffineMap::dense(2, 2, vec![1.0; 3], vec![0.0; 2]), Err(AffineError::Length { got: 3, .. })));
    assert!(matches!(AffineMap::dense(1, 1, vec![f64::NAN], vec![0.0]), Err(AffineError::NotFinite { .. })));
    assert!(matches!(dense(0, 1), Err(AffineError::Shape(_))));
    let conv =
        |kernel, stride| AffineMap::conv([1, 4, 4], [1, kernel, 3], vec![1.0; kernel * 3], vec![0.0], stride, [0, 0]);
    assert!(conv(3, [1, 1]).is_ok());
    assert!(matches!(conv(5, [1, 1]), Err(AffineError::Shape(_))));
    assert!(matches!(conv(3, [0, 1]), Err(AffineError::Shape(_))));
    let map = dense(2, 1).unwrap();
    assert!(matches!(map.apply(&[1.0]), Err(AffineError::Length { expected: 2, got: 1, .. })));
    assert!(map.folded(&[1.0, 2.0], &[0.0]).is_err());
    let bad = AffineMap::Dense { inputs: 2, outputs: 1, weight: vec![1.0], bias: vec![0.0] };
    assert!(matches!(NetworkEstimate::new(&[NetworkLayer::linear(bad)]), Err(EstimateError::Affine { layer: 0, .. })));
}
