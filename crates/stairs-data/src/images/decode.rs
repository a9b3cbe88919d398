//! From the bytes of a file to pixels.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::{
    DecodeError, Limits, Pixels, Region, jpeg, png,
    signature::{self, Signature},
};

/// Kind of an image file, told by its first bytes; the name's ending does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Format {
    /// JPEG.
    Jpeg,
    /// PNG.
    Png,
}

/// The bytes of an image file whose header has been checked.
///
/// ```
/// use stairs_data::images::{DecodeError, Encoded, Limits};
/// let error = Encoded::open(b"GIF89a", Limits::default()).unwrap_err();
/// assert_eq!(error.to_string(), "it is GIF by content, and only JPEG and PNG are read: convert the file");
/// ```
#[derive(Clone, Debug)]
pub struct Encoded<'a> {
    bytes: &'a [u8],
    width: usize,
    height: usize,
    jpeg: Option<jpeg::Header>,
}

impl<'a> Encoded<'a> {
    /// Reads the header and checks what it declares against `limits` and against the length of the file. Allocates
    /// nothing that depends on the declared size.
    ///
    /// # Errors
    /// [`DecodeError`].
    pub fn open(bytes: &'a [u8], limits: Limits) -> Result<Self, DecodeError> {
        if bytes.starts_with(&[0xff, 0xd8, 0xff]) {
            let header = jpeg::Header::read(bytes)?;
            limits.check_jpeg(header.width, header.height, bytes.len())?;
            let (width, height) = (header.width as usize, header.height as usize);
            return Ok(Self { bytes, width, height, jpeg: Some(header) });
        }
        if bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
            let (width, height) = png::size(bytes, limits)?;
            return Ok(Self { bytes, width: width as usize, height: height as usize, jpeg: None });
        }
        match signature::of(bytes) {
            Some(Signature::Picture(format) | Signature::Other(format)) => return Err(DecodeError::Foreign(format)),
            Some(Signature::Read(_)) | None => {}
        }
        if bytes.is_empty() {
            return Err(DecodeError::Empty);
        }
        let begin: Vec<_> = bytes.iter().take(4).map(|byte| format!("{byte:02x}")).collect();
        Err(DecodeError::Magic(begin.join(" ")))
    }

    /// JPEG or PNG.
    pub fn format(&self) -> Format {
        if self.jpeg.is_some() { Format::Jpeg } else { Format::Png }
    }

    /// Width in pixels, at least 1.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Height in pixels, at least 1.
    pub fn height(&self) -> usize {
        self.height
    }

    /// Pixels with `channels` 1 or 3 of at least `region`, which must lie within the image; today both decoders return
    /// the whole image.
    ///
    /// PNG is decoded bit for bit as Pillow does, but for 16 bits, of which the upper 8 are kept. JPEG differs from
    /// libjpeg-turbo by rounding: at most 3 of 255 levels, 0.05 to 0.4 on average, on the files of the tests (9 with
    /// restart intervals, for a reason that was not found).
    ///
    /// # Errors
    /// [`DecodeError::Damaged`], [`DecodeError::Truncated`] or [`DecodeError::Unsupported`].
    pub fn decode(&self, channels: usize, _region: Region) -> Result<Pixels, DecodeError> {
        let pixels = match &self.jpeg {
            Some(header) => jpeg::decode(self.bytes, header)?,
            None => png::decode(self.bytes)?,
        };
        Ok(pixels.with_channels(channels))
    }
}

/// Runs a decoder of another crate. No input is known that makes one panic; should there be one, it is one more damaged
/// file and not the end of a training run. The panic still prints its message.
pub(super) fn guarded<T>(decode: impl FnOnce() -> Result<T, DecodeError>) -> Result<T, DecodeError> {
    catch_unwind(AssertUnwindSafe(decode)).unwrap_or_else(|_| Err(DecodeError::Damaged("the decoder panicked".into())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_a_damaged_file() {
        let result: Result<(), _> = guarded(|| panic!("this message is part of the test"));
        assert_eq!(result, Err(DecodeError::Damaged("the decoder panicked".into())));
    }
}
