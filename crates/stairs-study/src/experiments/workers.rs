//! Several trials at a time: processes that share the directory of an experiment.
//!
//! A process for every trial at a time, each with its share of the processors, so that no thread waits for another's. Every
//! process looks at all trials and takes those that are neither finished nor being run.
//!
//! Workers end with the process that started them. They read a pipe from it: the line [`STOP`] asks them to stop, and
//! its end, which comes however the parent ends, gives them [`GRACE`] to do so. They may be sent signals of their own, as
//! a terminal does to all of them: being asked twice in different ways is no second request.

use std::{
    collections::VecDeque,
    env,
    io::{self, BufRead, BufReader, Read},
    num::NonZero,
    process::{Child, ChildStdin, Command, ExitStatus, Stdio, exit},
    thread::{self, JoinHandle},
    time::Duration,
};

use stairs_train::StopSignal;

use super::ExperimentError;

/// Exit code of a program that was asked to stop and did: 128 + SIGINT, as shells have it.
pub const STOPPED: u8 = 130;

/// Option of a program that makes it a worker.
pub const WORKER: &str = "--worker";

/// SIGHUP, SIGINT and SIGTERM.
#[cfg(unix)]
const SIGNALS: [i32; 3] = [1, 2, 15];
/// What a worker reads when it is to stop.
const STOP: &str = "stop";
/// Time a worker has to reach its next step when its parent is gone, and a parent to hear of a signal that both were sent.
const GRACE: Duration = Duration::from_millis(1500);
/// Lines of a failed worker that are shown.
const LAST: usize = 5;

/// Runs this program `workers` times at once with its arguments and [`WORKER`], and waits; what workers print goes to standard output. A
/// stop is passed on to them.
///
/// # Errors
/// [`ExperimentError::Worker`] for one that failed; the others are waited for.
pub fn run_workers(workers: u16, stop: &StopSignal) -> Result<(), ExperimentError> {
    let processors = thread::available_parallelism().map_or(1, NonZero::get);
    let threads = (processors / usize::from(workers.max(1))).max(1).to_string();
    let mut workers = (0..workers).map(|_| Worker::start(&threads)).collect::<Result<Vec<_>, _>>()?;
    let (mut failures, mut told) = (Vec::new(), false);
    while !workers.is_empty() {
        if stop.is_requested() && !std::mem::replace(&mut told, true) {
            workers.iter_mut().for_each(Worker::stop);
        }
        let mut running = Vec::with_capacity(workers.len());
        for mut worker in workers {
            match worker.process.try_wait().map_err(|error| failed("cannot wait for it", error))? {
                None => running.push(worker),
                Some(status) => failures.extend(worker.failure(status, stop)),
            }
        }
        workers = running;
        thread::sleep(Duration::from_millis(20));
    }
    match failures.first() {
        None => Ok(()),
        Some(first) => Err(ExperimentError::Worker { problem: first.clone() }),
    }
}

fn failed(what: &str, error: io::Error) -> ExperimentError {
    ExperimentError::Worker { problem: format!(": {what}: {error}") }
}

/// In a worker: stops when the process that started it says so, or has ended.
pub fn follow_parent(stop: StopSignal) {
    thread::spawn(move || {
        let mut told = false;
        for line in io::stdin().lines().map_while(Result::ok) {
            if line == STOP {
                told = true;
                stop.request();
            }
        }
        stop.request();
        // A parent that ends while it waits for a stop was told to end at once.
        if !told {
            thread::sleep(GRACE);
        }
        exit(STOPPED.into());
    });
}

struct Worker {
    process: Child,
    /// Its end is how a worker learns that there is no parent any more.
    stdin: Option<ChildStdin>,
    stdout: JoinHandle<Told>,
    stderr: JoinHandle<Told>,
}

impl Worker {
    fn start(threads: &str) -> Result<Self, ExperimentError> {
        let program = env::current_exe().map_err(|error| failed("cannot find this program", error))?;
        // Without a terminal on standard error a worker prints lines.
        let mut command = Command::new(program);
        command.args(env::args_os().skip(1)).arg(WORKER).env("RAYON_NUM_THREADS", threads);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut process = command.spawn().map_err(|error| failed("cannot start it", error))?;
        let stdin = process.stdin.take();
        let (stdout, stderr) = (process.stdout.take(), process.stderr.take());
        Ok(Self { process, stdin, stdout: listen(stdout, true), stderr: listen(stderr, false) })
    }

    fn stop(&mut self) {
        use std::io::Write;
        if let Some(stdin) = &mut self.stdin {
            // A worker that cannot be told has ended.
            writeln!(stdin, "{STOP}").ok();
        }
    }

    /// What went wrong in a worker that has ended: where, how, and its last words.
    fn failure(self, status: ExitStatus, stop: &StopSignal) -> Option<String> {
        if is_stop(status) && !stop.is_requested() {
            // A signal from a terminal may be here only after a worker has ended by it.
            thread::sleep(GRACE);
        }
        let (said, complained) = (self.stdout.join().unwrap_or_default(), self.stderr.join().unwrap_or_default());
        if status.success() || (stop.is_requested() && is_stop(status)) {
            return None;
        }
        let error = complained.last.iter().find_map(|line| line.strip_prefix("error: "));
        if let (Some(error), Some(_)) = (error, status.code()) {
            return Some(format!(": {error}"));
        }
        let at = said.trial.map_or(String::new(), |trial| format!(" at trial {trial}"));
        let lines: Vec<String> =
            said.last.into_iter().chain(complained.last).map(|line| format!("\n  {line}")).collect();
        let lines = if lines.is_empty() { " it had printed nothing".into() } else { lines.concat() };
        Some(format!("{at} ({status}); its last lines:{lines}"))
    }
}

/// True for a worker that stopped, or that ended by a signal to stop before it listened to signals.
fn is_stop(status: ExitStatus) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::process::ExitStatusExt;
        if status.signal().is_some_and(|signal| SIGNALS.contains(&signal)) {
            return true;
        }
    }
    status.code() == Some(STOPPED.into())
}

/// What a worker has printed.
#[derive(Debug, Default)]
struct Told {
    last: VecDeque<String>,
    /// The trial it is at.
    trial: Option<String>,
}

impl Told {
    fn hear(&mut self, line: String) {
        if let Some((trial, at_it)) = trial(&line) {
            self.trial = at_it.then(|| trial.to_owned());
        }
        if self.last.len() == LAST {
            self.last.pop_front();
        }
        self.last.push_back(line);
    }
}

/// Reads the lines of a worker to their end, and passes them on where wanted.
fn listen(pipe: Option<impl Read + Send + 'static>, pass_on: bool) -> JoinHandle<Told> {
    thread::spawn(move || {
        let mut told = Told::default();
        let lines = pipe.into_iter().flat_map(|pipe| BufReader::new(pipe).split(b'\n').map_while(Result::ok));
        for line in lines {
            let line = String::from_utf8_lossy(&line).trim_end_matches('\r').to_owned();
            if pass_on {
                println!("{line}");
            }
            told.hear(line);
        }
        told
    })
}

/// The trial in a line of [`Lines`](super::Lines), and whether it is being run.
fn trial(line: &str) -> Option<(&str, bool)> {
    let (position, rest) = line.strip_prefix('[')?.split_once("] ")?;
    position.split_once('/')?;
    let end = rest.find([':', ' '])?;
    let (trial, rest) = rest.split_at(end);
    let at_it = [":", " epoch ", " draw ", " note: "].iter().any(|start| rest.starts_with(start));
    Some((trial, at_it))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_trial_is_told_from_the_lines() {
        let mut told = Told::default();
        let at = |told: &mut Told, line: &str| {
            told.hear(line.into());
            told.trial.clone()
        };
        assert_eq!(at(&mut told, "digits: 3 trials"), None);
        assert_eq!(at(&mut told, "[1/3] float-seed1: 2 epochs").unwrap(), "float-seed1");
        assert_eq!(at(&mut told, "[1/3] float-seed1 epoch 1/2: train loss 0.5").unwrap(), "float-seed1");
        assert_eq!(at(&mut told, "a line of another kind").unwrap(), "float-seed1");
        assert_eq!(at(&mut told, "[1/3] float-seed1 trained in 0.3 s, test accuracy 90.00 %"), None);
        assert_eq!(at(&mut told, "[2/3] ste-seed1: 2 epochs").unwrap(), "ste-seed1");
        assert_eq!(told.last.len(), LAST);
    }
}
