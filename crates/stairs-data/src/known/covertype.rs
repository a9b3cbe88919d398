//! Covertype: patches of forest, by 54 cartographic features.
//!
//! A stratified fifth is held back for testing. Its documentation suggests parts, with a training part of 11,340 samples that are
//! balanced over the classes while the test part is not; too few for the experiments on it, which use up to 100,000.

use std::path::PathBuf;

use super::{DatasetName, Known};
use crate::{
    Augment, DataError, Dataset, SPLIT_SEED, SampleShape, TEST_SHARE,
    format::table::{self, Columns},
    manifest::{Packing, RemoteFile},
    raw::Raw,
};

const ROWS: usize = 581_012;

/// Covertype.
pub(super) struct Covertype;

impl Known for Covertype {
    fn name(&self) -> &'static str {
        "covertype"
    }

    fn title(&self) -> &'static str {
        "Covertype"
    }

    fn classes(&self) -> &'static [&'static str] {
        &[
            "0-spruce-fir",
            "1-lodgepole-pine",
            "2-ponderosa-pine",
            "3-cottonwood-willow",
            "4-aspen",
            "5-douglas-fir",
            "6-krummholz",
        ]
    }

    fn shape(&self) -> SampleShape {
        SampleShape::Vector { features: 54 }
    }

    fn augment(&self) -> Augment {
        Augment::default()
    }

    fn page(&self) -> &'static str {
        "https://archive.ics.uci.edu/dataset/31/covertype"
    }

    fn remote(&self) -> Vec<RemoteFile> {
        vec![RemoteFile {
            name: "covtype.data.gz".to_owned(),
            folders: vec!["https://archive.ics.uci.edu/ml/machine-learning-databases/covtype/".to_owned()],
            packing: Packing::Gzip {
                bytes: 75_169_317,
                sha256: "0a9371cef7c964b5475d6053cc3e0894a5aa6f65ad1ed3ecb01c45aa96217945".to_owned(),
            },
        }]
    }

    fn read(&self, files: &[PathBuf]) -> Result<Dataset, DataError> {
        let (name, path) = (DatasetName::Covertype, files[0].as_path());
        let columns = Columns { features: name.shape().values(), first_label: 1, classes: 7 };
        let (features, labels) = table::read(path, columns)?;
        if labels.len() != ROWS {
            return Err(DataError::Format {
                path: path.to_owned(),
                what: "length".to_owned(),
                expected: format!("{ROWS} lines"),
                got: labels.len().to_string(),
            });
        }
        let all = (Raw::Floats(features), labels);
        Dataset::from_one(name.as_str(), name.shape(), name.classes(), all, TEST_SHARE, SPLIT_SEED)
    }
}
