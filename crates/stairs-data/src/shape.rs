//! Shape of one sample.

use serde::{Deserialize, Serialize};

/// Shape of one sample; its values are stored in row-major order, images as channel, row, column.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SampleShape {
    /// An image, C × H × W.
    Image {
        /// Colour planes C.
        channels: usize,
        /// Rows H in pixels.
        height: usize,
        /// Columns W in pixels.
        width: usize,
    },
    /// A plain list of features.
    Vector {
        /// Number of features F.
        features: usize,
    },
}

impl SampleShape {
    /// Values in one sample: C·H·W or F (saturating, so that an absurd shape is an absurd number and no overflow).
    ///
    /// ```
    /// use stairs_data::SampleShape;
    /// assert_eq!(SampleShape::Image { channels: 3, height: 32, width: 32 }.values(), 3072);
    /// assert_eq!(SampleShape::Vector { features: 54 }.values(), 54);
    /// ```
    pub fn values(&self) -> usize {
        match *self {
            Self::Image { channels, height, width } => channels.saturating_mul(height).saturating_mul(width),
            Self::Vector { features } => features,
        }
    }

    /// Number of standardised groups (channels or features) and values in each (H·W or 1).
    pub(crate) fn groups(&self) -> (usize, usize) {
        match *self {
            Self::Image { channels, height, width } => (channels, height.saturating_mul(width)),
            Self::Vector { features } => (features, 1),
        }
    }
}
