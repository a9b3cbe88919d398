//! What to download from where, and how to tell that it arrived intact.
//!
//! MNIST, Fashion-MNIST and Covertype are published as gzip files. The same content exists in differently compressed
//! files (mirrors pack it anew), so what is checked is size and SHA-256 of the *unpacked* content. CIFAR-10 is one tar
//! archive; size and SHA-256 are those of the archive itself.

use crate::{DatasetName, format::cifar::RECORD};

/// A data set's official files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manifest {
    /// Official page, for people.
    pub page: String,
    /// Files to download; empty if the data set is embedded.
    pub files: Vec<RemoteFile>,
}

/// One file to download.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemoteFile {
    /// Its name at every address.
    pub name: String,
    /// Addresses of the folders that hold it, ending in `/`: the official one, then mirrors.
    pub folders: Vec<String>,
    /// How it is packed and what is checked.
    pub packing: Packing,
}

impl RemoteFile {
    /// Where the file is, in words: its official address, then those of mirrors, and what is to be unpacked.
    pub(crate) fn address(&self) -> String {
        let addresses: Vec<_> = self.folders.iter().map(|folder| format!("{folder}{}", self.name)).collect();
        let unpack = match &self.packing {
            Packing::Gzip { .. } => "",
            Packing::TarGz { .. } => " and unpack it",
        };
        format!("{}{unpack}", addresses.join(" or "))
    }
}

/// How a downloaded file is packed, and the size and checksum to verify.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Packing {
    /// A gzip file that stays packed: bytes and SHA-256 (lower-case hexadecimal) of its content.
    Gzip {
        /// Bytes of the unpacked content.
        bytes: u64,
        /// SHA-256 of the unpacked content.
        sha256: String,
    },
    /// A tar.gz archive of which some files are kept: bytes and SHA-256 of the archive.
    TarGz {
        /// Bytes of the archive.
        bytes: u64,
        /// SHA-256 of the archive.
        sha256: String,
        /// The files to keep.
        members: Vec<Member>,
    },
}

/// A file inside an archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Last component of its path.
    pub name: String,
    /// Its size in bytes.
    pub bytes: u64,
}

impl DatasetName {
    /// The official files of the data set.
    pub fn manifest(self) -> Manifest {
        let files = match self {
            Self::Digits => vec![],
            Self::Mnist => idx(
                &[
                    "https://yann.lecun.com/exdb/mnist/",
                    "https://ossci-datasets.s3.amazonaws.com/mnist/",
                    "https://storage.googleapis.com/cvdf-datasets/mnist/",
                ],
                [
                    "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
                    "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
                    "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
                    "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
                ],
            ),
            Self::FashionMnist => idx(
                &["http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/"],
                [
                    "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
                    "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
                    "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
                    "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
                ],
            ),
            Self::Cifar10 => vec![RemoteFile {
                name: "cifar-10-binary.tar.gz".to_owned(),
                folders: vec!["https://www.cs.toronto.edu/~kriz/".to_owned()],
                packing: Packing::TarGz {
                    bytes: 170_052_171,
                    sha256: "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd".to_owned(),
                    members: self
                        .files()
                        .iter()
                        .map(|&f| Member { name: f.to_owned(), bytes: 10_000 * RECORD as u64 })
                        .collect(),
                },
            }],
            Self::Covertype => vec![RemoteFile {
                name: self.files()[0].to_owned(),
                folders: vec!["https://archive.ics.uci.edu/ml/machine-learning-databases/covtype/".to_owned()],
                packing: Packing::Gzip {
                    bytes: 75_169_317,
                    sha256: "0a9371cef7c964b5475d6053cc3e0894a5aa6f65ad1ed3ecb01c45aa96217945".to_owned(),
                },
            }],
        };
        Manifest { page: self.page().to_owned(), files }
    }
}

/// The four files of an IDX data set of MNIST's size.
fn idx(folders: &[&str], sha256: [&str; 4]) -> Vec<RemoteFile> {
    let bytes = [16 + 60_000 * 784, 8 + 60_000, 16 + 10_000 * 784, 8 + 10_000];
    let names = DatasetName::Mnist.files().iter();
    let file = |((name, bytes), sha256): ((&&str, u64), &str)| RemoteFile {
        name: (*name).to_owned(),
        folders: folders.iter().map(|&f| f.to_owned()).collect(),
        packing: Packing::Gzip { bytes, sha256: sha256.to_owned() },
    };
    names.zip(bytes).zip(sha256).map(file).collect()
}
