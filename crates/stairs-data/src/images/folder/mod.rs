//! An image folder: a training part and a test part with the same classes.

mod scan;
mod survey;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

pub use survey::Survey;

use super::{ImageError, ImagePart, ImagesConfig, LeftOut};
use crate::{DataRoot, identity::same_but_for_unicode_form};

/// The files of an image folder and how they become samples; nothing is decoded before it is asked for.
#[derive(Clone, Debug)]
pub struct ImageFolder {
    /// The folder that has both parts.
    pub folder: PathBuf,
    /// Names of the classes; their places are the labels.
    pub classes: Vec<String>,
    /// Training part.
    pub train: Arc<ImagePart>,
    /// Test part.
    pub test: Arc<ImagePart>,
    /// What is beside the parts.
    beside: LeftOut,
}

impl ImageFolder {
    /// Looks for `DIR/train`, and `DIR/val` or else `DIR/test`, and lists their files.
    ///
    /// # Errors
    /// [`ImageError`]: a value of the configuration, a part or a class that is missing, classes that differ or are one
    /// folder, the file system; unless [`OnCorrupt::Skip`](super::OnCorrupt::Skip) is configured, a file named as a
    /// picture that is empty, a link that leads nowhere, or no regular file.
    pub fn open(folder: &Path, config: &ImagesConfig) -> Result<Self, ImageError> {
        config.validate()?;
        let part = |names: &[&str], part: &'static str| {
            let paths = names.iter().map(|name| folder.join(name));
            let found = paths.into_iter().find(|path| path.is_dir());
            found.ok_or_else(|| ImageError::NoPart { folder: folder.to_owned(), part })
        };
        let (train, test) = (part(&["train"], "train")?, part(&["val", "test"], "val or test")?);
        let classes = scan::classes(&train)?;
        agree(&train, &classes, &test, &scan::classes(&test)?)?;
        let list = |part: &Path, other| scan::list(folder, part, &classes, config.on_corrupt, other);
        let none = scan::Files::new();
        let of_train = list(&train, &none)?;
        let of_test = list(&test, &of_train.on_disk)?;
        let beside = scan::beside(folder, [&train, &test])?;
        let config = Arc::new(config.clone());
        let open = |path, listed: scan::Listed| {
            Arc::new(ImagePart::new(path, listed.files, listed.left_out, Arc::clone(&config)))
        };
        let (train, test) = (open(train, of_train), open(test, of_test));
        Ok(Self { folder: folder.to_owned(), classes, train, test, beside })
    }

    /// What is in the folder and not among the samples, as far as names, kinds and sizes of files tell; `survey` also
    /// looks into the files. Paths are those below [`folder`](Self::folder).
    pub fn left_out(&self) -> LeftOut {
        let mut all = self.train.left_out().clone();
        all.merge(self.test.left_out());
        all.merge(&self.beside);
        all
    }

    /// The first of the folders of `root` that has a training part: `--data`, then `STAIRS_DATA`, then the cache.
    ///
    /// # Errors
    /// [`ImageError::NoFolder`] with the folders looked into.
    pub fn find(root: &DataRoot) -> Result<PathBuf, ImageError> {
        let tried: Vec<_> = root.folders().map(Path::to_owned).collect();
        match tried.iter().find(|folder| folder.join("train").is_dir()) {
            Some(folder) => Ok(folder.clone()),
            None => Err(ImageError::NoFolder { tried }),
        }
    }
}

/// Refuses two lists, each in order, that differ, by the first name that only one has.
fn agree(train: &Path, of_train: &[String], test: &Path, of_test: &[String]) -> Result<(), ImageError> {
    let only = |here: &[String], there: &[String]| here.iter().find(|name| there.binary_search(name).is_err()).cloned();
    let differ = |class: String, there: &Path, missing: &Path, others: &[String]| {
        let hint = hint(&class, others);
        Err(ImageError::Classes { class, there: there.to_owned(), missing: missing.to_owned(), hint })
    };
    match (only(of_train, of_test), only(of_test, of_train)) {
        (Some(class), _) => differ(class, train, test, of_test),
        (_, Some(class)) => differ(class, test, train, of_train),
        _ => Ok(()),
    }
}

/// A name among `others` that looks like `class`, in words; otherwise empty.
fn hint(class: &str, others: &[String]) -> String {
    let lower = class.to_lowercase();
    if others.iter().any(|other| same_but_for_unicode_form(class, other)) {
        let forms = "the names differ in their Unicode form only (an accent composed with its letter, or after it)";
        return format!("; there it is written with other characters that look the same: {forms}: rename one of them");
    }
    match others.iter().find(|other| other.to_lowercase() == lower || other.trim() == class.trim()) {
        Some(other) => format!("; there it is called {other:?}: rename one of them"),
        None => String::new(),
    }
}
