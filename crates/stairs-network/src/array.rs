//! Numbers of a parameter, or their shape alone.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::NetworkError;

/// A dense array in row-major order. Values may be unknown: a network recorded before its numbers are drawn has shapes only.
///
/// ```
/// use stairs_network::Array;
/// let array = Array::new(vec![2, 3], vec![0.0; 6])?;
/// assert_eq!((array.shape(), array.count(), array.values().map(|v| v.len())), (&[2, 3][..], 6, Some(6)));
/// assert_eq!(Array::unknown(vec![4])?.values(), None);
/// # Ok::<(), stairs_network::NetworkError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "ArrayData")]
pub struct Array {
    shape: Vec<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    values: Option<Arc<[f32]>>,
}

impl Array {
    /// An array of these values.
    ///
    /// # Errors
    /// [`NetworkError::Values`] unless there is one value for every position of the shape, [`NetworkError::Shape`] for a shape
    /// of more positions than can be counted.
    pub fn new(shape: Vec<usize>, values: impl Into<Arc<[f32]>>) -> Result<Self, NetworkError> {
        let (values, expected) = (values.into(), size(&shape)?);
        if values.len() != expected {
            return Err(NetworkError::Values { shape, expected, got: values.len() });
        }
        Ok(Self { shape, values: Some(values) })
    }

    /// An array whose values are not known.
    ///
    /// # Errors
    /// [`NetworkError::Shape`] for a shape of more positions than can be counted.
    pub fn unknown(shape: Vec<usize>) -> Result<Self, NetworkError> {
        size(&shape).map(|_| Self { shape, values: None })
    }

    /// Sizes of the axes.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// Number of values.
    pub fn count(&self) -> usize {
        self.shape.iter().product()
    }

    /// The values, in row-major order; `None` if they are not known.
    pub fn values(&self) -> Option<&[f32]> {
        self.values.as_deref()
    }

    /// The same array without its values.
    #[must_use]
    pub fn without_values(mut self) -> Self {
        self.values = None;
        self
    }

    /// Rows become columns; arrays of another rank than 2 stay as they are.
    #[must_use]
    pub fn transposed(self) -> Self {
        let &[rows, columns] = &self.shape[..] else { return self };
        let values = self.values.map(|old| -> Arc<[f32]> {
            (0..columns).flat_map(|c| (0..rows).map(move |r| r * columns + c)).map(|at| old[at]).collect()
        });
        Self { shape: vec![columns, rows], values }
    }
}

/// Number of positions of a shape.
pub(crate) fn size(shape: &[usize]) -> Result<usize, NetworkError> {
    let product = shape.iter().try_fold(1usize, |product, size| product.checked_mul(*size));
    product.filter(|product| isize::try_from(*product).is_ok()).ok_or_else(|| NetworkError::Shape(shape.to_vec()))
}

/// An array in a file, checked when it is read.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ArrayData {
    shape: Vec<usize>,
    #[serde(default)]
    values: Option<Vec<f32>>,
}

impl TryFrom<ArrayData> for Array {
    type Error = NetworkError;

    fn try_from(data: ArrayData) -> Result<Self, NetworkError> {
        match data.values {
            Some(values) => Self::new(data.shape, values),
            None => Self::unknown(data.shape),
        }
    }
}
