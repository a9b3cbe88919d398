//! Batch normalisation: values, gradients, running statistics, evaluation.

use burn::{module::Module, nn::BatchNormConfig, tensor::Device};
use proptest::prelude::*;
use stairs_kernels::batch_norm;

use crate::case::{Case, case, close, input, numbers};

/// Cases with planes from one pixel up to more than the short ones.
fn planes() -> impl Strategy<Value = Case> {
    (case(), 1_usize..200, [1_usize..15, 1..15])
        .prop_map(|(case, batch, size)| Case { batch, size, ..case })
        .prop_filter("a variance", |case| case.batch * case.size[0] * case.size[1] > 4)
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
        close("output", ours.0, theirs.0);
        close("input gradient", ours.1, theirs.1);
        for (ours, theirs) in ours.2.into_iter().chain(ours.3).zip(theirs.2.into_iter().chain(theirs.3)) {
            close("parameter gradients and running statistics", ours, theirs);
        }
        close("evaluation", ours.4, theirs.4);
    }
}
