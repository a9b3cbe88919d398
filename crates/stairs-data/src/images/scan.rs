//! The files of an image folder, in torchvision's order.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::ImageError;

/// Folders inside a class folder are looked into this deep; deeper ones are taken for a loop of links.
const DEPTH: usize = 16;

/// Class folders of a part, by name in byte order.
pub(super) fn classes(part: &Path) -> Result<Vec<String>, ImageError> {
    let mut names = Vec::new();
    for path in entries(part)? {
        if path.is_dir() {
            let name = path.file_name().and_then(|name| name.to_str());
            names.push(name.ok_or_else(|| ImageError::ClassName(path.clone()))?.to_owned());
        }
    }
    names.retain(|name| !name.starts_with('.'));
    names.sort_unstable();
    if names.is_empty() { Err(ImageError::NoClass(part.to_owned())) } else { Ok(names) }
}

/// Images of a class folder and the folders in it: folder by folder in byte order of their paths, in each by name.
pub(super) fn images(class: &Path) -> Result<Vec<PathBuf>, ImageError> {
    let mut folders = Vec::new();
    walk(class, DEPTH, &mut folders)?;
    folders.sort_unstable_by(|(a, _), (b, _)| a.as_os_str().cmp(b.as_os_str()));
    let files: Vec<_> = folders.into_iter().flat_map(|(_, files)| files).collect();
    if files.is_empty() { Err(ImageError::EmptyClass(class.to_owned())) } else { Ok(files) }
}

fn walk(folder: &Path, depth: usize, found: &mut Vec<(PathBuf, Vec<PathBuf>)>) -> Result<(), ImageError> {
    let (folders, mut files): (Vec<_>, Vec<_>) = entries(folder)?.into_iter().partition(|path| path.is_dir());
    files.retain(|path| is_image(path));
    files.sort_unstable();
    found.push((folder.to_owned(), files));
    if depth > 0 {
        folders.iter().try_for_each(|inner| walk(inner, depth - 1, found))?;
    }
    Ok(())
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>, ImageError> {
    let failed = |source| ImageError::Io { path: folder.to_owned(), source };
    fs::read_dir(folder).map_err(failed)?.map(|entry| entry.map(|entry| entry.path()).map_err(failed)).collect()
}

/// By the ending, in any case; files that begin with a dot are those of the system.
fn is_image(path: &Path) -> bool {
    let hidden = path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
    let ending = path.extension().and_then(|ending| ending.to_str()).map(str::to_ascii_lowercase);
    !hidden && matches!(ending.as_deref(), Some("jpg" | "jpeg" | "png"))
}
