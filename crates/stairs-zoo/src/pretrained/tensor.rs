//! A tensor of a file: where its bytes are, and how they become `f32`.

use half::{bf16, f16};

use super::{
    error::{Fault, fault},
    source::Source,
};

/// More dimensions than any weight has.
pub(super) const MAX_RANK: usize = 8;

/// Element types, as far as they matter here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dtype {
    F16,
    BF16,
    F32,
    F64,
    /// No float: its name and bytes an element.
    Other(&'static str, u64),
}

impl Dtype {
    pub(super) fn size(self) -> u64 {
        match self {
            Dtype::F16 | Dtype::BF16 => 2,
            Dtype::F32 => 4,
            Dtype::F64 => 8,
            Dtype::Other(_, size) => size,
        }
    }
}

/// A run of bytes in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Range {
    pub(super) offset: u64,
    pub(super) len: u64,
    /// CRC-32 of all of them, where the file has one.
    pub(super) crc32: Option<u32>,
}

/// A named tensor in a file.
#[derive(Clone, Debug)]
pub(super) struct Tensor {
    pub(super) name: String,
    pub(super) dtype: Dtype,
    pub(super) shape: Vec<usize>,
    /// Elements from one index to the next, for every dimension.
    pub(super) strides: Vec<usize>,
    /// Elements of the storage before the first.
    pub(super) first: usize,
    pub(super) storage: Range,
}

/// Number of elements of a shape, if it can be counted.
pub(super) fn elements(shape: &[usize]) -> Option<usize> {
    shape.iter().try_fold(1usize, |product, size| product.checked_mul(*size))
}

/// Row-major strides.
pub(super) fn contiguous(shape: &[usize]) -> Vec<usize> {
    let mut strides = vec![1usize; shape.len()];
    for i in (1..shape.len()).rev() {
        strides[i - 1] = strides[i].saturating_mul(shape[i]);
    }
    strides
}

impl Tensor {
    /// Refuses a tensor that is not inside its storage, or is larger than it (as an expanded view is).
    pub(super) fn check(&self) -> Result<(), Fault> {
        let name = &self.name;
        if self.shape.len() > MAX_RANK || self.shape.len() != self.strides.len() {
            return Err(fault!("tensor `{name}` has {} sizes and {} strides", self.shape.len(), self.strides.len()));
        }
        let stored = self.storage.len / self.dtype.size().max(1);
        let fits = |count: Option<usize>| count.is_some_and(|count| count as u64 <= stored);
        if !fits(elements(&self.shape)) || !fits(self.extent().and_then(|extent| extent.checked_add(self.first))) {
            return Err(fault!(
                "tensor `{name}` of shape {:?} is larger than its {stored} stored elements",
                self.shape
            ));
        }
        Ok(())
    }

    /// One past the last element that is used, counted from the first.
    fn extent(&self) -> Option<usize> {
        if self.shape.contains(&0) {
            return Some(0);
        }
        let steps = self.shape.iter().zip(&self.strides);
        steps.map(|(size, stride)| (size - 1).checked_mul(*stride)).try_fold(1usize, |sum, step| sum.checked_add(step?))
    }

    /// The elements in row-major order, as `f32`; `None` where they are no floats.
    pub(super) fn read(&self, source: &Source) -> Result<Option<Vec<f32>>, Fault> {
        self.check()?;
        let size = self.dtype.size();
        let extent = self.extent().unwrap_or(0);
        let start = self.storage.offset + self.first as u64 * size;
        let bytes = source.read(start, extent as u64 * size, &format!("tensor `{}`", self.name))?;
        if let Some(expected) = self.storage.crc32.filter(|_| bytes.len() as u64 == self.storage.len)
            && crc32fast::hash(&bytes) != expected
        {
            return Err(fault!("the checksum of tensor `{}` is wrong", self.name));
        }
        let values = match self.dtype {
            Dtype::F16 => convert(&bytes, |b| f16::from_le_bytes(b).to_f32()),
            Dtype::BF16 => convert(&bytes, |b| bf16::from_le_bytes(b).to_f32()),
            Dtype::F32 => convert(&bytes, f32::from_le_bytes),
            Dtype::F64 => convert(&bytes, |b| f64::from_le_bytes(b) as f32),
            Dtype::Other(..) => return Ok(None),
        };
        Ok(Some(if self.strides == contiguous(&self.shape) { values } else { self.gathered(&values) }))
    }

    /// `values` in row-major order of the shape.
    fn gathered(&self, values: &[f32]) -> Vec<f32> {
        let count = elements(&self.shape).unwrap_or(0);
        let mut index = vec![0; self.shape.len()];
        let mut at = 0;
        let mut out = Vec::with_capacity(count);
        for _ in 0..count {
            out.push(values[at]);
            for axis in (0..index.len()).rev() {
                index[axis] += 1;
                at += self.strides[axis];
                if index[axis] < self.shape[axis] {
                    break;
                }
                at -= self.strides[axis] * self.shape[axis];
                index[axis] = 0;
            }
        }
        out
    }
}

fn convert<const N: usize>(bytes: &[u8], value: impl Fn([u8; N]) -> f32) -> Vec<f32> {
    bytes.as_chunks::<N>().0.iter().map(|chunk| value(*chunk)).collect()
}
