//! Where data is looked for.
//!
//! In this order: the folder given by `--data`, the one in the environment variable `STAIRS_DATA`, the user's cache
//! folder (`$XDG_CACHE_HOME/stairs` or `~/.cache/stairs`; `~/Library/Caches/stairs` on macOS, `%LOCALAPPDATA%\stairs` on
//! Windows). In each, the files may lie in a folder named after the data set (`DIR/mnist/…`), for CIFAR-10 also in
//! `cifar-10-batches-bin` as the official archive unpacks, or directly in it (`DIR/…`, unless `DIR` bears the name of
//! another data set: MNIST and Fashion-MNIST have the same file names). A part of CIFAR-10 in the layout of the whole is also
//! found in `cifar10-subset`, after the whole.
//!
//! The first folder with all files is taken. A folder that was named but does not exist, and one that holds only some of
//! the files, are errors rather than passed over.

use std::{
    env,
    path::{Path, PathBuf},
};

use crate::{DataError, DatasetName, manifest::RemoteFile};

/// Name of the environment variable with the data folder.
pub const DATA_VARIABLE: &str = "STAIRS_DATA";

/// The folders to look into, best first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DataRoot {
    roots: Vec<(Origin, PathBuf)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Origin {
    Option,
    Variable,
    Cache,
}

/// The files of a data set, in the order of [`DatasetName::files`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Location {
    /// The folder they lie in.
    pub folder: PathBuf,
    /// Their paths.
    pub files: Vec<PathBuf>,
}

impl Default for DataRoot {
    fn default() -> Self {
        Self::resolve(None)
    }
}

impl DataRoot {
    /// The folder given by `--data`, if any, then `STAIRS_DATA`, then the cache folder.
    pub fn resolve(option: Option<PathBuf>) -> Self {
        let variable = env::var_os(DATA_VARIABLE).filter(|v| !v.is_empty()).map(PathBuf::from);
        Self::new(option, variable, dirs::cache_dir().map(|c| c.join("stairs")))
    }

    /// The same from three given paths; reads nothing from the environment.
    pub fn new(option: Option<PathBuf>, variable: Option<PathBuf>, cache: Option<PathBuf>) -> Self {
        let roots = [(Origin::Option, option), (Origin::Variable, variable), (Origin::Cache, cache)];
        Self { roots: roots.into_iter().filter_map(|(origin, path)| Some((origin, path?))).collect() }
    }

    /// The folders, best first.
    pub fn folders(&self) -> impl Iterator<Item = &Path> {
        self.roots.iter().map(|(_, root)| root.as_path())
    }

    /// Where a download of `name` belongs: `DIR/<name>` in the first folder; `None` if there is no folder at all.
    pub fn download_folder(&self, name: DatasetName) -> Option<PathBuf> {
        self.roots.first().map(|(_, root)| root.join(name.as_str()))
    }

    /// What to download and where to put it, in words.
    fn how_to_get(&self, name: DatasetName) -> String {
        let addresses: Vec<_> = name.manifest().files.iter().map(RemoteFile::address).collect();
        let put = match self.download_folder(name) {
            Some(folder) => format!("put the files into {}, or name", folder.display()),
            None => "name".into(),
        };
        let addresses = addresses.join("\n    and ");
        format!("download {addresses}\n  {put} their folder by --data DIR or {DATA_VARIABLE}")
    }

    /// Finds the files of `name`.
    ///
    /// # Errors
    /// [`DataError::NoFolder`], [`DataError::Incomplete`] or [`DataError::NotFound`].
    pub fn locate(&self, name: DatasetName) -> Result<Location, DataError> {
        let mut tried = Vec::new();
        for (origin, root) in &self.roots {
            let origin = match origin {
                Origin::Option => "--data",
                Origin::Variable => DATA_VARIABLE,
                Origin::Cache => "the cache folder",
            };
            if origin != "the cache folder" && !root.is_dir() {
                return Err(DataError::NoFolder { origin: origin.to_owned(), path: root.clone() });
            }
            let mut incomplete = None;
            for folder in folders(root, name) {
                let found: Vec<_> = name.files().iter().map(|file| find(&folder, file)).collect();
                if let Some(files) = found.iter().cloned().collect() {
                    return Ok(Location { folder, files });
                }
                if found.iter().any(Option::is_some) && incomplete.is_none() {
                    let missing = found.iter().zip(name.files()).filter(|(f, _)| f.is_none());
                    incomplete = Some(DataError::Incomplete {
                        name: name.to_string(),
                        folder: folder.clone(),
                        missing: missing.map(|(_, file)| (*file).to_owned()).collect(),
                        page: name.page().to_owned(),
                    });
                }
                tried.push(folder);
            }
            if let Some(error) = incomplete {
                return Err(error);
            }
        }
        Err(DataError::NotFound {
            name: name.to_string(),
            tried,
            wanted: name.files(),
            page: name.page().to_owned(),
            how: self.how_to_get(name),
        })
    }
}

fn folders(root: &Path, name: DatasetName) -> Vec<PathBuf> {
    let own = root.join(name.as_str());
    let mut folders = vec![own.clone()];
    if name == DatasetName::Cifar10 {
        folders.extend([own, root.to_owned()].map(|f| f.join("cifar-10-batches-bin")));
    }
    let of_another = DatasetName::ALL.iter().any(|n| *n != name && root.ends_with(n.as_str()));
    if !of_another {
        folders.push(root.to_owned());
    }
    if name == DatasetName::Cifar10 {
        folders.push(root.join("cifar10-subset"));
    }
    folders
}

/// The file itself, or the unpacked one.
fn find(folder: &Path, file: &str) -> Option<PathBuf> {
    [file, file.strip_suffix(".gz").unwrap_or(file)].map(|f| folder.join(f)).into_iter().find(|f| f.is_file())
}
