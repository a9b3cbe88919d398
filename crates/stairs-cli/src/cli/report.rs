//! `stairs report`

use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::Args;
use stairs_study::{
    experiments::{find, keep_figures, read_lines},
    report::{Report as Page, collect_records, text_table},
};

use super::paths;

/// Make a report of all runs below a directory, or of an experiment from its records alone
///
/// Reads every record.json (at most eight levels deep), prints the accuracy table and writes one self-contained HTML
/// page. Runs that differ only in the seed are put together. With --experiment it reads a records.jsonl, as `stairs
/// reproduce --results` keeps it, and makes the page of that experiment.
#[derive(Debug, Args)]
pub(crate) struct Report {
    /// Directory with runs; with --experiment a records.jsonl or the folder that holds it
    dir: PathBuf,
    /// Make the page of this experiment, see `stairs reproduce --list` [default: the runs below DIR]
    #[arg(long, value_name = "NAME", conflicts_with = "title")]
    experiment: Option<String>,
    /// Write the figures of the experiment's page to this folder as well [default: only the page]
    #[arg(long, value_name = "DIR", requires = "experiment")]
    figures: Option<PathBuf>,
    /// Print the tables of the experiment's page in Markdown instead of as text
    #[arg(long, requires = "experiment")]
    markdown: bool,
    /// The page [default: DIR/index.html]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Title of the page
    #[arg(long, default_value = "Training runs")]
    title: String,
}

impl Report {
    pub(crate) fn run(self) -> anyhow::Result<()> {
        if let Some(name) = &self.experiment {
            return self.of_experiment(name);
        }
        paths::folder(&self.dir)?;
        let records = collect_records(&self.dir)?;
        let page = self.out.unwrap_or_else(|| self.dir.join("index.html"));
        Page::new(self.title, &records).write(&page)?;
        answer!("{}", text_table(&records));
        println!("report {}", page.display());
        Ok(())
    }

    fn of_experiment(&self, name: &str) -> anyhow::Result<()> {
        let experiment = find(name)?;
        let results = read_lines(&experiment, &self.dir)?;
        let folder = if self.dir.is_dir() { &self.dir } else { self.dir.parent().unwrap_or(Path::new("")) };
        let page = self.out.clone().unwrap_or_else(|| folder.join("index.html"));
        let html = experiment.page.html(&results)?;
        std::fs::write(&page, html).with_context(|| format!("cannot write {}", page.display()))?;
        if let Some(figures) = &self.figures {
            std::fs::create_dir_all(figures).with_context(|| format!("cannot create {}", figures.display()))?;
            keep_figures(&experiment, &results, figures)?;
        }
        let tables = if self.markdown { experiment.page.markdown(&results) } else { experiment.page.text(&results) };
        answer!("{tables}");
        println!("report {}", page.display());
        Ok(())
    }
}
