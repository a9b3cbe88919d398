//! The bytes that results are in while an engine runs.
//!
//! A plan gives every result a place, so that no two that are needed at the same time overlap; steps of one run then read some places
//! and write another, and threads write disjoint parts of it. The compiler cannot see that, so views are made here from a pointer.

use alloc::vec::Vec;
use core::marker::PhantomData;

use crate::RunError;

/// Bytes of a cache line, to which places are aligned.
pub(crate) const LINE: usize = 64;

#[derive(Clone, Copy)]
#[repr(align(64))]
struct Line(#[expect(dead_code, reason = "read and written through pointers")] [u8; LINE]);

/// At the beginning of a line, so that no register is loaded from two.
#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
pub(crate) struct Aligned<T>(pub(crate) T);

/// Bytes, all initialised.
pub(crate) struct Arena(Vec<Line>);

/// Types of which every pattern of bits is a value.
///
/// # Safety
/// Any bytes must be a value.
pub(crate) unsafe trait Plain: Copy {}

// SAFETY: all bits of numbers are values.
unsafe impl Plain for u8 {}
// SAFETY: as above.
unsafe impl Plain for i16 {}
// SAFETY: as above.
unsafe impl Plain for i32 {}
// SAFETY: as above.
unsafe impl Plain for u64 {}
// SAFETY: as above.
unsafe impl Plain for f32 {}

impl Arena {
    /// Zeros.
    pub(crate) fn new(bytes: usize) -> Result<Self, RunError> {
        let lines = bytes.div_ceil(LINE);
        let mut memory = Vec::new();
        memory.try_reserve_exact(lines).map_err(|_| RunError::Memory { bytes })?;
        memory.resize(lines, Line([0; LINE]));
        Ok(Self(memory))
    }

    pub(crate) fn memory(&mut self) -> Memory<'_> {
        Memory { start: self.0.as_mut_ptr().cast(), bytes: self.0.len() * LINE, arena: PhantomData }
    }
}

/// An arena that several steps and threads see.
#[derive(Clone, Copy)]
pub(crate) struct Memory<'a> {
    start: *mut u8,
    bytes: usize,
    arena: PhantomData<&'a mut Arena>,
}

// SAFETY: views are made by unsafe functions, whose callers keep what threads write apart.
unsafe impl Send for Memory<'_> {}
// SAFETY: as above.
unsafe impl Sync for Memory<'_> {}

impl<'a> Memory<'a> {
    fn at<T: Plain>(self, byte: usize, index: usize, length: usize) -> *mut T {
        let (size, end) = (size_of::<T>(), index.checked_add(length).and_then(|end| end.checked_mul(size_of::<T>())));
        let fits = end.and_then(|end| end.checked_add(byte)).is_some_and(|end| end <= self.bytes);
        assert!(fits && byte.is_multiple_of(LINE), "a place outside the arena");
        // SAFETY: within the arena, as just checked.
        unsafe { self.start.add(byte + index * size).cast() }
    }

    /// `length` numbers from number `index` of the place at `byte`.
    ///
    /// # Safety
    /// Nobody may write them while the view lives.
    pub(crate) unsafe fn read<T: Plain>(self, byte: usize, index: usize, length: usize) -> &'a [T] {
        // SAFETY: `at` checks bounds and alignment; the bytes are initialised and plain; the caller answers for writers.
        unsafe { core::slice::from_raw_parts(self.at(byte, index, length), length) }
    }

    /// `length` numbers from number `index` of the place at `byte`.
    ///
    /// # Safety
    /// Nobody else may read or write them while the view lives.
    pub(crate) unsafe fn write<T: Plain>(self, byte: usize, index: usize, length: usize) -> &'a mut [T] {
        // SAFETY: as for `read`.
        unsafe { core::slice::from_raw_parts_mut(self.at(byte, index, length), length) }
    }
}
