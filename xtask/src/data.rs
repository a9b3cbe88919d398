//! `cargo xtask data NAME`: fetches a data set's official files and puts them where the loaders look.

use std::{
    fs::File,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context, Result};
use stairs_data::{DataRoot, Dataset, DatasetName, load, manifest::Packing};

use crate::download::{Options, fetch, verify_gzip};

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
        let name = self.name;
        if name.files().is_empty() {
            println!("{name}: embedded, nothing to fetch");
            return Ok(());
        }
        let root = DataRoot::resolve(self.data);
        if let Some(data) = intact(name, &root) {
            return report("already there", &data);
        }
        let folder = root
            .download_folder(name)
            .context("no folder to put the data into: give one with --data DIR or in STAIRS_DATA")?;
        let options = Options {
            connect: Duration::from_secs(self.connect_timeout),
            stall: Duration::from_secs(self.stall_timeout),
            ..Options::default()
        };
        for mut file in name.manifest().files {
            if let Some(base) = &self.base_url {
                file.folders = vec![format!("{}/", base.trim_end_matches('/'))];
            }
            if let Packing::Gzip { bytes, sha256 } = &file.packing
                && File::open(folder.join(&file.name)).is_ok_and(|mut f| verify_gzip(&mut f, *bytes, sha256).is_ok())
            {
                println!("{}: already there", file.name);
                continue;
            }
            fetch(&file, &folder, options).with_context(|| format!("{name} (official page: {})", name.page()))?;
        }
        report("fetched", &load(name, &DataRoot::new(folder.parent().map(Into::into), None, None))?)
    }
}

/// The data set, if all its files are there, can be read, and are what the manifest says.
fn intact(name: DatasetName, root: &DataRoot) -> Option<Dataset> {
    let paths = root.locate(name).ok()?.files;
    let there = |file: &str, good: &dyn Fn(&Path) -> bool| paths.iter().any(|p| p.ends_with(file) && good(p));
    let sized = |bytes| move |p: &Path| p.metadata().is_ok_and(|m| m.len() == bytes);
    let whole = name.manifest().files.iter().all(|file| match &file.packing {
        Packing::Gzip { bytes, sha256 } => {
            there(&file.name, &|p| File::open(p).is_ok_and(|mut f| verify_gzip(&mut f, *bytes, sha256).is_ok()))
                || there(file.name.trim_end_matches(".gz"), &sized(*bytes))
        }
        Packing::TarGz { members, .. } => members.iter().all(|m| there(&m.name, &sized(m.bytes))),
    });
    if whole { load(name, root).ok() } else { None }
}

fn report(what: &str, data: &Dataset) -> Result<()> {
    let folder = data.source.as_ref().map_or_else(String::new, |f| format!(" in {}", f.display()));
    println!("{}: {what}{folder}, {} training and {} test samples", data.name, data.train.len(), data.test.len());
    Ok(())
}
