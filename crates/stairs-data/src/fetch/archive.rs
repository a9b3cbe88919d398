//! Unpacking the wanted files of a tar.gz archive.
//!
//! Only plain files whose last path component is on the list are taken, wherever they lie in the archive, and written
//! directly into the folder: no path in the archive can lead elsewhere.

use std::{
    io::{self, Read},
    path::Path,
};

use flate2::read::GzDecoder;

use super::{
    error::FileFault,
    file::{persist, temporary},
};
use crate::manifest::Member;

/// Unpacks `members` into `folder`; each file appears under its name only when all of them are complete.
///
/// # Errors
/// If the archive is damaged, or one of the files is missing or of another size; nothing is left in `folder` then.
pub(super) fn unpack(archive: impl Read, members: &[Member], folder: &Path) -> Result<(), FileFault> {
    let damaged = "the archive is damaged";
    let mut archive = tar::Archive::new(GzDecoder::new(archive));
    let mut parts = Vec::new();
    for entry in archive.entries().map_err(FileFault::of(damaged))? {
        let mut entry = entry.map_err(FileFault::of(damaged))?;
        let path = entry.path().map_err(FileFault::of(damaged))?.into_owned();
        let wanted = members.iter().find(|m| path.file_name().is_some_and(|n| n == m.name.as_str()));
        let (Some(member), true) = (wanted, entry.header().entry_type().is_file()) else { continue };
        let Member { name, bytes } = member;
        if parts.iter().any(|(m, _): &(&Member, _)| m.name == *name) {
            return Err(FileFault::new(format!("the archive holds {name} twice")));
        }
        if entry.size() != *bytes {
            let found = entry.size();
            return Err(FileFault::new(format!("{name} in the archive has {found} bytes, expected {bytes}")));
        }
        let mut part = temporary(folder)?;
        let written = io::copy(&mut entry, &mut part).map_err(FileFault::of(format_args!("cannot unpack {name}")))?;
        if written != *bytes {
            return Err(FileFault::new(format!("{name} in the archive is truncated: {written} of {bytes} bytes")));
        }
        parts.push((member, part));
    }
    if let Some(m) = members.iter().find(|m| !parts.iter().any(|(p, _)| p.name == m.name)) {
        return Err(FileFault::new(format!("the archive does not hold {}", m.name)));
    }
    parts.into_iter().try_for_each(|(member, part)| persist(part, &folder.join(&member.name)))
}
