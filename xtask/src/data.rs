//! `cargo xtask data NAME`: fetches a data set's official files and puts them where the loaders look, as `stairs data
//! fetch` does, without building that command.

use std::{path::PathBuf, time::Duration};

use anyhow::Result;
use stairs_data::{
    DataRoot, DatasetName,
    fetch::{Fetched, Options, Terminal, fetch},
};

/// Arguments of `cargo xtask data`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// digits, mnist, fashion-mnist, cifar10 or covertype.
    name: DatasetName,
    /// Folder for all data sets; the files go to DIR/NAME [default: $STAIRS_DATA, else the user's cache folder].
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Fetch the files from this address (a folder that holds them) instead of the official one.
    #[arg(long, value_name = "URL")]
    base_url: Option<String>,
    /// Longest wait for a connection, in seconds: 1 to 86400.
    #[arg(long, value_name = "SECONDS", default_value_t = 20, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    connect_timeout: u64,
    /// Longest wait for the next piece of a file, in seconds: 1 to 86400.
    #[arg(long, value_name = "SECONDS", default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    stall_timeout: u64,
}

impl Args {
    pub(crate) fn run(self) -> Result<()> {
        let options = Options::default()
            .with_connect(Duration::from_secs(self.connect_timeout))
            .with_stall(Duration::from_secs(self.stall_timeout));
        let options = self.base_url.iter().fold(options, |options, url| options.with_base_url(url));
        let (what, data) = match fetch(self.name, &DataRoot::resolve(self.data), &options, &mut Terminal::default())? {
            Fetched::Embedded => {
                println!("{}: embedded, nothing to fetch", self.name);
                return Ok(());
            }
            Fetched::There(data) => ("already there", data),
            Fetched::New(data) => ("fetched", data),
        };
        let folder = data.source.as_ref().map_or_else(String::new, |f| format!(" in {}", f.display()));
        println!("{}: {what}{folder}, {} training and {} test samples", data.name, data.train.len(), data.test.len());
        Ok(())
    }
}
