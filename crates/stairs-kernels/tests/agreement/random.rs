//! Random layers against Burn's own: every function of the crate, forward and backward, on shapes, settings and memory
//! layouts of all kinds, with the memory of results poisoned (debug assertions do that).
//!
//! A layer either gives what Burn gives, or panics where Burn panics. `STAIRS_KERNELS_SHAPES=5000` sets the number of
//! shapes; with `STAIRS_KERNELS_EMULATE=1` they go to the kernels for the widest registers.

#[cfg(debug_assertions)]
use std::process::Command;
use std::time::Instant;

use crate::{
    dice::Dice,
    layers::{Named, Trial, convolution, max_pool, mean_pool, norm, threshold},
};

/// Shapes where nobody asks for a number.
const FEW: usize = 400;

#[test]
fn shapes() {
    let wanted = std::env::var("STAIRS_KERNELS_SHAPES").ok().map(|n| n.parse().expect("a number of shapes"));
    if wanted.is_some() {
        std::panic::set_hook(Box::new(|_| {})); // Thousands are expected.
    }
    let (count, start) = (wanted.unwrap_or(FEW), Instant::now());
    let (mut refused, mut differences) = (0, Vec::new());
    for seed in 0..count as u64 {
        let (what, ours, theirs) = trial(seed);
        match (ours, theirs) {
            (None, None) => refused += 1,
            (Some(ours), Some(theirs)) => {
                differences.extend(difference(&ours, &theirs).map(|d| format!("{what}: {d}")))
            }
            (None, Some(_)) => differences.push(format!("{what}: panics, Burn does not")),
            (Some(_), None) => differences.push(format!("{what}: no panic, Burn panics")),
        }
    }
    println!(
        "{count} shapes, {refused} of them refused as by Burn, {} differences, {:.0} s",
        differences.len(),
        start.elapsed().as_secs_f64()
    );
    for difference in differences.iter().take(20) {
        println!("{difference}");
    }
    assert!(differences.is_empty());
}

/// The same on the kernels for registers of 16 lanes, which few processors have: in a process of its own.
#[test]
#[cfg(debug_assertions)]
fn shapes_on_wide_registers() {
    if std::env::var_os("STAIRS_KERNELS_EMULATE").is_some() {
        return;
    }
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "random::shapes", "convolution::ordinary", "convolution::lines_of_whole_runs"]);
    let output = command.env("STAIRS_KERNELS_EMULATE", "1").output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && text.contains("3 passed"), "{text}");
}

/// The same on what lesser processors have: in processes of their own.
#[test]
#[cfg(debug_assertions)]
fn shapes_on_lesser_processors() {
    if std::env::var_os("STAIRS_KERNELS_LEVEL").is_some() || std::env::var_os("STAIRS_KERNELS_EMULATE").is_some() {
        return;
    }
    for level in ["base", "avx2"] {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "random::shapes", "convolution::ordinary", "convolution::lines_of_whole_runs"]);
        let output = command.env("STAIRS_KERNELS_LEVEL", level).output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && text.contains("3 passed"), "{level}: {text}");
    }
}

fn trial(seed: u64) -> Trial {
    let mut dice = Dice::new(seed);
    match dice.below(16) {
        0..6 => convolution(&mut dice, seed),
        6..11 => max_pool(&mut dice, seed),
        11 | 12 => mean_pool(&mut dice, seed),
        13 | 14 => norm(&mut dice, seed),
        _ => threshold(&mut dice, seed),
    }
}

/// The first difference beyond the order of sums.
fn difference(ours: &[Named], theirs: &[Named]) -> Option<String> {
    for ((what, dims, ours), (_, expected, theirs)) in ours.iter().zip(theirs) {
        if dims != expected {
            return Some(format!("{what} {dims:?} instead of {expected:?}"));
        }
        let size = theirs.iter().filter(|v| v.is_finite()).fold(1.0_f32, |m, v| m.max(v.abs()));
        for (i, (a, b)) in ours.iter().zip(theirs).enumerate() {
            let same = a == b || a.is_nan() && b.is_nan() || (a - b).abs() <= 2e-5 * size;
            if !same {
                return Some(format!("{what}[{i}] of {dims:?}: {a} instead of {b}"));
            }
        }
    }
    None
}
