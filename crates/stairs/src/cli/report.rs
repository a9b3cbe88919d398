//! `stairs report`

use std::path::PathBuf;

use clap::Args;
use stairs::report::{Report as Page, collect_records, text_table};

use super::paths;

/// Make a report of all runs below a directory
///
/// Reads every record.json (at most eight levels deep), prints the accuracy table and writes one self-contained HTML
/// page. Runs that differ only in the seed are put together.
#[derive(Debug, Args)]
pub(crate) struct Report {
    /// Directory with runs
    dir: PathBuf,
    /// The page [default: DIR/index.html]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Title of the page
    #[arg(long, default_value = "Training runs")]
    title: String,
}

impl Report {
    pub(crate) fn run(self) -> anyhow::Result<()> {
        paths::folder(&self.dir)?;
        let records = collect_records(&self.dir)?;
        let page = self.out.unwrap_or_else(|| self.dir.join("index.html"));
        Page::new(self.title, &records).write(&page)?;
        println!("{}", text_table(&records));
        println!("report {}", page.display());
        Ok(())
    }
}
