//! How weights lie in flash.
//!
//! - Planes, for features that are planes: for every output the words of its mask (w ≠ 0), unless no weight is 0, then those of
//!   its sign (w < 0), in the order in which the bits of a patch lie: row, column, channel.
//! - Fields of 1 (bit 1 is −1), 2, 4 or 8 bits in two's complement, lowest first; every output begins a byte.

use stairs_infer::Weights;

/// Whether planes hold these weights.
pub(super) fn is_ternary(weights: &Weights) -> bool {
    let range = weights.range();
    range.low >= -1 && range.high <= 1
}

/// Whether planes of these weights need a mask.
pub(super) fn has_mask(weights: &Weights) -> bool {
    weights.values().contains(&0)
}

/// Bits of a field for these weights: 1, 2, 4 or 8.
pub(super) fn bits(weights: &Weights) -> usize {
    let range = weights.range();
    match (range.low, range.high) {
        (-1.., ..=1) if !has_mask(weights) => 1,
        (-2.., ..=1) => 2,
        (-8.., ..=7) => 4,
        _ => 8,
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
        assert_eq!((bits(&weights), fields(&weights, 2)), (2, vec![0b1101, 0b110000]));
        let signs = Weights::new(vec![1, 9], vec![-1, 1, 1, 1, 1, 1, 1, 1, -1])?;
        assert_eq!((bits(&signs), fields(&signs, 1)), (1, vec![1, 1]));
        assert!(has_mask(&weights) && !has_mask(&signs));
        Ok(())
    }
}
