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
use support::{Mine, bits, config, train};

const DIRECTORY: &str = "STAIRS_TRAIN_KILL_TEST";
const EPOCHS: usize = 6;

/// Not a test of its own: the process under test, when the variable names its directory.
#[test]
fn child() {
    if let Some(dir) = env::var_os(DIRECTORY) {
        train(config(3, EPOCHS), Path::new(&dir), true).unwrap();
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

#[test]
fn killed_three_times_and_resumed() {
    let whole = tempfile::tempdir().unwrap();
    let start = Instant::now();
    assert!(spawn(whole.path()).wait().unwrap().success());
    let duration = start.elapsed();

    // Another moment in every run of the test; the seed is printed when it fails.
    let seed: u64 = rand::random();
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let dir = tempfile::tempdir().unwrap();
    let mut kills = 0;
    while kills < 3 {
        let mut child = spawn(dir.path());
        thread::sleep(duration.mul_f64(rng.random_range(0.15..0.6)));
        if child.try_wait().unwrap().is_some() {
            // It was faster than planned: what it left must already be right.
            break;
        }
        child.kill().unwrap();
        child.wait().unwrap();
        kills += 1;
    }
    assert!(spawn(dir.path()).wait().unwrap().success(), "seed {seed}: the resumed run failed");
    assert!(kills > 0, "seed {seed}: the process was never killed");

    let (killed, whole) = (RunDir::new(dir.path()), RunDir::new(whole.path()));
    let weights = |run: &RunDir, which| bits(&run.load(Mine::ternary(0, 32, &Device::flex()), which).unwrap());
    for which in [Which::Last, Which::Best] {
        assert_eq!(weights(&killed, which), weights(&whole, which), "seed {seed}, {kills} kills, {which:?}");
    }
    let epochs = |run: &RunDir| run.metrics().unwrap().iter().map(|e| (e.epoch, e.test_loss)).collect::<Vec<_>>();
    assert_eq!(epochs(&killed), epochs(&whole), "seed {seed}");
    assert_eq!(killed.record().unwrap().epochs.len(), EPOCHS);
}
