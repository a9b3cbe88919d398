//! Folders of JPEG and PNG files in class folders, decoded while they are used.
//!
//! ```text
//! DIR/train/CLASS/*.{jpg,jpeg,png}     training part
//! DIR/val/CLASS/*.{jpg,jpeg,png}       test part (`test/` where there is no `val/`)
//! ```
//!
//! Classes are the folders' names in byte order, numbered from 0; files are in byte order of their paths: the order of
//! torchvision's `ImageFolder`. A sample goes through four stages, one file each:
//!
//! | stage | what | same as |
//! |---|---|---|
//! | [`Encoded`] | checks the header, then decodes | Pillow, see [`Encoded::decode`] |
//! | [`Placement`] | which part of the image becomes the sample | torchvision's `Resize` + `CenterCrop`, `RandomResizedCrop` |
//! | [`resample`] | bilinear with antialiasing, 8 bits, fixed point | Pillow's `resize(…, BILINEAR)`, bit for bit |
//! | [`Normalise`] | /255, − mean, / std, planes | torchvision's `ToTensor` + `Normalize` |
//!
//! The orientation that a camera wrote into the EXIF data is ignored, as torchvision ignores it.

mod config;
mod decode;
mod error;
mod export;
mod folder;
mod jpeg;
mod left_out;
mod limits;
mod normalise;
mod part;
mod pixels;
mod placement;
mod png;
pub mod resample;
mod signature;

pub use config::{ImagesConfig, OnCorrupt};
pub use decode::{Encoded, Format};
pub use error::{DecodeError, ImageError};
pub use export::{Export, ExportFormat, Exported};
pub use folder::{ImageFolder, Survey};
pub use left_out::{Found, LeftOut, Reason};
pub use limits::Limits;
pub use normalise::Normalise;
pub use part::{ImagePart, Unreadable};
pub use pixels::{Pixels, Region};
pub use placement::Placement;
