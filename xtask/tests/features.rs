//! What the main job builds below Burn, the tests link as it is: same versions, same features.

use std::{collections::BTreeSet, path::Path, process::Command};

/// Crates that may differ: they are built twice, and quickly. Burn's facade and its trainer differ by the dashboard, ours by what
/// `first` leaves out.
const TWICE: [&str; 8] =
    ["burn", "burn-train", "stairs", "stairs-capacity", "stairs-data", "stairs-study", "stairs-train", "time"];

#[test]
fn features_of_the_main_job_are_those_of_the_tests() {
    let first = crates(&["-p", "first", "-e", "normal,build"]);
    let all = crates(&["--workspace", "-e", "normal,build,dev"]);
    assert!(first.len() > 150 && all.len() > first.len(), "{} and {}", first.len(), all.len());
    let named = |line: &str| line.split(' ').next().unwrap_or_default().to_owned();
    let differ: Vec<_> = first.difference(&all).filter(|line| !TWICE.contains(&named(line).as_str())).collect();
    for line in &differ {
        let wanted: Vec<_> = all.iter().filter(|other| named(other) == named(line)).collect();
        println!("first/Cargo.toml has {line}, the tests have {wanted:?}");
    }
    assert!(differ.is_empty(), "the tests would build Burn again: mend the features in first/Cargo.toml");
}

/// `name version [features]` of every crate that is built.
fn crates(of: &[&str]) -> BTreeSet<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.args(["tree", "--offline", "--locked", "--prefix", "none", "-f", "{p} [{f}]"]).args(of).current_dir(root);
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().lines().map(|line| line.trim_end_matches(" (*)").to_owned()).collect()
}
