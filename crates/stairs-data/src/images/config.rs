//! How image files become samples: the `[images]` table of a run's configuration.

use serde::{Deserialize, Serialize};

use super::{ImageError, Limits, Normalise};

/// Sizes, colours and crops of the samples. Same configuration, same samples.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ImagesConfig {
    /// Side of the square samples in pixels, 1 to 4096.
    pub size: usize,
    /// Evaluation: length of the shorter side before the centre is cut out, `size` to 8192; absent: 8/7 of `size`, which
    /// is 256 for 224.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resize: Option<usize>,
    /// 3 (red, green, blue) or 1 (grey, ITU-R BT.601 luma of colour images).
    pub channels: usize,
    /// Means of the channels in [0, 1]; absent: those of ImageNet, (0.485, 0.456, 0.406), for grey their luma 0.458.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mean: Option<Vec<f64>>,
    /// Standard deviations of the channels, 1e-6 to 1e6; absent: those of ImageNet, (0.229, 0.224, 0.225), for grey 0.226.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub std: Option<Vec<f64>>,
    /// Training: least and largest share of the image that is cut out, in (0, 1].
    pub crop_scale: [f64; 2],
    /// Training: least and largest ratio of width to height of what is cut out, > 0.
    pub crop_ratio: [f64; 2],
    /// Training: mirror half of the samples left to right.
    pub flip: bool,
    /// What happens where a file cannot be decoded.
    pub on_corrupt: OnCorrupt,
    /// Largest image that is decoded, in millions of pixels, at least 1.
    pub max_megapixels: u32,
}

/// What happens where a file cannot be decoded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OnCorrupt {
    /// An error that names the file.
    #[default]
    Fatal,
    /// The next file of the part that can be decoded takes its place, and the file is named in the record.
    Skip,
}

impl Default for ImagesConfig {
    fn default() -> Self {
        Self {
            size: 224,
            resize: None,
            channels: 3,
            mean: None,
            std: None,
            crop_scale: [0.08, 1.0],
            crop_ratio: [3.0 / 4.0, 4.0 / 3.0],
            flip: true,
            on_corrupt: OnCorrupt::Fatal,
            max_megapixels: 64,
        }
    }
}

impl ImagesConfig {
    /// Length of the shorter side before the centre is cut out.
    pub fn shorter_side(&self) -> usize {
        self.resize.unwrap_or(self.size.saturating_mul(8).saturating_add(3) / 7)
    }

    /// Channels, height and width of a sample.
    pub fn shape(&self) -> [usize; 3] {
        [self.channels, self.size, self.size]
    }

    /// The bounds for decoding.
    pub fn limits(&self) -> Limits {
        Limits { max_pixels: u64::from(self.max_megapixels) * 1_000_000 }
    }

    /// The tables of the channels.
    pub(super) fn normalise(&self) -> Normalise {
        let (mean, std): (&[f64], &[f64]) = match self.channels {
            1 => (&[0.458], &[0.226]),
            _ => (&[0.485, 0.456, 0.406], &[0.229, 0.224, 0.225]),
        };
        Normalise::new(self.mean.as_deref().unwrap_or(mean), self.std.as_deref().unwrap_or(std))
    }

    /// Checks every field.
    ///
    /// # Errors
    /// [`ImageError::Config`].
    pub fn validate(&self) -> Result<(), ImageError> {
        let refuse =
            |field, expected: &str, got: String| Err(ImageError::Config { field, expected: expected.to_owned(), got });
        if !(1..=4096).contains(&self.size) {
            return refuse("size", "1 to 4096 pixels", self.size.to_string());
        }
        if !(self.size..=8192).contains(&self.shorter_side()) {
            return refuse(
                "resize",
                &format!("{} (the size) to 8192 pixels", self.size),
                self.shorter_side().to_string(),
            );
        }
        if ![1, 3].contains(&self.channels) {
            return refuse("channels", "1 or 3", self.channels.to_string());
        }
        for (field, values, positive) in [("mean", &self.mean, false), ("std", &self.std, true)] {
            // Samples are f32: a standard deviation outside these bounds would make them infinite, or all alike.
            let fits = |x: &f64| if positive { (1e-6..=1e6).contains(x) } else { (0.0..=1.0).contains(x) };
            if let Some(values) = values
                && !(values.len() == self.channels && values.iter().all(fits))
            {
                let range = if positive { "above 0, from 1e-6 to 1e6" } else { "in [0, 1]" };
                return refuse(field, &format!("{} numbers {range}", self.channels), format!("{values:?}"));
            }
        }
        let [low, high] = self.crop_scale;
        if !(low > 0.0 && low <= high && high <= 1.0) {
            return refuse("crop_scale", "two ascending shares in (0, 1]", format!("{:?}", self.crop_scale));
        }
        let [low, high] = self.crop_ratio;
        if !(low > 0.0 && low <= high && high.is_finite()) {
            return refuse("crop_ratio", "two ascending ratios above 0", format!("{:?}", self.crop_ratio));
        }
        if self.max_megapixels == 0 {
            return refuse("max_megapixels", "at least 1", "0".into());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shorter_side_follows_the_size() {
        for (size, side) in [(224, 256), (64, 73), (32, 37), (28, 32), (1, 1)] {
            assert_eq!(ImagesConfig { size, ..ImagesConfig::default() }.shorter_side(), side);
        }
        assert!(ImagesConfig::default().validate().is_ok());
    }

    #[test]
    fn wrong_values_are_named() {
        let refused = |change: &dyn Fn(&mut ImagesConfig)| {
            let mut config = ImagesConfig::default();
            change(&mut config);
            config.validate().unwrap_err().to_string()
        };
        assert_eq!(refused(&|c| c.size = 0), "images.size must be 1 to 4096 pixels, got 0");
        assert_eq!(refused(&|c| c.resize = Some(100)), "images.resize must be 224 (the size) to 8192 pixels, got 100");
        assert_eq!(refused(&|c| c.channels = 4), "images.channels must be 1 or 3, got 4");
        assert_eq!(refused(&|c| c.mean = Some(vec![0.5])), "images.mean must be 3 numbers in [0, 1], got [0.5]");
        assert!(refused(&|c| c.std = Some(vec![0.5, 0.0, 1.0])).contains("above 0"));
        assert!(refused(&|c| c.std = Some(vec![1e-50; 3])).contains("from 1e-6 to 1e6"));
        assert!(refused(&|c| c.std = Some(vec![1e300; 3])).contains("from 1e-6 to 1e6"));
        assert!(refused(&|c| c.size = usize::MAX).contains("images.size"));
        assert!(ImagesConfig { size: usize::MAX, ..ImagesConfig::default() }.shorter_side() > 0);
        assert!(refused(&|c| c.crop_scale = [0.5, f64::NAN]).contains("crop_scale"));
        assert!(refused(&|c| c.crop_ratio = [2.0, 1.0]).contains("crop_ratio"));
        assert!(refused(&|c| c.max_megapixels = 0).contains("max_megapixels"));
    }
}
