//! How many values share one scale: the whole tensor, or one channel of it.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::ScaleError;

/// Which values of a row-major tensor share their scales. In text and in files: `tensor` or `axis:INDEX`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Granularity {
    /// All of them.
    #[default]
    Tensor,
    /// Those with the same index on this axis, counted from 0.
    Axis(usize),
}

impl Granularity {
    /// The values of every channel, in the order of the axis; one channel with nothing in it for `Tensor`, where the
    /// values are used in place.
    pub(super) fn channels<'a>(
        self,
        values: &'a [f32],
        shape: &[usize],
    ) -> Result<impl Iterator<Item = Vec<f32>> + 'a, ScaleError> {
        let count = shape.iter().try_fold(1usize, |product, &length| product.checked_mul(length));
        if count != Some(values.len()) {
            return Err(ScaleError::Shape { shape: shape.to_vec(), values: values.len() });
        }
        let (channels, inner) = match self {
            Self::Tensor => (1, 0),
            Self::Axis(axis) if axis < shape.len() => (shape[axis], shape[axis + 1..].iter().product()),
            Self::Axis(axis) => return Err(ScaleError::Axis { shape: shape.to_vec(), axis }),
        };
        let of_channel = move |channel: usize| {
            let blocks = values.chunks_exact((channels * inner).max(1));
            blocks.flat_map(|block| &block[channel * inner..(channel + 1) * inner]).copied().collect()
        };
        Ok((0..channels).map(of_channel))
    }
}

impl fmt::Display for Granularity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tensor => f.pad("tensor"),
            Self::Axis(axis) => write!(f, "axis:{axis}"),
        }
    }
}

impl FromStr for Granularity {
    type Err = ScaleError;

    fn from_str(text: &str) -> Result<Self, ScaleError> {
        if text == "tensor" {
            return Ok(Self::Tensor);
        }
        let axis = text.strip_prefix("axis:").and_then(|axis| axis.parse().ok());
        axis.map(Self::Axis).ok_or_else(|| ScaleError::UnknownGranularity(text.to_string()))
    }
}

impl TryFrom<String> for Granularity {
    type Error = ScaleError;

    fn try_from(text: String) -> Result<Self, ScaleError> {
        text.parse()
    }
}

impl From<Granularity> for String {
    fn from(granularity: Granularity) -> Self {
        granularity.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn channels(granularity: Granularity, shape: &[usize]) -> Vec<Vec<f32>> {
        let values: Vec<f32> = (0..shape.iter().product()).map(|value: usize| value as f32).collect();
        granularity.channels(&values, shape).unwrap().collect()
    }

    #[test]
    fn axis_one_of_a_dense_weight_gives_its_columns() {
        assert_eq!(channels(Granularity::Axis(1), &[2, 3]), [[0.0, 3.0], [1.0, 4.0], [2.0, 5.0]]);
    }

    #[test]
    fn axis_zero_of_a_convolution_weight_gives_its_filters() {
        let filters = channels(Granularity::Axis(0), &[2, 1, 2, 2]);
        assert_eq!(filters, [[0.0, 1.0, 2.0, 3.0], [4.0, 5.0, 6.0, 7.0]]);
    }

    #[test]
    fn a_middle_axis_strides_over_blocks() {
        assert_eq!(channels(Granularity::Axis(1), &[2, 2, 2]), [[0.0, 1.0, 4.0, 5.0], [2.0, 3.0, 6.0, 7.0]]);
    }

    #[test]
    fn empty_axes_have_empty_channels() {
        assert_eq!(channels(Granularity::Axis(0), &[0, 3]), Vec::<Vec<f32>>::new());
        assert_eq!(channels(Granularity::Axis(1), &[0, 2]), vec![Vec::<f32>::new(); 2]);
    }

    #[test]
    fn misfits_are_errors() {
        let misfit = |granularity: Granularity, shape: &[usize]| granularity.channels(&[0.0; 6], shape).err();
        assert_eq!(misfit(Granularity::Tensor, &[2, 2]), Some(ScaleError::Shape { shape: vec![2, 2], values: 6 }));
        assert_eq!(misfit(Granularity::Axis(2), &[2, 3]), Some(ScaleError::Axis { shape: vec![2, 3], axis: 2 }));
        assert!(matches!(misfit(Granularity::Axis(0), &[usize::MAX, 2]), Some(ScaleError::Shape { .. })));
    }

    #[test]
    fn names_round_trip() {
        for granularity in [Granularity::Tensor, Granularity::Axis(3)] {
            assert_eq!(granularity.to_string().parse(), Ok(granularity));
        }
        assert_eq!("axis:-1".parse::<Granularity>(), Err(ScaleError::UnknownGranularity("axis:-1".into())));
    }
}
