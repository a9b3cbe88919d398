//! Inputs of products as their kernels read them: padding around, channels of a group side by side.
//!
//! | format | a packed number |
//! |---|---|
//! | rows | index of a row of a table of products: the levels of a few channels, as digits |
//! | codes | a byte as stored: the value less the lowest one |
//! | words | the value, 16 bits |
//! | integers | the value, 32 bits |
//! | planes | 64 channels: which are not 0, then which are negative |

use alloc::boxed::Box;

use super::geometry::Geometry;
use crate::engine::context::Context;
use crate::engine::level::at_level;
use crate::engine::memory::Plain;
use crate::engine::tensor::{Element, Stored};

/// What a packed number is.
#[derive(Debug)]
pub(crate) enum Format {
    /// Indices of rows: the digit of every byte, whether that is the byte itself, digits a number, their base, and the digit of 0.
    Rows { digits: Box<[u8; 256]>, plain: bool, group: usize, base: usize, zero: u8 },
    /// Bytes.
    Codes,
    /// 16 bits.
    Words,
    /// 32 bits.
    Integers,
    /// Two words of 64 bits for 64 channels.
    Planes,
}

impl Format {
    /// Packed numbers of a pixel with so many channels.
    pub(crate) fn unit(&self, channels: usize) -> usize {
        match self {
            Self::Rows { group, .. } => channels.div_ceil(*group).next_multiple_of(2),
            Self::Codes => channels.next_multiple_of(4),
            Self::Words => channels.next_multiple_of(2),
            Self::Integers => channels,
            Self::Planes => 2 * channels.div_ceil(64),
        }
    }

    /// Bytes of a packed number.
    pub(crate) fn bytes(&self) -> usize {
        match self {
            Self::Rows { .. } | Self::Codes => 1,
            Self::Words => 2,
            Self::Integers => 4,
            Self::Planes => 8,
        }
    }
}

/// A step that packs images or rows.
#[derive(Debug)]
pub(crate) struct Pack {
    pub(crate) input: usize,
    /// The place of what is packed.
    pub(crate) slot: usize,
    pub(crate) format: Format,
    pub(crate) geometry: Geometry,
    /// Height and width without padding.
    pub(crate) size: [usize; 2],
    /// Rows above, columns to the left.
    pub(crate) before: [usize; 2],
    pub(crate) groups: usize,
    /// Channels of a group.
    pub(crate) channels: usize,
}

impl Pack {
    /// # Safety
    /// The places of input and output are apart, and nobody else uses this part of the output.
    pub(crate) unsafe fn run(&self, context: &Context<'_>) {
        let pack = self;
        at_level!(context.level, body(pack: &Pack, context: &Context<'_>));
    }
}

/// # Safety
/// As [`Pack::run`].
#[inline(always)]
unsafe fn body(pack: &Pack, context: &Context<'_>) {
    let [height, width] = pack.geometry.size;
    let unit = pack.geometry.unit;
    let input = context.stored(pack.input);
    let byte = context.places[pack.slot];
    for line in context.part.range(context.count * pack.groups * height) {
        let (image, y) = (line / height, line % height);
        let (sample, group) = (image / pack.groups, image % pack.groups);
        let row = y.checked_sub(pack.before[0]).filter(|row| *row < pack.size[0]);
        let source = Line { pack, input, sample, group, row };
        let (from, length) = (line * width * unit, width * unit);
        // SAFETY: the caller's duty; lines are apart, and the types are those of the formats.
        unsafe {
            match &pack.format {
                Format::Rows { digits, plain, group, base, zero } => {
                    let to: &mut [u8] = context.memory.write(byte, from, length);
                    let border = (0..*group).fold(0, |row, _| row * base + usize::from(*zero)) as u8;
                    match (group, *plain) {
                        // Two bytes at a time.
                        (2, true) if pack.channels.is_multiple_of(4) => {
                            let base = *base as u16;
                            source.fill(to, border, 2, |from: &[u8], to| {
                                for (to, pair) in to.iter_mut().zip(from.as_chunks::<2>().0) {
                                    let pair = u16::from_le_bytes(*pair);
                                    *to = ((pair & 255) + (pair >> 8) * base) as u8;
                                }
                            });
                        }
                        _ => source
                            .fill(to, border, *group, |from, to| rows(from, to, digits, *group, *base, *zero, border)),
                    }
                }
                Format::Codes => {
                    let to: &mut [u8] = context.memory.write(byte, from, length);
                    let border = input.tensor.low().wrapping_neg() as u8;
                    source.fill(to, border, 1, |from: &[u8], to| to[..from.len()].copy_from_slice(from));
                }
                Format::Words => {
                    let to: &mut [i16] = context.memory.write(byte, from, length);
                    source.values(to, |value| value as i16);
                }
                Format::Integers => {
                    let to: &mut [i32] = context.memory.write(byte, from, length);
                    source.values(to, |value| value);
                }
                Format::Planes => {
                    let to: &mut [u64] = context.memory.write(byte, from, length);
                    let low = input.tensor.low();
                    source.fill(to, 0, 32, |from, to| planes(from, to, low));
                }
            }
        }
    }
}

/// A row of an image of one group, or padding.
struct Line<'a> {
    pack: &'a Pack,
    input: Stored<'a>,
    sample: usize,
    group: usize,
    row: Option<usize>,
}

impl Line<'_> {
    /// Writes the line: `border` in the padding, and what `of` makes of the channels of every pixel, or of all pixels at once where they
    /// are side by side, packed and not.
    ///
    /// # Safety
    /// As [`Pack::run`], with an input stored as `F`.
    #[inline(always)]
    unsafe fn fill<F: Plain, T: Copy>(&self, to: &mut [T], border: T, each: usize, of: impl Fn(&[F], &mut [T])) {
        let (pack, unit) = (self.pack, self.pack.geometry.unit);
        let Some(row) = self.row else { return to.fill(border) };
        let (start, width) = (pack.before[1] * unit, pack.size[1]);
        to[..start].fill(border);
        to[start + width * unit..].fill(border);
        let to = &mut to[start..][..width * unit];
        // SAFETY: the caller's duty.
        unsafe {
            if pack.groups == 1 && pack.channels == unit * each {
                return of(self.input.read(self.index(row, 0), width * pack.channels), to);
            }
            for (column, to) in to.chunks_exact_mut(unit).enumerate() {
                of(self.input.read(self.index(row, column), pack.channels), to);
            }
        }
    }

    /// Writes the line value by value, padding 0.
    ///
    /// # Safety
    /// As [`Pack::run`].
    #[inline(always)]
    unsafe fn values<T: Copy + Default>(&self, to: &mut [T], of: impl Fn(i32) -> T) {
        // SAFETY: the caller's duty; the types are those of the elements.
        unsafe {
            match self.input.tensor.element {
                Element::Byte { low } => self.fill(to, T::default(), 1, |from: &[u8], to| {
                    each(from, to, |from| of(i32::from(from) + low));
                }),
                _ => self.fill(to, T::default(), 1, |from: &[i32], to| each(from, to, &of)),
            }
        }
    }

    /// Index of the first channel of the group at a pixel.
    fn index(&self, row: usize, column: usize) -> usize {
        let [height, width] = self.pack.size;
        let (pixel, channels) = ((self.sample * height + row) * width + column, self.pack.channels);
        (pixel * self.pack.groups + self.group) * channels
    }
}

/// Value by value; zeros where there are more numbers than values.
#[inline(always)]
fn each<F: Copy, T: Copy + Default>(from: &[F], to: &mut [T], of: impl Fn(F) -> T) {
    for (to, from) in to.iter_mut().zip(from) {
        *to = of(*from);
    }
    for to in to.iter_mut().skip(from.len()) {
        *to = T::default();
    }
}

/// Indices of rows of a pixel's channels: the first channel is the lowest digit.
#[inline(always)]
fn rows(from: &[u8], to: &mut [u8], digits: &[u8; 256], group: usize, base: usize, zero: u8, border: u8) {
    let (whole, base) = (from.len() / group, base as u8);
    for (to, from) in to.iter_mut().zip(from.chunks_exact(group)) {
        let digit = |row: u8, code: &u8| row.wrapping_mul(base).wrapping_add(digits[usize::from(*code)]);
        *to = from.iter().rev().fold(0, digit);
    }
    let rest = &from[whole * group..];
    if !rest.is_empty() {
        let digit = |i: usize| rest.get(i).map_or(zero, |code| digits[usize::from(*code)]);
        to[whole] = (0..group).rev().fold(0, |row: u8, i| row.wrapping_mul(base).wrapping_add(digit(i)));
    }
    for to in to.iter_mut().skip(from.len().div_ceil(group)) {
        *to = border;
    }
}

/// Planes of −1, 0, 1 stored as bytes from `low` on: words of which are not 0 and which are negative, in turn.
#[inline(always)]
fn planes(from: &[u8], to: &mut [u64], low: i32) {
    for (to, from) in to.chunks_exact_mut(2).zip(from.chunks(64)) {
        let (mut mask, mut sign) = (0, 0);
        for (bit, code) in from.iter().enumerate() {
            let value = i32::from(*code) + low;
            mask |= u64::from(value != 0) << bit;
            sign |= u64::from(value < 0) << bit;
        }
        (to[0], to[1]) = (mask, sign);
    }
}
