//! Memory that stays: settings of glibc's allocator for programs that train.
//!
//! glibc asks the kernel for every buffer above 32 MB and gives it back when it is freed, so that each large tensor
//! operation pays for page faults instead of arithmetic: three times slower on tensors of 16 million elements. The
//! settings here make it keep what it has. The process then never shrinks, which is what one wants of a training run and
//! not of a long-lived service, so a library must not do this by itself: programs call [`keep_memory`] first thing in
//! `main`, as the `stairs` command does.

/// Tells the allocator not to give pages back to the system. Returns true where that was possible (Linux with glibc);
/// elsewhere nothing happens.
///
/// Call it before the first large allocation, once; calling it again changes nothing.
pub fn keep_memory() -> bool {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    {
        const TOP_PAD: libc::c_int = 256 << 20;
        let set = |option: libc::c_int, value: libc::c_int| {
            // SAFETY: mallopt takes two integers, touches no memory of ours and may be called at any time.
            unsafe { libc::mallopt(option, value) == 1 }
        };
        // No separate mappings for large blocks, no trimming of the heap, and growth in large steps.
        set(libc::M_MMAP_MAX, 0) & set(libc::M_TRIM_THRESHOLD, libc::c_int::MAX) & set(libc::M_TOP_PAD, TOP_PAD)
    }
    #[cfg(not(all(target_os = "linux", target_env = "gnu")))]
    {
        false
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn memory_is_kept_where_glibc_is_the_allocator() {
        assert_eq!(super::keep_memory(), cfg!(all(target_os = "linux", target_env = "gnu")));
    }
}
