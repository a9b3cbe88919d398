//! Downloading one file: to a temporary name, verified, then renamed.
//!
//! The temporary file lies in the target folder (so that renaming is atomic), begins with `.` and ends in `.part`; it is
//! removed whatever goes wrong. At most as many bytes are written as the verified size can justify.

use std::{
    fs::{self, File},
    io::{Read, Seek, Write},
    path::Path,
    time::Duration,
};

use anyhow::{Context, Result, bail};
use flate2::read::MultiGzDecoder;
use indicatif::{ProgressBar, ProgressStyle};
use sha2::{Digest, Sha256};
use stairs_data::manifest::{Packing, RemoteFile};
use tempfile::NamedTempFile;
use ureq::Agent;

use crate::archive;

/// A gzip file is never much larger than its content.
const GZIP_OVERHEAD: u64 = 1 << 20;

/// How long to wait, and through what to connect.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Longest wait for a connection.
    pub connect: Duration,
    /// Longest wait for the answer to begin, and for any next piece of it.
    pub stall: Duration,
    /// Use the proxy that the environment names, if any.
    pub proxy: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self { connect: Duration::from_secs(20), stall: Duration::from_secs(30), proxy: true }
    }
}

/// Fetches `file` into `folder`, from the first of its addresses that delivers it intact.
///
/// # Errors
/// If none does: what was wrong with each, and what to fetch by hand from where and where to put it. Nothing is left in
/// `folder` then; files that were there before stay as they were.
pub fn fetch(file: &RemoteFile, folder: &Path, options: Options) -> Result<()> {
    let new_folder = !folder.exists();
    fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
    let mut failures = String::new();
    for base in &file.folders {
        let url = format!("{base}{}", file.name);
        eprintln!("fetching {url}");
        match fetch_from(&url, file, folder, options) {
            Ok(()) => return Ok(()),
            Err(error) => {
                eprintln!("  failed: {error:#}");
                failures += &format!("  {url}\n    {error:#}\n");
            }
        }
    }
    if new_folder {
        // Fails if somebody else has put something there, and then it should stay.
        let _ = fs::remove_dir(folder);
    }
    let first = file.folders.first().map_or("", String::as_str);
    let place = folder.display();
    let by_hand = match &file.packing {
        Packing::Gzip { bytes, sha256 } => {
            format!("keep it packed, in the folder {place}\n  (its content has {bytes} bytes and SHA-256 {sha256})")
        }
        Packing::TarGz { bytes, sha256, members } => format!(
            "unpack it, and put {} into the folder {place}\n  (the archive has {bytes} bytes and SHA-256 {sha256})",
            members.iter().map(|m| m.name.as_str()).collect::<Vec<_>>().join(", ")
        ),
    };
    let name = &file.name;
    bail!("could not fetch {name}:\n{failures}by hand: download {first}{name}, {by_hand}")
}

fn fetch_from(url: &str, file: &RemoteFile, folder: &Path, options: Options) -> Result<()> {
    let mut part = temporary(folder)?;
    match &file.packing {
        Packing::Gzip { bytes, sha256 } => {
            receive(url, bytes.saturating_add(GZIP_OVERHEAD), &mut part, options)?;
            verify_gzip(part.as_file_mut(), *bytes, sha256)?;
            persist(part, &folder.join(&file.name))
        }
        Packing::TarGz { bytes, sha256, members } => {
            receive(url, *bytes, &mut part, options)?;
            part.rewind()?;
            compare(digest(part.as_file_mut(), *bytes)?, *bytes, sha256)?;
            part.rewind()?;
            archive::unpack(part.as_file_mut(), members, folder)
        }
    }
}

/// A temporary file in `folder`.
pub(crate) fn temporary(folder: &Path) -> Result<NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".").suffix(".part");
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o644));
    builder.tempfile_in(folder).with_context(|| format!("cannot write to {}", folder.display()))
}

/// Makes a finished temporary file permanent.
pub(crate) fn persist(part: NamedTempFile, path: &Path) -> Result<()> {
    part.as_file().sync_all().with_context(|| format!("cannot write {}", path.display()))?;
    part.persist(path).with_context(|| format!("cannot write {}", path.display()))?;
    Ok(())
}

/// Writes what the address delivers to `out`: at most `limit` bytes, and as many as it announced.
fn receive(url: &str, limit: u64, out: &mut impl Write, options: Options) -> Result<()> {
    let mut config = Agent::config_builder()
        .timeout_resolve(Some(options.connect))
        .timeout_connect(Some(options.connect))
        .timeout_recv_response(Some(options.stall))
        .timeout_per_read(Some(options.stall));
    if !options.proxy {
        config = config.proxy(None);
    }
    let response = config.build().new_agent().get(url).call()?;
    let mut body = response.into_body();
    let announced = body.content_length();
    if let Some(n) = announced.filter(|n| *n > limit) {
        bail!("the server announces {n} bytes, expected at most {limit}");
    }
    let bar = progress(announced);
    let mut reader = bar.wrap_read(body.as_reader()).take(limit + 1);
    let received = std::io::copy(&mut reader, out).context("the transfer broke off or stalled");
    bar.finish_and_clear();
    match received? {
        n if n > limit => bail!("the server sends more than the expected {limit} bytes"),
        n if announced.is_some_and(|a| a != n) => {
            bail!("truncated: {n} of {} bytes arrived", announced.unwrap_or_default())
        }
        _ => Ok(()),
    }
}

/// A progress bar on a terminal; nothing elsewhere.
fn progress(bytes: Option<u64>) -> ProgressBar {
    let template = match bytes {
        Some(_) => "  {bar:40} {bytes} of {total_bytes}  {bytes_per_sec}  {eta} left",
        None => "  {spinner} {bytes}  {bytes_per_sec}",
    };
    let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    bytes.map_or_else(ProgressBar::no_length, ProgressBar::new).with_style(style)
}

/// Checks size and SHA-256 of what a gzip file contains, unpacking no more than `bytes` and one.
///
/// # Errors
/// If the file is no intact gzip file or contains something else.
pub fn verify_gzip(file: &mut File, bytes: u64, sha256: &str) -> Result<()> {
    file.rewind()?;
    let found = digest(&mut MultiGzDecoder::new(file), bytes).context("the file is no intact gzip file")?;
    compare(found, bytes, sha256)
}

/// Number of bytes, up to `limit` + 1, and their SHA-256.
fn digest(reader: &mut impl Read, limit: u64) -> Result<(u64, String)> {
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 1 << 16];
    let mut reader = reader.take(limit + 1);
    let mut total = 0;
    loop {
        match reader.read(&mut buffer)? {
            0 => break,
            n => {
                hash.update(&buffer[..n]);
                total += n as u64;
            }
        }
    }
    Ok((total, hash.finalize().iter().map(|b| format!("{b:02x}")).collect()))
}

fn compare((bytes, sha256): (u64, String), wanted_bytes: u64, wanted: &str) -> Result<()> {
    match bytes {
        n if n > wanted_bytes => bail!("wrong size: more than the expected {wanted_bytes} bytes"),
        n if n < wanted_bytes => bail!("wrong size: {n} bytes, expected {wanted_bytes}"),
        _ if sha256 != wanted => bail!("wrong checksum: SHA-256 {sha256}, expected {wanted}"),
        _ => Ok(()),
    }
}
