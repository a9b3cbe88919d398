//! Fetching a known data set's official files and putting them where the loaders look (feature `fetch`).
//!
//! A file is written under a temporary name in its folder, so that renaming is atomic, verified by size and SHA-256, and
//! renamed. At most as many bytes are written as the verified size can justify. Whatever goes wrong, nothing is left,
//! and what was there before stays.

mod archive;
mod error;
mod file;
mod watch;

use std::{fs::File, path::Path, time::Duration};

use crate::{DataRoot, Dataset, DatasetName, load, manifest::Packing};

pub use error::{FetchError, FileFault};
pub use file::{fetch_file, verify_gzip};
pub use watch::{Event, Terminal, Watch};

/// How long to wait, from where, and through what to connect.
///
/// ```
/// use std::time::Duration;
/// use stairs_data::fetch::Options;
/// let options = Options::default().with_stall(Duration::from_secs(60)).with_base_url("https://mirror.example/mnist");
/// assert_eq!(options.base_url.as_deref(), Some("https://mirror.example/mnist/"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Options {
    /// Longest wait for a connection.
    pub connect: Duration,
    /// Longest wait for the answer to begin, and for any next piece of it.
    pub stall: Duration,
    /// Use the proxy that the environment names, if any.
    pub proxy: bool,
    /// The folder, ending in `/`, that holds the files, instead of the official addresses.
    pub base_url: Option<String>,
}

impl Default for Options {
    fn default() -> Self {
        Self { connect: Duration::from_secs(20), stall: Duration::from_secs(30), proxy: true, base_url: None }
    }
}

impl Options {
    /// The same with another longest wait for a connection.
    #[must_use]
    pub fn with_connect(self, connect: Duration) -> Self {
        Self { connect, ..self }
    }

    /// The same with another longest wait for the next piece.
    #[must_use]
    pub fn with_stall(self, stall: Duration) -> Self {
        Self { stall, ..self }
    }

    /// The same with or without the proxy that the environment names.
    #[must_use]
    pub fn with_proxy(self, proxy: bool) -> Self {
        Self { proxy, ..self }
    }

    /// The same with the files in the folder at `url`.
    #[must_use]
    pub fn with_base_url(self, url: &str) -> Self {
        Self { base_url: Some(format!("{}/", url.trim_end_matches('/'))), ..self }
    }
}

/// What became of a fetch.
#[derive(Clone, Debug)]
pub enum Fetched {
    /// The data set is embedded: there is nothing to fetch.
    Embedded,
    /// All files were there, and are what the manifest says.
    There(Dataset),
    /// What was missing was fetched.
    New(Dataset),
}

/// Fetches what is missing of the data set `name` into the first folder of `root`; `watch` is told of it.
///
/// # Errors
/// [`FetchError`]; nothing is left of a file that could not be fetched whole.
pub fn fetch(
    name: DatasetName,
    root: &DataRoot,
    options: &Options,
    watch: &mut dyn Watch,
) -> Result<Fetched, FetchError> {
    if name.files().is_empty() {
        return Ok(Fetched::Embedded);
    }
    if let Some(data) = intact(name, root) {
        return Ok(Fetched::There(data));
    }
    let folder = root.download_folder(name).ok_or(FetchError::NoFolder(name))?;
    for mut file in name.manifest().files {
        if let Some(base) = &options.base_url {
            file.folders = vec![base.clone()];
        }
        if let Packing::Gzip { bytes, sha256 } = &file.packing
            && File::open(folder.join(&file.name)).is_ok_and(|mut f| verify_gzip(&mut f, *bytes, sha256).is_ok())
        {
            watch.tell(Event::There { file: &file.name });
            continue;
        }
        fetch_file(&file, &folder, options, watch).map_err(|error| error.with_page(name.page()))?;
    }
    let root = DataRoot::new(folder.parent().map(Into::into), None, None);
    Ok(Fetched::New(load(name, &root)?))
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
