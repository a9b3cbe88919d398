//! JPEG: the header, checked by our own reading of the segments, and the pixels.

mod header;
mod zune;

pub(super) use header::Header;
pub(super) use zune::decode;
