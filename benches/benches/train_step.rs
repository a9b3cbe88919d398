//! A training step of a ternary network against the float network: forward, backward, Adam, and the pass that sets the
//! laws; every law and strategy. Flex. Run with `cargo xtask bench train_step`.
#![allow(missing_docs)]

use burn::module::Module;
use burn::nn::loss::CrossEntropyLossConfig;
use burn::optim::{AdamConfig, GradientsParams};
use burn::tensor::{Device, Distribution, Int, Tensor};
use stairs::noise::{Law, Laws, Noise, Setting, Strategy, set_settings};
use stairs::quant::Quantiser;
use stairs::zoo::{LeNetConfig, MlpConfig, Quantisation, StairsConfig};
use stairs_benches::{Routine, interleaved, keep, print_ratios};

/// One optimiser step of `model` on a fixed random batch.
fn routine<M: Module + 'static>(
    name: String,
    model: M,
    forward: impl Fn(&M, Tensor<4>) -> Tensor<2> + 'static,
    setting: Option<Setting>,
    images: [usize; 4],
    device: &Device,
) -> Routine<'static> {
    device.seed(1);
    let x = Tensor::<4>::random(images, Distribution::Normal(0.0, 1.0), device);
    let labels: Vec<i32> = (0..images[0] as i32).map(|i| i % 10).collect();
    let labels = Tensor::<1, Int>::from_ints(labels.as_slice(), device);
    let loss = CrossEntropyLossConfig::new().init(device);
    let mut optimiser = AdamConfig::new().init();
    let mut model = Some(model);
    Routine::new(name, move || {
        let Some(mut current) = model.take() else { return };
        if let Some(setting) = &setting {
            current = set_settings(current, |_| Some(setting.clone())).unwrap_or_else(|error| panic!("{error}"));
        }
        let value = loss.forward(forward(&current, x.clone()), labels.clone());
        let gradients = GradientsParams::from_grads(value.backward(), &current);
        model = Some(optimiser.step(1e-3, current, gradients));
        keep(value);
    })
}

/// The float network first, then the ternary one under every law and strategy.
fn compare<M: Module + 'static>(
    title: &str,
    init: impl Fn(Quantisation, &Device) -> M,
    forward: impl Fn(&M, Tensor<4>) -> Tensor<2> + Copy + 'static,
    images: [usize; 4],
    rounds: usize,
) {
    let device = Device::flex().autodiff();
    let mut routines =
        vec![routine("float".into(), init(Quantisation::Float, &device), forward, None, images, &device)];
    for strategy in Strategy::ALL {
        for noise in Noise::ALL {
            let law = Law::new(noise.clone(), 0.0, 0.5 / noise.window()).unwrap_or_else(|error| panic!("{error}"));
            let setting = Setting::new(Laws::same(law)).with_strategy(strategy).with_key(1);
            let mut stairs = StairsConfig::new(Quantiser::Ternary);
            stairs.fresh_weights = Some(1);
            let model = init(Quantisation::Stairs(stairs), &device);
            let name = format!("ternary {noise} {strategy}");
            routines.push(routine(name, model, forward, Some(setting), images, &device));
        }
    }
    print_ratios(title, &interleaved(rounds, &mut routines));
}

fn main() {
    stairs::allocator::keep_memory();
    compare(
        "Mlp 784-256-256-10, batch 256: training step against float",
        |quantisation, device| {
            let config = MlpConfig::new(784, vec![256, 256], 10).with_quantisation(quantisation);
            config.init(device).unwrap_or_else(|error| panic!("{error}"))
        },
        |model, x| model.forward(x),
        [256, 1, 28, 28],
        101,
    );
    compare(
        "LeNet 32-64-128, 28×28, batch 128: training step against float",
        |quantisation, device| {
            let config = LeNetConfig::new([1, 28, 28], 10).with_quantisation(quantisation);
            config.init(device).unwrap_or_else(|error| panic!("{error}"))
        },
        |model, x| model.forward(x),
        [128, 1, 28, 28],
        15,
    );
}
