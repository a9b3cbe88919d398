//! The op against numbers computed by an independent program, on every compiled backend.

mod baselines;
mod common;

use burn::tensor::{Tensor, TensorData};
use common::{devices, golden, max_difference};
use stairs_noise::{Law, Laws, Noise, RegularisedStair, StairSpec, Strategy, regularised_stair};
use stairs_quant::StairFunction;

/// Absolute tolerance of the f32 op against the f64 golden numbers.
///
/// The golden inputs are f64; an f32 tensor holds their roundings. Where the gradient is steep (int-4 stairs under noise
/// of scale 1/16 have |σ_ν″| up to 256, and an input near 7 rounds by up to 2.4e-7) that rounding alone moves the exact
/// result by more than this. So the tolerance is 1e-5 beyond what rounding the input does to the exact f64 value.
const TOLERANCE: f64 = 1e-5;

/// Largest excess of |actual − golden| over the effect of rounding the inputs to f32 on the `exact` function; and the
/// number of points where the plain difference is above the tolerance.
fn excess(actual: &[f32], golden: &[f64], x: &[f64], exact: impl Fn(usize, f64) -> f64) -> (f64, usize) {
    let mut result = (0f64, 0);
    for (i, (actual, golden)) in actual.iter().zip(golden).enumerate() {
        let difference = (f64::from(*actual) - golden).abs();
        let rounding = (exact(i, f64::from(x[i] as f32)) - exact(i, x[i])).abs();
        result.0 = result.0.max(difference - rounding);
        result.1 += usize::from(difference > TOLERANCE);
    }
    result
}

#[test]
fn golden_cases_on_every_backend() {
    let (mut worst, mut points_beyond) = ([0f64; 3], 0);
    for case in golden::cases() {
        let stair = StairFunction::new(case.thresholds.clone(), case.levels.clone()).unwrap();
        let law = Law::new(case.noise.parse::<Noise>().unwrap(), case.mean, case.scale).unwrap();
        let exact = RegularisedStair::new(stair.clone(), law.clone());
        let spec = StairSpec::new(stair, Laws::same(law));
        let f32s = |v: &[f64]| TensorData::new(v.iter().map(|v| *v as f32).collect::<Vec<_>>(), [v.len()]);
        for (name, device) in devices() {
            let label = format!("{name}: {} {} mean {} scale {}", case.quantizer, case.noise, case.mean, case.scale);
            let training = device.clone().autodiff();
            let run = |strategy: Strategy| {
                let x = Tensor::<1>::from_data(f32s(&case.x), &training).require_grad();
                let y = regularised_stair(x.clone(), &spec.clone().with_strategy(strategy));
                let upstream = Tensor::<1>::from_data(f32s(&case.upstream), &training);
                let gradients = (y.clone() * upstream).sum().backward();
                let gradient = x.grad(&gradients).unwrap().into_data().try_into_vec::<f32>().unwrap();
                (y.into_data().try_into_vec::<f32>().unwrap(), gradient)
            };
            let (expectation, gradient) = run(Strategy::Expectation);
            let (mode, mode_gradient) = run(Strategy::Mode);
            let hard = {
                let x = Tensor::<1>::from_data(f32s(&case.x), &device);
                let y = regularised_stair(x, &StairSpec::hard(spec.stair().clone()));
                y.into_data().try_into_vec::<f32>().unwrap()
            };
            let value = |_, x| exact.expectation(x);
            let slope = |i: usize, x| case.upstream[i] * exact.gradient(x);
            let errors = [
                excess(&expectation, &case.expectation, &case.x, value),
                excess(&gradient, &case.grad, &case.x, slope),
                excess(&mode_gradient, &case.grad, &case.x, slope),
            ];
            for ((error, beyond), what) in errors.iter().zip(["expectation", "gradient", "gradient of mode"]) {
                assert!(*error <= TOLERANCE, "{label}: {what} off by {error:e}");
                points_beyond += beyond;
            }
            assert_eq!(max_difference(&hard, &case.hard), 0.0, "{label}: hard");
            for ((x, mode), golden) in case.x.iter().zip(&mode).zip(&case.mode) {
                let mut masses = exact.probabilities(*x);
                masses.sort_by(f64::total_cmp);
                let tie = masses[masses.len() - 1] - masses[masses.len() - 2] < 1e-9;
                assert!(tie || f64::from(*mode) == *golden, "{label}: mode at {x}: {mode}, golden {golden}");
            }
            for (w, e) in worst.iter_mut().zip(errors) {
                *w = w.max(e.0);
            }
        }
    }
    println!(
        "largest difference beyond the rounding of the inputs: expectation {:e}, gradient {:e}; {points_beyond} points lie \
         beyond {TOLERANCE:e} when that rounding is counted in",
        worst[0],
        worst[1].max(worst[2])
    );
}
