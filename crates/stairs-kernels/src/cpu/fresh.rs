//! New vectors that are written once: no pass over memory to clear them first.

use std::mem::MaybeUninit;

/// Memory for an f32 not yet written.
pub(crate) type Unset = MaybeUninit<f32>;

/// A vector of `length` f32s.
///
/// # Safety
/// `fill` must write every element of its slice.
pub(crate) unsafe fn filled(length: usize, fill: impl FnOnce(&mut [Unset])) -> Vec<f32> {
    let mut values = Vec::with_capacity(length);
    fill(&mut values.spare_capacity_mut()[..length]);
    // SAFETY: the first `length` elements are written, by the contract of this function.
    unsafe { values.set_len(length) };
    values
}

/// Values seen as memory that may hold any.
pub(crate) fn unset(values: &[f32]) -> &[Unset] {
    // SAFETY: the layouts are the same, and nothing is written through a shared reference.
    unsafe { &*(std::ptr::from_ref(values) as *const [Unset]) }
}
