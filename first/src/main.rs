//! The main job: the experiment `digits`, with the directory of its results as the only argument.
//!
//! It is `stairs reproduce` without the command around it, so that a first result needs neither a command line nor what only other
//! commands use. The trials, the table and the page are the same, and either program goes on where the other was stopped.
//!
//! Trials run beside each other, one a processor, in processes of this program: a LeNet on images of 8×8 pixels keeps one processor
//! busy, and two of them hardly better.

use std::{
    env,
    error::Error,
    num::NonZero,
    path::{Path, PathBuf},
    process::ExitCode,
    thread,
};

use stairs::{
    data::DataRoot,
    train::{StopSignal, output},
};
use stairs_study::experiments::{
    Definition, ExperimentError, Lines, Runner, STOPPED, Shard, WORKER, follow_parent, run_workers,
};

fn main() -> ExitCode {
    stairs::allocator::keep_memory();
    let mut arguments = env::args_os().skip(1);
    let out = arguments.next().map_or_else(|| PathBuf::from("target/reproduce"), PathBuf::from);
    let is_worker = arguments.next().is_some_and(|word| word == WORKER);
    match run(&out, is_worker) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => match error.downcast_ref() {
            Some(ExperimentError::Stopped { at, finished, trials }) => {
                let go_on = "go on with: cargo xtask reproduce";
                output::answer(format_args!("stopped {at}, with {finished} of {trials} trials finished; {go_on}"));
                ExitCode::from(STOPPED)
            }
            _ => {
                output::fail(format_args!("error: {error}"));
                ExitCode::FAILURE
            }
        },
    }
}

fn run(out: &Path, is_worker: bool) -> Result<(), Box<dyn Error>> {
    let defined = Definition::new("digits").complete()?;
    let (folder, page) = (out.join(defined.experiment.name), out.join("index.html"));
    defined.keep(&folder)?;
    let runner = Runner {
        folder,
        data: DataRoot::default(),
        device: defined.device.open()?,
        shard: Shard::ALL,
        scale: defined.scale,
        report: (!is_worker).then(|| page.clone()),
        results: None,
        commands: ["cargo xtask reproduce", "stairs reproduce"].map(|c| format!("{c}{}", defined.command())).into(),
    };
    let (experiment, stop) = (&defined.experiment, on_signals()?);
    if is_worker {
        follow_parent(stop.clone());
        runner.run_until(experiment, &mut Lines::new(), &stop)?;
        return Ok(());
    }
    let trials = experiment.trials(defined.scale).len();
    let workers = thread::available_parallelism().map_or(1, NonZero::get).min(trials);
    run_workers(u16::try_from(workers).unwrap_or(1), &stop)?;
    if stop.is_requested() {
        // It says what is finished.
        runner.run_until(experiment, &mut Lines::new(), &stop)?;
    }
    let results = runner.report(experiment)?;
    output::answer(format_args!("\n{}\nreport {}", experiment.page.text(&results), page.display()));
    Ok(())
}

/// A request that the first Ctrl-C makes; the second ends the process.
fn on_signals() -> Result<StopSignal, ctrlc::Error> {
    let stop = StopSignal::new();
    let (request, mut asked) = (stop.clone(), false);
    ctrlc::set_handler(move || {
        if std::mem::replace(&mut asked, true) {
            std::process::exit(STOPPED.into());
        }
        request.request();
    })?;
    Ok(stop)
}
