//! Impossible configurations, divergence and full disks.

mod support;

use std::{fs, path::Path, process::Command, sync::Arc};

use burn::tensor::Device;
use stairs_noise::plan::Pattern;
use stairs_noise::{AnnealingPlan, Law, Laws, Noise, QuantiserSchedule, Strategy, TimeUnit};
use stairs_train::{
    Clip, ConfigError, Display, LrSchedule, Method, Optimiser, RunConfig, RunDir, SampleError, Samples, TrainError,
    Trainer, WarmUp, WeightDecay, evaluate,
};
use support::{Mine, config, digits, train};

fn refused(change: impl FnOnce(&mut RunConfig)) -> ConfigError {
    let dir = tempfile::tempdir().unwrap();
    let mut config = config(1, 1);
    change(&mut config);
    match train(config, dir.path(), false) {
        Err(TrainError::Config(error)) => {
            assert!(!dir.path().join("config.toml").exists(), "a refused run must leave no configuration");
            error
        }
        other => panic!("{:?}", other.map(|_| ())),
    }
}

#[test]
fn impossible_configurations() {
    assert_eq!(refused(|c| c.epochs = 0), ConfigError::Epochs);
    assert_eq!(refused(|c| c.batch = 0), ConfigError::Batch { batch: 0, samples: 512 });
    assert_eq!(refused(|c| c.batch = 513), ConfigError::Batch { batch: 513, samples: 512 });
    assert_eq!(refused(|c| c.lr = 0.0), ConfigError::LearningRate(0.0));
    assert_eq!(refused(|c| c.lr = -1.0), ConfigError::LearningRate(-1.0));
    assert!(matches!(refused(|c| c.lr = f64::NAN), ConfigError::LearningRate(lr) if lr.is_nan()));
    assert_eq!(refused(|c| c.lr_schedule = LrSchedule::Cosine { floor: 1.5 }), ConfigError::Floor(1.5));
    assert_eq!(
        refused(|c| c.lr_schedule = LrSchedule::Steps { every: 0.0, factor: 0.1 }),
        ConfigError::RateSteps { every: 0.0, factor: 0.1 }
    );
    for (at, factor) in [(vec![], 0.1), (vec![0.5, 0.5], 0.1), (vec![1.0], 0.1), (vec![0.5], 0.0)] {
        let error = ConfigError::Milestones { at: at.clone(), factor };
        assert_eq!(refused(|c| c.lr_schedule = LrSchedule::Milestones { at, factor }), error);
    }
    assert_eq!(
        refused(|c| c.warm_up = Some(WarmUp { share: 0.1, start: 0.0 })),
        ConfigError::WarmUp { share: 0.1, start: 0.0 }
    );
    for (field, change) in [
        ("weight decay", (|c| c.weight_decay = WeightDecay::new(-0.1)) as fn(&mut RunConfig)),
        ("momentum", |c| c.optimiser = Optimiser::Sgd { momentum: 1.0, nesterov: false }),
        ("label smoothing", |c| c.label_smoothing = 1.0),
        ("average", |c| c.average = Some(-0.5)),
        ("clip", |c| c.clip = Some(Clip::Norm(0.0))),
    ] {
        let error = refused(change);
        assert!(matches!(&error, ConfigError::Range { field: found, .. } if *found == field), "{error}");
    }
    for (accumulate, devices) in [(0, 1), (1, 0), (129, 1), (usize::MAX, 2)] {
        let parts = |c: &mut RunConfig| (c.accumulate, c.devices) = (accumulate, devices);
        assert_eq!(refused(parts), ConfigError::Parts { accumulate, devices, least: 128 });
    }
    assert_eq!(refused(|c| c.devices = 2), ConfigError::Devices { expected: 2, given: 1 });
    let unknown = refused(|c| c.weight_decay.except = vec![Pattern::new("lst").unwrap()]);
    assert!(matches!(&unknown, ConfigError::NoParameter { pattern, .. } if pattern == "lst"), "{unknown}");
    assert_eq!(refused(|c| c.anneal_until = 0.0), ConfigError::AnnealUntil(0.0));
    assert_eq!(refused(|c| c.subset = Some(0)), ConfigError::Subset { subset: 0, samples: 1438 });
    assert_eq!(refused(|c| c.subset = Some(9999)), ConfigError::Subset { subset: 9999, samples: 1438 });
    assert_eq!(refused(|c| c.seed = u64::MAX), ConfigError::Seed(u64::MAX));
    assert!(matches!(refused(|c| c.epochs = usize::MAX), ConfigError::Steps { .. }));
}

/// Every sample one number; the last one is broken as the case wants it.
struct Broken {
    value: f32,
    class: usize,
}

impl Samples for Broken {
    fn shape(&self) -> [usize; 3] {
        [64, 1, 1]
    }

    fn len(&self) -> usize {
        12
    }

    fn copy(&self, i: usize, out: &mut [f32]) -> Result<usize, SampleError> {
        let last = i == 11;
        out.fill(if last { self.value } else { i as f32 });
        Ok(if last { self.class } else { i % 3 })
    }
}

#[test]
fn samples_that_cannot_be_trained_on_are_named_before_training() {
    let dir = tempfile::tempdir().unwrap();
    let config = config(1, 1).with_batch(4).with_subset(None).with_augment(false);
    let good: Arc<dyn Samples> = Arc::new(Broken { value: 0.5, class: 0 });
    for (value, class, message) in [
        (0.5, 12, "sample 11: its class is 12, and there are 10 classes"),
        (f32::NAN, 0, "sample 11: its value 0 is NaN"),
        (f32::INFINITY, 0, "sample 11: its value 0 is inf"),
    ] {
        let bad: Arc<dyn Samples> = Arc::new(Broken { value, class });
        for (train, test) in [(bad.clone(), good.clone()), (good.clone(), bad.clone())] {
            let model = Mine::ternary(1, 32, &Device::flex());
            let trainer = Trainer::on_samples(config.clone(), train, test, 10, dir.path()).with_display(Display::Quiet);
            let error = trainer.fit(model).map(|_| ()).unwrap_err().to_string();
            assert!(error.contains(message), "{error}");
            assert!(!dir.path().join("config.toml").exists(), "a refused run must leave no configuration");
        }
        let model = Mine::ternary(1, 32, &Device::flex());
        let error = evaluate(&model, bad, &Device::flex()).unwrap_err().to_string();
        assert!(error.contains(message), "{error}");
    }
    // The data has more classes than the model tells apart.
    let model = Mine::ternary(1, 32, &Device::flex());
    let trainer = Trainer::on_samples(config, good.clone(), good, 12, dir.path()).with_display(Display::Quiet);
    let error = trainer.fit(model).map(|_| ()).unwrap_err();
    let expected = ConfigError::Logits { found: [1, 10], classes: 12 };
    assert!(matches!(&error, TrainError::Config(error) if *error == expected), "{error}");
}

/// Behind a dense layer, a batch norm over one sample gives the same for every sample.
#[test]
fn a_norm_over_one_sample_is_refused() {
    let one = |least, parts| ConfigError::OneSample { least, parts };
    assert_eq!(refused(|c| c.batch = 1), one(1, 1));
    assert_eq!(refused(|c| (c.batch, c.accumulate) = (4, 4)), one(4, 4));
    assert_eq!(refused(|c| (c.batch, c.accumulate) = (6, 4)), one(5, 4));
    // The last of two steps has one sample.
    assert_eq!(refused(|c| (c.batch, c.subset) = (2, Some(3))), one(1, 1));
    // Over the pixels of an image there are statistics, and without a norm there is nothing to refuse.
    let dir = tempfile::tempdir().unwrap();
    for model in ["cnn:4", "plain-mlp:8"] {
        let config = config(1, 1).with_model(model).with_batch(1).with_subset(6);
        let trainer = Trainer::new(config, &digits(), dir.path().join(model.replace(':', "-")));
        let record = trainer.with_display(Display::Quiet).run().unwrap();
        let noted = record.notes.iter().any(|note| note.contains("as few as 1 samples"));
        assert_eq!(noted, model == "cnn:4", "{:?}", record.notes);
    }
}

#[test]
fn a_plan_for_a_layer_that_is_not_there() {
    let dir = tempfile::tempdir().unwrap();
    let law = Law::new(Noise::Uniform, 0.0, 0.5).unwrap();
    let schedule = QuantiserSchedule::constant(Laws::same(law), Strategy::Mode);
    let plan = AnnealingPlan::new(TimeUnit::Epochs, vec![("hiden.weight", schedule.clone()), ("*", schedule)]).unwrap();
    let trainer = Trainer::new(config(1, 1), &digits(), dir.path()).with_display(Display::Quiet).with_plan(plan);
    let error = trainer.fit(Mine::ternary(1, 32, &Device::flex())).unwrap_err();
    let TrainError::Config(ConfigError::UnknownPath { path, known }) = &error else { panic!("{error}") };
    assert_eq!(path, "hiden.weight");
    assert!(known.contains("hidden.weight.stair") && known.contains("act"), "{known}");
    assert!(!dir.path().join("config.toml").exists(), "a refused run must leave no configuration");
}

#[test]
fn a_diverging_run_names_epoch_and_step() {
    use burn::{module::Module, module::Param, tensor::Tensor};
    use stairs_train::Classifier;

    /// Its logits overflow after the first step of this size.
    #[derive(Module, Debug)]
    struct Explosive {
        weight: Param<Tensor<2>>,
    }

    impl Classifier for Explosive {
        fn logits(&self, x: Tensor<4>) -> Tensor<2> {
            (x.flatten::<2>(1, 3).matmul(self.weight.val()) * 30.0).exp()
        }
    }

    let dir = tempfile::tempdir().unwrap();
    let mut config = config(1, 3);
    config.method = Method::Float;
    config.lr = 1.0;
    let model = Explosive { weight: Param::from_tensor(Tensor::full([64, 10], 1e-3, &Device::flex())) };
    let error = Trainer::new(config, &digits(), dir.path()).with_display(Display::Quiet).fit(model).unwrap_err();
    let TrainError::Diverged { epoch, step, value, .. } = &error else { panic!("{error}") };
    assert_eq!(*epoch, 1);
    assert!((1..=4).contains(step) && !value.is_finite(), "{error}");
    assert!(error.to_string().contains("lower learning rate than 1"), "{error}");
    assert!(!dir.path().join("record.json").exists());
}

/// Not a test of its own: a run that meets a limit on file sizes, when the variable names its directory.
#[test]
fn child() {
    if let Some(dir) = std::env::var_os("STAIRS_TRAIN_FULL_TEST") {
        let error = train(config(1, 2), Path::new(&dir), true).unwrap_err();
        assert!(matches!(error, TrainError::DiskFull { .. }), "{error}");
        println!("refused: {error}");
    }
}

/// Runs [`child`] in a shell that first executes `setup`; its standard output, or `None` if the setup failed.
fn child_after(setup: &str, dir: &Path) -> Option<String> {
    let exe = std::env::current_exe().unwrap();
    let script = format!("{setup} || exit 77; exec \"$0\" child --exact --nocapture --test-threads=1");
    let output = Command::new("sh")
        .args(["-c", &script])
        .arg(exe)
        .env("STAIRS_TRAIN_FULL_TEST", dir)
        .env("DIR", dir)
        .output()
        .ok()?;
    if output.status.code() == Some(77) {
        return None;
    }
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{text}\n{}", String::from_utf8_lossy(&output.stderr));
    Some(text)
}

/// A limit on the size of files stands for a full disk where no small file system can be mounted.
#[cfg(unix)]
#[test]
fn a_full_disk_leaves_the_last_checkpoint() {
    let dir = tempfile::tempdir().unwrap();
    // One epoch without a limit, so that there is a checkpoint to be kept.
    train(config(1, 2), dir.path(), false).unwrap();
    for file in ["record.json", "last.bpk", "last.safetensors", "best.safetensors", "best.bpk"] {
        fs::remove_file(dir.path().join(file)).unwrap();
    }
    fs::remove_dir_all(dir.path().join("checkpoints/checkpoint-2")).unwrap();
    let manifest = dir.path().join("checkpoints/checkpoint-1/manifest.json");
    let before = fs::read(&manifest).unwrap();

    // Blocks of 512 bytes: metrics fit, model files do not. The signal that goes with the limit is ignored.
    match child_after("trap '' XFSZ && ulimit -f 8", dir.path()) {
        None => eprintln!("SKIPPED: the shell cannot limit file sizes; the full disk was not tested"),
        Some(text) => {
            assert!(text.contains("refused: no space to write") && text.contains(".bpk"), "{text}");
            assert_eq!(fs::read(&manifest).unwrap(), before);
            assert!(!dir.path().join("checkpoints/checkpoint-2").exists());
            assert!(!dir.path().join("record.json").exists());
        }
    }
    // With space again the run ends as if nothing had happened.
    let resumed = train(config(1, 2), dir.path(), true).unwrap();
    assert_eq!(resumed.record.epochs.len(), 2);
}

/// A real full disk, where this process may mount a small file system in a name space of its own.
#[cfg(target_os = "linux")]
#[test]
fn a_full_file_system_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let exe = std::env::current_exe().unwrap();
    let script = "mount -t tmpfs -o size=24k none \"$DIR\" || exit 77; exec \"$0\" child --exact --nocapture";
    let output = Command::new("unshare")
        .args(["--user", "--map-root-user", "--mount", "sh", "-c", script])
        .arg(&exe)
        .env("STAIRS_TRAIN_FULL_TEST", dir.path())
        .env("DIR", dir.path())
        .output();
    match output {
        Ok(output) if output.status.success() => {
            let text = String::from_utf8_lossy(&output.stdout);
            assert!(text.contains("refused: no space to write"), "{text}");
        }
        Ok(output) if output.status.code() == Some(101) => {
            panic!("{}", String::from_utf8_lossy(&output.stderr));
        }
        _ => eprintln!("SKIPPED: no small file system can be mounted here; only the limit on file sizes was tested"),
    }
}

#[test]
fn directories_without_a_run() {
    let dir = tempfile::tempdir().unwrap();
    let run = RunDir::new(dir.path());
    assert!(matches!(run.config(), Err(TrainError::NoRun { .. })));
    assert!(matches!(run.record(), Err(TrainError::NoRun { .. })));
    fs::write(dir.path().join("config.toml"), "epochs = \"many\"").unwrap();
    let error = train(config(1, 1), dir.path(), true).unwrap_err();
    assert!(matches!(error, TrainError::Damaged { .. }), "{error}");
}

#[test]
fn remains_of_a_run_are_not_overwritten() {
    let dir = tempfile::tempdir().unwrap();
    train(config(1, 1), dir.path(), false).unwrap();
    fs::remove_file(dir.path().join("config.toml")).unwrap();
    fs::remove_file(dir.path().join("record.json")).unwrap();
    let error = train(config(1, 1), dir.path(), false).unwrap_err();
    assert!(matches!(error, TrainError::Occupied { .. }), "{error}");
    // Resumed, the checkpoint says whose they are.
    let error = train(config(2, 1), dir.path(), true).unwrap_err();
    assert!(matches!(&error, TrainError::OtherRun { field, .. } if field == "seed"), "{error}");
}
