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
//! | name | samples | shape | classes | parts | format |
//! |---|---|---|---|---|---|
//! | `digits` | 1,797 | 1 × 8 × 8 | 10 | stratified 80/20 | embedded |
//! | `mnist`, `fashion-mnist` | 60,000 + 10,000 | 1 × 28 × 28 | 10 | official | IDX |
//! | `cifar10` | 50,000 + 10,000 | 3 × 32 × 32 | 10 | official | CIFAR binary |
//! | `covertype` | 581,012 | 54 | 7 | stratified 80/20 | CSV |
//!
//! Tables of one's own are read by [`Dataset::from_table`], folders of pictures by [`images`].
//!
//! Files are looked for as [`DataRoot`] says, checked as they are read, and standardised as [`Standardisation`] says.
//! The embedded digits are the test part of *Optical Recognition of Handwritten Digits* (E. Alpaydin and C. Kaynak,
//! 1998, UCI Machine Learning Repository, <https://doi.org/10.24432/C50P49>, CC BY 4.0), as shipped with scikit-learn.

mod augment;
mod dataset;
mod error;
pub mod files;
pub mod format;
mod identity;
pub mod images;
mod load;
pub mod manifest;
mod name;
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
pub use load::{SPLIT_SEED, TEST_SHARE, load};
pub use name::DatasetName;
pub use root::{DATA_VARIABLE, DataRoot, Location};
pub use shape::SampleShape;
pub use split::Split;
pub use standardisation::Standardisation;
pub use stratified::stratified_split;
pub use table::{TableOptions, is_table};
