//! New vectors: cleared ones, and ones that are written once, without a pass over memory to clear them first.

use std::mem::MaybeUninit;

use crate::misfit::assert_room;

/// Memory for an f32 not yet written.
pub(crate) type Unset = MaybeUninit<f32>;

/// In builds with debug assertions: what memory holds before it is written. A NaN that no computation makes.
#[cfg(debug_assertions)]
const POISON: u32 = 0x7FE5_7A1E;

/// A vector of `length` f32s.
///
/// With debug assertions the memory is filled with a NaN of its own before, and looked through for it after.
///
/// # Safety
/// `fill` must write every element of its slice.
pub(crate) unsafe fn filled(length: usize, fill: impl FnOnce(&mut [Unset])) -> Vec<f32> {
    assert_room(length);
    let mut values = Vec::with_capacity(length);
    let unset = &mut values.spare_capacity_mut()[..length];
    #[cfg(debug_assertions)]
    unset.fill(Unset::new(f32::from_bits(POISON)));
    fill(unset);
    // SAFETY: the first `length` elements are written, by the contract of this function.
    unsafe { values.set_len(length) };
    #[cfg(debug_assertions)]
    {
        let missed = values.iter().filter(|value| value.to_bits() == POISON).count();
        assert!(missed == 0, "a kernel left {missed} of {length} values unwritten");
    }
    values
}

/// A vector of `length` zeros.
pub(crate) fn zeros(length: usize) -> Vec<f32> {
    assert_room(length);
    vec![0.0; length]
}

/// Values seen as memory that may hold any.
pub(crate) fn unset(values: &[f32]) -> &[Unset] {
    // SAFETY: the layouts are the same, and nothing is written through a shared reference.
    unsafe { &*(std::ptr::from_ref(values) as *const [Unset]) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[should_panic = "left 2 of 3 values unwritten"]
    #[cfg(debug_assertions)]
    fn what_is_not_written_is_seen() {
        // SAFETY: with debug assertions the memory is filled before.
        unsafe { filled(3, |values| values[1] = Unset::new(f32::NAN)) };
    }
}
