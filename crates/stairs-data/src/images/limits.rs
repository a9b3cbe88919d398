//! Bounds on what a header may declare, checked before anything is allocated.
//!
//! Two bounds hold together. The first is a number of pixels of one's own choice. The second follows from the length of
//! the file, since every pixel has to come from somewhere:
//!
//! - **JPEG**: every 8 × 8 block of the finest component has a DC coefficient in the entropy-coded data, whose Huffman
//!   code takes at least one bit (the end-of-band runs of progressive files spare AC coefficients only). Arithmetic
//!   coding, which can do with less, is not read. Hence pixels ≤ 64 · 8 · bytes.
//! - **PNG**: deflate expands at most 1032-fold (258 bytes from two bits), so the unfiltered rows, one filter byte and
//!   ⌈width · bits / 8⌉ bytes each, hold at most 1032 · bytes.

use super::DecodeError;

/// Pixels of a JPEG a byte of its file.
const JPEG_PIXELS_A_BYTE: u64 = 64 * 8;
/// Bytes of unfiltered rows a byte of a PNG file.
const DEFLATE_RATIO: u64 = 1032;

/// What may be decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Most pixels of an image, at least 1; 64,000,000 by default.
    pub max_pixels: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { max_pixels: 64_000_000 }
    }
}

impl Limits {
    /// Longest file that is read: 8 bytes a pixel, which is an uncompressed image of 16 bits and four channels, and
    /// 64 MiB for all else that a file may hold.
    pub fn max_bytes(self) -> u64 {
        self.max_pixels.saturating_mul(8).saturating_add(64 << 20)
    }

    /// Checks the size a JPEG header declares.
    pub(super) fn check_jpeg(self, width: u32, height: u32, bytes: usize) -> Result<(), DecodeError> {
        let pixels = self.pixels(width, height)?;
        plausible(pixels <= JPEG_PIXELS_A_BYTE * bytes as u64, width, height, bytes)
    }

    /// Checks the size a PNG header declares, with `bits` a pixel.
    pub(super) fn check_png(self, width: u32, height: u32, bits: u32, bytes: usize) -> Result<(), DecodeError> {
        self.pixels(width, height)?;
        let row = 1 + (u64::from(width) * u64::from(bits)).div_ceil(8);
        plausible(row * u64::from(height) <= DEFLATE_RATIO * bytes as u64, width, height, bytes)
    }

    fn pixels(self, width: u32, height: u32) -> Result<u64, DecodeError> {
        if width == 0 || height == 0 {
            return Err(DecodeError::Zero { width, height });
        }
        let pixels = u64::from(width) * u64::from(height);
        if pixels > self.max_pixels {
            return Err(DecodeError::Large { width, height, limit: self.max_pixels });
        }
        Ok(pixels)
    }
}

fn plausible(fits: bool, width: u32, height: u32, bytes: usize) -> Result<(), DecodeError> {
    if fits { Ok(()) } else { Err(DecodeError::Implausible { width, height, bytes }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_refused_by_what_is_wrong_with_them() {
        let limits = Limits { max_pixels: 100 };
        assert_eq!(limits.check_jpeg(10, 10, 1000), Ok(()));
        assert_eq!(limits.check_jpeg(0, 10, 1000), Err(DecodeError::Zero { width: 0, height: 10 }));
        assert_eq!(limits.check_jpeg(10, 11, 1000), Err(DecodeError::Large { width: 10, height: 11, limit: 100 }));
        // 512 pixels a byte; 1032 bytes a byte: 100 rows of 1 + 128 bytes need 12.5 bytes.
        let limits = Limits::default();
        assert_eq!(limits.check_jpeg(512, 100, 100), Ok(()));
        assert_eq!(
            limits.check_jpeg(513, 100, 100),
            Err(DecodeError::Implausible { width: 513, height: 100, bytes: 100 })
        );
        assert_eq!(limits.check_png(1024, 100, 1, 13), Ok(()));
        assert!(limits.check_png(1024, 100, 1, 12).is_err());
    }
}
