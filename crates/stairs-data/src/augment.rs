//! Random flips and padded crops of images.
//!
//! A crop is what is left of the image after moving it by up to `pad` pixels in each direction (each of the (2·pad + 1)²
//! moves equally likely), as if it had been surrounded by `pad` pixels of zero and cut out again. The zero is a zero of
//! the *file*, that is black, hence −mean/sd after standardisation: the order "pad, then standardise" of the usual
//! training recipes, so that the border is no grey that occurs in no image. The flip is left to right, with
//! probability ½, before the move. Vectors stay as they are.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use crate::{SampleShape, Standardisation};

/// Which random changes training images undergo. The default changes nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Augment {
    /// Mirror left to right with probability ½.
    pub flip: bool,
    /// Largest move in pixels, any number ≥ 0; 0 draws no crop.
    pub pad: usize,
}

impl Augment {
    /// Generator for one sample: its key is (`seed`, `epoch`, `index`), so the draw depends on nothing else.
    pub fn rng(seed: u64, epoch: u64, index: u64) -> ChaCha8Rng {
        let mut key = [0; 32];
        for (place, word) in key.chunks_exact_mut(8).zip([seed, epoch, index, u64::from_le_bytes(*b"augment\0")]) {
            place.copy_from_slice(&word.to_le_bytes());
        }
        ChaCha8Rng::from_seed(key)
    }

    /// Changes the standardised sample in place.
    ///
    /// # Panics
    /// If `sample` is not as long as `shape` says or `standardisation` has other groups.
    pub fn apply(
        self,
        sample: &mut [f32],
        shape: SampleShape,
        standardisation: &Standardisation,
        rng: &mut ChaCha8Rng,
    ) {
        assert_eq!(sample.len(), shape.values(), "one sample of {shape:?}");
        let SampleShape::Image { height, width, .. } = shape else { return };
        if sample.is_empty() {
            return;
        }
        if self.flip && rng.random_bool(0.5) {
            sample.chunks_exact_mut(width).for_each(<[f32]>::reverse);
        }
        if self.pad > 0 {
            let pad = i64::try_from(self.pad).unwrap_or(i64::MAX / 4).min(i64::MAX / 4);
            let (down, right) = (rng.random_range(-pad..=pad), rng.random_range(-pad..=pad));
            for (c, plane) in sample.chunks_exact_mut(height * width).enumerate() {
                shift(plane, width, (down, right), standardisation.apply(c, 0.0));
            }
        }
    }
}

/// Moves a plane by (down, right) pixels and fills what comes in with `fill`.
fn shift(plane: &mut [f32], width: usize, (down, right): (i64, i64), fill: f32) {
    let old = plane.to_vec();
    let (h, w) = ((plane.len() / width) as i64, width as i64);
    for (i, pixel) in plane.iter_mut().enumerate() {
        let (y, x) = (i as i64 / w - down, i as i64 % w - right);
        let inside = (0..h).contains(&y) && (0..w).contains(&x);
        *pixel = if inside { old[(y * w + x) as usize] } else { fill };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Dataset;
    use proptest::prelude::*;

    const SHAPE: SampleShape = SampleShape::Image { channels: 1, height: 2, width: 3 };

    #[test]
    fn shift_on_paper() {
        let mut plane = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
        shift(&mut plane, 3, (1, -1), 9.0);
        assert_eq!(plane, [9.0, 9.0, 9.0, 2.0, 3.0, 9.0]);
        shift(&mut plane, 3, (i64::MAX / 4, i64::MIN / 4), 0.0);
        assert_eq!(plane, [0.0; 6]);
    }

    #[test]
    fn border_is_standardised_black() {
        // One image of grey levels 1..=6: mean 3.5, population variance 35/12.
        let data = Dataset::from_bytes("mine", SHAPE, 1, (vec![1, 2, 3, 4, 5, 6], vec![0]), (vec![], vec![])).unwrap();
        let black = -3.5 / (35.0f32 / 12.0).sqrt();
        let mut out = [0.0; 6];
        let seen = (0..50).any(|epoch| {
            data.train.copy_augmented(0, Augment { flip: false, pad: 1 }, 3, epoch, &mut out);
            out.iter().any(|&x| (x - black).abs() < 1e-6)
        });
        assert!(seen, "no crop in 50 epochs");
    }

    #[test]
    fn all_moves_and_both_sides_are_equally_likely() {
        // A single bright pixel in the middle of 3×3 shows the move; the corner beside it shows the flip.
        let shape = SampleShape::Image { channels: 1, height: 3, width: 3 };
        let s = Standardisation::identity(shape);
        let n = 9000;
        let (mut moves, mut flips) = ([0i32; 9], 0);
        for i in 0..n {
            let mut image = [0.0; 9];
            image[4] = 1.0;
            Augment { flip: false, pad: 1 }.apply(&mut image, shape, &s, &mut Augment::rng(0, 0, i));
            moves[image.iter().position(|&x| x == 1.0).unwrap()] += 1;
            let mut image = [1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0];
            Augment { flip: true, pad: 0 }.apply(&mut image, shape, &s, &mut Augment::rng(0, 0, i));
            flips += i32::from(image[2] == 1.0);
        }
        // 4σ: √(n·p·(1−p)) = 29.8 for p = 1/9 and 47.4 for p = 1/2.
        assert!(moves.iter().all(|m| (m - 1000).abs() < 120), "{moves:?}");
        assert!((flips - 4500).abs() < 190, "{flips}");
    }

    #[test]
    fn vectors_stay() {
        let shape = SampleShape::Vector { features: 3 };
        let mut sample = [1.0, 2.0, 3.0];
        let s = Standardisation::identity(shape);
        Augment { flip: true, pad: 2 }.apply(&mut sample, shape, &s, &mut Augment::rng(1, 2, 3));
        assert_eq!(sample, [1.0, 2.0, 3.0]);
    }

    proptest! {
        #[test]
        fn deterministic_per_seed_epoch_index(seed in any::<u64>(), epoch in any::<u64>(), pad in prop_oneof![0usize..5, Just(usize::MAX)]) {
            let data = Dataset::from_bytes("mine", SHAPE, 1, ((1..=12).collect(), vec![0; 2]), (vec![], vec![])).unwrap();
            let augment = Augment { flip: true, pad };
            let (mut a, mut b) = ([0.0; 6], [1.0; 6]);
            data.train.copy_augmented(1, augment, seed, epoch, &mut a);
            data.train.copy_augmented(0, augment, seed, epoch, &mut b);
            data.train.copy_augmented(1, augment, seed, epoch, &mut b);
            prop_assert_eq!(a, b);
        }
    }
}
