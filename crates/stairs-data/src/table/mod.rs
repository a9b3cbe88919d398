//! Tables of one's own: a text file, a sample a line, numbers and one column of labels.
//!
//! ```
//! use stairs_data::{Dataset, TableOptions};
//! # let folder = tempfile::tempdir().unwrap();
//! # let path = folder.path().join("flowers.csv");
//! std::fs::write(&path, "length,width,kind\n5.1,3.5,rose\n4.9,3.0,rose\n6.3,3.3,iris\n5.8,2.7,iris\n").unwrap();
//! let options = TableOptions { test_share: 0.5, ..TableOptions::default() };
//! let flowers = Dataset::from_table(&path, &options).unwrap();
//! assert_eq!(flowers.class_names, ["iris", "rose"]);
//! assert_eq!(flowers.identity().to_string(), "flowers.csv: 2 + 2 samples, 2 classes, 2 features");
//! ```
//!
//! The file may be gzip. Cells are separated by commas, semicolons or tabs and may stand in double quotes; blank lines at
//! the end are passed over. Every cell but the label must be a finite number: missing values, texts and NaN are errors
//! that name line and column, and so is everything else that could be read in two ways. Features become [f32].

mod header;
mod labels;
mod rows;

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::{DataError, Dataset, SPLIT_SEED, SampleShape, TEST_SHARE, raw::Raw};
use labels::Classes;
use rows::Table;

/// Most numbers of a table: 1 GiB of them.
pub(crate) const MAX_VALUES: usize = 1 << 28;
/// Longest line in bytes, its end included.
pub(crate) const MAX_LINE: usize = 1 << 20;

/// How a table is read. The default suits most: the label last, a header where there is one, a fifth for testing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TableOptions {
    /// The column of the label: `last`, `first`, its name in the header, or its number counted from 1.
    pub label: String,
    /// Whether the first line names the columns; absent: it does where none of its cells is a number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub header: Option<bool>,
    /// What separates cells; absent: the first of tab, semicolon and comma that the first line has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delimiter: Option<char>,
    /// A second file with the test part; absent: a share of the table.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub test: Option<PathBuf>,
    /// Share in [0, 1) of every class that is held back for testing, where there is no second file.
    pub test_share: f64,
    /// Seed that draws it.
    pub seed: u64,
}

impl Default for TableOptions {
    fn default() -> Self {
        Self {
            label: "last".into(),
            header: None,
            delimiter: None,
            test: None,
            test_share: TEST_SHARE,
            seed: SPLIT_SEED,
        }
    }
}

/// Whether `name` is that of a table: it ends in `.csv` or `.tsv`, with or without `.gz`, in any case.
///
/// ```
/// assert!(["a.csv", "/data/b.TSV", "c.csv.gz"].iter().all(|name| stairs_data::is_table(name)));
/// assert!(!stairs_data::is_table("mnist"));
/// ```
pub fn is_table(name: &str) -> bool {
    let name = name.to_lowercase();
    let name = name.strip_suffix(".gz").unwrap_or(&name);
    name.ends_with(".csv") || name.ends_with(".tsv")
}

impl Dataset {
    /// Reads the table `path`. Classes are the different labels: in ascending order where all are whole numbers, in byte
    /// order of their text otherwise. The data set is called as the file.
    ///
    /// # Errors
    /// [`DataError::Io`]; [`DataError::Table`] naming the line and the column; [`DataError::Format`] for a damaged gzip
    /// stream.
    pub fn from_table(path: impl AsRef<Path>, options: &TableOptions) -> Result<Self, DataError> {
        let path = path.as_ref();
        options.validate(path)?;
        let train = Table::read(path, options, None)?;
        let test = options.test.as_ref().map(|test| Table::read(test, options, Some(&train))).transpose()?;
        let classes = Classes::of(&train)?;
        let labels = classes.labels(&train)?;
        let shape = SampleShape::Vector { features: train.features() };
        let name = path.file_name().map_or_else(|| "table".into(), |name| name.to_string_lossy().into_owned());
        let count = classes.names().len();
        let all = (Raw::Floats(train.values), labels);
        let data = match test {
            None => Self::from_one(&name, shape, count, all, options.test_share, options.seed),
            Some(test) => {
                let labels = classes.labels(&test)?;
                Self::from_raw(&name, shape, count, all, (Raw::Floats(test.values), labels))
            }
        };
        data?.read_from(path.to_owned()).with_class_names(classes.names())
    }
}

impl TableOptions {
    fn validate(&self, path: &Path) -> Result<(), DataError> {
        let refuse = |what: &str, expected: &str, got: String| Err(error(path, what, expected, got));
        if !(0.0..1.0).contains(&self.test_share) {
            return refuse("the share for testing", "a number from 0 to below 1", self.test_share.to_string());
        }
        match self.delimiter {
            Some(c) if !c.is_ascii() || c.is_ascii_alphanumeric() || "\"\r\n.-+".contains(c) => {
                refuse("the delimiter", "a character that no number has, such as , or ;", format!("{c:?}"))
            }
            _ => Ok(()),
        }
    }
}

/// An error in a table.
fn error(path: &Path, at: impl ToString, expected: impl ToString, got: impl ToString) -> DataError {
    DataError::Table { path: path.to_owned(), at: at.to_string(), expected: expected.to_string(), got: got.to_string() }
}

/// A cell for a message: quoted, escaped, shortened.
fn show(cell: &[u8]) -> String {
    let text = String::from_utf8_lossy(&cell[..cell.len().min(40)]);
    format!("{text:?}")
}
