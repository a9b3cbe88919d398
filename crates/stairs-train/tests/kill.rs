//! `kill -9` at random moments, with a real process: resumed, the run ends with the bits of the uninterrupted one. And what
//! needs a process of its own.
#![cfg(unix)]

mod support;

use std::{
    env,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use burn::{
    module::Module,
    nn::{Dropout, DropoutConfig, Linear, LinearConfig},
    tensor::{Device, Tensor, activation::relu},
};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use stairs_train::{Classifier, Display, Method, Progress, RunDir, StopSignal, TrainError, Trainer, Which, seeded};
use support::{Mine, bits, config, digits, everything, train};

const DIRECTORY: &str = "STAIRS_TRAIN_KILL_TEST";
const EPOCHS: usize = 12;

/// Not a test of its own: the process under test, when the variable names its directory.
#[test]
fn child() {
    if let Some(dir) = env::var_os(DIRECTORY) {
        train(everything(3, EPOCHS), Path::new(&dir), true).unwrap();
    }
}

fn spawn(dir: &Path) -> Child {
    spawn_test("child", dir)
}

fn spawn_test(name: &str, dir: &Path) -> Child {
    Command::new(env::current_exe().unwrap())
        .args([name, "--exact", "--test-threads=1"])
        .env(DIRECTORY, dir)
        .stdout(Stdio::null())
        .spawn()
        .unwrap()
}

/// False if a process ended by itself.
fn kill_three_times(dir: &Path, duration: Duration, rng: &mut ChaCha8Rng) -> bool {
    (0..3).all(|_| {
        let mut child = spawn(dir);
        thread::sleep(duration.mul_f64(rng.random_range(0.1..0.5)));
        let running = child.try_wait().unwrap().is_none();
        child.kill().unwrap();
        child.wait().unwrap();
        running
    })
}

/// 64 – 32 – 10 with dropout, which draws from the device's generator.
#[derive(Module, Debug)]
struct Dropping {
    hidden: Linear,
    dropout: Dropout,
    last: Linear,
}

impl Classifier for Dropping {
    fn logits(&self, x: Tensor<4>) -> Tensor<2> {
        let x = relu(self.hidden.forward(x.flatten::<2>(1, 3)));
        self.last.forward(self.dropout.forward(x))
    }
}

/// Asks for a stop when an epoch has shown this many samples.
struct Asking(StopSignal, usize);

impl Progress for Asking {
    fn samples(&mut self, _epoch: usize, part: &str, done: usize, _total: usize) {
        if part == "train" && done >= self.1 {
            self.0.request();
        }
    }
}

/// Not a test of its own: alone in its process, for the process has one generator.
#[test]
fn dropping_child() {
    let Some(dir) = env::var_os(DIRECTORY).map(PathBuf::from) else { return };
    let device = Device::flex();
    let model = || {
        seeded(1, &device, || Dropping {
            hidden: LinearConfig::new(64, 32).init(&device),
            dropout: DropoutConfig::new(0.5).init(),
            last: LinearConfig::new(32, 10).init(&device),
        })
    };
    let config = config(1, 2).with_method(Method::Float).with_batch(32);
    let trainer = |name: &str| Trainer::new(config.clone(), &digits(), dir.join(name)).with_resume(true);
    let whole = trainer("whole").with_display(Display::Quiet).fit(model()).unwrap();
    for samples in [64, 352] {
        let stop = StopSignal::new();
        let display = Display::Custom(Box::new(Asking(stop.clone(), samples)));
        let stopped = trainer("stopped").with_display(display).with_stop(stop).fit(model());
        assert!(matches!(stopped, Err(TrainError::Stopped { epoch: 1, step: 1..16, .. })), "{:?}", stopped.err());
    }
    let resumed = trainer("stopped").with_display(Display::Quiet).fit(model()).unwrap();
    assert!(bits(&resumed.model) == bits(&whole.model), "other weights");
}

#[test]
fn dropout_goes_on_where_it_was_stopped() {
    let dir = tempfile::tempdir().unwrap();
    assert!(spawn_test("dropping_child", dir.path()).wait().unwrap().success());
}

#[test]
fn killed_three_times_and_resumed() {
    let whole = tempfile::tempdir().unwrap();
    let start = Instant::now();
    assert!(spawn(whole.path()).wait().unwrap().success());
    let mut duration = start.elapsed();

    // Other moments in every run of the test; the seed is printed when it fails.
    let seed: u64 = rand::random();
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let dir = loop {
        let dir = tempfile::tempdir().unwrap();
        if kill_three_times(dir.path(), duration, &mut rng) {
            break dir;
        }
        // The machine got faster and the run ended before the third kill: again, with earlier kills.
        duration /= 2;
        assert!(duration > Duration::from_millis(1), "seed {seed}: the process could not be killed in time");
    };
    assert!(spawn(dir.path()).wait().unwrap().success(), "seed {seed}: the resumed run failed");

    let (killed, whole) = (RunDir::new(dir.path()), RunDir::new(whole.path()));
    let weights = |run: &RunDir, which| bits(&run.load(Mine::ternary(0, 32, &Device::flex()), which).unwrap());
    for which in [Which::Last, Which::Best] {
        assert!(weights(&killed, which) == weights(&whole, which), "seed {seed}: {which:?} differs");
    }
    let epochs = |run: &RunDir| run.metrics().unwrap().iter().map(|e| (e.epoch, e.held_out_loss)).collect::<Vec<_>>();
    assert_eq!(epochs(&killed), epochs(&whole), "seed {seed}");
    assert_eq!(killed.record().unwrap().epochs.len(), EPOCHS);
}
