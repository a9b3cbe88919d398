//! `stairs reproduce`

use std::{
    io::IsTerminal,
    path::{Path, PathBuf},
};

use anyhow::{bail, ensure};
use clap::Args;
use stairs::{device::DeviceName, train::output::Talk};
use stairs_study::experiments::{
    Defined, Definition, ExperimentError, Lines, Runner, Shard, Status, Terminal, Watch, catalogue, find, folder_of,
    follow_parent, run_workers,
};

use super::{
    found::{self, Found},
    grid_options::GridOptions,
    json::JsonOption,
    options::{DataOption, printable},
    stop::{Stopped, on_signals},
};

/// Directory of all experiments where none is given.
const OUT: &str = "target/reproduce";

/// Run a published experiment and make its report
///
/// Finished trials are kept, interrupted ones continued: run the command again at any time. What makes the trials is kept in
/// experiment.toml in the folder of the experiment: give that folder instead of a name, and no option has to be repeated. Several
/// processes may share the folder; with --shard each takes its part, and --merge takes in what was run elsewhere. Ctrl-C ends it at the
/// next step, with a checkpoint and exit code 130; a second Ctrl-C ends it at once.
#[derive(Debug, Args)]
pub(crate) struct Reproduce {
    /// Experiment, see --list, or the folder of one that was begun [default: digits]
    #[arg(value_name = "NAME|DIR")]
    name: Option<String>,
    /// Device: flex (processor), ndarray, wgpu, vulkan or cuda (GPU); all but flex must be compiled in [default: flex]
    #[arg(long, value_name = "NAME")]
    device: Option<DeviceName>,
    /// Run only every n-th trial, starting with the i-th, 1 <= i <= n <= 1000000
    #[arg(long, default_value_t = Shard::ALL, value_name = "I/N")]
    shard: Shard,
    /// Directory for all experiments; each has a folder of its name there [default: target/reproduce]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    #[command(flatten)]
    data: DataOption,
    /// Seeds per method, 1 to 1000, instead of the experiment's number
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1000))]
    seeds: Option<u16>,
    /// Epochs per trial, 1 to 1000000, instead of the experiment's number
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    epochs: Option<u32>,
    /// Draws per measurement, 1 to 65535, instead of the experiment's number
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    draws: Option<u16>,
    #[command(flatten)]
    grid: GridOptions,
    /// Run this many trials at a time, 1 to 256, each in a process of its own with its share of the processors
    #[arg(long, default_value_t = 1, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    jobs: u16,
    /// Part of a run with --jobs: neither table nor report
    #[arg(long, hide = true)]
    worker: bool,
    /// The experiment at the size of its paper, where it has such a form
    #[arg(long)]
    full: bool,
    /// Keep the records (one JSON line a trial) and the figures in DIR/EXPERIMENT as well
    #[arg(long, value_name = "DIR")]
    results: Option<PathBuf>,
    /// Run nothing: tables and page of what is finished
    #[arg(long, conflicts_with = "jobs")]
    report_only: bool,
    /// Take in the finished trials of these folders, of the same experiment with the same options, then as --report-only [default: none]
    #[arg(long, value_name = "DIR", num_args = 1.., conflicts_with = "jobs")]
    merge: Vec<PathBuf>,
    /// List the experiments
    #[arg(long)]
    list: bool,
    #[command(flatten)]
    pub(crate) json: JsonOption,
}

impl Reproduce {
    /// True where nothing is run.
    pub(super) fn lists(&self) -> bool {
        self.list
    }

    pub(crate) fn run(self) -> anyhow::Result<()> {
        if self.list {
            return found::list(self.json);
        }
        let (folder, name) = self.place()?;
        let sources = self.sources(&folder, name.as_deref())?;
        let defined = self.defined(&folder, name, &sources)?;
        let page = match catalogue().first() {
            Some(first) if first.name == defined.experiment.name && folder.file_name() == Some(first.name.as_ref()) => {
                folder.with_file_name("index.html")
            }
            _ => folder.join("index.html"),
        };
        let reports = self.report_only || !sources.is_empty();
        defined.keep(&folder)?;
        if let Some(results) = self.results.as_ref().filter(|_| !self.worker) {
            defined.replace(&results.join(defined.experiment.name))?;
        }
        for source in &sources {
            let merged = defined.merge(source, &folder)?;
            println!("merged {}: {} trials taken in, {} were here", source.display(), merged.taken, merged.equal);
        }
        // What is only read needs no device.
        let device = if reports { DeviceName::Flex } else { defined.device };
        let runner = Runner {
            folder,
            data: self.data.root(),
            device: device.open()?,
            shard: self.shard,
            scale: defined.scale,
            report: (!self.worker).then(|| page.clone()),
            results: self.results.clone().filter(|_| !self.worker),
            commands: ["cargo xtask reproduce", "stairs reproduce"].map(|c| format!("{c}{}", defined.command())).into(),
        };
        if reports {
            let results = runner.report(&defined.experiment)?;
            return Found { experiment: &defined.experiment, results: &results, busy: 0, page: &page }
                .print(true, self.json);
        }
        self.train(&runner, &defined, &page)
    }

    /// Runs what is not finished.
    fn train(&self, runner: &Runner, defined: &Defined, page: &Path) -> anyhow::Result<()> {
        let stop = on_signals()?;
        if self.worker {
            follow_parent(stop.clone());
        } else if self.jobs > 1 {
            run_workers(self.jobs, &stop)?;
        }
        let is_terminal = std::io::stderr().is_terminal() && Talk::now() != Talk::Results;
        let mut watch: Box<dyn Watch> = if is_terminal { Box::new(Terminal::new()) } else { Box::new(Lines::new()) };
        let outcome = runner.run_until(&defined.experiment, watch.as_mut(), &stop);
        // The bars are gone before anything else is printed.
        drop(watch);
        let outcome = outcome.map_err(|error| match error {
            ExperimentError::Stopped { at, .. } if self.worker => Stopped::worker(at).into(),
            ExperimentError::Stopped { at, finished, trials } => {
                Stopped::new(format!("{at}, with {finished} of {trials} trials finished"), None).into()
            }
            other => anyhow::Error::from(other),
        })?;
        if self.worker {
            return Ok(());
        }
        let busy = outcome.trials.iter().filter(|(_, status)| *status == Status::Busy).count();
        Found { experiment: &defined.experiment, results: &outcome.results, busy, page }.print(false, self.json)
    }

    /// The folder of the experiment, and its name unless the folder knows it.
    fn place(&self) -> anyhow::Result<(PathBuf, Option<String>)> {
        let out = self.out.as_deref().unwrap_or(Path::new(OUT));
        let Some(name) = &self.name else {
            ensure!(!self.full, "--full is for an experiment that is named, such as 2sed-training");
            let first = catalogue().first().map_or("", |first| first.name);
            return Ok((out.join(first), Some(first.to_owned())));
        };
        let full = if self.full { format!("{name}-full") } else { name.clone() };
        let known = find(&full);
        let folder = Path::new(name);
        match known {
            Ok(experiment) => Ok((out.join(experiment.name), Some(full))),
            Err(_) if folder.is_dir() && !self.full => {
                ensure!(
                    self.out.is_none(),
                    "{} is a folder, which says where trials are: leave --out out",
                    printable(name)
                );
                Ok((folder.to_path_buf(), None))
            }
            Err(unknown) => bail!("{unknown}; or the folder of an experiment that was begun"),
        }
    }

    /// The folders of the experiment that are merged.
    fn sources(&self, folder: &Path, name: Option<&str>) -> anyhow::Result<Vec<PathBuf>> {
        let known = match name {
            Some(name) => name.to_owned(),
            None => Definition::read(folder)?.map(|there| there.experiment).unwrap_or_default(),
        };
        self.merge.iter().map(|path| folder_of(path, &known).map_err(Into::into)).collect()
    }

    /// What is run: as the folder says, or else the first that is merged, and in any case as asked for.
    fn defined(&self, folder: &Path, name: Option<String>, sources: &[PathBuf]) -> anyhow::Result<Defined> {
        let asked = self.grid.ask(Definition {
            device: self.device.map(|device| device.to_string()),
            seeds: self.seeds.map(usize::from),
            epochs: self.epochs.map(|n| n as usize),
            draws: self.draws.map(usize::from),
            ..Definition::new(name.clone().unwrap_or_default())
        });
        for place in std::iter::once(folder).chain(sources.iter().map(PathBuf::as_path)) {
            if let Some(there) = Definition::read(place)? {
                let path = Definition::path(place);
                let defined = there.agreeing(&asked, &path)?.complete()?;
                let changes = defined.command();
                if changes != asked.clone().complete().map_or(String::new(), |asked| asked.command()) && !self.worker {
                    println!("as {} says: stairs reproduce{changes}", path.display());
                }
                return Ok(defined);
            }
        }
        if name.is_none() {
            let (folder, file) = (folder.display(), Definition::path(Path::new("")));
            bail!(
                "{folder} has no {}: it is no folder of an experiment that was begun; give its name and --out",
                file.display()
            );
        }
        Ok(asked.complete()?)
    }
}
