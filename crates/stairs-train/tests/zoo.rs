//! Zoo models by name: every method trains, saves and loads into another object.

mod fair;
mod support;

use burn::{module::Module, tensor::Device};
use stairs_noise::Strategy;
use stairs_train::{AnnealPer, Display, Method, RunConfig, RunDir, TrainError, Trainer, Which, ZooModel, data};
use support::{bits, digits};

fn config(model: &str, method: Method) -> RunConfig {
    RunConfig::new(model).with_method(method).with_epochs(12).with_lr(3e-3).with_subset(600)
}

#[test]
fn every_method_trains_and_loads() {
    let digits = digits();
    for (model, method, least) in [
        ("mlp", Method::Float, 80.0),
        ("mlp", Method::Ste, 80.0),
        ("mlp", Method::Ana, 80.0),
        ("lenet", Method::Ana, 80.0),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let record =
            Trainer::new(config(model, method), &digits, dir.path()).with_display(Display::Quiet).run().unwrap();
        assert!(record.test_accuracy > least, "{model} {method:?}: {:?}", record.epochs);
        assert_eq!(record, RunDir::new(dir.path()).record().unwrap());
        let quantised = method != Method::Float;
        assert_eq!(record.weights.is_empty(), !quantised);
        for weights in &record.weights {
            let latent: u64 = weights.latent.iter().sum();
            let levels: u64 = weights.quantised.iter().map(|(_, n)| n).sum();
            assert_eq!(latent, levels, "{}", weights.path);
            assert_eq!(weights.quantised.iter().map(|(level, _)| *level).collect::<Vec<_>>(), [-1.0, 0.0, 1.0]);
        }
        assert_eq!(record.epochs[0].laws.is_empty(), !quantised);

        let (_, test) = data::parts(&digits);
        let device = Device::flex();
        for (which, expected) in [(Which::Last, record.test_accuracy), (Which::Best, record.best_test_accuracy)] {
            let loaded = ZooModel::load(&RunDir::new(dir.path()), &digits, which, &device).unwrap();
            let found = loaded.evaluate(test.clone(), &device).unwrap().accuracy;
            assert!((found - expected).abs() < 1e-9, "{model} {method:?} {which:?}: {found} {expected}");
        }
        for file in ["config.toml", "metrics.jsonl", "best.bpk", "best.safetensors", "last.bpk", "last.safetensors"] {
            assert!(dir.path().join(file).exists(), "{file}");
        }
    }
}

/// The published baselines: every one trains, and what it saves loads into another object.
#[test]
fn every_baseline_trains_and_loads() {
    let digits = digits();
    let (_, test) = data::parts(&digits);
    for method in Method::ALL.into_iter().skip(3) {
        let dir = tempfile::tempdir().unwrap();
        let config = config("mlp:32", method).with_epochs(6);
        let record = Trainer::new(config, &digits, dir.path()).with_display(Display::Quiet).run().unwrap();
        assert!(record.test_accuracy > 70.0, "{method}: {}", record.test_accuracy);
        let loaded = ZooModel::load(&RunDir::new(dir.path()), &digits, Which::Last, &Device::flex()).unwrap();
        let found = loaded.evaluate(test.clone(), &Device::flex()).unwrap().accuracy;
        assert!((found - record.test_accuracy).abs() < 1e-9, "{method}: {found} {}", record.test_accuracy);
        for weights in &record.weights {
            assert!(weights.quantised.len() <= 3, "{method}: {:?}", weights.quantised);
        }
    }
}

/// What the methods share: latent weights, quanta, and all that is no quantiser's.
#[test]
fn every_baseline_starts_where_ste_does() {
    let named = |path: &str| !path.ends_with(".setting") && !path.contains(".scales.") && !path.contains(".smoothing");
    for weight_scale in ["max-abs", "fixed:0.5", "mse"] {
        let start = |method| {
            let config = config("mlp:32", method).with_weight_scale(weight_scale.parse().unwrap());
            let model = ZooModel::new(&config, [1, 8, 8], 10, &Device::flex()).unwrap();
            (bits(&model.0), bits(&model.0.clone().materialize()))
        };
        let (ste, hard) = start(Method::Ste);
        let shared = |all: Vec<(String, Vec<u8>)>| all.into_iter().filter(|(path, _)| named(path)).collect::<Vec<_>>();
        let ste = shared(ste);
        for method in Method::ALL.into_iter().skip(3) {
            let (own, own_hard) = start(method);
            assert_eq!(shared(own), ste, "{method} under {weight_scale}");
            // The same quanta make the same hard weights.
            let weights = |all: &[(String, Vec<u8>)]| {
                all.iter().filter(|(path, _)| path.ends_with("weight")).cloned().collect::<Vec<_>>()
            };
            assert_eq!(weights(&own_hard), weights(&hard), "{method} under {weight_scale}");
        }
    }
}

#[test]
fn laws_decay_by_step_and_by_epoch() {
    let dir = tempfile::tempdir().unwrap();
    let mut config = config("mlp", Method::Ana);
    (config.epochs, config.anneal_until, config.strategy) = (4, 0.5, Strategy::Mode);
    let scales = |record: &stairs_train::RunRecord| -> Vec<Vec<f64>> {
        record.epochs.iter().map(|e| e.laws.iter().map(|law| law.scale).collect()).collect()
    };
    let run = |config: &RunConfig, name: &str| {
        Trainer::new(config.clone(), &digits(), dir.path().join(name)).with_display(Display::Quiet).run().unwrap()
    };
    let by_step = scales(&run(&config, "step"));
    config.anneal_per = AnnealPer::Epoch;
    let by_epoch = scales(&run(&config, "epoch"));
    // Four epochs, everything decayed after two; two layers of a weight and an activation each.
    assert_eq!(by_epoch[0], [0.5; 4], "the first epoch runs on the laws of time 0");
    assert!(by_step[0].iter().all(|s| (0.0..0.5).contains(s)) && by_step[0][0] > 0.0, "{by_step:?}");
    assert!(by_epoch[1].iter().all(|s| (0.0..0.5).contains(s)) && by_epoch[1][0] > 0.0, "{by_epoch:?}");
    for late in [&by_step[2], &by_step[3], &by_epoch[2], &by_epoch[3]] {
        assert_eq!(**late, [0.0; 4]);
    }
}

#[test]
fn an_unknown_model_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let trainer = Trainer::new(config("resnet", Method::Float), &digits(), dir.path()).with_display(Display::Quiet);
    let error = trainer.run().unwrap_err();
    assert!(matches!(error, TrainError::Config(_)) && error.to_string().contains("`resnet`"), "{error}");
    let model = ZooModel::new(&config("lenet", Method::Float), [54, 1, 1], 7, &Device::flex());
    assert!(model.unwrap_err().to_string().contains("at least 4"));
}
