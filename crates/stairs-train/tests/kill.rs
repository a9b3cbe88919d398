//! `kill -9` at random moments, with a real process: resumed, the run ends with the bits of the uninterrupted one.
#![cfg(unix)]

mod support;

use std::{
    env,
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use burn::tensor::Device;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use stairs_train::{RunDir, Which};
use support::{Mine, bits, everything, train};

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
    Command::new(env::current_exe().unwrap())
        .args(["child", "--exact", "--test-threads=1"])
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
    let epochs = |run: &RunDir| run.metrics().unwrap().iter().map(|e| (e.epoch, e.test_loss)).collect::<Vec<_>>();
    assert_eq!(epochs(&killed), epochs(&whole), "seed {seed}");
    assert_eq!(killed.record().unwrap().epochs.len(), EPOCHS);
}
