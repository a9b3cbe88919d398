//! A run that is stopped, wherever, and resumed ends with the weights, metrics and record of one that never stopped.

use std::{
    collections::BTreeSet,
    fs,
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use burn::tensor::Device;
use stairs_train::{
    Display, Fitted, RunConfig, RunDir, RunRecord, SampleError, Samples, StopSignal, TrainError, Trainer, Which,
    checkpoint::Manifest, data,
};

use super::support::{Mine, bits, config, digits, everything, train};

/// Samples that ask for a stop once, when they are used for the n-th time. Every hundredth cannot be read.
struct Asking {
    inner: Arc<dyn Samples>,
    left: AtomicUsize,
    stop: StopSignal,
    skipped: Mutex<BTreeSet<usize>>,
}

impl Asking {
    fn new(inner: Arc<dyn Samples>, uses: usize, stop: &StopSignal) -> Arc<Self> {
        Arc::new(Self { inner, left: uses.into(), stop: stop.clone(), skipped: Mutex::default() })
    }

    fn use_one(&self, i: usize) {
        if self.left.fetch_sub(1, Ordering::SeqCst) == 1 {
            self.stop.request();
        }
        if i.is_multiple_of(100) {
            self.skipped.lock().unwrap().insert(i);
        }
    }
}

impl Samples for Asking {
    fn shape(&self) -> [usize; 3] {
        self.inner.shape()
    }

    fn len(&self) -> usize {
        self.inner.len()
    }

    fn copy(&self, i: usize, out: &mut [f32]) -> Result<usize, SampleError> {
        self.use_one(i);
        self.inner.copy(i, out)
    }

    fn copy_augmented(&self, i: usize, seed: u64, epoch: usize, out: &mut [f32]) -> Result<usize, SampleError> {
        self.use_one(i);
        self.inner.copy_augmented(i, seed, epoch, out)
    }

    fn skipped(&self) -> Vec<String> {
        self.skipped.lock().unwrap().iter().map(|i| format!("{i:04}.png: not read")).collect()
    }
}

/// Never asked by the samples.
const NEVER: usize = usize::MAX;

/// A run in `dir`, new or resumed, that is asked to stop at these uses of training and test samples.
fn run(config: &RunConfig, dir: &Path, uses: (usize, usize)) -> Result<Fitted<Mine>, TrainError> {
    let stop = StopSignal::new();
    let (train, test) = data::parts(&digits());
    let samples = (Asking::new(train, uses.0, &stop), Asking::new(test, uses.1, &stop));
    let model = Mine::ternary(config.seed, 32, &Device::flex());
    Trainer::on_samples(config.clone(), samples.0, samples.1, 10, dir)
        // Told, it need not be found out by reading all samples.
        .with_identity(digits().identity())
        .with_devices(vec![Device::flex(); config.devices])
        .with_display(Display::Quiet)
        .with_resume(true)
        .with_stop(stop)
        .fit(model)
}

fn without_times(record: &RunRecord) -> RunRecord {
    // Of all processes that were at the run, or it would be absent.
    assert!(!cfg!(target_os = "linux") || record.cpu_seconds.is_some_and(|seconds| seconds >= 0.0));
    let mut record = RunRecord { wall_seconds: 0.0, cpu_seconds: None, ..record.clone() };
    for epoch in &mut record.epochs {
        epoch.seconds = 0.0;
        if record.config.devices > 1 {
            // Losses are added in the order in which the devices end, which has no rule.
            epoch.train_loss = (epoch.train_loss * 1e9).round();
        }
    }
    record
}

/// Epoch, step and steps of the moment it stopped.
fn moment(stopped: Result<Fitted<Mine>, TrainError>) -> (usize, usize, usize) {
    match stopped {
        Err(TrainError::Stopped { epoch, step, steps, .. }) => (epoch, step, steps),
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("the run was not stopped"),
    }
}

fn manifest(checkpoint: &Path) -> Manifest {
    serde_json::from_slice(&fs::read(checkpoint.join("manifest.json")).unwrap()).unwrap()
}

fn assert_same(dir: &Path, whole: &Path, what: &str) {
    let (run, whole) = (RunDir::new(dir), RunDir::new(whole));
    for which in [Which::Last, Which::Best] {
        let weights = |run: &RunDir| bits(&run.load(Mine::ternary(99, 32, &Device::flex()), which).unwrap());
        assert!(weights(&run) == weights(&whole), "{what}: {which:?} differs");
    }
    assert_eq!(without_times(&run.record().unwrap()), without_times(&whole.record().unwrap()), "{what}");
    assert_eq!(run.metrics().unwrap().len(), whole.metrics().unwrap().len());
}

/// Stopped again and again until it is done, each time some steps further.
#[test]
fn a_run_stopped_inside_epochs_ends_as_if_it_had_not() {
    let small = |config: RunConfig| config.with_batch(32);
    let cases = [
        ("annealed", small(config(1, 2))),
        ("every choice", small(everything(2, 2))),
        ("two devices", small(config(3, 2)).with_devices(2)),
    ];
    for (what, config) in cases {
        let (whole, dir) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        run(&config, whole.path(), (NEVER, NEVER)).unwrap();
        let mut moments = Vec::new();
        for _ in 0..8 {
            match run(&config, dir.path(), (300, NEVER)) {
                Ok(_) => break,
                stopped => moments.push(moment(stopped)),
            }
        }
        assert!(moments.iter().any(|(_, step, steps)| *step > 0 && step < steps), "{what}: {moments:?}");
        assert!(moments.is_sorted(), "{what}: {moments:?}");
        assert!(RunDir::new(dir.path()).record().unwrap().skipped.train.count > 1);
        assert_same(dir.path(), whole.path(), what);
    }
}

/// The steps of the epoch are done, its test is not: only that is repeated.
#[test]
fn a_run_stopped_in_a_test_repeats_it() {
    let config = config(4, 2);
    let (whole, dir) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    run(&config, whole.path(), (NEVER, NEVER)).unwrap();
    for (uses, epoch) in [(1, 1), (359 + 1, 2)] {
        assert_eq!(moment(run(&config, dir.path(), (NEVER, uses))), (epoch, 4, 4));
        let checkpoint = dir.path().join(format!("checkpoints/checkpoint-{}+4", epoch - 1));
        let partial = manifest(&checkpoint).partial.unwrap();
        assert_eq!((partial.steps, partial.sums.samples), (4, 512));
        // Stopped again before anything is done, it loses nothing.
        assert_eq!(moment(run(&config, dir.path(), (NEVER, 1))), (epoch, 4, 4));
    }
    assert_eq!(RunDir::new(dir.path()).metrics().unwrap().len(), 1);
    run(&config, dir.path(), (NEVER, NEVER)).unwrap();
    assert_same(dir.path(), whole.path(), "stopped in tests");
}

#[test]
fn a_run_that_is_stopped_before_it_begins_leaves_nothing_to_go_on_from() {
    let dir = tempfile::tempdir().unwrap();
    let stop = StopSignal::new();
    stop.request();
    let model = Mine::ternary(1, 32, &Device::flex());
    let trainer = Trainer::new(config(1, 2), &digits(), dir.path()).with_display(Display::Quiet).with_stop(stop);
    assert_eq!(moment(trainer.fit(model)), (1, 0, 4));
    assert_eq!(fs::read_dir(dir.path().join("checkpoints")).unwrap().count(), 0);
    assert_eq!(train(config(1, 2), dir.path(), true).unwrap().record.epochs.len(), 2);
}

/// The one before it is whole, and the run goes on from there.
#[test]
fn a_damaged_checkpoint_inside_an_epoch_is_passed_over() {
    let config = config(5, 2).with_batch(32);
    let (whole, dir) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    run(&config, whole.path(), (NEVER, NEVER)).unwrap();
    let (epoch, step, _) = moment(run(&config, dir.path(), (512 + 300, NEVER)));
    let checkpoint = dir.path().join(format!("checkpoints/checkpoint-{}+{step}", epoch - 1));
    let path = checkpoint.join("manifest.json");
    let text = fs::read_to_string(&path).unwrap();
    let steps = format!("\"steps\": {step}");
    assert!(epoch == 2 && text.contains(&steps), "{text}");
    fs::write(&path, text.replace(&steps, "\"steps\": 1000")).unwrap();
    run(&config, dir.path(), (NEVER, NEVER)).unwrap();
    assert_same(dir.path(), whole.path(), "damaged");
}
