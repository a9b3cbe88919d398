//! Quantisation-aware training in a loop of your own: no trainer, only Burn, a plan, and one call a step.
//!
//! The call is `apply_plan(model, &plan, t, key)`: it gives every quantiser the law that the plan has for it at time t.
//! `model.valid()` is the hard network, whatever the laws are.
//!
//! ```text
//! cargo run --release -p stairs-examples --example hand_written_loop
//! ```

use std::error::Error;

use burn::{
    module::Module,
    nn::{BatchNorm, BatchNormConfig, Linear, LinearConfig, loss::CrossEntropyLossConfig},
    optim::{AdamConfig, GradientsParams},
    tensor::{Device, Int, Tensor, TensorData},
};
use stairs::{
    data::Split,
    noise::{
        StairActivation, StairActivationConfig, StairWeights, TimeUnit, WeightInit, apply_plan, derive_seed, layers,
        quantisers,
    },
    prelude::*,
    train::{
        data::{epoch_order, steps_per_epoch},
        try_seeded,
    },
};

/// 64 – width – width – 10, with layer names of its own.
#[derive(Module, Debug)]
pub(crate) struct Reader {
    retina: Linear,
    retina_norm: BatchNorm,
    retina_act: StairActivation,
    cortex: Linear,
    cortex_norm: BatchNorm,
    cortex_act: StairActivation,
    mouth: Linear,
}

impl Reader {
    fn ternary(width: usize, seed: u64, device: &Device) -> Result<Self, Box<dyn Error>> {
        let act = StairActivationConfig::new(Quantiser::Ternary);
        let weights =
            StairWeights::ternary().with_init(WeightInit::InsideSupport { seed }).with_except("mouth.weight")?;
        try_seeded(seed, device, || {
            let float = Self {
                retina: LinearConfig::new(64, width).with_bias(false).init(device),
                retina_norm: BatchNormConfig::new(width).init(device),
                retina_act: act.init(device)?,
                cortex: LinearConfig::new(width, width).with_bias(false).init(device),
                cortex_norm: BatchNormConfig::new(width).init(device),
                cortex_act: act.init(device)?,
                mouth: LinearConfig::new(width, 10).init(device),
            };
            Ok(weights.quantise(float)?)
        })
    }

    fn forward(&self, x: Tensor<2>) -> Tensor<2> {
        let x = self.retina_act.forward(self.retina_norm.forward(self.retina.forward(x)));
        let x = self.cortex_act.forward(self.cortex_norm.forward(self.cortex.forward(x)));
        self.mouth.forward(x)
    }
}

/// How large and how long.
pub(crate) struct Settings {
    pub(crate) width: usize,
    pub(crate) epochs: usize,
    pub(crate) batch: usize,
    pub(crate) lr: f64,
    pub(crate) seed: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self { width: 256, epochs: 30, batch: 32, lr: 1e-3, seed: 1 }
    }
}

/// Images `[n, 64]` and labels `[n]` of the samples `indices`.
fn batch(split: &Split, indices: &[usize], device: &Device) -> (Tensor<2>, Tensor<1, Int>) {
    let (mut pixels, mut labels) = (Vec::with_capacity(64 * indices.len()), Vec::with_capacity(indices.len()));
    for &i in indices {
        let (image, label) = split.sample(i);
        pixels.extend(image);
        labels.push(i32::from(label));
    }
    let x = Tensor::from_data(TensorData::new(pixels, [indices.len(), 64]), device);
    (x, Tensor::from_ints(labels.as_slice(), device))
}

/// Accuracy of the hard network in percent.
fn accuracy(model: &Reader, split: &Split, device: &Device) -> f64 {
    let indices: Vec<usize> = (0..split.len()).collect();
    let (x, labels) = batch(split, &indices, device);
    let answers: Tensor<1, Int> = model.forward(x).argmax(1).reshape([split.len()]);
    let hits: f64 = answers.equal(labels).int().sum().into_scalar();
    100.0 * hits / split.len() as f64
}

/// Trains and returns the hard network, on a device without gradients, and its test accuracy.
pub(crate) fn run(settings: &Settings) -> Result<(Reader, f64), Box<dyn Error>> {
    let &Settings { width, epochs, batch: size, lr, seed } = settings;
    let device = Device::flex().autodiff();
    let digits = load(DatasetName::Digits, &DataRoot::default())?;
    let mut model = Reader::ternary(width, seed, &device)?;

    // All noise is gone after four fifths of the training; earlier layers lose theirs faster.
    let steps = epochs * steps_per_epoch(digits.train.len(), size);
    let policy: Policy = "static-dynamic-overlapped-progressive".parse()?;
    let span = 0.8 * steps as f64;
    let plan = policy.plan(Noise::Logistic, Strategy::Expectation, &layers(&model), span, TimeUnit::Steps)?;
    let paths: Vec<String> = quantisers(&model).into_iter().map(|quantiser| quantiser.path).collect();
    let plan = plan.resolve(&paths)?; // from here on nothing about the plan can fail
    println!("{}\n", plan.table(&[0.0, (span / 2.0).round(), span]));

    let loss = CrossEntropyLossConfig::new().init(&device);
    let mut optimiser = AdamConfig::new().init();
    let mut step = 0u64;
    for epoch in 1..=epochs {
        for indices in epoch_order(seed, epoch, digits.train.len()).chunks(size) {
            model = apply_plan(model, &plan, step as f64, |path| derive_seed(seed, path, step))?;
            let (x, labels) = batch(&digits.train, indices, &device);
            let value = loss.forward(model.forward(x), labels);
            let gradients = GradientsParams::from_grads(value.backward(), &model);
            model = optimiser.step(lr, model, gradients);
            step += 1;
        }
        if epoch % 5 == 0 || epoch == epochs {
            let hard = accuracy(&model.valid(), &digits.test, &device.clone().inner());
            println!("epoch {epoch:>3}  test accuracy {hard:.2} %");
        }
    }
    let hard = model.valid();
    let accuracy = accuracy(&hard, &digits.test, &device.inner());
    Ok((hard, accuracy))
}

/// The different values of the two quantised weights after `materialize`, each in ascending order.
pub(crate) fn weight_values(hard: Reader) -> Result<[Vec<f32>; 2], Box<dyn Error>> {
    let plain = hard.materialize();
    let mut all = [
        plain.retina.weight.val().into_data().try_to_vec::<f32>()?,
        plain.cortex.weight.val().into_data().try_to_vec()?,
    ];
    for values in &mut all {
        values.sort_by(f32::total_cmp);
        values.dedup();
    }
    Ok(all)
}

fn main() -> Result<(), Box<dyn Error>> {
    stairs::allocator::keep_memory();
    let (hard, accuracy) = run(&Settings::default())?;
    for (name, values) in ["retina", "cortex"].iter().zip(weight_values(hard)?) {
        println!("{name} {values:?}");
        assert!(values.len() <= 3, "{name} is not ternary");
    }
    println!("test accuracy {accuracy:.2} %");
    Ok(())
}
