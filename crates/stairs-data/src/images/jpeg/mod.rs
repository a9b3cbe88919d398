//! JPEG: the header, checked by our own reading of the segments, and the pixels.

mod header;
mod zune;

pub(super) use header::Header;

use super::{DecodeError, Pixels, Region};

/// Decodes at least `region` of the file that `header` was read from.
pub(super) fn decode(bytes: &[u8], header: &Header, _region: Region) -> Result<Pixels, DecodeError> {
    zune::decode(bytes, header)
}
