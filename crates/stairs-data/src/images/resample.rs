//! Bilinear resampling with antialiasing, bit for bit that of Pillow's `resize(…, BILINEAR)`.
//!
//! Along each axis an output pixel is a weighted mean of input pixels. With *s* = input/output the scale, *f* = max(s, 1)
//! and centre *c* = (x + ½)·s, input pixel *i* weighs triangle((i + ½ − c)/f), triangle(t) = max(0, 1 − |t|); the weights
//! of an output pixel are divided by their sum and rounded to 22 bits of fixed point. Columns are
//! made first, rounded to 8 bits, then rows; the other way round for images that lose much more height than width. This is
//! the arithmetic of Pillow (`Resample.c`), restated; the order is that which version 13 was seen to take on 1,500 sizes.
//! Where the size of an axis does not change it is left
//! alone. Only the pixels of the window asked for are computed.

use std::ops::Range;

use super::{Pixels, Region};

/// Bits behind the point: 32 − 8 (a pixel) − 2 (for filters with negative lobes).
const BITS: u32 = 32 - 8 - 2;

/// The weights of some output pixels of one axis.
#[derive(Clone, Debug)]
struct Axis {
    /// First input pixel of each output pixel, counted in the image.
    first: Vec<usize>,
    /// Weights of an output pixel, all lists of the same length, zeros at the end.
    weights: Vec<i32>,
    taps: usize,
}

impl Axis {
    /// Output pixels `window` of `input` resampled to `output` pixels.
    fn new(input: Range<usize>, output: usize, window: Range<usize>) -> Self {
        let scale = input.len() as f64 / output as f64;
        let stretch = scale.max(1.0);
        let mut lists = Vec::with_capacity(window.len());
        for x in window {
            let centre = (x as f64 + 0.5) * scale;
            // Both are at least −½ + ½: the conversion to integers cuts off.
            let low = (centre - stretch + 0.5).max(0.0) as usize;
            let high = ((centre + stretch + 0.5) as usize).min(input.len());
            let weight = |i: usize| (1.0 - ((i as f64 - centre + 0.5) / stretch).abs()).max(0.0);
            let mut weights: Vec<f64> = (low..high).map(weight).collect();
            let sum: f64 = weights.iter().sum();
            weights.iter_mut().for_each(|w| *w /= sum);
            lists.push((low, weights));
        }
        let taps = lists.iter().map(|(_, weights)| weights.len()).max().unwrap_or(0);
        let mut axis = Self { first: Vec::with_capacity(lists.len()), weights: Vec::new(), taps };
        for (low, weights) in lists {
            // A list that is moved to the left, for room at the border, begins with zeros.
            let first = low.min(input.len() - taps);
            axis.first.push(input.start + first);
            let start = axis.weights.len();
            axis.weights.resize(start + taps, 0);
            for (place, w) in axis.weights[start + low - first..].iter_mut().zip(weights) {
                *place = (0.5 + w * f64::from(1u32 << BITS)) as i32;
            }
        }
        axis
    }

    /// Input pixels that the output needs.
    fn needed(&self) -> Range<usize> {
        let low = self.first.iter().copied().min().unwrap_or(0);
        low..self.first.iter().copied().max().map_or(low, |first| first + self.taps)
    }

    fn lists(&self) -> impl Iterator<Item = (usize, &[i32])> {
        self.first.iter().copied().zip(self.weights.chunks_exact(self.taps.max(1)))
    }
}

/// Resampling of a region of an image to `size` pixels, of which a window is computed.
#[derive(Clone, Debug)]
pub struct Resample {
    horizontal: Axis,
    vertical: Axis,
    vertical_first: bool,
}

/// Buffers that are used again for every image.
#[derive(Debug, Default)]
pub struct Scratch {
    columns: Vec<u8>,
    sums: Vec<i32>,
    row: Vec<u8>,
}

impl Resample {
    /// Resamples `region` to `size` = (width, height) pixels, as if cut out first, and computes `window` of the result.
    /// Nothing here may be empty, and `window` lies within `size`.
    pub fn new(region: Region, (width, height): (usize, usize), window: Region) -> Self {
        Self {
            horizontal: Axis::new(region.columns(), width, window.columns()),
            vertical: Axis::new(region.rows(), height, window.rows()),
            vertical_first: vertical_first((region.width, region.height), (width, height)),
        }
    }

    /// The part of the image that is looked at.
    pub fn needed(&self) -> Region {
        let (columns, rows) = (self.horizontal.needed(), self.vertical.needed());
        Region { left: columns.start, top: rows.start, width: columns.len(), height: rows.len() }
    }

    /// Hands the rows of the window, top to bottom, to `each`. `pixels` must hold [`needed`](Self::needed).
    pub fn rows(&self, pixels: &Pixels, scratch: &mut Scratch, mut each: impl FnMut(usize, &[u8])) {
        let channels = pixels.channels;
        let needed = self.needed();
        let (narrow, wide) = (self.horizontal.first.len() * channels, needed.width * channels);
        let input = |row: usize| pixels.row(row, needed.columns());
        let Scratch { columns, sums, row } = scratch;
        if self.vertical_first {
            row.resize(wide, 0);
            columns.resize(narrow, 0);
            for (y, (first, weights)) in self.vertical.lists().enumerate() {
                mean((first..).map(input), weights, sums, row);
                self.columns(row, channels, needed.left, columns);
                each(y, columns);
            }
        } else {
            row.resize(narrow, 0);
            columns.resize(narrow * needed.height, 0);
            for (y, out) in needed.rows().zip(columns.chunks_exact_mut(narrow)) {
                self.columns(input(y), channels, needed.left, out);
            }
            for (y, (first, weights)) in self.vertical.lists().enumerate() {
                mean(columns[(first - needed.top) * narrow..].chunks_exact(narrow), weights, sums, row);
                each(y, row);
            }
        }
    }

    /// One row through the horizontal axis.
    fn columns(&self, input: &[u8], channels: usize, left: usize, out: &mut [u8]) {
        match channels {
            1 => self.columns_of::<1>(input, left, out),
            _ => self.columns_of::<3>(input, left, out),
        }
    }

    fn columns_of<const C: usize>(&self, input: &[u8], left: usize, out: &mut [u8]) {
        for ((first, weights), out) in self.horizontal.lists().zip(out.chunks_exact_mut(C)) {
            let mut sums = [1i32 << (BITS - 1); C];
            let from = &input[(first - left) * C..(first - left + weights.len()) * C];
            for (pixel, &weight) in from.chunks_exact(C).zip(weights) {
                for (sum, &x) in sums.iter_mut().zip(pixel) {
                    *sum += weight * i32::from(x);
                }
            }
            for (x, sum) in out.iter_mut().zip(sums) {
                *x = (sum >> BITS).clamp(0, 255) as u8;
            }
        }
    }
}

/// Whether rows come first: where the height shrinks, and by more than twice what the width shrinks (both in pixels).
fn vertical_first((width, height): (usize, usize), (new_width, new_height): (usize, usize)) -> bool {
    height > new_height && height + 2 * new_width > new_height + 2 * width
}

/// The weighted mean of some rows; `sums` is for intermediate results.
fn mean<'a>(rows: impl Iterator<Item = &'a [u8]>, weights: &[i32], sums: &mut Vec<i32>, out: &mut [u8]) {
    sums.clear();
    sums.resize(out.len(), 1 << (BITS - 1));
    // A weight of 0 may stand for a row beyond the border: it is taken off before the row is asked for.
    let end = weights.iter().rposition(|&weight| weight != 0).map_or(0, |last| last + 1);
    for (&weight, row) in weights[..end].iter().zip(rows) {
        sums.iter_mut().zip(row).for_each(|(sum, &x)| *sum += weight * i32::from(x));
    }
    out.iter_mut().zip(&*sums).for_each(|(x, &sum)| *x = (sum >> BITS).clamp(0, 255) as u8);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resize(data: &[u8], (w, h): (usize, usize), size: (usize, usize), window: Region) -> Vec<u8> {
        let pixels = Pixels { region: Region::whole(w, h), channels: 1, data: data.to_vec() };
        let mut out = Vec::new();
        Resample::new(pixels.region, size, window)
            .rows(&pixels, &mut Scratch::default(), |_, row| out.extend_from_slice(row));
        out
    }

    #[test]
    fn on_paper() {
        // Halving: the triangle has half-width 2; output 0 sees inputs 0, 1, 2 with weights ¾, ¾, ¼ over 7/4.
        let half = resize(&[0, 70, 140, 210], (4, 1), (2, 1), Region::whole(2, 1));
        assert_eq!(half, [50, 160]);
        // Doubling: centres at ¼, ¾, … of a pixel, clamped at the borders.
        let double = resize(&[0, 100], (2, 1), (4, 1), Region::whole(4, 1));
        assert_eq!(double, [0, 25, 75, 100]);
    }

    #[test]
    fn the_same_size_changes_nothing_and_constants_stay() {
        let data: Vec<u8> = (0..=255).collect();
        assert_eq!(resize(&data, (16, 16), (16, 16), Region::whole(16, 16)), data);
        for value in [0, 1, 127, 255] {
            assert!(resize(&[value; 35], (7, 5), (3, 11), Region::whole(3, 11)).iter().all(|&x| x == value));
        }
    }

    #[test]
    fn a_window_is_a_part_of_the_whole() {
        let data: Vec<u8> = (0..1200).map(|i| (i * i % 251) as u8).collect();
        for size in [(17, 13), (55, 41), (40, 30)] {
            let whole = resize(&data, (40, 30), size, Region::whole(size.0, size.1));
            let window = Region { left: 5, top: 3, width: 9, height: 8 };
            let part: Vec<u8> =
                window.rows().flat_map(|y| window.columns().map(move |x| y * size.0 + x)).map(|i| whole[i]).collect();
            assert_eq!(resize(&data, (40, 30), size, window), part);
        }
    }
}
