//! A slice of planes that several threads write, each to planes of its own.

use std::marker::PhantomData;

/// A mutable slice cut into planes of equal length.
pub(crate) struct Planes<'a, T> {
    start: *mut T,
    count: usize,
    length: usize,
    borrow: PhantomData<&'a mut [T]>,
}

// SAFETY: the pointer is to values borrowed for 'a; `get` leaves the exclusion of overlapping planes to its caller.
unsafe impl<T: Send> Sync for Planes<'_, T> {}

impl<'a, T> Planes<'a, T> {
    pub(crate) fn new(data: &'a mut [T], length: usize) -> Self {
        Self { start: data.as_mut_ptr(), count: data.len() / length.max(1), length, borrow: PhantomData }
    }

    /// Plane number `index`.
    ///
    /// # Safety
    /// No other reference to this plane may live at the same time.
    #[allow(clippy::mut_from_ref)]
    pub(crate) unsafe fn get(&self, index: usize) -> &mut [T] {
        // SAFETY: the same contract.
        unsafe { self.run(index, 1) }
    }

    /// `count` planes from number `first` on.
    ///
    /// # Safety
    /// No other reference to these planes may live at the same time.
    #[allow(clippy::mut_from_ref)]
    pub(crate) unsafe fn run(&self, first: usize, count: usize) -> &mut [T] {
        let inside = first.checked_add(count).is_some_and(|end| end <= self.count);
        assert!(inside, "{count} planes from {first} on, of {}", self.count);
        // SAFETY: inside the borrowed slice by the assertion; exclusive by the contract of this function.
        unsafe { std::slice::from_raw_parts_mut(self.start.add(first * self.length), count * self.length) }
    }
}
