//! Some images of all channels with margins: one run of pixels a channel, in which kernel positions are offsets.
//!
//! Lines stand `pitch` apart, images `image` apart; the gap after a line is the margin of both its neighbours. Pixel
//! (i, y, x) is at q = i·image + y·pitch + x, and kernel position (ky, kx) reads q + (ky·pitch + kx)·dilation from the
//! start of a channel, which lies `lead` before its first pixel.

use crate::{Axis, ConvShape, cpu::fresh};

/// Most pixels a kernel reads at once, beyond the last output.
const SLACK: usize = 64;

/// The layout.
#[derive(Debug)]
pub(super) struct Grid {
    /// Most images at a time.
    pub(super) images: usize,
    /// From a line to the next.
    pitch: usize,
    /// From an image to the next.
    image: usize,
    /// From the start of a channel to its first pixel.
    lead: usize,
    /// From a channel to the next.
    pub(super) plane_in: usize,
    /// Where each position of the kernel reads, in reading order.
    pub(super) offsets: Vec<usize>,
    /// The convolution.
    pub(super) shape: ConvShape,
}

impl Grid {
    /// Whether images have a grid: no padding is more than a kernel reaches back, and the margins are not almost all of it,
    /// as they are around a far dilated kernel.
    pub(super) fn fits(shape: &ConvShape) -> bool {
        /// Pixels of an image with its margins for each of its own …
        const SHARE: usize = 64;
        /// … unless they are less than this.
        const SMALL: usize = 1 << 20;
        let length = |axis: &Axis| {
            let back = axis.padding <= (axis.kernel - 1) * axis.dilation;
            if back { axis.input.checked_add(margin(axis)) } else { None }
        };
        let pixels =
            length(&shape.rows).zip(length(&shape.columns)).and_then(|(rows, columns)| rows.checked_mul(columns));
        pixels.is_some_and(|pixels| pixels <= SMALL.max(shape.plane_in().saturating_mul(SHARE)))
    }

    /// A grid of about `wanted` pixels a channel, of at most `most` images.
    pub(super) fn new(shape: &ConvShape, most: usize, wanted: usize) -> Self {
        let (rows, columns) = (shape.rows, shape.columns);
        let pitch = columns.input + margin(&columns);
        let image = (rows.input + margin(&rows)) * pitch;
        let images = wanted.div_ceil(image).clamp(1, most.max(1));
        let lead = rows.padding * pitch + columns.padding;
        let position = |k: usize| (k / columns.kernel * rows.dilation * pitch) + k % columns.kernel * columns.dilation;
        let offsets: Vec<usize> = (0..rows.kernel * columns.kernel).map(position).collect();
        let reach = offsets.last().copied().unwrap_or(0);
        let plane_in = apart(images * image + reach + SLACK);
        Self { images, pitch, image, lead, plane_in, offsets, shape: *shape }
    }

    /// Outputs of `images` images, with the gaps between them.
    pub(super) fn outputs_of(&self, images: usize) -> usize {
        (images - 1) * self.image + (self.shape.rows.output - 1) * self.pitch + self.shape.columns.output
    }

    /// Images in a slice of whole images of so many channels.
    pub(super) fn count(&self, values: usize, channels: usize) -> usize {
        values / (channels * self.shape.plane_in())
    }

    /// A cleared grid of inputs.
    pub(super) fn inputs(&self) -> Vec<f32> {
        fresh::zeros(self.shape.channels_in * self.plane_in)
    }

    /// Copies images `[images, channels_in, height, width]` to `grid`. Fewer images than before leave zeros where the
    /// others stood.
    pub(super) fn place(&self, images: &[f32], grid: &mut [f32]) {
        let (channels, plane, width) = (self.shape.channels_in, self.shape.plane_in(), self.shape.columns.input);
        let count = self.count(images.len(), channels);
        for (channel, line) in grid.chunks_exact_mut(self.plane_in).enumerate() {
            if count < self.images {
                line.fill(0.0);
            }
            for image in 0..count {
                let source = &images[(image * channels + channel) * plane..][..plane];
                let target = line[self.lead + image * self.image..].chunks_mut(self.pitch);
                for (target, source) in target.zip(source.chunks_exact(width)) {
                    copy(&mut target[..width], source);
                }
            }
        }
    }

    /// Start in a channel of outputs of each line of `images` images, in order.
    pub(super) fn lines(&self, images: usize) -> impl Iterator<Item = usize> {
        let (rows, image, pitch) = (self.shape.rows.output, self.image, self.pitch);
        (0..images).flat_map(move |i| (0..rows).map(move |y| i * image + y * pitch))
    }
}

/// The wider of the margins before and after an axis that keeps its length.
fn margin(axis: &Axis) -> usize {
    axis.padding.max((axis.kernel - 1) * axis.dilation - axis.padding)
}

/// A distance of at least `length` that keeps channels from falling on the same lines of the cache.
fn apart(length: usize) -> usize {
    let length = length.next_multiple_of(16);
    if length.is_multiple_of(256) { length + 16 } else { length }
}

/// Copies a line of an image. Lines are short: for the usual lengths no function is called that would cost more than it
/// copies.
#[inline(always)]
pub(super) fn copy<T: Copy>(to: &mut [T], from: &[T]) {
    #[inline(always)]
    fn whole<T: Copy, const N: usize>(to: &mut [T], from: &[T]) {
        if let (Some(to), Some(from)) = (to.first_chunk_mut::<N>(), from.first_chunk::<N>()) {
            *to = *from;
        }
    }
    match (to.len(), from.len()) {
        (8, 8) => whole::<T, 8>(to, from),
        (16, 16) => whole::<T, 16>(to, from),
        (32, 32) => whole::<T, 32>(to, from),
        _ => to.copy_from_slice(from),
    }
}
