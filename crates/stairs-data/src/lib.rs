//! Data sets for stairs, as plain arrays: no tensor library among the dependencies.
//!
//! ```
//! use stairs_data::{DataRoot, DatasetName, load};
//!
//! let digits = load(DatasetName::Digits, &DataRoot::default())?; // embedded, needs no file
//! let mut image = vec![0.0; digits.shape.values()];
//! let label = digits.train.copy_sample(0, &mut image); // standardised, C × H × W
//! assert!(usize::from(label) < digits.classes);
//! # Ok::<(), stairs_data::DataError>(())
//! ```
//!
//! The known data sets are listed at [`DatasetName`].
//!
//! Tables of one's own are read by [`Dataset::from_table`], folders of pictures by [`images`].
//!
//! With the feature `fetch`, `fetch::fetch` downloads the official files of a known one and verifies them.
//!
//! Files are looked for as [`DataRoot`] says, checked as they are read, and standardised as [`Standardisation`] says.

mod augment;
mod dataset;
mod error;
#[cfg(feature = "fetch")]
pub mod fetch;
pub mod files;
pub mod format;
mod identity;
pub mod images;
mod known;
mod load;
pub mod manifest;
mod raw;
mod root;
mod shape;
mod source;
mod split;
mod standardisation;
mod stratified;
mod table;
mod text;

pub use augment::Augment;
pub use dataset::Dataset;
pub use error::DataError;
pub use identity::{Change, DataDifference, DataIdentity, PartIdentity, PartKind};
pub use known::DatasetName;
pub use load::{SPLIT_SEED, TEST_SHARE, load};

pub use root::{DATA_VARIABLE, DataRoot, Location};
pub use shape::SampleShape;
pub use split::Split;
pub use standardisation::Standardisation;
pub use stratified::stratified_split;
pub use table::{TableOptions, is_table};
