//! Fetching one file: to a temporary name, verified, then renamed.
//!
//! The temporary file lies in the target folder, begins with `.` and ends in `.part`; it is removed whatever goes wrong.

use std::{
    fs::{self, File},
    io::{Read, Seek, Write},
    path::Path,
};

use flate2::read::MultiGzDecoder;
use sha2::{Digest, Sha256};
use tempfile::NamedTempFile;
use ureq::Agent;

use super::{Event, FetchError, Options, Watch, archive, error::FileFault};
use crate::manifest::{Packing, RemoteFile};

/// A gzip file is never much larger than its content.
const GZIP_OVERHEAD: u64 = 1 << 20;
/// Bytes between two looks at the progress.
const PIECE: usize = 1 << 16;

/// Fetches `file` into `folder`, from the first of its addresses that delivers it intact.
///
/// # Errors
/// [`FetchError::Write`]; [`FetchError::File`] if no address does: what was wrong with each, and what to fetch by hand
/// from where and where to put it. Nothing is left in `folder` then; files that were there before stay as they were.
pub fn fetch_file(
    file: &RemoteFile,
    folder: &Path,
    options: &Options,
    watch: &mut dyn Watch,
) -> Result<(), FetchError> {
    let new_folder = !folder.exists();
    fs::create_dir_all(folder).map_err(|source| FetchError::Write { path: folder.into(), source })?;
    let mut faults = Vec::new();
    for base in &file.folders {
        let url = format!("{base}{}", file.name);
        watch.tell(Event::Begun { url: &url });
        let fetched = fetch_from(&url, file, folder, options, watch);
        let fault = fetched.as_ref().err().map(ToString::to_string);
        watch.tell(Event::Ended { fault: fault.as_deref() });
        match fetched {
            Ok(()) => return Ok(()),
            Err(fault) => faults.push((url, fault)),
        }
    }
    if new_folder {
        // Fails if somebody else has put something there, and then it should stay.
        fs::remove_dir(folder).ok();
    }
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
    let address = format!("{}{}", file.folders.first().map_or("", String::as_str), file.name);
    Err(FetchError::File { file: file.name.clone(), faults, address, by_hand, page: None })
}

fn fetch_from(
    url: &str,
    file: &RemoteFile,
    folder: &Path,
    options: &Options,
    watch: &mut dyn Watch,
) -> Result<(), FileFault> {
    let mut part = temporary(folder)?;
    let rewound = |part: &mut NamedTempFile| part.rewind().map_err(FileFault::of("cannot read what has arrived"));
    match &file.packing {
        Packing::Gzip { bytes, sha256 } => {
            receive(url, bytes.saturating_add(GZIP_OVERHEAD), &mut part, options, watch)?;
            verify_gzip(part.as_file_mut(), *bytes, sha256)?;
            persist(part, &folder.join(&file.name))
        }
        Packing::TarGz { bytes, sha256, members } => {
            receive(url, *bytes, &mut part, options, watch)?;
            rewound(&mut part)?;
            let found = digest(part.as_file_mut(), *bytes).map_err(FileFault::of("cannot read what has arrived"))?;
            compare(found, *bytes, sha256)?;
            rewound(&mut part)?;
            archive::unpack(part.as_file_mut(), members, folder)
        }
    }
}

/// A temporary file in `folder`.
pub(super) fn temporary(folder: &Path) -> Result<NamedTempFile, FileFault> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".").suffix(".part");
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o644));
    builder.tempfile_in(folder).map_err(FileFault::of(format_args!("cannot write to {}", folder.display())))
}

/// Makes a finished temporary file permanent.
pub(super) fn persist(part: NamedTempFile, path: &Path) -> Result<(), FileFault> {
    let written = part.as_file().sync_all().and_then(|()| part.persist(path).map_err(Into::into));
    written.map(drop).map_err(FileFault::of(format_args!("cannot write {}", path.display())))
}

/// Writes what the address delivers to `out`: at most `limit` bytes, and as many as it announced.
fn receive(
    url: &str,
    limit: u64,
    out: &mut impl Write,
    options: &Options,
    watch: &mut dyn Watch,
) -> Result<(), FileFault> {
    let mut config = Agent::config_builder()
        .timeout_resolve(Some(options.connect))
        .timeout_connect(Some(options.connect))
        .timeout_recv_response(Some(options.stall))
        .timeout_per_read(Some(options.stall));
    if !options.proxy {
        config = config.proxy(None);
    }
    let response = config.build().new_agent().get(url).call().map_err(|error| FileFault::new(error.to_string()))?;
    let mut body = response.into_body();
    let announced = body.content_length();
    if let Some(n) = announced.filter(|n| *n > limit) {
        return Err(FileFault::new(format!("the server announces {n} bytes, expected at most {limit}")));
    }
    let mut reader = body.as_reader().take(limit + 1);
    let (mut piece, mut bytes) = (vec![0; PIECE], 0);
    loop {
        match reader.read(&mut piece).map_err(FileFault::of("the transfer broke off or stalled"))? {
            0 => break,
            n => {
                out.write_all(&piece[..n]).map_err(FileFault::of("cannot write what arrives"))?;
                bytes += n as u64;
                watch.tell(Event::Received { bytes, of: announced });
            }
        }
    }
    match announced {
        _ if bytes > limit => Err(FileFault::new(format!("the server sends more than the expected {limit} bytes"))),
        Some(all) if all != bytes => Err(FileFault::new(format!("truncated: {bytes} of {all} bytes arrived"))),
        _ => Ok(()),
    }
}

/// Checks size and SHA-256 of what a gzip file contains, unpacking no more than `bytes` and one.
///
/// # Errors
/// If the file is no intact gzip file or contains something else.
pub fn verify_gzip(file: &mut File, bytes: u64, sha256: &str) -> Result<(), FileFault> {
    let damaged = "the file is no intact gzip file";
    file.rewind().map_err(FileFault::of(damaged))?;
    let found = digest(&mut MultiGzDecoder::new(file), bytes).map_err(FileFault::of(damaged))?;
    compare(found, bytes, sha256)
}

/// Number of bytes, up to `limit` + 1, and their SHA-256.
fn digest(reader: &mut impl Read, limit: u64) -> std::io::Result<(u64, String)> {
    let mut hash = Sha256::new();
    let mut buffer = vec![0; PIECE];
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

fn compare((bytes, sha256): (u64, String), wanted_bytes: u64, wanted: &str) -> Result<(), FileFault> {
    Err(FileFault::new(match bytes {
        n if n > wanted_bytes => format!("wrong size: more than the expected {wanted_bytes} bytes"),
        n if n < wanted_bytes => format!("wrong size: {n} bytes, expected {wanted_bytes}"),
        _ if sha256 != wanted => format!("wrong checksum: SHA-256 {sha256}, expected {wanted}"),
        _ => return Ok(()),
    }))
}
