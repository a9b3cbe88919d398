//! Ctrl-C, kills and closed outputs: what the command loses (nothing), how it ends, and that its last line goes on.

mod terminal;

use std::{
    fs::{self, File},
    io::{BufRead, BufReader},
    os::unix::process::ExitStatusExt,
    path::Path,
    process::{Child, Command, ExitStatus, Stdio},
    thread,
    time::{Duration, Instant},
};

use burn::tensor::Device;
use stairs::{
    data::{DataRoot, DatasetName, load},
    noise::walk::values,
    train::{RunDir, RunRecord, Which, ZooModel},
};
use stairs_study::report::read_record;
use terminal::{Terminal, until};

use super::program::{failure, last_line, path, stdout};

/// Enough steps to be stopped among them.
const TRAIN: [&str; 13] = [
    "train", "--model", "mlp:16", "--method", "ana", "--epochs", "12", "--batch", "8", "--subset", "400", "--seed", "5",
];
const SOON: Duration = Duration::from_secs(20);

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_stairs"));
    command.args(arguments).env_remove("STAIRS_DATA").env("TERM", "xterm-256color").env("RAYON_NUM_THREADS", "1");
    command
}

fn train(out: &Path, further: &[&str]) -> Command {
    command(&[&TRAIN[..], &["--out", path(out)], further].concat())
}

fn piped(mut command: Command) -> Child {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

fn signal(process: &Child, signal: libc::c_int) {
    let id = i32::try_from(process.id()).unwrap();
    // SAFETY: a signal to a child of ours that has not been waited for.
    assert_eq!(unsafe { libc::kill(id, signal) }, 0);
}

/// How a process ended, within `limit`.
fn ended(process: &mut Child, limit: Duration) -> ExitStatus {
    let start = Instant::now();
    loop {
        if let Some(status) = process.try_wait().unwrap() {
            return status;
        }
        if start.elapsed() > limit {
            process.kill().unwrap();
            panic!("the process did not end within {limit:?}");
        }
        thread::sleep(Duration::from_millis(5));
    }
}

/// What `get` gives when it has stopped changing.
fn settled(get: impl Fn() -> String) -> String {
    loop {
        let before = get();
        thread::sleep(Duration::from_millis(100));
        if get() == before {
            return before;
        }
    }
}

/// Waits until the run in `out`, which has just been started, is within an epoch that is not its first.
fn is_training(out: &Path) {
    let epochs = || fs::read_to_string(out.join("metrics.jsonl")).unwrap_or_default().lines().count();
    let before = epochs();
    until("an epoch", || epochs() > before);
}

/// Runs the command of a last line, as somebody who pastes it into a shell.
fn go_on(line: &str) -> String {
    let (stopped, command) = line.split_once("; go on with: ").unwrap_or_else(|| panic!("no command in `{line}`"));
    assert!(stopped.contains("stopped "), "{line}");
    stdout(&Command::new("sh").args(["-c", command]).env("RAYON_NUM_THREADS", "1").output().unwrap())
}

fn without_times(mut record: RunRecord) -> RunRecord {
    (record.wall_seconds, record.cpu_seconds) = (0.0, None);
    record.epochs.iter_mut().for_each(|epoch| epoch.seconds = 0.0);
    record
}

/// Every value of the last model, latent weights and all.
fn weights(out: &Path) -> Vec<u8> {
    let digits = load(DatasetName::Digits, &DataRoot::default()).unwrap();
    let model = ZooModel::load(&RunDir::new(out), &digits, Which::Last, &Device::flex()).unwrap();
    let all = values(&model.0);
    all.into_iter().flat_map(|(_, values)| values).flat_map(f32::to_le_bytes).collect()
}

fn assert_same(out: &Path, whole: &Path) {
    assert!(weights(out) == weights(whole), "the stopped run has other weights");
    assert_eq!(without_times(read_record(out).unwrap()), without_times(read_record(whole).unwrap()));
}

/// By each signal in a pipe, under the dashboard and under `--plain` in a terminal: the same weights as without a stop.
#[test]
fn a_training_that_is_stopped_loses_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let whole = directory.path().join("whole");
    stdout(&train(&whole, &[]).output().unwrap());

    let out = directory.path().join("it's $HOME; here");
    let mut last = String::new();
    for number in [libc::SIGINT, libc::SIGTERM, libc::SIGHUP] {
        let mut process = piped(train(&out, &["--resume"]));
        is_training(&out);
        signal(&process, number);
        let asked = Instant::now();
        assert_eq!(ended(&mut process, SOON).code(), Some(130), "signal {number}");
        assert!(asked.elapsed() < Duration::from_secs(5), "{:?} for a step of a millisecond", asked.elapsed());
        let output = process.wait_with_output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(last_line(&text).starts_with("stopped at epoch ") && output.stderr.is_empty(), "{text}");
        last = last_line(&text).to_owned();
    }
    assert!(go_on(&last).contains("resumed after epoch "));
    assert_same(&out, &whole);

    let out = directory.path().join("terminal");
    // Ctrl-C in the dashboard, the dashboard's own way to stop, Ctrl-C without a dashboard and with a bar.
    for (keys, further) in [
        ("\x03", &["--dashboard"][..]),
        ("qs", &["--resume", "--dashboard"]),
        ("\x03", &["--resume", "--plain"]),
        ("\x03", &["--resume"]),
    ] {
        let mut terminal = Terminal::start(train(&out, further));
        is_training(&out);
        assert_eq!(terminal.is_cooked(), !further.contains(&"--dashboard"), "the dashboard has the keys");
        terminal.press(keys);
        assert_eq!(terminal.wait(SOON).code(), Some(130), "{}", terminal.shown());
        assert!(terminal.is_cooked(), "the terminal is given back");
        last = terminal.last_line();
    }
    go_on(&last);
    assert_same(&out, &whole);
}

/// A step of this run takes long.
const SLOW: [&str; 9] = ["train", "--model", "lenet", "--epochs", "100", "--batch", "1438", "--method", "ana"];

#[test]
fn a_second_signal_ends_at_once() {
    let directory = tempfile::tempdir().unwrap();
    let slow = |out: &Path| command(&[&SLOW[..], &["--out", path(out)]].concat());
    let out = directory.path().join("pipe");
    let mut process = piped(slow(&out));
    is_training(&out);
    // Two of one kind could arrive as one.
    signal(&process, libc::SIGINT);
    signal(&process, libc::SIGTERM);
    assert_eq!(ended(&mut process, SOON).code(), Some(130));
    let text = String::from_utf8(process.wait_with_output().unwrap().stdout).unwrap();
    assert!(!text.contains("stopped at "), "it took the time to end a step: {text}");

    let out = directory.path().join("dashboard");
    let mut terminal = Terminal::start(command(&[&SLOW[..], &["--dashboard", "--out", path(&out)]].concat()));
    is_training(&out);
    terminal.press("\x03");
    thread::sleep(Duration::from_millis(20));
    terminal.press("\x03");
    assert_eq!(terminal.wait(SOON).code(), Some(130));
    assert!(terminal.is_cooked() && settled(|| terminal.shown()).contains("\x1b[?1049l"), "{}", terminal.shown());
}

#[test]
fn a_signal_that_is_ignored_stays_ignored() {
    let directory = tempfile::tempdir().unwrap();
    let out = directory.path().join("run");
    let script = "trap '' HUP; exec \"$0\" \"$@\"";
    let run = train(&out, &[]);
    let mut shell = Command::new("sh");
    shell.args(["-c", script]).arg(run.get_program()).args(run.get_args());
    let mut process = piped(shell);
    is_training(&out);
    signal(&process, libc::SIGHUP);
    assert_eq!(ended(&mut process, Duration::from_secs(60)).code(), Some(0));
    assert_eq!(read_record(&out).unwrap().epochs.len(), 12);
}

#[test]
fn outputs_that_nobody_reads_do_not_end_a_training() {
    let directory = tempfile::tempdir().unwrap();
    let full = || File::options().write(true).open("/dev/full").unwrap();
    let short =
        |out: &Path| command(&["train", "--model", "mlp:8", "--method", "ste", "--epochs", "2", "--out", path(out)]);

    let out = directory.path().join("head");
    let mut process = piped(short(&out));
    let mut line = String::new();
    BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
    drop(process.stderr.take());
    assert!(line.starts_with("digits: 1,438 + 359 samples"), "{line}");
    assert!(process.wait().unwrap().success());
    assert_eq!(read_record(&out).unwrap().epochs.len(), 2);

    let out = directory.path().join("full");
    assert!(short(&out).stdout(full()).stderr(full()).status().unwrap().success());
    assert_eq!(read_record(&out).unwrap().epochs.len(), 2);

    let out = directory.path().join("closed");
    let run = short(&out);
    let closed = Command::new("sh")
        .args(["-c", "exec \"$0\" \"$@\" >&- 2>&- <&-"])
        .arg(run.get_program())
        .args(run.get_args())
        .status();
    assert!(closed.unwrap().success());
    assert_eq!(read_record(&out).unwrap().epochs.len(), 2);

    // Commands whose lines are what they are for: enough is enough, but a full disk is an error.
    for listing in [&["devices"][..], &["reproduce", "--list"], &["plan"], &["eval", path(&out)]] {
        let command = |listing| {
            let mut command = command(listing);
            command.current_dir(directory.path());
            command
        };
        let mut process = piped(command(listing));
        drop(process.stdout.take());
        assert!(process.wait().unwrap().success(), "{listing:?}");
        let output = command(listing).stdout(full()).stderr(Stdio::piped()).output().unwrap();
        assert!(failure(&output, 1).contains("No space left"), "{listing:?}");
    }
}

const TRIALS: [&str; 6] = ["reproduce", "digits", "--seeds", "1", "--jobs", "2"];

/// The children of a process.
fn children(id: u32) -> Vec<u32> {
    let list = fs::read_to_string(format!("/proc/{id}/task/{id}/children")).unwrap_or_default();
    list.split_whitespace().map(|id| id.parse().unwrap()).collect()
}

/// False for what has ended, though its parent may not have looked yet.
fn is_running(id: u32) -> bool {
    let state = fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
    state.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with(['Z', 'X']))
}

/// Both workers, at their trials.
fn workers(parent: &Child, out: &Path) -> Vec<u32> {
    until("two trials", || {
        let trials = ["float-seed1", "ste-seed1", "ana-seed1"];
        trials.iter().filter(|trial| out.join("digits").join(trial).join("checkpoints").exists()).count() >= 2
    });
    let workers = children(parent.id());
    assert_eq!(workers.len(), 2);
    workers
}

#[cfg(target_os = "linux")]
#[test]
fn several_trials_are_stopped_and_go_on() {
    let (directory, whole) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let trials = |out: &Path| command(&[&TRIALS[..], &["--epochs", "1", "--out", path(out)]].concat());
    // Only the parent is told, as by `kill`.
    let mut process = piped(trials(directory.path()));
    let at_work = workers(&process, directory.path());
    signal(&process, libc::SIGTERM);
    assert_eq!(ended(&mut process, SOON).code(), Some(130));
    assert!(!at_work.iter().any(|id| is_running(*id)), "a worker is left");
    let text = String::from_utf8(process.wait_with_output().unwrap().stdout).unwrap();
    assert!(last_line(&text).contains(" of 3 trials finished; go on with: "), "{text}");

    // All processes are told, as by a terminal.
    let mut terminal = Terminal::start(trials(directory.path()));
    until("a resumed trial", || terminal.shown().contains("-seed1: "));
    terminal.press("\x03");
    assert_eq!(terminal.wait(SOON).code(), Some(130), "{}", terminal.shown());
    go_on(&terminal.last_line());

    stdout(&trials(whole.path()).output().unwrap());
    for trial in ["float-seed1", "ste-seed1", "ana-seed1"] {
        assert_same(&directory.path().join("digits").join(trial), &whole.path().join("digits").join(trial));
    }
}

#[cfg(target_os = "linux")]
#[test]
fn workers_end_with_their_parent_and_a_killed_worker_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let trials = |name: &str| {
        let out = directory.path().join(name);
        (piped(command(&[&TRIALS[..], &["--epochs", "50", "--out", path(&out)]].concat())), out)
    };
    let (mut process, out) = trials("parent");
    let at_work = workers(&process, &out);
    process.kill().unwrap();
    let killed = Instant::now();
    until("the workers' end", || !at_work.iter().any(|id| is_running(*id)));
    assert!(killed.elapsed() < Duration::from_secs(2), "{:?}", killed.elapsed());
    process.wait().unwrap();

    let (mut process, out) = trials("worker");
    let at_work = workers(&process, &out);
    for id in &at_work {
        // SAFETY: a signal to a child of a child of ours.
        unsafe { libc::kill(i32::try_from(*id).unwrap(), libc::SIGKILL) };
    }
    assert_eq!(ended(&mut process, SOON).signal(), None);
    let text = failure(&process.wait_with_output().unwrap(), 1);
    for part in ["a worker failed at trial ", "-seed1", "SIGKILL", "its last lines:", ": 50 epochs"] {
        assert!(text.contains(part), "`{part}` is not in\n{text}");
    }
}
