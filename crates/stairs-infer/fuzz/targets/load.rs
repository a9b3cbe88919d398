//! Loads arbitrary bytes as a program: no panic, and memory in proportion to the bytes. Runs it by the definitions if it is small.

#![no_main]

mod change;

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicIsize, Ordering::Relaxed};

use libfuzzer_sys::{fuzz_mutator, fuzz_target};
use stairs_infer::Program;

/// Memory that a byte of a file may take while it is loaded, and that any file may take.
const FACTOR: usize = 40;
const ANY: usize = 1 << 17;

static HELD: AtomicIsize = AtomicIsize::new(0);
static MOST: AtomicIsize = AtomicIsize::new(0);

struct Counting;

fn held(change: isize) {
    let held = HELD.fetch_add(change, Relaxed) + change;
    MOST.fetch_max(held, Relaxed);
}

// SAFETY: all memory is the system allocator's.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        held(layout.size().cast_signed());
        // SAFETY: the caller's promise about `layout`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        held(-layout.size().cast_signed());
        // SAFETY: the caller's promise that `memory` is of this allocator, which is the system's, and of this layout.
        unsafe { System.dealloc(memory, layout) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

fuzz_target!(|file: &[u8]| {
    let before = HELD.load(Relaxed);
    MOST.store(before, Relaxed);
    let program = Program::from_bytes(file);
    let memory = (MOST.load(Relaxed) - before).unsigned_abs();
    assert!(memory <= FACTOR * file.len() + ANY, "{memory} bytes of memory for a file of {}", file.len());
    let program = match program {
        Ok(program) => program,
        Err(error) => {
            assert!(!error.to_string().is_empty());
            return;
        }
    };
    if program.activations() < 20_000 && program.operations() < 200_000 {
        let zeros = vec![0.0; program.input().iter().product()];
        program.run(&zeros).expect("a sample without NaN");
    }
    let again = program.to_bytes();
    assert_eq!(Program::from_bytes(&again).expect("what was written").to_bytes(), again);
});

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    change::change(data, size, max_size, seed)
});
