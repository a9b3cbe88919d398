//! Fashion-MNIST: garments of 28 × 28 pixels.

use std::path::PathBuf;

use super::{DatasetName, Known, idx};
use crate::{Augment, DataError, Dataset, SampleShape, manifest::RemoteFile};

/// Fashion-MNIST: garments of 28 × 28 pixels.
pub(super) struct FashionMnist;

impl Known for FashionMnist {
    fn name(&self) -> &'static str {
        "fashion-mnist"
    }

    fn title(&self) -> &'static str {
        "Fashion-MNIST"
    }

    fn classes(&self) -> &'static [&'static str] {
        &[
            "0-t-shirt",
            "1-trouser",
            "2-pullover",
            "3-dress",
            "4-coat",
            "5-sandal",
            "6-shirt",
            "7-sneaker",
            "8-bag",
            "9-ankle-boot",
        ]
    }

    fn shape(&self) -> SampleShape {
        SampleShape::Image { channels: 1, height: 28, width: 28 }
    }

    fn augment(&self) -> Augment {
        Augment { flip: true, pad: 2 }
    }

    fn page(&self) -> &'static str {
        "https://github.com/zalandoresearch/fashion-mnist"
    }

    fn remote(&self) -> Vec<RemoteFile> {
        idx::remote(
            &["http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/"],
            [
                "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
                "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
                "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
                "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
            ],
        )
    }

    fn read(&self, files: &[PathBuf]) -> Result<Dataset, DataError> {
        idx::read(DatasetName::FashionMnist, files)
    }
}
