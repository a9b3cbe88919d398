//! Which part of an image becomes the sample.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::{ImagesConfig, Region, resample::Resample};

/// A region of the image, the size it is resampled to, the window of that, and whether the result is mirrored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Placement {
    /// What is cut out of the image first.
    pub region: Region,
    /// Width and height that the region is resampled to.
    pub size: (usize, usize),
    /// The part of the resampled region that is the sample.
    pub window: Region,
    /// Mirror left to right.
    pub flip: bool,
}

impl Placement {
    /// For evaluation: the shorter side becomes `config.resize` pixels, the longer one ⌊resize · long / short⌋; of that
    /// the centre, `config.size` pixels square, is the sample (margins that are halves go to the even side). The same
    /// as torchvision's `Resize(resize)` and `CenterCrop(size)`.
    pub fn evaluation(config: &ImagesConfig, width: usize, height: usize) -> Self {
        let (short, long) = (width.min(height), width.max(height));
        let (new_short, new_long) = (config.shorter_side(), config.shorter_side() * long / short);
        let size = if width <= height { (new_short, new_long) } else { (new_long, new_short) };
        let window = Region {
            left: half_even(size.0 - config.size),
            top: half_even(size.1 - config.size),
            width: config.size,
            height: config.size,
        };
        Self { region: Region::whole(width, height), size, window, flip: false }
    }

    /// For training: a region with a share of the area drawn from `config.crop_scale` and a ratio of sides whose
    /// logarithm is drawn from that of `config.crop_ratio`, at a place drawn among all it fits in, resampled to
    /// `config.size` pixels square; mirrored with probability ½ where `config.flip`. After ten draws that do not fit in
    /// the image: the largest region in its centre with a ratio allowed. The distribution of torchvision's
    /// `RandomResizedCrop` and `RandomHorizontalFlip`.
    pub fn training(config: &ImagesConfig, width: usize, height: usize, rng: &mut ChaCha8Rng) -> Self {
        let region = random_region(config, width, height, rng);
        let flip = config.flip && rng.random_bool(0.5);
        let side = config.size;
        Self { region, size: (side, side), window: Region::whole(side, side), flip }
    }

    /// The resampling it asks for.
    pub fn resample(&self) -> Resample {
        Resample::new(self.region, self.size, self.window)
    }
}

/// Draws at the sides and place of a region before the centre is taken.
const DRAWS: usize = 10;

fn random_region(config: &ImagesConfig, width: usize, height: usize, rng: &mut ChaCha8Rng) -> Region {
    let ([small, large], [narrow, wide]) = (config.crop_scale, config.crop_ratio);
    let (w, h) = (width as f64, height as f64);
    let mut uniform = |low: f64, high: f64| low + (high - low) * rng.random::<f64>();
    for _ in 0..DRAWS {
        let area = w * h * uniform(small, large);
        let ratio = uniform(narrow.ln(), wide.ln()).exp();
        let (cut_w, cut_h) = ((area * ratio).sqrt().round() as usize, (area / ratio).sqrt().round() as usize);
        let (x, y) = (uniform(0.0, 1.0), uniform(0.0, 1.0));
        if (1..=width).contains(&cut_w) && (1..=height).contains(&cut_h) {
            let place = |room: usize, share: f64| ((room as f64 * share) as usize).min(room - 1);
            let (left, top) = (place(width - cut_w + 1, x), place(height - cut_h + 1, y));
            return Region { left, top, width: cut_w, height: cut_h };
        }
    }
    let (cut_w, cut_h) = match w / h {
        ratio if ratio < narrow => (width, ((w / narrow).round() as usize).clamp(1, height)),
        ratio if ratio > wide => (((h * wide).round() as usize).clamp(1, width), height),
        _ => (width, height),
    };
    Region { left: (width - cut_w) / 2, top: (height - cut_h) / 2, width: cut_w, height: cut_h }
}

/// n/2, halves rounded to the even neighbour.
fn half_even(n: usize) -> usize {
    let half = n / 2;
    half + (n % 2) * (half % 2)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Augment;

    #[test]
    fn the_centre_of_a_photograph() {
        let config = ImagesConfig::default();
        let placed = Placement::evaluation(&config, 500, 375);
        // 256 · 500/375 = 341.33; margins (341 − 224)/2 = 58.5 → 58 and (256 − 224)/2 = 16.
        assert_eq!(placed.size, (341, 256));
        assert_eq!(placed.window, Region { left: 58, top: 16, width: 224, height: 224 });
        assert_eq!(Placement::evaluation(&config, 375, 500).size, (256, 341));
        assert_eq!([0, 1, 2, 3, 5, 7].map(half_even), [0, 0, 1, 2, 2, 4]);
    }

    #[test]
    fn regions_lie_in_the_image_and_have_the_shares_asked_for() {
        let config = ImagesConfig { crop_scale: [0.25, 1.0], ..ImagesConfig::default() };
        let (mut flips, mut area) = (0, 0.0);
        for i in 0..4000 {
            let placed = Placement::training(&config, 300, 200, &mut Augment::rng(1, 2, i));
            let Region { left, top, width, height } = placed.region;
            assert!(left + width <= 300 && top + height <= 200 && width > 0 && height > 0);
            let share = (width * height) as f64 / 60_000.0;
            assert!((0.24..=1.0).contains(&share), "{share}");
            assert!((0.73..=1.36).contains(&(width as f64 / height as f64)));
            area += share;
            flips += i32::from(placed.flip);
        }
        // Large shares are refused more often where the ratio does not fit: below the mean 0.625 of the draws.
        assert!((0.45..0.625).contains(&(area / 4000.0)), "{}", area / 4000.0);
        // 4σ = 4·√(4000/4).
        assert!((flips - 2000).abs() < 127, "{flips}");
    }

    #[test]
    fn an_image_too_narrow_for_any_draw_gives_its_centre() {
        let config = ImagesConfig { crop_scale: [1.0, 1.0], ..ImagesConfig::default() };
        let placed = Placement::training(&config, 10, 100, &mut Augment::rng(1, 1, 1));
        assert_eq!(placed.region, Region { left: 0, top: 43, width: 10, height: 13 });
        let placed = Placement::training(&config, 100, 10, &mut Augment::rng(1, 1, 1));
        assert_eq!(placed.region, Region { left: 43, top: 0, width: 13, height: 10 });
    }

    #[test]
    fn value_stability() {
        let placed = Placement::training(&ImagesConfig::default(), 500, 375, &mut Augment::rng(7, 3, 11));
        assert_eq!(placed, Placement::training(&ImagesConfig::default(), 500, 375, &mut Augment::rng(7, 3, 11)));
        assert_ne!(placed, Placement::training(&ImagesConfig::default(), 500, 375, &mut Augment::rng(7, 4, 11)));
    }
}
