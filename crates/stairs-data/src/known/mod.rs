//! The known data sets: a file each, and the table that makes them known.
//!
//! A file implements [`Known`]; the row of the table at the end of this file makes the variant of [`DatasetName`]. Its name as text is
//! the variant's in kebab case.

mod cifar10;
mod covertype;
mod digits;
mod fashion_mnist;
mod idx;
mod mnist;

use std::{fmt, path::PathBuf, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::{
    Augment, DataError, Dataset, SampleShape,
    manifest::{Manifest, Packing, RemoteFile},
};

/// What the file of a data set says about it.
pub(crate) trait Known {
    /// Its name as text.
    fn name(&self) -> &'static str;

    /// How people write it.
    fn title(&self) -> &'static str;

    /// Names of the classes in the order of the labels, each behind its label and a hyphen; the label alone where it is the name.
    fn classes(&self) -> &'static [&'static str];

    /// Shape of a sample.
    fn shape(&self) -> SampleShape;

    /// The augmentation that suits it.
    fn augment(&self) -> Augment;

    /// Official page.
    fn page(&self) -> &'static str;

    /// The official files; none if it is embedded.
    fn remote(&self) -> Vec<RemoteFile> {
        Vec::new()
    }

    /// Reads it from its files, which are there, in the order of [`DatasetName::files`].
    fn read(&self, files: &[PathBuf]) -> Result<Dataset, DataError>;
}

/// Makes the enum from one row a data set: documentation, name, file.
macro_rules! datasets {
    ($($(#[$about:meta])* $Name:ident in $file:ident;)*) => {
        /// A known data set. As text (`FromStr`, `Display`, serde): `digits`, `fashion-mnist`, …
        ///
        /// | name | samples | shape | classes | parts | format |
        /// |---|---|---|---|---|---|
        /// | `digits` | 1,797 | 1 × 8 × 8 | 10 | stratified 80/20 | embedded |
        /// | `mnist`, `fashion-mnist` | 60,000 + 10,000 | 1 × 28 × 28 | 10 | official | IDX |
        /// | `cifar10` | 50,000 + 10,000 | 3 × 32 × 32 | 10 | official | CIFAR binary |
        /// | `covertype` | 581,012 | 54 | 7 | stratified 80/20 | CSV |
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "kebab-case")]
        #[non_exhaustive]
        pub enum DatasetName {
            $($(#[$about])* $Name,)*
        }

        impl DatasetName {
            /// All of them.
            pub const ALL: [Self; [$(stringify!($Name)),*].len()] = [$(Self::$Name),*];

            /// What its file says.
            pub(crate) fn known(self) -> &'static dyn Known {
                match self {
                    $(Self::$Name => &$file::$Name,)*
                }
            }
        }
    };
}

datasets! {
    /// 1,797 handwritten digits, 8 × 8, embedded in the program.
    Digits in digits;
    /// 70,000 handwritten digits, 28 × 28.
    Mnist in mnist;
    /// 70,000 garments, 28 × 28.
    FashionMnist in fashion_mnist;
    /// 60,000 colour photographs of ten kinds of things, 32 × 32.
    Cifar10 in cifar10;
    /// 581,012 patches of forest, 54 features, seven kinds of trees.
    Covertype in covertype;
}

impl DatasetName {
    /// All names, for people: `digits, mnist, …`.
    pub fn names() -> String {
        Self::ALL.map(Self::as_str).join(", ")
    }

    /// The name as text.
    pub fn as_str(self) -> &'static str {
        self.known().name()
    }

    /// How people write the name: `Fashion-MNIST`.
    pub fn title(self) -> &'static str {
        self.known().title()
    }

    /// Number of classes.
    pub fn classes(self) -> usize {
        self.known().classes().len()
    }

    /// Names of the classes, in the order of the labels.
    pub fn class_names(self) -> Vec<&'static str> {
        let name = |folder: &&'static str| folder.split_once('-').map_or(*folder, |(_, name)| name);
        self.class_folders().iter().map(name).collect()
    }

    /// The same with their label before it, for folders whose byte order is the order of the labels: `3-cat`.
    pub fn class_folders(self) -> &'static [&'static str] {
        self.known().classes()
    }

    /// Shape of a sample.
    pub fn shape(self) -> SampleShape {
        self.known().shape()
    }

    /// The augmentation that suits it: digits are moved but never mirrored; tables stay as they are.
    pub fn augment(self) -> Augment {
        self.known().augment()
    }

    /// Official page.
    pub fn page(self) -> &'static str {
        self.known().page()
    }

    /// The official files of the data set, to be downloaded.
    pub fn manifest(self) -> Manifest {
        Manifest { page: self.page().to_owned(), files: self.known().remote() }
    }

    /// Names of the files it is read from; those ending in `.gz` may also be there unpacked. Empty if it is embedded.
    pub fn files(self) -> Vec<String> {
        let read = |file: RemoteFile| match file.packing {
            Packing::Gzip { .. } => vec![file.name],
            Packing::TarGz { members, .. } => members.into_iter().map(|member| member.name).collect(),
        };
        self.known().remote().into_iter().flat_map(read).collect()
    }
}

impl fmt::Display for DatasetName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for DatasetName {
    type Err = DataError;

    fn from_str(name: &str) -> Result<Self, DataError> {
        Self::ALL
            .into_iter()
            .find(|n| n.as_str() == name)
            .ok_or_else(|| DataError::UnknownName { name: name.to_owned(), known: Self::names() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_have_names_in_order() {
        for name in DatasetName::ALL {
            assert_eq!(name.class_names().len(), name.classes());
            assert!(name.class_folders().is_sorted());
        }
    }

    #[test]
    fn folders_begin_with_their_label() {
        for name in DatasetName::ALL {
            for (label, (folder, class)) in name.class_folders().iter().zip(name.class_names()).enumerate() {
                assert!([format!("{label}"), format!("{label}-{class}")].contains(&(*folder).to_owned()));
            }
        }
        assert_eq!(DatasetName::Cifar10.class_names()[3], "cat");
        assert_eq!(DatasetName::Mnist.class_names()[3], "3");
    }

    #[test]
    fn text_there_and_back() {
        for name in DatasetName::ALL {
            assert_eq!(name.to_string().parse::<DatasetName>().unwrap(), name);
            assert_eq!(serde_json::to_string(&name).unwrap(), format!("\"{name}\""));
        }
        assert_eq!(
            "cifar-10".parse::<DatasetName>().unwrap_err().to_string(),
            "unknown data set `cifar-10`: expected one of digits, mnist, fashion-mnist, cifar10, covertype"
        );
    }
}
