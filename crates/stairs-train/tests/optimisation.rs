//! The choices of the optimisation inside of whole runs.

mod support;

use std::path::Path;

use burn::{module::Module, tensor::Device};
use stairs_train::{
    Clip, Display, LrSchedule, Method, Optimiser, RunConfig, RunDir, RunRecord, Trainer, WeightDecay, Which, ZooModel,
    data,
};
use support::{bits, digits};

/// A float perceptron without batch normalisation, which sees every sample alone: three epochs of six steps.
fn plain() -> RunConfig {
    RunConfig::new("plain-mlp:16")
        .with_method(Method::Float)
        .with_epochs(3)
        .with_batch(100)
        .with_lr(1e-2)
        .with_subset(600)
}

fn run(config: RunConfig, dir: &Path) -> (RunRecord, Vec<f32>) {
    let devices = vec![Device::flex(); config.devices];
    let trainer = Trainer::new(config, &digits(), dir).with_devices(devices).with_display(Display::Quiet);
    (trainer.run().unwrap(), weights(dir))
}

/// All parameters of the last model, one after the other.
fn weights(dir: &Path) -> Vec<f32> {
    numbers(&ZooModel::load(&RunDir::new(dir), &digits(), Which::Last, &Device::flex()).unwrap().0)
}

fn numbers<M: Module>(model: &M) -> Vec<f32> {
    let number = |bytes: &[u8]| f32::from_le_bytes(bytes.try_into().unwrap());
    bits(model).iter().flat_map(|(_, bytes)| bytes.chunks_exact(4).map(number)).collect()
}

fn distance(a: &[f32], b: &[f32]) -> f32 {
    assert_eq!(a.len(), b.len());
    a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
}

/// Parts and devices change the order of additions and nothing else, where no layer looks across samples.
#[test]
fn parts_and_devices_make_the_same_steps() {
    let dir = tempfile::tempdir().unwrap();
    let sgd = Optimiser::Sgd { momentum: 0.9, nesterov: false };
    let config = plain().with_optimiser(sgd).with_clip(Clip::Norm(0.5)).with_lr(0.1);
    let (record, whole) = run(config.clone(), &dir.path().join("whole"));
    for (accumulate, devices) in [(3, 1), (1, 2), (2, 2)] {
        let config = config.clone().with_accumulate(accumulate).with_devices(devices);
        let (divided, weights) = run(config, &dir.path().join(format!("{accumulate}-{devices}")));
        let distance = distance(&weights, &whole);
        assert!(distance < 1e-4, "{accumulate} parts, {devices} devices: weights differ by {distance}");
        for (found, expected) in divided.epochs.iter().zip(&record.epochs) {
            assert_eq!((found.step, found.learning_rate), (expected.step, expected.learning_rate));
            assert!((found.train_loss - expected.train_loss).abs() < 1e-4, "{found:?} {expected:?}");
        }
    }
    // The bound means something: another rate makes other weights.
    let other = run(config.with_lr(0.09), &dir.path().join("other")).1;
    assert!(distance(&other, &whole) > 1e-2);
}

/// A batch norm has two halves of the batch, and its running statistics are those of both devices.
#[test]
fn two_devices_train_a_quantised_network() {
    let dir = tempfile::tempdir().unwrap();
    let config = RunConfig::new("mlp:32")
        .with_method(Method::Ana)
        .with_devices(2)
        .with_epochs(12)
        .with_batch(64)
        .with_lr(3e-3)
        .with_subset(600);
    let (record, _) = run(config, dir.path());
    assert!(record.test_accuracy > 80.0, "{:?}", record.epochs);
    let lost = record.epochs.iter().find(|epoch| epoch.step != 10 * epoch.epoch as u64);
    assert!(lost.is_none(), "{lost:?}");
}

#[test]
fn the_average_is_what_is_tested_and_saved() {
    let dir = tempfile::tempdir().unwrap();
    let config = plain().with_model("mlp:32").with_method(Method::Ste).with_lr(1e-2);
    let (_, latest) = run(config.clone(), &dir.path().join("latest"));
    let averaged_dir = dir.path().join("averaged");
    let (record, averaged) = run(config.clone().with_average(0.9), &averaged_dir);
    assert!(distance(&latest, &averaged) > 1e-3, "the average is the latest model");
    // An average that forgets at once is the latest model.
    let (_, none) = run(config.with_average(0.0), &dir.path().join("none"));
    let statistics = "running statistics are one step behind, weights are not";
    let weights = latest.iter().zip(&none).filter(|(a, b)| a == b).count();
    assert!(weights >= 64 * 32 + 32 * 10, "{statistics}: {weights} of {} equal", latest.len());

    let (_, test) = data::parts(&digits());
    let loaded = ZooModel::load(&RunDir::new(&averaged_dir), &digits(), Which::Last, &Device::flex()).unwrap();
    let found = loaded.evaluate(test, &Device::flex()).unwrap();
    assert_eq!(found.accuracy, record.test_accuracy);
    assert!((found.loss - record.epochs[2].held_out_loss).abs() < 1e-5);
}

/// Every choice trains, and its own way.
#[test]
fn every_choice_changes_the_run() {
    let dir = tempfile::tempdir().unwrap();
    let longer = || plain().with_epochs(12);
    let (_, adam) = run(longer(), &dir.path().join("adam"));
    type Change = fn(&mut RunConfig);
    let changes: [(&str, Change); 7] = [
        ("adamw", |c| (c.optimiser, c.weight_decay) = (Optimiser::AdamW, WeightDecay::new(0.1))),
        ("sgd", |c| (c.optimiser, c.lr) = (Optimiser::Sgd { momentum: 0.9, nesterov: true }, 0.1)),
        ("decay", |c| c.weight_decay = WeightDecay::new(1e-2)),
        ("milestones", |c| c.lr_schedule = LrSchedule::Milestones { at: vec![0.5], factor: 0.1 }),
        ("smoothing", |c| c.label_smoothing = 0.1),
        ("value", |c| c.clip = Some(Clip::Value(1e-3))),
        ("warm-up", |c| c.warm_up = Some(stairs_train::WarmUp { share: 0.5, start: 0.1 })),
    ];
    for (name, change) in changes {
        let mut config = longer();
        change(&mut config);
        let (record, weights) = run(config, &dir.path().join(name));
        assert!(record.test_accuracy > 60.0, "{name}: {:?}", record.epochs);
        assert!(distance(&weights, &adam) > 1e-3, "{name} makes the weights of Adam");
    }
}

/// Records and configurations of before there was a choice: nothing new is written where nothing is chosen.
#[test]
fn old_configurations_stay_as_they_are() {
    let text = toml::to_string(&RunConfig::default()).unwrap();
    for field in
        ["accumulate", "devices", "optimiser", "weight_decay", "warm_up", "smoothing", "clip", "average", "init"]
    {
        assert!(!text.contains(field), "{field} in\n{text}");
    }
    assert_eq!(toml::from_str::<RunConfig>(&text).unwrap(), RunConfig::default());
    let all = support::everything(1, 2);
    assert_eq!(toml::from_str::<RunConfig>(&toml::to_string(&all).unwrap()).unwrap(), all);
}
