//! Options of a folder of images.

use anyhow::ensure;
use clap::{Args, ValueEnum};
use stairs::data::images::{ImagesConfig, OnCorrupt};

use super::number::{real, whole};

/// How the files of `--dataset images` become samples.
#[derive(Clone, Debug, Default, PartialEq, Args)]
#[command(next_help_heading = "Images (--dataset images --data DIR, with DIR/train/CLASS and DIR/val/CLASS)")]
pub(crate) struct ImageOptions {
    /// Side of the square samples in pixels, 1 to 4096 [default: 224]
    #[arg(long, value_name = "PIXELS", value_parser = whole(0..=4096))]
    image_size: Option<usize>,
    /// Evaluation: shorter side before the centre is cut out, at least the size [default: 8/7 of it]
    #[arg(long, value_name = "PIXELS", value_parser = whole(0..=65_536))]
    image_resize: Option<usize>,
    /// 3 (colour) or 1 (grey) [default: 3]
    #[arg(long, value_name = "N", value_parser = whole(0..=3))]
    image_channels: Option<usize>,
    /// Means of the channels in [0, 1], such as 0.485,0.456,0.406 [default: ImageNet's]
    #[arg(long, value_name = "X,…", value_delimiter = ',', value_parser = real)]
    image_mean: Option<Vec<f64>>,
    /// Standard deviations of the channels, positive [default: ImageNet's]
    #[arg(long, value_name = "X,…", value_delimiter = ',', value_parser = real)]
    image_std: Option<Vec<f64>>,
    /// Training: least share of an image that is cut out, in (0, 1] [default: 0.08]
    #[arg(long, value_name = "SHARE", value_parser = real)]
    crop_scale: Option<f64>,
    /// Training: do not mirror images
    #[arg(long)]
    no_flip: bool,
    /// A file that cannot be decoded: fatal, or skip (the next one takes its place) [default: fatal]
    #[arg(long, value_enum, value_name = "WHAT")]
    on_corrupt: Option<Corrupt>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Corrupt {
    Fatal,
    Skip,
}

impl ImageOptions {
    /// `base` with what they change.
    pub(crate) fn config(&self, base: ImagesConfig) -> ImagesConfig {
        ImagesConfig {
            size: self.image_size.unwrap_or(base.size),
            resize: self.image_resize.or(base.resize),
            channels: self.image_channels.unwrap_or(base.channels),
            mean: self.image_mean.clone().or(base.mean),
            std: self.image_std.clone().or(base.std),
            crop_scale: [self.crop_scale.unwrap_or(base.crop_scale[0]), base.crop_scale[1]],
            flip: base.flip && !self.no_flip,
            on_corrupt: match self.on_corrupt {
                Some(Corrupt::Skip) => OnCorrupt::Skip,
                Some(Corrupt::Fatal) => OnCorrupt::Fatal,
                None => base.on_corrupt,
            },
            ..base
        }
    }

    /// Refuses them for another data set than a folder of images.
    pub(crate) fn check(&self, images: bool) -> anyhow::Result<()> {
        ensure!(
            images || *self == Self::default(),
            "--image-…, --crop-scale, --no-flip and --on-corrupt are for --dataset images"
        );
        Ok(())
    }
}
