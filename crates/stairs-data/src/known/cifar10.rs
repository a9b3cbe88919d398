//! CIFAR-10: colour photographs of 32 × 32 pixels.

use std::path::{Path, PathBuf};

use super::{DatasetName, Known};
use crate::{
    Augment, DataError, Dataset, SampleShape,
    format::cifar,
    manifest::{Member, Packing, RemoteFile},
    raw::Raw,
};

/// Five batches for training and one for testing, of 10,000 photographs each.
const FILES: [&str; 6] = [
    "data_batch_1.bin",
    "data_batch_2.bin",
    "data_batch_3.bin",
    "data_batch_4.bin",
    "data_batch_5.bin",
    "test_batch.bin",
];

/// CIFAR-10.
pub(super) struct Cifar10;

impl Known for Cifar10 {
    fn name(&self) -> &'static str {
        "cifar10"
    }

    fn title(&self) -> &'static str {
        "CIFAR-10"
    }

    fn classes(&self) -> &'static [&'static str] {
        &["0-airplane", "1-automobile", "2-bird", "3-cat", "4-deer", "5-dog", "6-frog", "7-horse", "8-ship", "9-truck"]
    }

    fn shape(&self) -> SampleShape {
        SampleShape::Image { channels: 3, height: 32, width: 32 }
    }

    fn augment(&self) -> Augment {
        Augment { flip: true, pad: 4 }
    }

    fn page(&self) -> &'static str {
        "https://www.cs.toronto.edu/~kriz/cifar.html"
    }

    fn remote(&self) -> Vec<RemoteFile> {
        let members = FILES.map(|file| Member { name: file.to_owned(), bytes: 10_000 * cifar::RECORD as u64 });
        vec![RemoteFile {
            name: "cifar-10-binary.tar.gz".to_owned(),
            folders: vec!["https://www.cs.toronto.edu/~kriz/".to_owned()],
            packing: Packing::TarGz {
                bytes: 170_052_171,
                sha256: "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd".to_owned(),
                members: members.into(),
            },
        }]
    }

    fn read(&self, files: &[PathBuf]) -> Result<Dataset, DataError> {
        let name = DatasetName::Cifar10;
        let part = |files: &[PathBuf]| {
            let (mut pixels, mut labels) = (Vec::new(), Vec::new());
            files
                .iter()
                .map(AsRef::<Path>::as_ref)
                .try_for_each(|file| cifar::read_batch(file, &mut pixels, &mut labels))?;
            Ok::<_, DataError>((Raw::Bytes(pixels), labels))
        };
        let (train, test) = (part(&files[..5])?, part(&files[5..])?);
        Dataset::from_raw(name.as_str(), name.shape(), name.classes(), train, test)
    }
}
