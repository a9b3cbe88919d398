//! The files of a part, in torchvision's order, and what is left out of it.
//!
//! Every folder is read once, told by device and inode: links to a folder that is read elsewhere in the part, or that
//! holds the part, are left out, so that loops end and no picture is counted for two classes. Links to files are read,
//! and reported where they lead to another sample. Files are looked at (their kind and size) and not opened, but for
//! the first bytes of those whose names are not those of pictures.

use std::{
    collections::{HashMap, HashSet},
    fs::{self, Metadata},
    io::ErrorKind,
    path::{Path, PathBuf},
};

use super::super::{
    ImageError, OnCorrupt,
    left_out::{LeftOut, Reason},
    signature::{self, Signature},
};

/// Folders below a class folder are looked into this deep.
const DEPTH: usize = 16;

/// Folders of systems.
const SYSTEM: [&str; 2] = ["__MACOSX", "@eaDir"];

/// What a file or folder is on the disk: device and inode.
#[cfg(unix)]
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Id(u64, u64);

/// Its path without links.
#[cfg(not(unix))]
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Id(PathBuf);

/// Files by what they are on the disk, with the class they were met in.
pub(super) type Files = HashMap<Id, u32>;

/// One part, listed.
#[derive(Debug, Default)]
pub(super) struct Listed {
    /// Paths below the part's folder, with their classes.
    pub(super) files: Vec<(Box<Path>, u32)>,
    pub(super) left_out: LeftOut,
    /// What the files are on the disk.
    pub(super) on_disk: Files,
}

/// An entry of a folder.
struct Entry {
    path: PathBuf,
    kind: Kind,
}

enum Kind {
    Hidden,
    Folder,
    File(Metadata),
    Broken,
    Other,
}

/// Class folders of a part, by name in byte order.
pub(super) fn classes(part: &Path) -> Result<Vec<String>, ImageError> {
    let mut names = Vec::new();
    for entry in entries(part)? {
        if matches!(entry.kind, Kind::Folder) {
            let name = entry.path.file_name().and_then(|name| name.to_str());
            names.push(name.ok_or_else(|| ImageError::ClassName(entry.path.clone()))?.to_owned());
        }
    }
    if names.is_empty() { Err(ImageError::NoClass(part.to_owned())) } else { Ok(names) }
}

/// Lists `part` of the image folder `root`. `other` are the files of the other part, if that is listed already.
pub(super) fn list(
    root: &Path,
    part: &Path,
    classes: &[String],
    on_corrupt: OnCorrupt,
    other: &Files,
) -> Result<Listed, ImageError> {
    let mut scan = Scan { root, part, other, seen: HashSet::new(), unusable: Vec::new(), listed: Listed::default() };
    // What holds the part must not be entered from within, nor one class from another.
    for folder in fs::canonicalize(part).map_err(|source| io(part, source))?.ancestors() {
        scan.seen.extend(id(folder));
    }
    let mut folders: HashMap<Id, &String> = HashMap::new();
    for class in classes {
        let path = part.join(class);
        let Some(id) = id(&path) else { continue };
        if let Some(first) = folders.insert(id.clone(), class) {
            return Err(ImageError::SameFolder { part: part.to_owned(), first: first.clone(), second: class.clone() });
        }
        if !scan.seen.insert(id) {
            return Err(ImageError::Loop(path));
        }
    }
    for entry in entries(part)? {
        match entry.kind {
            Kind::Folder => {}
            Kind::File(_) => scan.leave_out(Reason::Loose, &entry.path),
            Kind::Hidden => scan.leave_out(Reason::Hidden, &entry.path),
            Kind::Broken => scan.leave_out(Reason::BrokenLink, &entry.path),
            Kind::Other => scan.leave_out(Reason::NotRegular, &entry.path),
        }
    }
    for (label, class) in classes.iter().enumerate() {
        scan.class(label as u32, &part.join(class))?;
    }
    if on_corrupt == OnCorrupt::Fatal
        && let Some((path, what)) = scan.unusable.first()
    {
        return Err(ImageError::Unusable { path: path.clone(), what, more: scan.unusable.len() - 1 });
    }
    Ok(scan.listed)
}

struct Scan<'a> {
    root: &'a Path,
    part: &'a Path,
    other: &'a Files,
    seen: HashSet<Id>,
    /// Files named as pictures that cannot be any.
    unusable: Vec<(PathBuf, &'static str)>,
    listed: Listed,
}

impl Scan<'_> {
    /// Images of a class folder and the folders in it: folder by folder in byte order of their paths, in each by name.
    fn class(&mut self, label: u32, class: &Path) -> Result<(), ImageError> {
        let of_others = std::mem::take(&mut self.listed.left_out);
        let mut folders = Vec::new();
        self.walk(class, label, DEPTH, &mut folders)?;
        folders.sort_unstable_by(|(a, _), (b, _)| a.as_os_str().cmp(b.as_os_str()));
        let count = self.listed.files.len();
        for path in folders.into_iter().flat_map(|(_, files)| files) {
            let below = path.strip_prefix(self.part).unwrap_or(&path);
            self.listed.files.push((below.into(), label));
        }
        if self.listed.files.len() == count {
            let found = std::mem::take(&mut self.listed.left_out);
            return Err(ImageError::EmptyClass { path: class.to_owned(), found });
        }
        let of_this = std::mem::replace(&mut self.listed.left_out, of_others);
        self.listed.left_out.merge(&of_this);
        Ok(())
    }

    fn walk(
        &mut self,
        folder: &Path,
        label: u32,
        depth: usize,
        found: &mut Vec<(PathBuf, Vec<PathBuf>)>,
    ) -> Result<(), ImageError> {
        let mut files = Vec::new();
        for Entry { path, kind } in entries(folder)? {
            match kind {
                Kind::Hidden => self.leave_out(Reason::Hidden, &path),
                Kind::Folder if id(&path).is_none_or(|id| !self.seen.insert(id)) => self.leave_out(Reason::Seen, &path),
                Kind::Folder if depth == 0 => self.leave_out(Reason::Deep, &path),
                Kind::Folder => self.walk(&path, label, depth - 1, found)?,
                Kind::Broken => {
                    self.leave_out(Reason::BrokenLink, &path);
                    self.unusable(path, "it is a link that leads nowhere");
                }
                Kind::Other => {
                    self.leave_out(Reason::NotRegular, &path);
                    self.unusable(path, "it is a pipe, socket or device");
                }
                Kind::File(_) if !is_image(&path) => {
                    let reason = match signature::of_file(&path) {
                        Some(Signature::Read(_)) => Reason::Ending,
                        Some(Signature::Picture(format)) => Reason::Format(format),
                        Some(Signature::Other(_)) | None => Reason::NoPicture,
                    };
                    self.leave_out(reason, &path);
                }
                Kind::File(metadata) => {
                    if metadata.len() == 0 {
                        self.leave_out(Reason::Empty, &path);
                        self.unusable(path.clone(), "it is empty");
                    }
                    self.met(&path, &metadata, label);
                    files.push(path);
                }
            }
        }
        found.push((folder.to_owned(), files));
        Ok(())
    }

    /// Reports a file that is a sample already.
    fn met(&mut self, path: &Path, metadata: &Metadata, label: u32) {
        let Some(id) = file_id(metadata) else { return };
        if self.other.contains_key(&id) {
            self.leave_out(Reason::BothParts, path);
        }
        match self.listed.on_disk.insert(id, label) {
            None => {}
            Some(class) if class == label => self.leave_out(Reason::Twice, path),
            Some(_) => self.leave_out(Reason::TwoClasses, path),
        }
    }

    fn unusable(&mut self, path: PathBuf, what: &'static str) {
        if is_image(&path) {
            self.unusable.push((path, what));
        }
    }

    fn leave_out(&mut self, reason: Reason, path: &Path) {
        self.listed.left_out.add(reason, path.strip_prefix(self.root).unwrap_or(path));
    }
}

/// What is beside the parts of an image folder.
pub(super) fn beside(root: &Path, parts: [&Path; 2]) -> Result<LeftOut, ImageError> {
    let mut left_out = LeftOut::default();
    for Entry { path, kind } in entries(root)? {
        let below = path.strip_prefix(root).unwrap_or(&path);
        match kind {
            Kind::Folder if !parts.contains(&path.as_path()) => left_out.add(Reason::Beside, below),
            // Licences and lists are at home here.
            Kind::File(_) if is_image(&path) => left_out.add(Reason::Loose, below),
            _ => {}
        }
    }
    Ok(left_out)
}

/// The entries of a folder, in byte order.
fn entries(folder: &Path) -> Result<Vec<Entry>, ImageError> {
    let failed = |source| io(folder, source);
    let mut entries = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let (path, name) = (entry.path(), entry.file_name());
        let hidden = name.as_encoded_bytes().starts_with(b".") || SYSTEM.iter().any(|system| name == *system);
        let kind = match fs::metadata(&path) {
            _ if hidden => Kind::Hidden,
            Ok(metadata) if metadata.is_dir() => Kind::Folder,
            Ok(metadata) if metadata.is_file() => Kind::File(metadata),
            Ok(_) => Kind::Other,
            Err(_) if entry.file_type().is_ok_and(|kind| kind.is_symlink()) => Kind::Broken,
            // Removed since the folder was listed.
            Err(error) if error.kind() == ErrorKind::NotFound => continue,
            Err(error) => return Err(io(&path, error)),
        };
        entries.push(Entry { path, kind });
    }
    entries.sort_unstable_by(|a, b| a.path.as_os_str().cmp(b.path.as_os_str()));
    Ok(entries)
}

/// By the ending, in any case.
fn is_image(path: &Path) -> bool {
    let ending = path.extension().and_then(|ending| ending.to_str()).map(str::to_ascii_lowercase);
    matches!(ending.as_deref(), Some("jpg" | "jpeg" | "png"))
}

fn io(path: &Path, source: std::io::Error) -> ImageError {
    ImageError::Io { path: path.to_owned(), source }
}

/// What a folder is on the disk.
#[cfg(unix)]
fn id(folder: &Path) -> Option<Id> {
    file_id(&fs::metadata(folder).ok()?)
}

#[cfg(not(unix))]
fn id(folder: &Path) -> Option<Id> {
    fs::canonicalize(folder).ok().map(Id)
}

#[cfg(unix)]
fn file_id(metadata: &Metadata) -> Option<Id> {
    use std::os::unix::fs::MetadataExt;
    Some(Id(metadata.dev(), metadata.ino()))
}

/// Not told without opening the file.
#[cfg(not(unix))]
fn file_id(_: &Metadata) -> Option<Id> {
    None
}
