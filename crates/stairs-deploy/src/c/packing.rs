//! How weights lie in flash.
//!
//! - Planes, for features that are planes: for every output the words of its mask (w ≠ 0), unless no weight is 0, then those of
//!   its sign (w < 0), in the order in which the bits of a patch lie: row, column, channel.
//! - Fields of 1 (bit 1 is −1), 2, 4 or 8 bits in two's complement, lowest first; every output begins a byte.

use stairs_infer::Weights;

/// How the weights of a layer are packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Packing {
    Planes {
        /// Whether there is a mask.
        mask: bool,
    },
    Fields {
        /// 1, 2, 4 or 8.
        bits: usize,
    },
}

/// Whether planes hold these weights.
pub(super) fn is_ternary(weights: &Weights) -> bool {
    let range = weights.range();
    range.low >= -1 && range.high <= 1
}

fn has_zero(weights: &Weights) -> bool {
    weights.values().contains(&0)
}

impl Packing {
    /// For a layer whose features are planes or not.
    pub(super) fn of(weights: &Weights, planes: bool) -> Self {
        let range = weights.range();
        match (range.low, range.high) {
            _ if planes => Self::Planes { mask: has_zero(weights) },
            (-1.., ..=1) if !has_zero(weights) => Self::Fields { bits: 1 },
            (-2.., ..=1) => Self::Fields { bits: 2 },
            (-8.., ..=7) => Self::Fields { bits: 4 },
            _ => Self::Fields { bits: 8 },
        }
    }

    /// Elements of the array for one output.
    pub(super) fn stride(self, fan_in: usize) -> usize {
        match self {
            Self::Planes { mask } => fan_in.div_ceil(32) * (1 + usize::from(mask)),
            Self::Fields { bits } => (fan_in * bits).div_ceil(8),
        }
    }
}

/// Words of planes; `order` gives the weight at each bit of a patch.
pub(super) fn planes(weights: &Weights, mask: bool, order: &[usize]) -> Vec<u32> {
    let plane = |of: &[i8], bit: fn(i8) -> bool| -> Vec<u32> {
        let word = |places: &[usize]| {
            places.iter().enumerate().fold(0, |word, (i, place)| word | u32::from(bit(of[*place])) << i)
        };
        order.chunks(32).map(word).collect()
    };
    let output = |o| {
        let of = weights.of(o);
        let mut words = if mask { plane(of, |w| w != 0) } else { Vec::new() };
        words.extend(plane(of, |w| w < 0));
        words
    };
    (0..weights.outputs()).flat_map(output).collect()
}

/// Bytes of fields.
pub(super) fn fields(weights: &Weights, bits: usize) -> Vec<u8> {
    let code = |w: i8| if bits == 1 { u8::from(w < 0) } else { w as u8 & (0xFF >> (8 - bits)) };
    let byte = |of: &[i8]| of.iter().enumerate().fold(0, |byte, (i, w)| byte | code(*w) << (i * bits));
    (0..weights.outputs()).flat_map(|o| weights.of(o).chunks(8 / bits).map(byte)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_are_packed_lowest_first() -> Result<(), Box<dyn std::error::Error>> {
        let weights = Weights::new(vec![2, 3], vec![1, -1, 0, 0, 0, -1])?;
        assert_eq!(planes(&weights, true, &[2, 1, 0]), [0b110, 0b010, 0b001, 0b001]);
        assert_eq!(
            (Packing::of(&weights, false), fields(&weights, 2)),
            (Packing::Fields { bits: 2 }, vec![0b1101, 0b110000])
        );
        let signs = Weights::new(vec![1, 9], vec![-1, 1, 1, 1, 1, 1, 1, 1, -1])?;
        assert_eq!((Packing::of(&signs, false), fields(&signs, 1)), (Packing::Fields { bits: 1 }, vec![1, 1]));
        assert_eq!(Packing::of(&signs, true).stride(9), 1);
        Ok(())
    }
}
