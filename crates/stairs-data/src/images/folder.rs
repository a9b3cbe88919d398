//! An image folder: a training part and a test part with the same classes.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{
    ImageError, ImagePart, ImagesConfig,
    scan::{classes, images},
};
use crate::DataRoot;

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
}

impl ImageFolder {
    /// Looks for `DIR/train`, and `DIR/val` or else `DIR/test`, and lists their files.
    ///
    /// # Errors
    /// [`ImageError`]: a value of the configuration, a part or a class that is missing, the file system.
    pub fn open(folder: &Path, config: &ImagesConfig) -> Result<Self, ImageError> {
        config.validate()?;
        let part = |names: &[&str], part: &'static str| {
            let paths = names.iter().map(|name| folder.join(name));
            let found = paths.into_iter().find(|path| path.is_dir());
            found.ok_or_else(|| ImageError::NoPart { folder: folder.to_owned(), part })
        };
        let (train, test) = (part(&["train"], "train")?, part(&["val", "test"], "val or test")?);
        let names = classes(&train)?;
        agree(&train, &names, &test, &classes(&test)?)?;
        let config = Arc::new(config.clone());
        let open = |path: PathBuf| -> Result<Arc<ImagePart>, ImageError> {
            let mut files = Vec::new();
            for (label, class) in names.iter().enumerate() {
                files.extend(images(&path.join(class))?.into_iter().map(|file| (file, label)));
            }
            Ok(Arc::new(ImagePart::new(path, files, config.clone())))
        };
        Ok(Self { folder: folder.to_owned(), train: open(train)?, test: open(test)?, classes: names })
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
    let differ = |class, there: &Path, missing: &Path| {
        Err(ImageError::Classes { class, there: there.to_owned(), missing: missing.to_owned() })
    };
    match (only(of_train, of_test), only(of_test, of_train)) {
        (Some(class), _) => differ(class, train, test),
        (_, Some(class)) => differ(class, test, train),
        _ => Ok(()),
    }
}
