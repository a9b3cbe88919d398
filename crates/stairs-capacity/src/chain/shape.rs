//! Shape of what flows between layers.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Channels, height and width of one sample; a vector has height and width 1. Values are ordered channel by channel.
///
/// ```
/// use stairs_capacity::Shape;
/// assert_eq!(Shape::image(3, 32, 32).values(), 3072);
/// assert_eq!(Shape::vector(54).to_string(), "54");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shape {
    /// Channels (features of a vector).
    pub channels: usize,
    /// Rows of an image.
    pub height: usize,
    /// Columns of an image.
    pub width: usize,
}

impl Shape {
    /// A vector.
    pub fn vector(features: usize) -> Self {
        Self { channels: features, height: 1, width: 1 }
    }

    /// An image.
    pub fn image(channels: usize, height: usize, width: usize) -> Self {
        Self { channels, height, width }
    }

    /// Numbers a sample.
    pub fn values(self) -> usize {
        self.channels * self.positions()
    }

    /// Pixels of a channel.
    pub fn positions(self) -> usize {
        self.height * self.width
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.positions() == 1 {
            write!(f, "{}", self.channels)
        } else {
            write!(f, "{} × {} × {}", self.channels, self.height, self.width)
        }
    }
}
