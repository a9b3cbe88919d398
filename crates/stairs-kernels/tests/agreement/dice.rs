//! Random settings of layers, and tensors in all layouts that memory can have.

use burn::{
    nn::PaddingConfig2d,
    tensor::{Device, Tensor, s},
};

use crate::case::numbers;

/// SplitMix64.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0xD134_2543_DE82_EF95))
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    pub(crate) fn below(&mut self, end: usize) -> usize {
        (self.next() % end as u64) as usize
    }

    /// From `start` up to, not including, `end`.
    pub(crate) fn from(&mut self, start: usize, end: usize) -> usize {
        start + self.below(end - start)
    }

    pub(crate) fn pair(&mut self, start: usize, end: usize) -> [usize; 2] {
        [self.from(start, end), self.from(start, end)]
    }

    pub(crate) fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    pub(crate) fn pick<const N: usize>(&mut self, values: [usize; N]) -> usize {
        values[self.below(N)]
    }

    /// Images: few, with one empty batch among many.
    pub(crate) fn batch(&mut self) -> usize {
        match self.below(40) {
            0 => 0,
            1..4 => self.from(17, 40),
            _ => self.from(1, 6),
        }
    }

    /// Lines or columns of an image: one, odd, even, whole runs of 8 and 16.
    pub(crate) fn side(&mut self) -> usize {
        match self.below(8) {
            0 => 1,
            1 => self.pick([8, 16, 24, 32]),
            _ => self.from(1, 20),
        }
    }

    /// A number whose products wrap.
    pub(crate) fn huge(&mut self) -> usize {
        self.pick([usize::MAX, usize::MAX / 2 + 1, isize::MAX as usize, 1 << 62, (1 << 63) - 1, usize::MAX / 3 + 1])
    }

    /// None, “same”, or up to one more than the kernel on each side.
    pub(crate) fn padding(&mut self, kernel: [usize; 2]) -> PaddingConfig2d {
        match self.below(6) {
            0 => PaddingConfig2d::Valid,
            1 | 2 => PaddingConfig2d::Same,
            3 => {
                let [h, w] = kernel.map(|k| k / 2);
                PaddingConfig2d::Explicit(h, w, h, w)
            }
            4 => PaddingConfig2d::Explicit(0, 0, self.below(kernel[0] + 1), self.below(kernel[1] + 1)),
            _ => {
                let mut side = |axis: usize| self.below(kernel[axis] + 2);
                PaddingConfig2d::Explicit(side(0), side(1), side(0), side(1))
            }
        }
    }

    pub(crate) fn layout(&mut self) -> Layout {
        [
            Layout::Dense,
            Layout::Dense,
            Layout::Transposed,
            Layout::ChannelsLast,
            Layout::Part,
            Layout::Flipped,
            Layout::Stepped,
            Layout::Repeated,
        ][self.below(8)]
    }
}

/// How a tensor lies in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Layout {
    Dense,
    /// Height and width exchanged.
    Transposed,
    ChannelsLast,
    /// Inside a larger tensor.
    Part,
    /// Backwards.
    Flipped,
    /// Every second column.
    Stepped,
    /// One image for all of the batch.
    Repeated,
}

impl Layout {
    pub(crate) fn repeats(self) -> bool {
        self == Self::Repeated
    }

    pub(crate) fn make(self, dims: [usize; 4], seed: u64, device: &Device) -> Tensor<4> {
        let [b, c, h, w] = dims;
        match self {
            Self::Dense => numbers(dims, seed, device),
            Self::Transposed => numbers([b, c, w, h], seed, device).swap_dims(2, 3),
            Self::ChannelsLast => numbers([b, h, w, c], seed, device).permute([0, 3, 1, 2]),
            Self::Part => {
                let whole = numbers([b + 1, c + 2, h + 1, w + 3], seed, device);
                whole.slice([1..b + 1, 1..c + 1, 0..h, 2..w + 2])
            }
            Self::Flipped => numbers(dims, seed, device).flip([2, 3]),
            Self::Stepped => numbers([b, c, h, 2 * w], seed, device).slice(s![.., .., .., ..;2]),
            Self::Repeated => numbers([1, c, h, w], seed, device).expand(dims),
        }
    }
}
