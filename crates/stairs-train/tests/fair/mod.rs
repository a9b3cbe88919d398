//! What methods that are compared share, and how a run is judged: start weights, quanta, the validation part, the test part.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use burn::tensor::Device;
use stairs_noise::{
    Backward, Noise, Strategy,
    plan::{Decay, Dynamics, Interval, Policy},
    walk::{Parameter, values},
};
use stairs_quant::ScalePolicy;
use stairs_train::{
    BackwardLaw, Display, HeldOut, LrSchedule, Method, Recipe, RunConfig, RunDir, SampleError, Samples, Trainer, Which,
    ZooModel, data,
};

use crate::support::digits;

fn mlp(method: Method) -> RunConfig {
    RunConfig::new("mlp:32-16").with_method(method).with_epochs(3).with_batch(32).with_lr(3e-3).with_subset(300)
}

/// All float parameters by path, statistics and scales included.
fn parameters(model: &ZooModel) -> BTreeMap<String, Vec<f32>> {
    let all = values(&model.0);
    let is_number = |p: &Parameter| !(p.is_of_quantiser && p.name() == "setting");
    all.into_iter().filter(|(p, _)| is_number(p)).map(|(p, values)| (p.path, values)).collect()
}

#[test]
fn methods_start_from_the_same_weights_and_quanta() {
    let start = |config: &RunConfig| parameters(&ZooModel::new(config, [1, 8, 8], 10, &Device::flex()).unwrap());
    let still = Policy::new(Dynamics::Static, Dynamics::Dynamic, Interval::Partition, Decay::Linear);
    for model in ["mlp:32-16", "lenet:4-8-16", "mobilenet-v2-small:0.1"] {
        for weight_scale in [ScalePolicy::MaxAbs, ScalePolicy::Fixed(1.0), ScalePolicy::Fixed(0.1)] {
            let ste = mlp(Method::Ste).with_model(model).with_weight_scale(weight_scale).with_policy(still);
            let expected = start(&ste);
            for law in Noise::ALL {
                for strategy in Strategy::ALL {
                    for backward in [BackwardLaw::Annealed, BackwardLaw::Static, BackwardLaw::Freeze] {
                        let ana = ste
                            .clone()
                            .with_method(Method::Ana)
                            .with_law(law.clone())
                            .with_strategy(strategy)
                            .with_backward(backward);
                        assert_eq!(start(&ana), expected, "{model} {weight_scale} {law} {strategy} {backward:?}");
                    }
                }
            }
            assert_ne!(start(&ste.with_seed(2)), expected);
        }
    }
}

/// Counts how often samples are made.
struct Counted(Arc<dyn Samples>, Arc<AtomicUsize>);

impl Samples for Counted {
    fn shape(&self) -> [usize; 3] {
        self.0.shape()
    }

    fn len(&self) -> usize {
        self.0.len()
    }

    fn copy(&self, i: usize, out: &mut [f32]) -> Result<usize, SampleError> {
        self.1.fetch_add(1, Ordering::Relaxed);
        self.0.copy(i, out)
    }
}

#[test]
fn epochs_are_chosen_on_held_out_samples_and_the_test_part_is_read_at_the_end() {
    let digits = digits();
    let (train, test) = data::parts(&digits);
    let dir = tempfile::tempdir().unwrap();
    let config = mlp(Method::Ana).with_validation(0.2).with_reestimate_norms(4);
    let reads = Arc::new(AtomicUsize::new(0));
    let counted = Arc::new(Counted(test.clone(), reads.clone()));
    let trainer = || {
        Trainer::on_samples(config.clone(), train.clone(), counted.clone(), 10, dir.path())
            .with_identity(digits.identity())
            .with_display(Display::Quiet)
    };
    let record = trainer().run().unwrap();
    let validation = record.validation.clone().unwrap();
    // A fifth of every class.
    let of_class = |class: u8| digits.train.labels().iter().filter(|label| **label == class).count() as f64;
    let expected: f64 = (0..10).map(|class| (0.2 * of_class(class)).round()).sum();
    assert_eq!(validation.samples as f64, expected);
    assert!(record.epochs.iter().all(|epoch| epoch.held_out == HeldOut::Validation));
    let best = record.epochs.iter().map(|epoch| epoch.held_out_accuracy).fold(0.0, f64::max);
    assert_eq!((validation.accuracy, record.epochs[validation.epoch - 1].held_out_accuracy), (best, best));
    assert_eq!(record.chosen(), (validation.epoch, record.best_test_accuracy));

    let models = if validation.epoch == record.epochs.len() { 1 } else { 2 };
    assert_eq!(reads.load(Ordering::Relaxed), models * test.len());
    let run = RunDir::new(dir.path());
    for (which, expected) in [(Which::Last, record.test_accuracy), (Which::Best, record.best_test_accuracy)] {
        let model = ZooModel::load(&run, &digits, which, &Device::flex()).unwrap();
        let found = model.evaluate(test.clone(), &Device::flex()).unwrap().accuracy;
        assert!((found - expected).abs() < 1e-9, "{which:?}: {found} {expected}");
    }
    let lines = std::fs::read_to_string(dir.path().join("metrics.jsonl")).unwrap();
    assert!(lines.contains("validation_accuracy") && !lines.contains("test_"), "{lines}");

    // The finished run is read; a lost record is made again, to the last digit.
    assert_eq!(trainer().with_resume(true).run().unwrap(), record);
    std::fs::remove_file(dir.path().join("record.json")).unwrap();
    assert_eq!(trainer().with_resume(true).run().unwrap(), record);
}

#[test]
fn parts_without_samples_are_refused() {
    let digits = digits();
    for (validation, subset, batch, expected) in [
        (Some(0.001), None, 32, "cannot be held out"),
        (Some(0.999), None, 32, "cannot be held out"),
        (Some(0.5), Some(1000), 32, "subset"),
        (Some(0.9), None, 1000, "batch"),
        (Some(0.0), None, 32, "validation share"),
        (Some(1.0), None, 32, "validation share"),
        (Some(f64::NAN), None, 32, "validation share"),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let config = mlp(Method::Ste).with_validation(validation).with_subset(subset).with_batch(batch);
        let error =
            Trainer::new(config, &digits, dir.path().join("run")).with_display(Display::Quiet).run().unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
        assert!(!dir.path().join("run").exists());
    }
}

/// A remedy that does nothing would train as `ste` does.
#[test]
fn remedies_reach_the_weights() {
    let digits = digits();
    let dir = tempfile::tempdir().unwrap();
    let train = |method: Method, quantum, epochs, lr| {
        let config = mlp(method).with_weight_scale(ScalePolicy::Fixed(quantum)).with_epochs(epochs).with_lr(lr);
        let config = config.with_lr_schedule(LrSchedule::Constant);
        let run = dir.path().join(format!("{method}-{epochs}"));
        Trainer::new(config, &digits, &run).with_display(Display::Quiet).run().unwrap();
        let model = ZooModel::load(&RunDir::new(&run), &digits, Which::Last, &Device::flex()).unwrap();
        parameters(&model)["hidden.0.linear.weight"].clone()
    };
    // Mean distance of latent weights between the outermost levels from the middle of their step.
    let distance = |weights: &[f32]| {
        let inside: Vec<f32> = weights.iter().map(|w| w / 0.01).filter(|u| u.abs() <= 1.0).collect();
        inside.iter().map(|u| (u - u.round()).abs()).sum::<f32>() / inside.len() as f32
    };
    let (ste, dampened) = (train(Method::Ste, 0.01, 6, 3e-3), train(Method::Dampening, 0.01, 6, 3e-3));
    assert!(distance(&dampened) < 0.9 * distance(&ste), "{} {}", distance(&dampened), distance(&ste));
    // Weights that start at thresholds and move little swing about them; those that were frozen rest on a level exactly.
    let rests = |weights: &[f32]| weights.iter().filter(|w| [-1.0_f32, 0.0, 1.0].contains(w)).count();
    let (ste, frozen) = (train(Method::Ste, 1.0, 40, 5e-2), train(Method::Freezing, 1.0, 40, 5e-2));
    assert!(rests(&frozen) > 5 && rests(&ste) == 0, "{} {}", rests(&frozen), rests(&ste));
    let config = mlp(Method::Freezing).with_weight_scale(ScalePolicy::Twn);
    assert!(ZooModel::new(&config, [1, 8, 8], 10, &Device::flex()).unwrap_err().to_string().contains("twn"));
}

/// Where weights and norms follow the mean, a run with an annealed mean is the run with mean 0.
#[test]
fn nothing_is_left_behind_by_a_mean_that_is_followed() {
    let digits = digits();
    let run = |mean, follow_mean| {
        let policy = Policy::new(mean, Dynamics::Dynamic, Interval::Overlapped, Decay::Homogeneous);
        let config = mlp(Method::Ana).with_policy(policy).with_follow_mean(follow_mean).with_law(Noise::Uniform);
        let dir = tempfile::tempdir().unwrap();
        Trainer::new(config, &digits, dir.path()).with_display(Display::Quiet).run().unwrap()
    };
    let losses = |record: &stairs_train::RunRecord| record.epochs.iter().map(|e| e.train_loss).collect::<Vec<_>>();
    let (still, followed, moving) =
        (run(Dynamics::Static, false), run(Dynamics::Dynamic, true), run(Dynamics::Dynamic, false));
    let gap = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
    let (near, far) = (gap(&losses(&followed), &losses(&still)), gap(&losses(&moving), &losses(&still)));
    // Rounding moves single weights over their thresholds, a few a run.
    assert!(near < 0.06 && far > 10.0 * near, "{near} {far}");
    assert!((followed.test_accuracy - still.test_accuracy).abs() < 2.0);
}

#[test]
fn recipes_are_what_they_say() {
    let config = RunConfig::ana19("digits", "mlp:32-16").with_epochs(10);
    assert_eq!(Recipe::Ana19.applied(config.clone()).with_epochs(10), config);
    let model = ZooModel::new(&config, [1, 8, 8], 10, &Device::flex()).unwrap();
    let plan = model.plan(&config, 6).unwrap().unwrap();
    // Three layers, the last one's weights too; the noise is gone after 30 of 60 steps, the first third after 10.
    for (path, at, scale) in [
        ("hidden.0.linear.weight.stair", 0.0, 0.5),
        ("hidden.0.linear.weight.stair", 5.0, 0.25),
        ("hidden.0.linear.weight.stair", 10.0, 0.0),
        ("hidden.1.linear.weight.stair", 10.0, 0.5),
        ("output.weight.stair", 25.0, 0.25),
        ("output.weight.stair", 30.0, 0.0),
        ("hidden.0.activation.Stair", 0.0, 0.0),
        ("hidden.1.activation.Stair", 12.0, 0.0),
    ] {
        let laws = plan.laws_at(path, at).unwrap_or_else(|| panic!("{path}"));
        assert_eq!((laws.forward.mean(), laws.forward.scale()), (0.0, scale), "{path} at {at}");
        assert!(matches!(&laws.backward, Backward::Law(law) if law.scale() == 0.5 && law.mean() == 0.0), "{path}");
    }

    let frozen = config.with_backward(BackwardLaw::Freeze);
    let plan = model.plan(&frozen, 6).unwrap().unwrap();
    let backward = |path: &str, at| match plan.laws_at(path, at).unwrap().backward {
        Backward::Law(law) => law.scale(),
        other => panic!("{other:?}"),
    };
    for path in ["hidden.0.linear.weight.stair", "hidden.0.activation.Stair"] {
        assert_eq!([9.9, 10.0, 60.0].map(|at| backward(path, at)), [0.5, 0.0, 0.0], "{path}");
    }

    let ana22 = RunConfig::ana22("digits", "mlp:32-16").with_epochs(10);
    let model = ZooModel::new(&ana22, [1, 8, 8], 10, &Device::flex()).unwrap();
    let plan = model.plan(&ana22, 6).unwrap().unwrap();
    let law = plan.laws_at("hidden.0.activation.Stair", 0.0).unwrap().forward;
    assert!((law.scale() - 0.136_479_21).abs() < 1e-8 && law.mean() == 0.0);
    // Two layers until 7 of 10 epochs.
    assert!(plan.laws_at("hidden.0.activation.Stair", 3.5).unwrap().is_hard());
    assert_eq!(plan.end(), Some(7.0));
}

/// Of a MobileNetV2 only the ten residual branches are quantised.
#[test]
fn branches_alone_are_quantised() {
    let config = RunConfig::ana19("digits", "mobilenet-v2-small:0.35");
    let model = ZooModel::new(&config, [1, 8, 8], 10, &Device::flex()).unwrap();
    let found = stairs_noise::quantisers(&model.0);
    let blocks: std::collections::BTreeSet<_> =
        found.iter().filter_map(|q| q.path.strip_prefix("blocks.")?.split('.').next()).collect();
    assert_eq!(blocks.len(), 10, "{found:?}");
    // Three convolutions and two activations each.
    assert_eq!(found.len(), 50);
    let error = ZooModel::new(&config.with_model("lenet"), [1, 8, 8], 10, &Device::flex());
    assert!(error.unwrap_err().to_string().contains("residual branches"));
}
