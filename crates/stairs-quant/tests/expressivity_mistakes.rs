//! What is refused when networks that approximate Lipschitz functions are built and run, and what the messages say.

use stairs_quant::{
    ExpressivityError,
    expressivity::{Approximation, Construction, LEVEL_LIMIT, Target},
};

#[test]
fn mistakes_are_errors_with_their_numbers() {
    let half = |_: &[f64]| 0.5;
    let message = |task: Approximation, f: &dyn Fn(&[f64]) -> f64| task.build(f).unwrap_err().to_string();
    let task = |eta: f64| Approximation::new(1, 1.0, eta);
    for (task, text) in [
        (Approximation::new(0, 1.0, 0.1), "the dimension must be 1, 2 or 3, got 0"),
        (Approximation::new(4, 1.0, 0.1), "the dimension must be 1, 2 or 3, got 4"),
        (Approximation::new(1, -1.0, 0.1), "at least 0, got -1"),
        (Approximation::new(1, f64::NAN, 0.1), "at least 0, got NaN"),
        (Approximation::new(1, f64::INFINITY, 0.1), "at least 0, got inf"),
        (task(0.0), "eta must be positive and finite, got 0"),
        (task(-0.1), "got -0.1"),
        (task(f64::NAN), "got NaN"),
        (task(f64::INFINITY), "got inf"),
        (task(0.1).with_side(0), "at least 1"),
        (task(0.1).with_step(0.0), "the step must be positive and finite, got 0"),
        (task(0.1).with_step(f64::NAN), "got NaN"),
        (task(0.1).with_step(0.2), "a step of 0.2 alone makes an error of 0.1"),
        (task(0.1).with_side(5), "more than eta = 0.1"),
        (task(0.1).with_side(10).with_step(0.11), "more than eta = 0.1"),
        (task(1e-9), "5.000e8 cells are needed, and the limit is 16777216"),
        (Approximation::new(3, 10.0, 1e-3), "cells are needed"),
        (Approximation::new(3, f64::MAX, f64::MIN_POSITIVE), "inf cells are needed"),
        (Approximation::new(2, 1.0, 0.1).with_side(usize::MAX), "cells are needed"),
    ] {
        let found = message(task, &half);
        assert!(found.contains(text), "`{text}` is not in `{found}`");
    }
    assert!(task(2.8e-8).build(half).is_err() && task(2.8e-8).with_limit(19_000_000).build(half).is_ok());

    // Functions.
    let found = message(task(0.1), &|x| if x[0] > 0.9 { f64::NAN } else { 0.0 });
    assert!(found.contains("the function is NaN at [0.9"), "{found}");
    let found = message(task(0.1), &|x| 1.0 / (x[0] - 0.5).max(0.0));
    assert!(found.contains("the function is inf at [0.0"), "{found}");
    // Rounding alone exceeds eta.
    let found = message(task(1e-3), &|_| 1e15);
    assert!(found.contains("for rounding"), "{found}");
    // Levels.
    let steep = Approximation::new(1, 1e9, 1e9 / 100.0).with_step(1.0).with_side(60);
    let found = message(steep, &|x| 1e9 * x[0]);
    assert!(found.contains(&format!("levels are needed, and the limit is {LEVEL_LIMIT}")), "{found}");

    // Names.
    assert!("squares".parse::<Construction>().unwrap_err().to_string().contains("cells or corners"));
    assert!("cosine".parse::<Target>().unwrap_err().to_string().contains("sine, vee, ring, saddle or bump"));
    for target in Target::ALL {
        assert_eq!(target.to_string().parse(), Ok(target));
    }
}

#[test]
fn points_outside_the_cube_are_errors() {
    let network = Target::Ring.build(&Target::Ring.approximation(0.2)).unwrap();
    let layers = network.layers().unwrap();
    for value in [-1e-300, 1.0f64.next_up(), f64::NAN, f64::INFINITY] {
        let expected = |index| matches!(index, Err(ExpressivityError::Point { axis: 1, .. }));
        assert!(expected(network.eval(&[0.5, value])) && expected(layers.eval(&[0.5, value])), "{value}");
    }
    let batch = network.eval_batch(&[0.5, 0.5, 0.5, 2.0]).unwrap_err();
    assert_eq!(batch, ExpressivityError::Point { index: 1, axis: 1, value: 2.0 });
    assert_eq!(network.eval(&[0.5]), Err(ExpressivityError::Length { index: 0, length: 1, dimension: 2 }));
    let ragged = network.eval_batch(&[0.5, 0.5, 0.5]);
    assert_eq!(ragged, Err(ExpressivityError::Length { index: 1, length: 1, dimension: 2 }));
    assert_eq!(network.eval_batch(&[]), Ok(vec![]));
}

#[test]
fn a_wrong_constant_is_contradicted_by_neighbours() {
    // Along an axis, along a diagonal of a square and of a cube.
    for (n, direction) in [(1, [1.0, 0.0, 0.0]), (2, [1.0, -1.0, 0.0]), (3, [1.0, 1.0, -1.0])] {
        let norm = (n as f64).sqrt();
        let f = |x: &[f64]| x.iter().zip(direction).map(|(x, d)| x * d / norm).sum::<f64>();
        assert!(Approximation::new(n, 1.0, 0.2).build(f).is_ok());
        match Approximation::new(n, 0.95, 0.2).build(f) {
            Err(ExpressivityError::Steeper { from, to, slope, lipschitz: 0.95 }) => {
                assert!((slope - 1.0).abs() < 1e-9, "{n}: {slope}");
                assert_eq!((from.len(), to.len()), (n, n));
            }
            other => panic!("{n}: {other:?}"),
        }
    }
    // A jump that only the fine grid sees, and a constant of 0.
    let jump = |x: &[f64]| f64::from(u8::from(x[0] > 0.3)) * 0.01;
    assert!(matches!(Approximation::new(1, 1.0, 0.001).build(jump), Err(ExpressivityError::Steeper { .. })));
    assert!(matches!(Approximation::new(2, 0.0, 1.0).build(|x| x[1]), Err(ExpressivityError::Steeper { .. })));
}

#[test]
fn sizes_beyond_the_limits_are_refused_before_they_are_allocated() {
    let network = Approximation::new(1, 1.0, 1e-5).with_step(1e-5).build(|x| x[0]).unwrap();
    assert!(network.certificate().nonzero_weights() > 1 << 32);
    let error = network.layers().unwrap_err().to_string();
    assert!(error.contains("non-zero weights are needed") && error.contains("corners"), "{error}");
    let corners = Target::Ring.approximation(1e-3).with_construction(Construction::Corners);
    let layers = Target::Ring.build(&corners).unwrap().layers().unwrap();
    let error = layers.dense().unwrap_err().to_string();
    assert!(error.contains("dense weights are needed"), "{error}");
    let wide = Target::Sine.build(&Target::Sine.approximation(1e-4)).unwrap();
    assert!(wide.measure(|x| x[0], 1 << 20).unwrap_err().to_string().contains("fewer points a cell"));
}
