//! Networks of `stairs_quant::expressivity` in Burn: the same features, the same values but for rounding.
#![allow(missing_docs)]

use burn::module::Module;
use burn::tensor::{Device, Tensor, TensorData};
use stairs_quant::expressivity::{Approximation, Construction, DenseNetwork, StairNetwork, Target};
use stairs_zoo::{ModelError, Staircase};

fn network(target: Target, eta: f64, construction: Construction) -> StairNetwork {
    target.build(&target.approximation(eta).with_construction(construction)).unwrap()
}

fn module(network: &StairNetwork) -> Staircase {
    Staircase::new(&network.layers().unwrap().dense().unwrap(), &Device::flex()).unwrap()
}

/// f32 points: scattered ones, and the neighbours of every threshold.
fn points(network: &StairNetwork) -> Vec<Vec<f32>> {
    let (n, side) = (network.dimension(), network.certificate().side);
    let scattered =
        |i: usize| [0.618_034f32, 0.754_878, 0.569_84][..n].iter().map(|s| (i as f32 * s).fract()).collect();
    let mut points: Vec<Vec<f32>> = (1..200).map(scattered).collect();
    for j in 0..=side {
        let near = j as f32 / side as f32;
        for at in [near.next_down().max(0.0), near, near.next_up().min(1.0)] {
            let mut point: Vec<f32> = scattered(j + 1);
            point[j % n] = at;
            points.push(point);
        }
    }
    points
}

fn tensor(points: &[Vec<f32>]) -> Tensor<2> {
    Tensor::from_data(TensorData::new(points.concat(), [points.len(), points[0].len()]), &Device::flex())
}

fn values(y: Tensor<2>) -> Vec<f32> {
    y.into_data().try_to_vec::<f32>().unwrap()
}

#[test]
fn burn_computes_what_the_f64_network_computes() {
    for (target, eta) in
        [(Target::Sine, 0.05), (Target::Vee, 0.02), (Target::Ring, 0.1), (Target::Saddle, 0.15), (Target::Bump, 0.5)]
    {
        for construction in Construction::ALL {
            let network = network(target, eta, construction);
            let points = points(&network);
            let y = values(module(&network).forward(tensor(&points)));
            assert_eq!(y.len(), points.len());
            for (point, y) in points.iter().zip(y) {
                let point: Vec<f64> = point.iter().map(|x| f64::from(*x)).collect();
                let exact = network.eval(&point).unwrap();
                // Far less than a level: the level is the same, and so is every feature it is made of.
                assert!((f64::from(y) - exact).abs() < 1e-6, "{target} {construction} {point:?}: {y} {exact}");
                assert!((f64::from(y) - target.eval(&point)).abs() <= network.certificate().error() + 1e-6);
            }
        }
    }
}

#[test]
fn features_are_bits() {
    let network = network(Target::Ring, 0.2, Construction::Cells);
    let points = points(&network);
    let features = module(&network).features(tensor(&points));
    let units: Vec<u64> = network.certificate().layers[..3].iter().map(|layer| layer.units).collect();
    assert_eq!(features.iter().map(|layer| layer.dims()[1] as u64).collect::<Vec<_>>(), units);
    let cells = features[1].clone();
    for layer in features {
        assert!(values(layer).iter().all(|bit| *bit == 0.0 || *bit == 1.0));
    }
    // Every point is in one cell.
    assert!(values(cells.sum_dim(1)).iter().all(|cells| *cells == 1.0));
}

#[test]
fn records_carry_the_whole_function() {
    let task = Target::Vee.approximation(0.1).with_side(10).with_step(0.05);
    let vee = Target::Vee.build(&task).unwrap();
    // Another function with as many units.
    let shifted = task.build(|x| 3.0 + (x[0] - 0.5).abs().mul_add(-1.0, 0.5)).unwrap();
    let (from, into) = (module(&vee), module(&shifted));
    let points = points(&vee);
    let before = values(from.forward(tensor(&points)));
    assert_ne!(values(into.forward(tensor(&points))), before);
    let loaded = into.load_record(from.into_record());
    assert_eq!(values(loaded.forward(tensor(&points))), before);
}

#[test]
fn a_constant_needs_no_units() {
    for construction in Construction::ALL {
        let network = Approximation::new(2, 0.0, 0.1).with_construction(construction).build(|_| 2.5).unwrap();
        let y = module(&network).forward(Tensor::<2>::zeros([3, 2], &Device::flex()));
        assert_eq!(values(y), [2.5, 2.5, 2.5]);
    }
}

#[test]
fn layers_that_do_not_fit_are_errors() {
    let dense = network(Target::Vee, 0.2, Construction::Cells).layers().unwrap().dense().unwrap();
    let mut short = dense.clone();
    short.output.pop();
    let mut wide = dense.clone();
    wide.hidden[1].inputs += 1;
    let none = DenseNetwork { hidden: Vec::new(), ..dense };
    for broken in [short, wide, none] {
        let error = Staircase::new(&broken, &Device::flex()).map(|_| ()).unwrap_err();
        assert!(matches!(error, ModelError::Size { .. }), "{error}");
    }
}
