//! Unpacking the wanted files of a tar.gz archive.
//!
//! Only plain files whose last path component is on the list are taken, wherever they lie in the archive, and written
//! directly into the folder: no path in the archive can lead elsewhere.

use std::{
    io::{self, Read},
    path::Path,
};

use anyhow::{Context, Result, bail};
use flate2::read::GzDecoder;
use stairs_data::manifest::Member;

use crate::download::{persist, temporary};

/// Unpacks `members` into `folder`; each file appears under its name only when all of them are complete.
///
/// # Errors
/// If the archive is damaged, or one of the files is missing or of another size; nothing is left in `folder` then.
pub fn unpack(archive: impl Read, members: &[Member], folder: &Path) -> Result<()> {
    let damaged = "the archive is damaged";
    let mut archive = tar::Archive::new(GzDecoder::new(archive));
    let mut parts = Vec::new();
    for entry in archive.entries().context(damaged)? {
        let mut entry = entry.context(damaged)?;
        let path = entry.path().context(damaged)?.into_owned();
        let wanted = members.iter().find(|m| path.file_name().is_some_and(|n| n == m.name.as_str()));
        let (Some(member), true) = (wanted, entry.header().entry_type().is_file()) else { continue };
        if parts.iter().any(|(m, _): &(&Member, _)| m.name == member.name) {
            bail!("the archive holds {} twice", member.name);
        }
        if entry.size() != member.bytes {
            bail!("{} in the archive has {} bytes, expected {}", member.name, entry.size(), member.bytes);
        }
        let mut part = temporary(folder)?;
        let written = io::copy(&mut entry, &mut part).with_context(|| format!("cannot unpack {}", member.name))?;
        if written != member.bytes {
            bail!("{} in the archive is truncated: {written} of {} bytes", member.name, member.bytes);
        }
        parts.push((member, part));
    }
    if let Some(m) = members.iter().find(|m| !parts.iter().any(|(p, _)| p.name == m.name)) {
        bail!("the archive does not hold {}", m.name);
    }
    parts.into_iter().try_for_each(|(member, part)| persist(part, &folder.join(&member.name)))
}
