//! Steps that only move numbers: samples in, results out, other orders, channels of zeros.

use alloc::vec::Vec;

use super::context::Context;
use super::memory::Plain;
use super::tensor::{Element, Stored, Tensor};
use crate::{Kind, Value};

/// Samples into the order in which results are stored.
#[derive(Debug)]
pub(crate) struct Load {
    pub(crate) output: usize,
}

/// The numbers of a shape in the order of another.
#[derive(Debug)]
pub(crate) struct Reorder {
    pub(crate) input: usize,
    pub(crate) output: usize,
}

/// Channels of zeros around those of an image.
#[derive(Debug)]
pub(crate) struct Pad {
    pub(crate) input: usize,
    pub(crate) output: usize,
    pub(crate) before: usize,
}

impl Load {
    /// # Safety
    /// Nobody else uses this part of the output.
    pub(crate) unsafe fn run(&self, context: &Context<'_>) {
        let output = context.stored(self.output);
        let size = output.tensor.len();
        for sample in context.part.range(context.count) {
            // SAFETY: the caller's duty; samples are stored as floats.
            let to: &mut [f32] = unsafe { output.write(sample * size, size) };
            let from = &context.samples[sample * size..][..size];
            order(from, None, to, Some(output.tensor));
        }
    }
}

impl Reorder {
    /// # Safety
    /// The places of input and output are apart, and nobody else uses this part of the output.
    pub(crate) unsafe fn run(&self, context: &Context<'_>) {
        let (input, output) = (context.stored(self.input), context.stored(self.output));
        for sample in context.part.range(context.count) {
            // SAFETY: the caller's duty.
            unsafe {
                match input.tensor.width() {
                    1 => reorder::<u8>(input, output, sample),
                    _ => reorder::<i32>(input, output, sample),
                }
            }
        }
    }
}

/// # Safety
/// As [`Reorder::run`].
unsafe fn reorder<T: Plain>(input: Stored<'_>, output: Stored<'_>, sample: usize) {
    let size = input.tensor.len();
    // SAFETY: the caller's duty.
    let (from, to): (&[T], &mut [T]) = unsafe { (input.read(sample * size, size), output.write(sample * size, size)) };
    order(from, Some(input.tensor), to, Some(output.tensor));
}

/// Copies numbers stored as a tensor says, or in row-major order, to what another tensor says.
fn order<T: Copy>(from: &[T], its: Option<&Tensor>, to: &mut [T], wanted: Option<&Tensor>) {
    // Channels and positions of images; `None` for row-major order.
    let image = |tensor: Option<&Tensor>| tensor.filter(|tensor| !tensor.is_flat()).map(|t| (t.channels, t.pixels));
    match (image(its), image(wanted)) {
        (None, None) => to.copy_from_slice(from),
        (Some((channels, pixels)), None) => turn(from, to, pixels, channels),
        (None, Some((channels, pixels))) => turn(from, to, channels, pixels),
        (Some(a), Some(b)) if a == b => to.copy_from_slice(from),
        (Some((channels, pixels)), Some((others, places))) => {
            for (index, to) in to.iter_mut().enumerate() {
                let flat = index % others * places + index / others;
                *to = from[flat % pixels * channels + flat / pixels];
            }
        }
    }
}

/// Rows and columns exchanged.
fn turn<T: Copy>(from: &[T], to: &mut [T], rows: usize, columns: usize) {
    match rows {
        1 => return to.copy_from_slice(from),
        2 => return turn_few::<T, 2>(from, to),
        3 => return turn_few::<T, 3>(from, to),
        4 => return turn_few::<T, 4>(from, to),
        _ => {}
    }
    /// Side of the squares in which it is done, so that lines of both sides stay in the cache.
    const SQUARE: usize = 16;
    for row in (0..rows).step_by(SQUARE) {
        for column in (0..columns).step_by(SQUARE) {
            for c in column..columns.min(column + SQUARE) {
                for r in row..rows.min(row + SQUARE) {
                    to[c * rows + r] = from[r * columns + c];
                }
            }
        }
    }
}

/// Rows and columns exchanged, for few rows: samples of images.
fn turn_few<T: Copy, const ROWS: usize>(from: &[T], to: &mut [T]) {
    let columns = from.len() / ROWS;
    let rows: [&[T]; ROWS] = core::array::from_fn(|row| &from[row * columns..][..columns]);
    for (column, to) in to.as_chunks_mut::<ROWS>().0.iter_mut().enumerate() {
        for (to, row) in to.iter_mut().zip(&rows) {
            *to = row[column];
        }
    }
}

impl Pad {
    /// # Safety
    /// The places of input and output are apart, and nobody else uses this part of the output.
    pub(crate) unsafe fn run(&self, context: &Context<'_>) {
        let (input, output) = (context.stored(self.input), context.stored(self.output));
        let (few, many) = (input.tensor.channels, output.tensor.channels);
        for row in context.part.range(context.count * input.tensor.pixels) {
            // SAFETY: the caller's duty; both have the element that is matched.
            unsafe {
                match (input.tensor.element, output.tensor.element) {
                    (Element::Byte { low: from }, Element::Byte { low }) => {
                        let to: &mut [u8] = output.write(row * many, many);
                        // Bytes count from the lowest value, which zeros may have changed.
                        let (zero, up) = (low.wrapping_neg() as u8, from.wrapping_sub(low) as u8);
                        to.fill(zero);
                        let values: &[u8] = input.read(row * few, few);
                        for (to, value) in to[self.before..].iter_mut().zip(values) {
                            *to = value.wrapping_add(up);
                        }
                    }
                    // 32 zero bits are 0, of integers and of floats.
                    _ => {
                        let to: &mut [i32] = output.write(row * many, many);
                        to.fill(0);
                        to[self.before..][..few].copy_from_slice(input.read(row * few, few));
                    }
                }
            }
        }
    }
}

/// Where results go, in row-major order.
pub(crate) enum Results<'a> {
    Integers(&'a mut [i32]),
    Floats(&'a mut [f32]),
}

impl<'a> Results<'a> {
    /// A value made to hold `count` numbers of a kind.
    pub(crate) fn resized(value: &'a mut Value, kind: Kind, count: usize) -> Self {
        let integers = kind.range().is_some();
        if integers != value.integers().is_some() {
            *value = if integers { Value::Integers(Vec::new()) } else { Value::Floats(Vec::new()) };
        }
        match value {
            Value::Integers(values) => {
                values.resize(count, 0);
                Self::Integers(values)
            }
            Value::Floats(values) => {
                values.resize(count, 0.0);
                Self::Floats(values)
            }
        }
    }

    /// The next `count`.
    pub(crate) fn take(&mut self, count: usize) -> Results<'a> {
        fn first<'a, T>(values: &mut &'a mut [T], count: usize) -> &'a mut [T] {
            let (first, rest) = core::mem::take(values).split_at_mut(count);
            *values = rest;
            first
        }
        match self {
            Self::Integers(values) => Results::Integers(first(values, count)),
            Self::Floats(values) => Results::Floats(first(values, count)),
        }
    }
}

/// The numbers of samples `0..count` of a result.
///
/// # Safety
/// Nobody may write them meanwhile.
pub(crate) unsafe fn collect(of: Stored<'_>, count: usize, to: Results<'_>) {
    let size = of.tensor.len();
    // SAFETY: the caller's duty.
    unsafe {
        match (of.tensor.element, to) {
            (Element::Byte { low }, Results::Integers(to)) => {
                for (from, to) in of.read::<u8>(0, count * size).chunks_exact(size).zip(to.chunks_exact_mut(size)) {
                    in_order(of.tensor, to, |i| i32::from(from[i]) + low);
                }
            }
            (Element::Int, Results::Integers(to)) => {
                for (from, to) in of.read::<i32>(0, count * size).chunks_exact(size).zip(to.chunks_exact_mut(size)) {
                    in_order(of.tensor, to, |i| from[i]);
                }
            }
            (Element::Float, Results::Floats(to)) => {
                for (from, to) in of.read::<f32>(0, count * size).chunks_exact(size).zip(to.chunks_exact_mut(size)) {
                    in_order(of.tensor, to, |i| from[i]);
                }
            }
            // The caller has made what the tensor holds.
            _ => {}
        }
    }
}

fn in_order<T>(tensor: &Tensor, to: &mut [T], of: impl Fn(usize) -> T) {
    let (channels, pixels) = (tensor.channels, tensor.pixels);
    if tensor.is_flat() {
        to.iter_mut().enumerate().for_each(|(i, to)| *to = of(i));
    } else {
        to.iter_mut().enumerate().for_each(|(i, to)| *to = of(i % pixels * channels + i / pixels));
    }
}
