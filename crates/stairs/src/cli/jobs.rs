//! Several trials at a time: processes that share the directory of an experiment.
//!
//! A process for every trial at a time, each with its share of the processors, so that no thread waits for another's. Every
//! process looks at all trials and takes those that are neither finished nor being run.

use std::{
    env,
    num::NonZero,
    process::{Child, Command, Stdio},
    thread,
};

use anyhow::{Context, bail};

/// Runs this command `jobs` times at once, as workers, and waits for them; what they print goes to standard output.
///
/// # Errors
/// The first message of a worker that failed; the others are waited for.
pub(crate) fn run(jobs: u16) -> anyhow::Result<()> {
    let processors = thread::available_parallelism().map_or(1, NonZero::get);
    let threads = (processors / usize::from(jobs)).max(1).to_string();
    let program = env::current_exe().context("cannot find this program")?;
    let start = |_| -> anyhow::Result<Child> {
        // Without a terminal on standard error a worker prints lines.
        let mut command = Command::new(&program);
        command.args(env::args_os().skip(1)).arg("--worker").env("RAYON_NUM_THREADS", &threads);
        command.stdin(Stdio::null()).stderr(Stdio::piped()).spawn().context("cannot start a worker")
    };
    let workers = (0..jobs).map(start).collect::<anyhow::Result<Vec<Child>>>()?;
    let mut failures = Vec::new();
    for worker in workers {
        let output = worker.wait_with_output().context("cannot wait for a worker")?;
        if !output.status.success() {
            failures.push(String::from_utf8_lossy(&output.stderr).trim().to_owned());
        }
    }
    match failures.first() {
        None => Ok(()),
        Some(first) => bail!("a worker failed: {}", first.trim_start_matches("error: ")),
    }
}
