//! Values as they stand in the file: images as bytes (a quarter of the memory of f32), tables as f32.

/// All samples of one file, row-major.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Raw {
    /// Pixels.
    Bytes(Vec<u8>),
    /// Features.
    Floats(Vec<f32>),
}

impl Raw {
    /// Number of values.
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Bytes(v) => v.len(),
            Self::Floats(v) => v.len(),
        }
    }

    /// Calls `f` with the place in the sample and the value, for every value of sample `row` (`width` values each).
    pub(crate) fn for_each(&self, row: usize, width: usize, mut f: impl FnMut(usize, f32)) {
        let range = row * width..(row + 1) * width;
        match self {
            Self::Bytes(v) => v[range].iter().enumerate().for_each(|(j, &x)| f(j, f32::from(x))),
            Self::Floats(v) => v[range].iter().enumerate().for_each(|(j, &x)| f(j, x)),
        }
    }
}
