//! Networks that approximate Lipschitz functions: hand-made cases, certified against measured errors, counted weights,
//! written-out layers.

use proptest::prelude::*;
use stairs_quant::{
    ExpressivityError,
    expressivity::{Approximation, Construction, DenseNetwork, StairNetwork, Target},
};

/// A sequence in [0, 1] that is the same everywhere: multiples of an irrational, modulo 1.
fn scattered(count: usize, dimension: usize) -> Vec<Vec<f64>> {
    let steps = [0.618_033_988_749_895, 0.754_877_666_246_693, 0.569_840_290_998_053];
    (1..=count).map(|i| steps[..dimension].iter().map(|s| (i as f64 * s).fract()).collect()).collect()
}

/// Points on and beside thresholds, on corners of the cube, and scattered ones.
fn awkward(network: &StairNetwork) -> Vec<Vec<f64>> {
    let (n, side) = (network.dimension(), network.certificate().side);
    let threshold = |j: usize| j as f64 / side as f64;
    let mut points = scattered(200, n);
    for j in 0..=side {
        for at in [threshold(j), threshold(j).next_down(), threshold(j).next_up()] {
            let inside = at.clamp(0.0, 1.0);
            points.push(vec![inside; n]);
            points.extend(scattered(2, n).into_iter().map(|mut point| {
                point[j % n] = inside;
                point
            }));
        }
    }
    points
}

#[test]
fn a_line_by_hand() {
    let identity = |x: &[f64]| x[0];
    let task = Approximation::new(1, 1.0, 0.26).with_side(4).with_step(0.25);
    let network = task.build(identity).unwrap();
    let certificate = network.certificate();
    assert_eq!((certificate.levels, certificate.low), (3, 0.125));
    assert_eq!((certificate.cell_error, certificate.level_error), (0.125, 0.125));
    let counts: Vec<_> = certificate.layers.iter().map(|l| (l.name, l.units, l.weights, l.nonzero)).collect();
    let expected = [("half-spaces", 3, 3, 3), ("cells", 4, 12, 6), ("levels", 3, 12, 6), ("output", 1, 3, 3)];
    assert_eq!(counts, expected);
    assert_eq!((certificate.units(), certificate.weights(), certificate.nonzero_weights()), (10, 30, 18));
    let values = network.eval_batch(&[0.0, 0.2499, 0.25, 0.5, 0.75, 1.0]).unwrap();
    assert_eq!(values, [0.125, 0.125, 0.375, 0.625, 0.875, 0.875]);

    let dense = network.layers().unwrap().dense().unwrap();
    assert_eq!(dense.hidden[0].weights, [1, 1, 1]);
    assert_eq!(dense.hidden[0].thresholds, [0.25, 0.5, 0.75]);
    assert_eq!(dense.hidden[1].weights, [-1, 0, 0, 1, -1, 0, 0, 1, -1, 0, 0, 1]);
    assert_eq!(dense.hidden[1].thresholds, [0.0, 1.0, 1.0, 1.0]);
    assert_eq!(dense.hidden[2].weights, [0, 1, 1, 1, 0, 0, 1, 1, 0, 0, 0, 1]);
    assert_eq!(dense.output, [1, 1, 1]);

    // One hidden unit for each jump.
    let corners = task.with_construction(Construction::Corners).build(identity).unwrap();
    assert_eq!((corners.certificate().units(), corners.certificate().nonzero_weights()), (3, 6));
    let dense = corners.layers().unwrap().dense().unwrap();
    assert_eq!((dense.hidden.len(), dense.output.as_slice(), dense.bias), (1, &[1i8, 1, 1][..], 0));
}

#[test]
fn a_square_by_hand() {
    // Centres: 0.5, 1, 1, 1.5; levels 0, 1, 1, 2; the mixed difference at the centre is 0.
    let task = Approximation::new(2, 2f64.sqrt(), 0.8).with_side(2).with_step(0.5);
    let sum = |x: &[f64]| x[0] + x[1];
    let cells = task.build(sum).unwrap();
    let nonzero = |network: &StairNetwork| -> Vec<u64> {
        network.certificate().layers.iter().map(|layer| layer.nonzero).collect()
    };
    assert_eq!(nonzero(&cells), [2, 8, 4, 2]);
    let corners = task.with_construction(Construction::Corners).build(sum).unwrap();
    assert_eq!(nonzero(&corners), [2, 2, 2]);
    assert_eq!(corners.eval(&[0.5, 0.4]).unwrap(), 1.0);

    // (1 − x)(1 − y) stepped: levels 2, 1, 1, 0 have the mixed difference 0 too; levels 1, 0, 0, 0 have 1.
    let corner = |x: &[f64]| if x[0] < 0.5 && x[1] < 0.5 { 0.5 } else { 0.0 };
    let task = Approximation::new(2, 7.0, 4.0).with_side(2).with_step(0.5).with_construction(Construction::Corners);
    assert!(matches!(task.build(corner), Err(ExpressivityError::Steeper { .. })), "the probe is finer than the grid");
    let smooth = |x: &[f64]| 0.5 - x[0].max(x[1]).min(0.5);
    let task = Approximation::new(2, 1.0, 0.5).with_side(2).with_step(0.25).with_construction(Construction::Corners);
    let network = task.build(smooth).unwrap();
    let dense = network.layers().unwrap().dense().unwrap();
    assert_eq!((dense.bias, dense.output.as_slice()), (1, &[-1i8, -1, 1][..]));
    assert_eq!(dense.hidden[1].thresholds, [1.0, 1.0, 2.0]);
}

#[test]
fn certified_errors_hold() {
    let cases = [
        (Target::Sine, [0.5, 0.1, 0.01]),
        (Target::Vee, [0.1, 0.01, 0.001]),
        (Target::Ring, [0.2, 0.05, 0.02]),
        (Target::Saddle, [0.2, 0.05, 0.02]),
        (Target::Bump, [0.3, 0.1, 0.06]),
    ];
    println!("function  construction     eta     N     delta  levels     units  non-zero  certified  measured");
    for (target, etas) in cases {
        for eta in etas {
            for construction in Construction::ALL {
                let network = target.build(&target.approximation(eta).with_construction(construction)).unwrap();
                let certificate = network.certificate();
                let per_cell = [32, 4, 2][target.dimension() - 1];
                let measured = network.measure(|x| target.eval(x), per_cell).unwrap();
                println!(
                    "{target:<9} {construction:<12} {eta:>7} {:>5} {:>9.5} {:>7} {:>9} {:>9}  {:.6}  {:.6}",
                    certificate.side,
                    certificate.step,
                    certificate.levels,
                    certificate.units(),
                    certificate.nonzero_weights(),
                    certificate.error(),
                    measured.error
                );
                assert!(certificate.error() <= eta && measured.error <= certificate.error(), "{target} {eta}");
                assert!(certificate.observed_slope <= target.lipschitz() * (1.0 + 1e-9));
                assert!((network.eval(&measured.at).unwrap() - target.eval(&measured.at)).abs() == measured.error);
            }
        }
    }
}

/// The bound is not only safe: a function that uses up its Lipschitz constant comes close to it.
#[test]
fn the_bound_is_nearly_reached() {
    let slope = |x: &[f64]| x.iter().sum::<f64>() / (x.len() as f64).sqrt();
    for n in 1..=3 {
        let network = Approximation::new(n, 1.0, 0.1).with_side(23).build(slope).unwrap();
        let (certified, measured) = (network.certificate().error(), network.measure(slope, 2).unwrap().error);
        assert!(measured <= certified && measured > 0.9 * certified, "{n}: {measured} of {certified}");
    }
}

/// Every weight of every matrix, counted.
#[test]
fn every_weight_is_ternary_and_counted() {
    for target in Target::ALL {
        for construction in Construction::ALL {
            let eta = [0.1, 0.1, 0.4][target.dimension() - 1];
            let network = target.build(&target.approximation(eta).with_construction(construction)).unwrap();
            let certificate = network.certificate();
            let dense = network.layers().unwrap().dense().unwrap();
            let matrices: Vec<&[i8]> =
                dense.hidden.iter().map(|layer| layer.weights.as_slice()).chain([dense.output.as_slice()]).collect();
            let mut levels = [0u64; 3];
            for weight in matrices.iter().flat_map(|matrix| matrix.iter()) {
                assert!((-1..=1).contains(weight));
                levels[(weight + 1) as usize] += 1;
            }
            assert_eq!(levels.iter().sum::<u64>(), certificate.weights());
            assert_eq!(levels[0] + levels[2], certificate.nonzero_weights());
            assert!(levels[0] > 0 && levels[2] > 0);

            // Layer by layer.
            assert_eq!(matrices.len(), certificate.layers.len());
            for (matrix, count) in matrices.iter().zip(&certificate.layers) {
                assert_eq!(matrix.len() as u64, count.weights, "{target} {construction} {}", count.name);
                assert_eq!(matrix.iter().filter(|weight| **weight != 0).count() as u64, count.nonzero);
            }
            for (layer, count) in dense.hidden.iter().zip(&certificate.layers) {
                assert_eq!((layer.units as u64, layer.thresholds.len()), (count.units, layer.units));
                assert_eq!(layer.weights.len(), layer.units * layer.inputs);
            }

            // Thresholds: multiples of 1/N in the first layer, small integers in the others. No unit is without a weight,
            // and a conjunction has at most 2n.
            let side = certificate.side as f64;
            assert!(dense.hidden[0].thresholds.iter().all(|t| (1..certificate.side).any(|j| *t == j as f64 / side)));
            let rest = dense.hidden[1..].iter().flat_map(|layer| &layer.thresholds);
            assert!(rest.clone().all(|t| t.fract() == 0.0 && *t >= 0.0 && *t <= target.dimension() as f64));
            if let Some(layer) = network.layers().unwrap().hidden().get(1) {
                assert!((0..layer.units()).all(|k| (1..=2 * target.dimension()).contains(&layer.row(k).count())));
            }
        }
    }
}

#[test]
fn written_out_and_fast_networks_agree_bit_for_bit() {
    for (target, eta) in
        [(Target::Sine, 0.05), (Target::Vee, 0.01), (Target::Ring, 0.1), (Target::Saddle, 0.1), (Target::Bump, 0.5)]
    {
        let networks =
            Construction::ALL.map(|c| target.build(&target.approximation(eta).with_construction(c)).unwrap());
        for network in &networks {
            let layers = network.layers().unwrap();
            let dense = layers.dense().unwrap();
            for point in awkward(network) {
                let fast = network.eval(&point).unwrap();
                assert_eq!(layers.eval(&point).unwrap(), fast, "{target} {point:?}");
                assert_eq!(dense.eval(&point), fast, "{target} {point:?}");
            }
        }
        // On the same grid both constructions are the same function.
        let certificate = networks[0].certificate();
        let task = target.approximation(eta).with_side(certificate.side).with_step(certificate.step);
        let corners = target.build(&task.with_construction(Construction::Corners)).unwrap();
        let points: Vec<f64> = awkward(&networks[0]).concat();
        assert_eq!(corners.eval_batch(&points).unwrap(), networks[0].eval_batch(&points).unwrap());
    }
}

/// In one dimension, with L/N ≤ δ, corners have one half-space for each jump.
#[test]
fn corners_are_as_few_as_can_be_in_one_dimension() {
    let network =
        Target::Sine.build(&Target::Sine.approximation(0.02).with_construction(Construction::Corners)).unwrap();
    let certificate = network.certificate();
    assert!(certificate.lipschitz / certificate.side as f64 <= certificate.step);
    let centres: Vec<f64> = (0..certificate.side).map(|c| (c as f64 + 0.5) / certificate.side as f64).collect();
    let values = network.eval_batch(&centres).unwrap();
    let jumps = values.windows(2).filter(|pair| pair[0] != pair[1]).count() as u64;
    assert_eq!((certificate.units(), certificate.nonzero_weights()), (jumps, 2 * jumps));
}

/// Exponents of the cost in 1/η over a range of errors: n + 1 for cells and n for corners in the limit, approached from
/// below, as the half-spaces and the sides of the cells count less and less.
#[test]
fn costs_grow_as_the_theory_says() {
    for (target, etas) in [(Target::Sine, [0.04, 0.005]), (Target::Ring, [0.04, 0.005]), (Target::Bump, [0.12, 0.06])] {
        let exponent = |construction: Construction| {
            let cost = |eta: f64| {
                let network = target.build(&target.approximation(eta).with_construction(construction)).unwrap();
                network.certificate().nonzero_weights() as f64
            };
            (cost(etas[1]) / cost(etas[0])).ln() / (etas[0] / etas[1]).ln()
        };
        let (cells, corners) = (exponent(Construction::Cells), exponent(Construction::Corners));
        println!("{target}: cells {cells:.2}, corners {corners:.2}");
        let n = target.dimension() as f64;
        assert!(cells > n + 0.5 && cells < n + 1.1, "{target}: {cells}");
        assert!(corners > n - 0.5 && corners < n + 0.1, "{target}: {corners}");
    }
}

/// A function of finitely many values within η of the sine has at least 0.5/η, 1/η and 0.5/η of them on its three monotone
/// stretches, of which neighbours share one: 2/η − 3 jumps. The finest grid of the ladder leaves 7/8 of η to the levels, so
/// that corners are 8/7 of 2/η, give or take the ends.
#[test]
fn corners_are_nearly_the_fewest_units_in_one_dimension() {
    for eta in [0.1, 0.01, 0.001] {
        let task = Target::Sine.approximation(eta).with_construction(Construction::Corners);
        let units = Target::Sine.build(&task).unwrap().certificate().units() as f64;
        let fewest = 2.0 / eta - 3.0;
        println!("eta {eta}: {units} units, at least {fewest}");
        assert!(units >= fewest - 1e-9 && units <= 8.0 / 7.0 * (fewest + 3.0) + 2.0);
    }
}

/// No grid of a fine ladder is much cheaper than the one that is chosen.
#[test]
fn the_split_is_nearly_the_cheapest() {
    for (target, eta) in [(Target::Sine, 0.05), (Target::Ring, 0.03), (Target::Saddle, 0.05), (Target::Bump, 0.15)] {
        for construction in Construction::ALL {
            let task = target.approximation(eta).with_construction(construction);
            let chosen = target.build(&task).unwrap().certificate().nonzero_weights() as f64;
            let most = 0.5 * target.lipschitz() * (target.dimension() as f64).sqrt() / eta;
            let finest = 8f64.powf(1.0 / target.dimension() as f64);
            let sides = (1..40).map(|i| (most * (1.0 + (finest - 1.0) * f64::from(i) / 40.0)).ceil() as usize);
            let best = sides
                .filter_map(|side| target.build(&task.with_side(side)).ok())
                .map(|network| network.certificate().nonzero_weights())
                .min()
                .unwrap() as f64;
            println!("{target} {construction}: {chosen} against {best}");
            assert!(chosen <= 1.1 * best, "{target} {construction}: {chosen} against {best}");
        }
    }
}

#[test]
fn constants_need_nothing() {
    for construction in Construction::ALL {
        for n in 1..=3 {
            let network = Approximation::new(n, 0.0, 1e-3).with_construction(construction).build(|_| -7.25).unwrap();
            let certificate = network.certificate();
            assert_eq!((certificate.side, certificate.levels), (1, 0));
            assert_eq!(network.eval(&vec![0.3; n]).unwrap(), -7.25);
            let dense: DenseNetwork = network.layers().unwrap().dense().unwrap();
            assert_eq!(dense.eval(&vec![0.3; n]), -7.25);
        }
    }
}

#[test]
fn sizes_set_by_hand_are_kept() {
    let vee = |x: &[f64]| (x[0] - 0.5).abs();
    let task = Approximation::new(1, 1.0, 0.05);
    let side = task.with_side(20).build(vee).unwrap();
    assert!(side.certificate().side == 20 && (side.certificate().step - 0.05).abs() < 1e-12);
    let step = task.with_step(0.05).build(vee).unwrap();
    assert!((20..=21).contains(&step.certificate().side) && step.certificate().step == 0.05);
    assert!(step.certificate().error() <= 0.05);
    let both = task.with_side(40).with_step(0.07).build(vee).unwrap();
    assert_eq!((both.certificate().side, both.certificate().step), (40, 0.07));
}

/// The largest of a few affine functions, less the largest of a few others; slopes such that the whole is L-Lipschitz.
fn piecewise_linear() -> impl Strategy<Value = (usize, f64, Vec<(Vec<f64>, f64)>)> {
    (1usize..=3, 0.1f64..3.0).prop_flat_map(|(n, lipschitz)| {
        let piece = (prop::collection::vec(-1.0f64..1.0, n), -1.0f64..1.0);
        (Just(n), Just(lipschitz), prop::collection::vec(piece, 2..9))
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_piecewise_linear_functions_are_within_the_bound(
        (n, lipschitz, pieces) in piecewise_linear(),
        share in 0.08f64..0.5,
        corners in any::<bool>(),
    ) {
        let value = |(slopes, at): &(Vec<f64>, f64), x: &[f64]| {
            let norm = slopes.iter().map(|s| s * s).sum::<f64>().sqrt().max(1e-3);
            at + slopes.iter().zip(x).map(|(s, x)| 0.5 * lipschitz * s / norm * x).sum::<f64>()
        };
        let (first, second) = pieces.split_at(pieces.len() / 2);
        let largest = |pieces: &[(Vec<f64>, f64)], x: &[f64]| {
            pieces.iter().map(|piece| value(piece, x)).fold(f64::NEG_INFINITY, f64::max)
        };
        let f = |x: &[f64]| largest(first, x) - largest(second, x);
        let construction = if corners { Construction::Corners } else { Construction::Cells };
        let eta = share * lipschitz;
        let network = Approximation::new(n, lipschitz, eta).with_construction(construction).build(f).unwrap();
        let certificate = network.certificate();
        let measured = network.measure(f, 3).unwrap();
        prop_assert!(certificate.error() <= eta);
        prop_assert!(measured.error <= certificate.error(), "{} > {}", measured.error, certificate.error());
        let layers = network.layers().unwrap();
        let dense = layers.dense().unwrap();
        for point in scattered(20, n) {
            prop_assert_eq!(layers.eval(&point).unwrap(), network.eval(&point).unwrap());
            prop_assert_eq!(dense.eval(&point), network.eval(&point).unwrap());
        }
    }
}
