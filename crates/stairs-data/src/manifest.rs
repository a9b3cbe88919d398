//! What to download from where, and how to tell that it arrived intact.
//!
//! MNIST, Fashion-MNIST and Covertype are published as gzip files. The same content exists in differently compressed
//! files (mirrors pack it anew), so what is checked is size and SHA-256 of the *unpacked* content. CIFAR-10 is one tar
//! archive; size and SHA-256 are those of the archive itself.

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
