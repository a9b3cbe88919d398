//! A resumed run ends with the weights of the uninterrupted one, bit for bit.

mod stopping;
mod support;

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
    Display, EpochRecord, RunConfig, RunDir, SampleError, Samples, TrainError, Trainer, Which, ZooModel, data,
};
use stairs_zoo::Model;
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
    let dir = dir.to_path_buf();
    let crashed = std::thread::spawn(move || {
        let (inner, test) = data::parts(&digits());
        let train = Arc::new(Fragile { inner, left: uses.into() });
        let model = Mine::ternary(1, 32, &Device::flex());
        let trainer = Trainer::on_samples(config, train, test, 10, dir);
        trainer.display(Display::Quiet).fit(model).map(|_| ())
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

fn resumed_equals_whole(config: &RunConfig) {
    let whole_dir = tempfile::tempdir().unwrap();
    let whole = train(config.clone(), whole_dir.path(), false).unwrap();
    assert_eq!(whole.record.weights.len(), 1, "one weight is quantised");
    for uses in [700, 1100, 1900] {
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
        Trainer::new(config, &digits(), dir.path()).display(Display::Quiet).run().unwrap();
        match ZooModel::load(&RunDir::new(dir.path()), &digits(), Which::Last, &Device::flex()).unwrap() {
            ZooModel(Model::LeNet(model)) => bits(&model),
            _ => panic!("a LeNet was trained"),
        }
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
