//! Decoded pixels, and colours that become grey.

use std::ops::Range;

/// A rectangle of an image, in pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Region {
    /// First column.
    pub left: usize,
    /// First row.
    pub top: usize,
    /// Columns.
    pub width: usize,
    /// Rows.
    pub height: usize,
}

impl Region {
    /// All of an image.
    pub fn whole(width: usize, height: usize) -> Self {
        Self { left: 0, top: 0, width, height }
    }

    pub(super) fn columns(self) -> Range<usize> {
        self.left..self.left + self.width
    }

    pub(super) fn rows(self) -> Range<usize> {
        self.top..self.top + self.height
    }
}

/// Rows of 8-bit pixels, channels interleaved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pixels {
    /// The part of the image that `data` holds.
    pub region: Region,
    /// 1 (grey) or 3 (red, green, blue).
    pub channels: usize,
    /// `region.height · region.width · channels` bytes.
    pub data: Vec<u8>,
}

impl Pixels {
    /// An image's columns `columns` of row `row`, counted in the image.
    pub(super) fn row(&self, row: usize, columns: Range<usize>) -> &[u8] {
        let start = ((row - self.region.top) * self.region.width + columns.start - self.region.left) * self.channels;
        &self.data[start..start + columns.len() * self.channels]
    }

    /// The same image with `channels` 1 or 3: grey is repeated, colours become luma.
    pub(super) fn with_channels(self, channels: usize) -> Self {
        let data = match (self.channels, channels) {
            (3, 1) => self.data.chunks_exact(3).map(|p| luma(p[0], p[1], p[2])).collect(),
            (1, 3) => self.data.iter().flat_map(|&g| [g; 3]).collect(),
            _ => self.data,
        };
        Self { channels, data, ..self }
    }
}

/// 0.299 R + 0.587 G + 0.114 B (ITU-R BT.601) in 16 bits of fixed point, rounded, as Pillow converts to mode `L`.
pub(super) fn luma(r: u8, g: u8, b: u8) -> u8 {
    let sum = 19_595 * u32::from(r) + 38_470 * u32::from(g) + 7_471 * u32::from(b) + 0x8000;
    (sum >> 16) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grey_and_back() {
        let grey = Pixels { region: Region::whole(2, 1), channels: 1, data: vec![7, 200] };
        let colour = grey.clone().with_channels(3);
        assert_eq!(colour.data, [7, 7, 7, 200, 200, 200]);
        assert_eq!(colour.with_channels(1), grey);
        assert_eq!([luma(255, 0, 0), luma(0, 255, 0), luma(0, 0, 255)], [76, 150, 29]);
    }

    #[test]
    fn rows_are_counted_in_the_image() {
        let region = Region { left: 2, top: 1, width: 3, height: 2 };
        let pixels = Pixels { region, channels: 1, data: vec![1, 2, 3, 4, 5, 6] };
        assert_eq!(pixels.row(2, 3..5), [5, 6]);
    }
}
