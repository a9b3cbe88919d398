//! `stairs data fetch`

use std::time::Duration;

use clap::Args;
use stairs::{data::DatasetName, train::output::Talk};
use stairs_data::fetch::{Fetched, Options, Terminal, Watch, fetch};

use super::super::options::{DataOption, dataset};

/// Fetch a data set from its official address, verify it and put it where the loaders look
///
/// Files that are there and intact are left alone. Every file is verified by size and SHA-256 before it gets its name; nothing is
/// left of one that is not what it should be.
#[derive(Debug, Args)]
pub(crate) struct Fetch {
    /// Data set
    #[arg(help = format!("Data set: {}", DatasetName::names()), value_parser = dataset, value_name = "NAME")]
    name: DatasetName,
    #[command(flatten)]
    data: DataOption,
    /// Fetch the files from this address, a folder that holds them [default: the official address, then mirrors]
    #[arg(long, value_name = "URL")]
    base_url: Option<String>,
    /// Longest wait for a connection, in seconds: 1 to 86400
    #[arg(long, value_name = "SECONDS", default_value_t = 20, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    connect_timeout: u64,
    /// Longest wait for the next piece of a file, in seconds: 1 to 86400
    #[arg(long, value_name = "SECONDS", default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    stall_timeout: u64,
}

impl Fetch {
    pub(super) fn run(self) -> anyhow::Result<()> {
        let options = Options::default()
            .with_connect(Duration::from_secs(self.connect_timeout))
            .with_stall(Duration::from_secs(self.stall_timeout));
        let options = self.base_url.iter().fold(options, |options, url| options.with_base_url(url));
        let (mut terminal, mut nobody) = (Terminal::default(), ());
        let watch: &mut dyn Watch = if Talk::now() == Talk::Results { &mut nobody } else { &mut terminal };
        let (what, data) = match fetch(self.name, &self.data.root(), &options, watch)? {
            Fetched::Embedded => {
                println!("{}: embedded, nothing to fetch", self.name);
                return Ok(());
            }
            Fetched::There(data) => ("already there", data),
            Fetched::New(data) => ("fetched", data),
        };
        let folder = data.source.as_ref().map_or_else(String::new, |folder| format!(" in {}", folder.display()));
        println!("{}: {what}{folder}, {} training and {} test samples", data.name, data.train.len(), data.test.len());
        Ok(())
    }
}
