//! Batch normalisation: values, gradients, running statistics, evaluation.

use burn::{module::Module, nn::BatchNormConfig, tensor::Device};
use proptest::prelude::*;
use stairs_kernels::batch_norm;

use crate::case::{Case, case, close, input, numbers, values};

/// Cases with planes from one pixel up to more than the short ones.
fn planes() -> impl Strategy<Value = Case> {
    (case(), 1_usize..200, [1_usize..15, 1..15])
        .prop_map(|(case, batch, size)| Case { batch, size, ..case })
        .prop_filter("a variance", |case| case.batch * case.size[0] * case.size[1] > 4)
}

/// The gradients for γ and β in f64, for gradients `g` of the output.
fn parameter_gradients(x: &[f32], g: &[f32], [batch, channels, plane]: [usize; 3], epsilon: f64) -> [Vec<f64>; 2] {
    let of = |data: &[f32], channel: usize| -> Vec<f64> {
        let plane = |image| &data[(image * channels + channel) * plane..][..plane];
        (0..batch).flat_map(plane).copied().map(f64::from).collect()
    };
    let channel = |channel| {
        let (x, g) = (of(x, channel), of(g, channel));
        let count = x.len() as f64;
        let mean = x.iter().sum::<f64>() / count;
        let variance = x.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / count;
        let normalised = x.iter().map(|x| (x - mean) / (variance + epsilon).sqrt());
        (normalised.zip(&g).map(|(x, g)| x * g).sum::<f64>(), g.iter().sum::<f64>())
    };
    let (gamma, beta) = (0..channels).map(channel).unzip();
    [gamma, beta]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn normalisation(case in planes()) {
        let device = Device::flex().autodiff();
        let channels = case.channels[0];
        let make = || {
            let mut norm = BatchNormConfig::new(channels).init(&device);
            norm.gamma = norm.gamma.map(|_| numbers([channels], case.seed ^ 2, &device).detach().require_grad());
            norm.beta = norm.beta.map(|_| numbers([channels], case.seed ^ 3, &device).detach().require_grad());
            norm
        };
        let x = (input(&case, &device) * 2.0 + 0.5).detach().require_grad();
        let run = |ours: bool| {
            let norm = make();
            let y = if ours { batch_norm(&norm, x.clone()) } else { norm.forward(x.clone()) };
            let weights = numbers(y.dims(), case.seed ^ 1, &device);
            let gradients = (y.clone() * weights).sum().backward();
            let evaluated = norm.valid();
            let inner = x.clone().inner();
            let z = if ours { batch_norm(&evaluated, inner) } else { evaluated.forward(inner) };
            let parameters = [&norm.gamma, &norm.beta].map(|p| p.grad(&gradients).unwrap());
            let running = [norm.running_mean.value_sync(), norm.running_var.value_sync()].map(|r| r.inner());
            (y.inner(), x.grad(&gradients).unwrap(), parameters, running, z)
        };
        let (ours, theirs) = (run(true), run(false));
        let weights = values(numbers(ours.0.dims(), case.seed ^ 1, &device));
        let plane = case.size[0] * case.size[1];
        let exact = parameter_gradients(&values(x.clone()), &weights, [case.batch, channels, plane], make().epsilon);
        // Sums of up to 40,000 terms that nearly cancel: Burn's, in f32, are no measure.
        let room = 2e-5 + 1e-6 * ((case.batch * plane) as f64).sqrt();
        for (ours, exact) in ours.2.into_iter().zip(exact) {
            for (a, b) in values(ours).into_iter().zip(exact) {
                assert!((f64::from(a) - b).abs() <= room, "parameter gradient: {a} instead of {b}");
            }
        }
        close("output", ours.0, theirs.0);
        close("input gradient", ours.1, theirs.1);
        for (ours, theirs) in ours.3.into_iter().zip(theirs.3) {
            close("running statistics", ours, theirs);
        }
        close("evaluation", ours.4, theirs.4);
    }
}
