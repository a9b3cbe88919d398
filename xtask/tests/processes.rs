//! What becomes of the programs a task runs: signals, exit codes and ends are passed on. A script stands in for cargo.
#![cfg(target_os = "linux")]

use std::{
    fs,
    os::unix::{fs::PermissionsExt, process::ExitStatusExt},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

/// A cargo that leaves its process number in a file and then does what `then` says.
fn cargo(directory: &Path, then: &str) -> PathBuf {
    let script = directory.join("cargo");
    let number = directory.join("number");
    let text = format!("#!/bin/sh\necho $$ \"$@\" > '{0}.part' && mv '{0}.part' '{0}'\n{then}\n", number.display());
    fs::write(&script, text).unwrap();
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).unwrap();
    script
}

fn task(arguments: &[&str], directory: &Path, then: &str) -> Child {
    Command::new(env!("CARGO_BIN_EXE_xtask"))
        .args(arguments)
        .env("CARGO", cargo(directory, then))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// Process number and arguments of the cargo that was run.
fn ran(directory: &Path) -> (u32, String) {
    let start = Instant::now();
    loop {
        if let Ok(text) = fs::read_to_string(directory.join("number")) {
            let (number, arguments) = text.trim().split_once(' ').unwrap();
            return (number.parse().unwrap(), arguments.to_owned());
        }
        assert!(start.elapsed() < Duration::from_secs(20), "cargo was not run");
        thread::sleep(Duration::from_millis(5));
    }
}

fn is_running(number: u32) -> bool {
    let state = fs::read_to_string(format!("/proc/{number}/stat")).unwrap_or_default();
    state.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with(['Z', 'X']))
}

#[test]
fn an_experiment_is_the_process_itself() {
    let directory = tempfile::tempdir().unwrap();
    let mut task = task(&["reproduce", "digits", "--jobs", "2"], directory.path(), "exit 130");
    let (number, arguments) = ran(directory.path());
    assert_eq!(number, task.id(), "there is no process in between");
    assert!(arguments.contains("--bin stairs -- reproduce digits --jobs 2 --out "), "{arguments}");
    assert_eq!(task.wait().unwrap().code(), Some(130));
}

#[test]
fn what_a_task_runs_ends_with_it() {
    let directory = tempfile::tempdir().unwrap();
    let mut task = task(&["test"], directory.path(), "exec sleep 60");
    let (number, _) = ran(directory.path());
    assert!(number != task.id() && is_running(number));
    task.kill().unwrap();
    let killed = Instant::now();
    assert_eq!(task.wait().unwrap().signal(), Some(9));
    while is_running(number) {
        assert!(killed.elapsed() < Duration::from_secs(2), "cargo goes on without the task");
        thread::sleep(Duration::from_millis(5));
    }
}

/// A pipe that nobody reads does not make a task fail.
#[test]
fn a_task_can_be_piped_into_head() {
    let directory = tempfile::tempdir().unwrap();
    let mut task = Command::new(env!("CARGO_BIN_EXE_xtask"))
        .args(["check", "--skip", "format,spelling,licences,advisories,unused,packages,features,clippy,docs,tests"])
        .current_dir(directory.path())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    drop(task.stdout.take());
    assert!(task.wait().unwrap().success());
}
