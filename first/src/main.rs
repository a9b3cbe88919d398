//! The main job: the experiment `digits`, with the directory of its results as the only argument.
//!
//! It is `stairs reproduce` without the command around it, so that a first result needs neither a command line nor what only other
//! commands use. The trials, the table and the page are the same, and either program goes on where the other was stopped.

use std::{
    env,
    error::Error,
    io::IsTerminal,
    path::{Path, PathBuf},
    process::ExitCode,
};

use stairs::{
    data::DataRoot,
    train::{StopSignal, output},
};
use stairs_study::experiments::{Definition, ExperimentError, Lines, Runner, Shard, Terminal, Watch};

/// Exit code of a stopped command: 128 + SIGINT, as shells have it.
const STOPPED: u8 = 130;

fn main() -> ExitCode {
    stairs::allocator::keep_memory();
    let out = env::args_os().nth(1).map_or_else(|| PathBuf::from("target/reproduce"), PathBuf::from);
    match run(&out) {
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

fn run(out: &Path) -> Result<(), Box<dyn Error>> {
    let defined = Definition::new("digits").complete()?;
    let (folder, page) = (out.join(defined.experiment.name), out.join("index.html"));
    defined.keep(&folder)?;
    let runner = Runner {
        folder,
        data: DataRoot::default(),
        device: defined.device.open()?,
        shard: Shard::ALL,
        scale: defined.scale,
        report: Some(page.clone()),
        results: None,
        commands: ["cargo xtask reproduce", "stairs reproduce"].map(|c| format!("{c}{}", defined.command())).into(),
    };
    let mut watch: Box<dyn Watch> =
        if std::io::stderr().is_terminal() { Box::new(Terminal::new()) } else { Box::new(Lines::new()) };
    let outcome = runner.run_until(&defined.experiment, watch.as_mut(), &on_signals()?);
    // The bars are gone before anything else is printed.
    drop(watch);
    let results = outcome?.results;
    output::answer(format_args!("\n{}\nreport {}", defined.experiment.page.text(&results), page.display()));
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
