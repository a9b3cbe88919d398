//! Weights in the order in which the product reads them.

use crate::ConvShape;

/// Output channels of a block.
pub(super) const BLOCK: usize = 8;

/// `[blocks, channels_in, kernel positions, BLOCK]`; the last block is filled up with zeros.
pub(super) struct Weights {
    values: Vec<f32>,
    block: usize,
}

impl Weights {
    /// Weights `[channels_out, channels_in, kernel positions]` as they are.
    pub(super) fn forward(weight: &[f32], shape: &ConvShape) -> Self {
        let patch = shape.patch();
        Self::new(shape.channels_out, patch, |o, k| weight[o * patch + k])
    }

    /// The same with the kernel turned by 180° and the channels exchanged.
    pub(super) fn turned(weight: &[f32], shape: &ConvShape) -> Self {
        let (patch, kernel) = (shape.patch(), shape.rows.kernel * shape.columns.kernel);
        Self::new(shape.channels_in, shape.channels_out * kernel, |c, k| {
            let (o, position) = (k / kernel, k % kernel);
            weight[o * patch + c * kernel + kernel - 1 - position]
        })
    }

    fn new(channels_out: usize, block: usize, at: impl Fn(usize, usize) -> f32) -> Self {
        let block = block * BLOCK;
        let mut values = vec![0.0; channels_out.div_ceil(BLOCK) * block];
        for (index, values) in values.chunks_exact_mut(block.max(1)).enumerate() {
            let channels = BLOCK.min(channels_out - index * BLOCK);
            for (k, values) in values.chunks_exact_mut(BLOCK).enumerate() {
                for (channel, value) in values[..channels].iter_mut().enumerate() {
                    *value = at(index * BLOCK + channel, k);
                }
            }
        }
        Self { values, block }
    }

    /// The blocks.
    pub(super) fn blocks(&self) -> impl Iterator<Item = &[f32]> {
        self.values.chunks_exact(self.block.max(1))
    }
}
