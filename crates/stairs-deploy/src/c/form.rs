//! How the numbers of a result lie in memory.
//!
//! - An array of the smallest type that holds them, in the order of the program: `[channels, height, width]`.
//! - Bit planes, for levels of −1, 0 and 1 that layers with weights of −1, 0 and 1 multiply, and windows read:
//!   bit `(y·width + x)·channels + c` of a plane of words of 32 bits, the mask first (v ≠ 0), then the sign (v < 0). Levels 0 and 1
//!   have no sign, levels −1 and 1 no mask.
//!   All channels of a pixel lie side by side, so that a row of a convolution's patch is copied as one run of bits.

use stairs_infer::Range;

/// A type of C.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Type {
    I8,
    U8,
    I16,
    I32,
    F32,
}

impl Type {
    /// The smallest that holds a range and 0.
    pub(super) fn of(range: Range) -> Self {
        match range.with_zero() {
            range if range.bits() == 8 => Self::I8,
            Range { low: 0, high } if high <= 255 => Self::U8,
            range if range.bits() == 16 => Self::I16,
            _ => Self::I32,
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::I8 => "int8_t",
            Self::U8 => "uint8_t",
            Self::I16 => "int16_t",
            Self::I32 => "int32_t",
            Self::F32 => "float",
        }
    }

    /// What its helpers are called by.
    pub(super) fn suffix(self) -> &'static str {
        match self {
            Self::I8 => "i8",
            Self::U8 => "u8",
            Self::I16 => "i16",
            Self::I32 => "i32",
            Self::F32 => "f32",
        }
    }

    pub(super) fn bytes(self) -> usize {
        match self {
            Self::I8 | Self::U8 => 1,
            Self::I16 => 2,
            Self::I32 | Self::F32 => 4,
        }
    }

    /// Whether the same memory can be read and written as both.
    pub(super) fn shares(self, other: Self) -> bool {
        self == other || self.bytes() == 1 && other.bytes() == 1
    }
}

/// Which planes there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Planes {
    /// Mask and sign: −1, 0, 1.
    Ternary,
    /// Mask: 0, 1.
    Binary,
    /// Sign: −1, 1.
    Sign,
}

impl Planes {
    pub(super) fn has_mask(self) -> bool {
        self != Self::Sign
    }

    pub(super) fn has_sign(self) -> bool {
        self != Self::Binary
    }

    pub(super) fn count(self) -> usize {
        usize::from(self.has_mask()) + usize::from(self.has_sign())
    }

    /// Words of 32 bits for so many numbers.
    pub(super) fn words(self, numbers: usize) -> usize {
        self.count() * numbers.div_ceil(32)
    }
}

/// How a stored result lies in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Array(Type),
    Planes(Planes),
}

impl Form {
    pub(super) fn bytes(self, numbers: usize) -> usize {
        match self {
            Self::Array(of) => of.bytes() * numbers,
            Self::Planes(planes) => 4 * planes.words(numbers),
        }
    }

    /// Type of a pointer to it.
    pub(super) fn pointer(self) -> &'static str {
        match self {
            Self::Array(of) => of.name(),
            Self::Planes(_) => "uint32_t",
        }
    }
}

/// A shape as channels, rows and columns: the first axis and what is behind it.
pub(super) fn image(shape: &[usize]) -> [usize; 3] {
    match *shape {
        [channels, height, width] => [channels, height, width],
        [] => [1; 3],
        [channels, ref rest @ ..] => [channels, 1, rest.iter().product()],
    }
}
