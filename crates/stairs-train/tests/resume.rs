//! A resumed run ends with the weights of the uninterrupted one, bit for bit.

mod stopping;
mod support;
mod task;

use std::{
    fs,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use burn::tensor::Device;
use stairs_train::{
    Display, EpochRecord, Extension, Method, RunConfig, RunDir, SampleError, Samples, TrainError, Trainer, Which,
    ZooModel, data,
};
use support::{Mine, bits, config, digits, everything, train};

/// Samples that fail, once, after some uses: stands for a crash in the middle of an epoch.
struct Fragile {
    inner: Arc<dyn Samples>,
    left: AtomicUsize,
}

impl Samples for Fragile {
    fn shape(&self) -> [usize; 3] {
        self.inner.shape()
    }

    fn len(&self) -> usize {
        self.inner.len()
    }

    fn copy(&self, i: usize, out: &mut [f32]) -> Result<usize, SampleError> {
        self.inner.copy(i, out)
    }

    fn copy_augmented(&self, i: usize, seed: u64, epoch: usize, out: &mut [f32]) -> Result<usize, SampleError> {
        assert_ne!(self.left.fetch_sub(1, Ordering::SeqCst), 0, "the power went out");
        self.inner.copy_augmented(i, seed, epoch, out)
    }
}

/// A run of `config` that crashes after `uses` augmented samples (512 an epoch).
fn crash(config: RunConfig, dir: &Path, uses: usize) {
    crash_of(config, dir, uses, Mine::ternary(1, 32, &Device::flex()));
}

/// The same of any model.
fn crash_of(config: RunConfig, dir: &Path, uses: usize, model: Mine) {
    let dir = dir.to_path_buf();
    let crashed = std::thread::spawn(move || {
        let (inner, test) = data::parts(&digits());
        let train = Arc::new(Fragile { inner, left: uses.into() });
        let trainer = Trainer::on_samples(config, train, test, 10, dir);
        trainer.with_display(Display::Quiet).fit(model).map(|_| ())
    });
    assert!(crashed.join().is_err(), "the run should have crashed");
}

fn without_times(mut epochs: Vec<EpochRecord>) -> Vec<EpochRecord> {
    epochs.iter_mut().for_each(|epoch| epoch.seconds = 0.0);
    epochs
}

#[test]
fn resumed_equals_uninterrupted() {
    resumed_equals_whole(&config(1, 4));
}

/// Momentum, warm-up, milestones, clipping, accumulation and the average go on where they were.
#[test]
fn resumed_equals_uninterrupted_with_everything_on() {
    resumed_equals_whole(&everything(1, 4));
}

/// What weights did before the crash is in the checkpoint, and decides what is frozen later; that the record of it is whole is
/// tested beside the algorithm.
#[test]
fn resumed_equals_uninterrupted_where_weights_are_frozen() {
    resumed_equals_whole_at(&everything(1, 4).with_method(Method::Freezing), &[1900]);
}

/// The pull of the dampening is a function of weight and step.
#[test]
fn resumed_equals_uninterrupted_where_weights_are_dampened() {
    resumed_equals_whole_at(&everything(1, 4).with_method(Method::Dampening), &[1100]);
}

fn resumed_equals_whole(config: &RunConfig) {
    resumed_equals_whole_at(config, &[700, 1100, 1900]);
}

/// The same after crashes at these numbers of samples.
fn resumed_equals_whole_at(config: &RunConfig, crashes: &[usize]) {
    let whole_dir = tempfile::tempdir().unwrap();
    let whole = train(config.clone(), whole_dir.path(), false).unwrap();
    assert_eq!(whole.record.weights.len(), 1, "one weight is quantised");
    for &uses in crashes {
        let dir = tempfile::tempdir().unwrap();
        crash(config.clone(), dir.path(), uses);
        let run = RunDir::new(dir.path());
        let before = run.metrics().unwrap().len();
        assert!((1..4).contains(&before), "{before} epochs before the crash");
        let resumed = train(config.clone(), dir.path(), true).unwrap();
        assert!(bits(&resumed.model) == bits(&whole.model), "crash after {uses} samples: other weights");
        let expected = without_times(whole.record.epochs.clone());
        assert_eq!(without_times(resumed.record.epochs.clone()), expected);
        assert_eq!(without_times(run.metrics().unwrap()), expected);
        assert_eq!(resumed.record.weights, whole.record.weights);
        for file in ["last.bpk", "best.bpk"] {
            let weights = |dir: &Path| {
                let which = if file == "last.bpk" { Which::Last } else { Which::Best };
                bits(&RunDir::new(dir).load(Mine::ternary(99, 32, &Device::flex()), which).unwrap())
            };
            assert!(weights(dir.path()) == weights(whole_dir.path()), "crash after {uses} samples: {file} differs");
        }
    }
}

#[test]
fn value_stability_of_a_run() {
    let dirs = [(); 3].map(|()| tempfile::tempdir().unwrap());
    let run = |seed, dir: &tempfile::TempDir| train(config(seed, 2), dir.path(), false).unwrap();
    let (first, second, other) = (run(1, &dirs[0]), run(1, &dirs[1]), run(2, &dirs[2]));
    assert!(bits(&first.model) == bits(&second.model), "the same seed gives other weights");
    assert_eq!(without_times(first.record.epochs), without_times(second.record.epochs));
    assert!(bits(&first.model) != bits(&other.model), "another seed gives the same weights");
}

/// Convolutions and their gradients are summed by several threads.
#[test]
fn value_stability_of_a_convolutional_run() {
    let run = || {
        let dir = tempfile::tempdir().unwrap();
        let mut config = config(1, 2);
        (config.model, config.subset) = ("lenet".into(), Some(256));
        Trainer::new(config, &digits(), dir.path()).with_display(Display::Quiet).run().unwrap();
        bits(&ZooModel::load(&RunDir::new(dir.path()), &digits(), Which::Last, &Device::flex()).unwrap().0)
    };
    assert!(run() == run(), "the same seed gives other weights");
}

#[test]
fn a_finished_run_is_returned_as_it_is() {
    let dir = tempfile::tempdir().unwrap();
    let first = train(config(1, 1), dir.path(), false).unwrap();
    let again = train(config(1, 1), dir.path(), true).unwrap();
    assert_eq!(first.record, again.record);
    assert!(bits(&first.model) == bits(&again.model), "other weights");
    assert!(matches!(train(config(1, 1), dir.path(), false), Err(TrainError::Occupied { .. })));
}

/// The process died after the last checkpoint but before the final files were written.
#[test]
fn a_run_killed_at_the_very_end_is_completed() {
    let dir = tempfile::tempdir().unwrap();
    let first = train(config(1, 2), dir.path(), false).unwrap();
    for file in ["record.json", "last.bpk", "last.safetensors", "best.safetensors"] {
        fs::remove_file(dir.path().join(file)).unwrap();
    }
    let again = train(config(1, 2), dir.path(), true).unwrap();
    assert!(bits(&first.model) == bits(&again.model), "other weights");
    assert_eq!(first.record, again.record);
    assert!(dir.path().join("best.safetensors").exists());
}

/// Burn keeps such a weight turned in its records, which concerns the best model, every checkpoint and what is loaded.
#[test]
fn layers_in_column_layout_train_resume_and_load() {
    let (whole, broken) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let config = everything(1, 3);
    let model = || Mine::by_column(1, 32, &Device::flex());
    let fit = |dir: &Path, resume| {
        let trainer = Trainer::new(config.clone(), &digits(), dir).with_display(Display::Quiet);
        trainer.with_resume(resume).fit(model()).unwrap()
    };
    let fitted = fit(whole.path(), false);
    crash_of(config.clone(), broken.path(), 2 * 512 + 100, model());
    assert!(bits(&fit(broken.path(), true).model) == bits(&fitted.model), "the resumed run ends elsewhere");
    let run = RunDir::new(whole.path());
    let used = model();
    bits(&used);
    for model in [model(), used] {
        assert!(bits(&run.load(model.clone(), Which::Last).unwrap()) == bits(&fitted.model), "another model is loaded");
        run.load(model, Which::Best).unwrap();
    }
}

/// Everything but times is a function of configuration, data and machine, down to the bytes of the files.
#[test]
fn equal_runs_leave_equal_bytes() {
    let files = |config: RunConfig| {
        let dir = tempfile::tempdir().unwrap();
        train(config, dir.path(), false).unwrap();
        let names = ["last.bpk", "best.bpk", "last.safetensors", "best.safetensors", "config.toml", "data.json"];
        let mut record = RunDir::new(dir.path()).record().unwrap();
        (record.wall_seconds, record.cpu_seconds) = (0.0, None);
        record.epochs = without_times(record.epochs);
        (names.map(|name| fs::read(dir.path().join(name)).unwrap()), serde_json::to_string(&record).unwrap())
    };
    assert!(files(everything(1, 2)) == files(everything(1, 2)), "equal runs, other files");
}

/// Epochs are added to a finished run: the noise keeps its plan, the rate is that of the longer run.
#[test]
fn epochs_are_added() {
    let dir = tempfile::tempdir().unwrap();
    let short = train(config(1, 3), dir.path(), false).unwrap().record;
    let long = |extend: bool| {
        let model = Mine::ternary(1, 32, &Device::flex());
        let trainer = Trainer::new(config(1, 5), &digits(), dir.path()).with_display(Display::Quiet);
        trainer.with_resume(true).with_extend(extend).fit(model)
    };
    let error = long(false).unwrap_err();
    assert!(matches!(&error, TrainError::OtherRun { field, .. } if field == "epochs"), "{error}");
    let record = long(true).unwrap().record;
    assert_eq!(record.extended, [Extension { epoch: 3, from: 3, to: 5 }]);
    assert_eq!(without_times(record.epochs[..3].to_vec()), without_times(short.epochs.clone()));
    assert!(record.epochs[3..].iter().all(|epoch| epoch.laws.iter().all(|law| law.scale == 0.0)), "soft again");
    let planned = tempfile::tempdir().unwrap();
    let planned = train(config(1, 5), planned.path(), false).unwrap().record;
    for epoch in 3..5 {
        assert_eq!(record.epochs[epoch].learning_rate, planned.epochs[epoch].learning_rate);
    }
    assert!(record.epochs.iter().all(|epoch| epoch.held_out_loss.is_finite()));

    // It is a run like any other: finished, resumed as it is, never shortened.
    assert_eq!(long(false).unwrap().record, record);
    assert_eq!(RunDir::new(dir.path()).config().unwrap().epochs, 5);
    assert!(matches!(train(config(1, 4), dir.path(), true), Err(TrainError::OtherRun { .. })));
    // Without a checkpoint nothing can be added, and nothing is lost.
    fs::remove_dir_all(dir.path().join("checkpoints")).unwrap();
    let longer = Trainer::new(config(1, 6), &digits(), dir.path())
        .with_display(Display::Quiet)
        .with_resume(true)
        .with_extend(true);
    let error = longer.fit(Mine::ternary(1, 32, &Device::flex())).unwrap_err();
    assert!(matches!(error, TrainError::NoCheckpoint { .. }), "{error}");
    assert_eq!(long(true).unwrap().record, record);
}

/// An interrupted extension ends as an uninterrupted one.
#[test]
fn an_extension_is_resumed() {
    let dirs = [(); 2].map(|()| tempfile::tempdir().unwrap());
    for dir in &dirs {
        train(config(1, 2), dir.path(), false).unwrap();
    }
    let long = |dir: &Path| {
        let model = Mine::ternary(1, 32, &Device::flex());
        let trainer = Trainer::new(config(1, 4), &digits(), dir).with_display(Display::Quiet);
        trainer.with_resume(true).with_extend(true).fit(model).unwrap()
    };
    let whole = long(dirs[0].path());
    // What a kill in the last epoch leaves.
    long(dirs[1].path());
    for name in ["record.json", "last.bpk", "last.safetensors", "best.safetensors"] {
        fs::remove_file(dirs[1].path().join(name)).unwrap();
    }
    fs::remove_dir_all(dirs[1].path().join("checkpoints/checkpoint-4")).unwrap();
    let resumed = long(dirs[1].path());
    assert!(bits(&resumed.model) == bits(&whole.model), "other weights");
    assert_eq!(resumed.record.extended, whole.record.extended);
}

/// Other data is refused with what differs; an evaluation takes other samples, and says so.
#[test]
fn a_run_knows_its_data() {
    let dir = tempfile::tempdir().unwrap();
    train(config(1, 1), dir.path(), false).unwrap();
    let run = RunDir::new(dir.path());
    let resume = |data: &stairs_data::Dataset| {
        let model = Mine::ternary(1, 32, &Device::flex());
        let trainer = Trainer::new(config(1, 1), data, dir.path()).with_display(Display::Quiet);
        trainer.with_resume(true).fit(model).map(|_| ())
    };
    resume(&digits()).unwrap();
    let names = (0..10).map(|class| if class == 3 { "three".to_owned() } else { class.to_string() });
    let renamed = digits().with_class_names(names).unwrap();
    let fewer = {
        let mut data = digits();
        data.test = data.test.select(&[1, 2, 3]);
        data
    };
    for (data, expected) in [(&renamed, "class 3 was `3` and is now `three`"), (&fewer, "test part")] {
        let error = resume(data).unwrap_err();
        assert!(matches!(error, TrainError::OtherData { .. }) && error.to_string().contains(expected), "{error}");
    }
    assert!(matches!(run.compare(&renamed.identity()), Err(TrainError::OtherData { .. })));
    assert!(run.compare(&fewer.identity()).unwrap().is_some_and(|note| note.contains("test part")));
    assert_eq!(run.compare(&digits().identity()).unwrap(), None);
}
