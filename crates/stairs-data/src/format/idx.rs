//! IDX, the format of MNIST and Fashion-MNIST, plain or gzip.
//!
//! Big-endian header: two zero bytes, the type of the values (0x08: unsigned byte), the number of dimensions, then every
//! dimension as u32; after it the values, row-major. Images have three dimensions N × H × W, labels one.
//! Source: <http://yann.lecun.com/exdb/mnist/>, "The IDX file format".

use std::path::Path;

use crate::{DataError, source::Source};

/// Most values a file may announce: 1 GiB, twenty times MNIST.
pub const MAX_VALUES: u64 = 1 << 30;

/// Grey images of one size.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdxImages {
    /// Rows H in pixels, at least 1.
    pub height: usize,
    /// Columns W in pixels, at least 1.
    pub width: usize,
    /// N × H × W grey levels, N ≥ 1.
    pub pixels: Vec<u8>,
}

/// Reads an image file (magic number 0x00000803).
///
/// # Errors
/// [`DataError::Io`], or [`DataError::Format`] for a file that is truncated, too long, damaged, or something else.
pub fn read_images(path: &Path) -> Result<IdxImages, DataError> {
    images(Source::open(path)?)
}

/// Reads a label file (magic number 0x00000801): at least one label, all of them below `classes`.
///
/// # Errors
/// As [`read_images`].
pub fn read_labels(path: &Path, classes: usize) -> Result<Vec<u8>, DataError> {
    labels(Source::open(path)?, classes)
}

pub(crate) fn images(mut source: Source) -> Result<IdxImages, DataError> {
    let [count, height, width] = dimensions::<16, 3>(&mut source, 0x0000_0803)?;
    let values = u64::from(count).saturating_mul(u64::from(height)).saturating_mul(u64::from(width));
    if values == 0 || values > MAX_VALUES {
        let got = format!("{count} × {height} × {width}");
        return Err(source.error("dimensions", format!("images × rows × columns of 1 to {MAX_VALUES} values"), got));
    }
    Ok(IdxImages { height: height as usize, width: width as usize, pixels: source.rest(values)? })
}

pub(crate) fn labels(mut source: Source, classes: usize) -> Result<Vec<u8>, DataError> {
    let [count] = dimensions::<8, 1>(&mut source, 0x0000_0801)?;
    if count == 0 || u64::from(count) > MAX_VALUES {
        return Err(source.error("dimensions", format!("1 to {MAX_VALUES} labels"), count));
    }
    let labels = source.rest(u64::from(count))?;
    match labels.iter().enumerate().find(|(_, l)| usize::from(**l) >= classes) {
        None => Ok(labels),
        Some((i, got)) => Err(source.error(format!("label {i}"), format!("0 to {}", classes.saturating_sub(1)), got)),
    }
}

/// `BYTES` = 4 + 4·`DIMENSIONS`.
fn dimensions<const BYTES: usize, const DIMENSIONS: usize>(
    source: &mut Source,
    magic: u32,
) -> Result<[u32; DIMENSIONS], DataError> {
    let header = source.header::<BYTES>()?;
    let word = |i: usize| u32::from_be_bytes([header[4 * i], header[4 * i + 1], header[4 * i + 2], header[4 * i + 3]]);
    if word(0) != magic {
        return Err(source.error("magic number", format!("0x{magic:08x}"), format!("0x{:08x}", word(0))));
    }
    Ok(std::array::from_fn(|d| word(d + 1)))
}
