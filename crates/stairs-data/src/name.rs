//! The known data sets.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::{Augment, DataError, SampleShape};

/// A known data set. As text (`FromStr`, `Display`, serde): `digits`, `mnist`, `fashion-mnist`, `cifar10`, `covertype`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum DatasetName {
    /// 1,797 handwritten digits, 8 × 8, embedded in the program.
    Digits,
    /// 70,000 handwritten digits, 28 × 28.
    Mnist,
    /// 70,000 garments, 28 × 28.
    FashionMnist,
    /// 60,000 colour photographs of ten kinds of things, 32 × 32.
    Cifar10,
    /// 581,012 patches of forest, 54 features, seven kinds of trees.
    Covertype,
}

impl DatasetName {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Digits, Self::Mnist, Self::FashionMnist, Self::Cifar10, Self::Covertype];

    /// The name as text.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Digits => "digits",
            Self::Mnist => "mnist",
            Self::FashionMnist => "fashion-mnist",
            Self::Cifar10 => "cifar10",
            Self::Covertype => "covertype",
        }
    }

    /// Number of classes.
    pub fn classes(self) -> usize {
        if self == Self::Covertype { 7 } else { 10 }
    }

    /// Names of the classes, in the order of the labels.
    pub fn class_names(self) -> Vec<&'static str> {
        let digit = matches!(self, Self::Digits | Self::Mnist);
        self.class_folders().iter().map(|folder| if digit { folder } else { &folder[2..] }).collect()
    }

    /// The same with their label before it, for folders whose byte order is the order of the labels: `3-cat`.
    pub fn class_folders(self) -> &'static [&'static str] {
        match self {
            Self::Digits | Self::Mnist => &["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"],
            Self::FashionMnist => &[
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
            ],
            Self::Cifar10 => &[
                "0-airplane",
                "1-automobile",
                "2-bird",
                "3-cat",
                "4-deer",
                "5-dog",
                "6-frog",
                "7-horse",
                "8-ship",
                "9-truck",
            ],
            Self::Covertype => &[
                "0-spruce-fir",
                "1-lodgepole-pine",
                "2-ponderosa-pine",
                "3-cottonwood-willow",
                "4-aspen",
                "5-douglas-fir",
                "6-krummholz",
            ],
        }
    }

    /// Shape of a sample.
    pub fn shape(self) -> SampleShape {
        let image = |channels, side| SampleShape::Image { channels, height: side, width: side };
        match self {
            Self::Digits => image(1, 8),
            Self::Mnist | Self::FashionMnist => image(1, 28),
            Self::Cifar10 => image(3, 32),
            Self::Covertype => SampleShape::Vector { features: 54 },
        }
    }

    /// The augmentation that suits it: digits are moved but never mirrored; tables stay as they are.
    pub fn augment(self) -> Augment {
        match self {
            Self::Digits => Augment { flip: false, pad: 1 },
            Self::Mnist => Augment { flip: false, pad: 2 },
            Self::FashionMnist => Augment { flip: true, pad: 2 },
            Self::Cifar10 => Augment { flip: true, pad: 4 },
            Self::Covertype => Augment::default(),
        }
    }

    /// Names of the files it is read from; those ending in `.gz` may also be there unpacked. Empty for `digits`.
    pub fn files(self) -> &'static [&'static str] {
        match self {
            Self::Digits => &[],
            Self::Mnist | Self::FashionMnist => &[
                "train-images-idx3-ubyte.gz",
                "train-labels-idx1-ubyte.gz",
                "t10k-images-idx3-ubyte.gz",
                "t10k-labels-idx1-ubyte.gz",
            ],
            Self::Cifar10 => &[
                "data_batch_1.bin",
                "data_batch_2.bin",
                "data_batch_3.bin",
                "data_batch_4.bin",
                "data_batch_5.bin",
                "test_batch.bin",
            ],
            Self::Covertype => &["covtype.data.gz"],
        }
    }

    /// Official page.
    pub fn page(self) -> &'static str {
        match self {
            Self::Digits => "https://doi.org/10.24432/C50P49",
            Self::Mnist => "http://yann.lecun.com/exdb/mnist/",
            Self::FashionMnist => "https://github.com/zalandoresearch/fashion-mnist",
            Self::Cifar10 => "https://www.cs.toronto.edu/~kriz/cifar.html",
            Self::Covertype => "https://archive.ics.uci.edu/dataset/31/covertype",
        }
    }
}

impl fmt::Display for DatasetName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for DatasetName {
    type Err = DataError;

    fn from_str(name: &str) -> Result<Self, DataError> {
        Self::ALL.into_iter().find(|n| n.as_str() == name).ok_or_else(|| DataError::UnknownName(name.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_have_names_in_order() {
        for name in DatasetName::ALL {
            assert_eq!(name.class_names().len(), name.classes());
            assert!(name.class_folders().is_sorted());
        }
    }

    #[test]
    fn folders_begin_with_their_label() {
        for name in DatasetName::ALL {
            for (label, (folder, class)) in name.class_folders().iter().zip(name.class_names()).enumerate() {
                assert!([format!("{label}"), format!("{label}-{class}")].contains(&(*folder).to_owned()));
            }
        }
        assert_eq!(DatasetName::Cifar10.class_names()[3], "cat");
        assert_eq!(DatasetName::Mnist.class_names()[3], "3");
    }

    #[test]
    fn text_there_and_back() {
        for name in DatasetName::ALL {
            assert_eq!(name.to_string().parse::<DatasetName>().unwrap(), name);
            assert_eq!(serde_json::to_string(&name).unwrap(), format!("\"{name}\""));
        }
        assert_eq!(
            "cifar-10".parse::<DatasetName>().unwrap_err().to_string(),
            "unknown data set `cifar-10`: expected digits, mnist, fashion-mnist, cifar10 or covertype"
        );
    }
}
