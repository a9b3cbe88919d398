//! Weights of few values, packed: as many digits a byte as fit.
//!
//! A weight is a digit, the index of its value in the ascending list of values; a byte is d₀ + d₁·n + d₂·n² + …, n the number of
//! values, the first weight lowest.
//!
//! | values | weights a byte | bits a weight |
//! |---|---|---|
//! | 2 (binary) | 8 | 1 |
//! | 3 (ternary) | 5 | 1.6 |
//! | 4 | 4 | 2 |
//! | 5, 6 | 3 | 2.67 |
//! | 7 to 16 | 2 | 4 |
//! | more | not packed | 8 |

use alloc::vec::Vec;

/// Values that are packed at most.
pub(super) const MOST: usize = 16;

/// Digits of base `base` that a byte holds; 2 to [`MOST`].
pub(super) fn per_byte(base: usize) -> usize {
    (1..=8).rev().find(|digits| base.pow(*digits) <= 256).unwrap_or(1) as usize
}

/// The values that occur, ascending; `None` if they are more than are packed.
pub(super) fn values(weights: &[i8]) -> Option<Vec<i8>> {
    let mut seen = [false; 256];
    weights.iter().for_each(|w| seen[usize::from(w.cast_unsigned())] = true);
    let values: Vec<i8> = (i8::MIN..=i8::MAX).filter(|w| seen[usize::from(w.cast_unsigned())]).collect();
    (values.len() <= MOST).then_some(values)
}

/// Base of the digits for a number of values: one value takes a digit too, so that no file stands for more than eight weights a byte.
pub(super) fn base(values: usize) -> usize {
    values.max(2)
}

/// Packs weights that are all among `values`, which ascend.
pub(super) fn pack(weights: &[i8], values: &[i8]) -> Vec<u8> {
    let base = base(values.len());
    let digit = |w: &i8| values.partition_point(|value| value < w);
    let byte = |weights: &[i8]| weights.iter().rev().fold(0, |byte, w| byte * base + digit(w)) as u8;
    weights.chunks(per_byte(base)).map(byte).collect()
}

/// Unpacks `count` weights of 1 to [`MOST`] values from the bytes of as many.
///
/// # Errors
/// Index of the first byte that is not of this many digits of this base.
pub(super) fn unpack(bytes: &[u8], values: &[i8], count: usize) -> Result<Vec<i8>, usize> {
    let per_byte = per_byte(base(values.len()));
    let table = table(values);
    let mut weights = Vec::with_capacity(count);
    for (index, byte) in bytes.iter().enumerate() {
        let (digits, length) = table[usize::from(*byte)].ok_or(index)?;
        let here = (count - weights.len()).min(per_byte);
        // Digits behind the last weight are zeros, so that the same weights are the same bytes.
        if length > here {
            return Err(index);
        }
        weights.extend_from_slice(&digits[..here]);
    }
    Ok(weights)
}

/// For every byte its weights and how many digits it has without leading zeros; `None` if one of them stands for no value.
fn table(values: &[i8]) -> Vec<Option<([i8; 8], usize)>> {
    let base = base(values.len());
    let entry = |byte: usize| {
        let (mut rest, mut length, mut weights) = (byte, 0, [values[0]; 8]);
        for (digit, weight) in weights[..per_byte(base)].iter_mut().enumerate() {
            *weight = *values.get(rest % base)?;
            length = if rest % base == 0 { length } else { digit + 1 };
            rest /= base;
        }
        (rest == 0).then_some((weights, length))
    };
    (0..256).map(entry).collect()
}

#[cfg(test)]
mod tests {
    use alloc::vec;
    use alloc::vec::Vec;

    use super::*;

    #[test]
    fn digits_a_byte_are_those_of_the_table() {
        let expected = [8, 5, 4, 3, 3, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2];
        assert_eq!((2..=MOST).map(per_byte).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn five_trits_are_a_byte() {
        // 0·1 + 1·3 + 2·9 + 2·27 + 0·81, then 1·1 + 2·3.
        assert_eq!(pack(&[-1, 0, 1, 1, -1, 0, 1], &[-1, 0, 1]), [75, 7]);
        assert_eq!(unpack(&[75, 7], &[-1, 0, 1], 7), Ok(vec![-1, 0, 1, 1, -1, 0, 1]));
    }

    #[test]
    fn every_number_of_values_comes_back() {
        for count in 1..=MOST {
            let values: Vec<i8> = (0..count).map(|i| (i as i32 * 13 - 100) as i8).collect();
            for length in [1, 2, 7, 8, 9, 40, 41] {
                let weights: Vec<i8> = (0..length).map(|i| values[i * i * 31 % count]).collect();
                let bytes = pack(&weights, &values);
                assert_eq!(bytes.len(), length.div_ceil(per_byte(base(count))));
                assert_eq!(unpack(&bytes, &values, length), Ok(weights));
            }
        }
    }

    #[test]
    fn bytes_that_are_no_digits_are_found() {
        // 243 = 3⁵ has six trits; the third trit of a last byte with two weights must be 0; the second of two binary values is used.
        assert_eq!(unpack(&[242, 243], &[-1, 0, 1], 10), Err(1));
        assert_eq!(unpack(&[242, 9], &[-1, 0, 1], 7), Err(1));
        assert_eq!(unpack(&[1], &[3], 8), Err(0));
    }
}
