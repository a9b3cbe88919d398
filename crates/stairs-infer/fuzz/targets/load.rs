//! Loads arbitrary bytes as a program, and runs it if it is small.
//!
//! Bytes are changed by part: the text of the header, the text of the graph within it, or the data; lengths and quotes are mended
//! afterwards, so that most changes get past the first check. Now and then a file is replaced by that of a random program.

#![no_main]

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicIsize, Ordering::Relaxed};

use libfuzzer_sys::{fuzz_mutator, fuzz_target, fuzzer_mutate};
use serde_json::Value;
use stairs_infer::Program;
use stairs_infer::testing::{Dice, program};

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
    let mut dice = Dice::new(seed.into());
    if dice.one_in(200) {
        return put(data, &program(dice.bits() % 100_000).to_bytes(), max_size).unwrap_or(size);
    }
    let changed = match dice.below(8) {
        0 => None,
        1 | 2 => part(data, size, max_size, |header, rest| (mutated(header, max_size), rest)),
        3 => part(data, size, max_size, |header, rest| (header, mutated(rest, max_size))),
        _ => graph(data, size, max_size, &mut dice),
    };
    changed.unwrap_or_else(|| fuzzer_mutate(data, size, max_size))
});

fn put(data: &mut [u8], file: &[u8], most: usize) -> Option<usize> {
    let most = most.min(data.len());
    data.get_mut(..file.len()).filter(|_| file.len() <= most)?.copy_from_slice(file);
    Some(file.len())
}

fn mutated(mut bytes: Vec<u8>, most: usize) -> Vec<u8> {
    let size = bytes.len();
    bytes.resize(most.min(size + 64).max(size), 0);
    let room = bytes.len();
    let size = fuzzer_mutate(&mut bytes, size, room);
    bytes.truncate(size);
    bytes
}

/// Changes header and data, and mends the length of the header.
fn part(
    data: &mut [u8],
    size: usize,
    most: usize,
    change: impl FnOnce(Vec<u8>, Vec<u8>) -> (Vec<u8>, Vec<u8>),
) -> Option<usize> {
    let (length, rest) = data[..size].split_first_chunk::<8>()?;
    let (header, rest) = rest.split_at_checked(usize::try_from(u64::from_le_bytes(*length)).ok()?)?;
    let (header, rest) = change(header.to_vec(), rest.to_vec());
    put(data, &[&(header.len() as u64).to_le_bytes()[..], &header, &rest].concat(), most)
}

/// Changes the text of the graph, or a number in it.
fn graph(data: &mut [u8], size: usize, most: usize, dice: &mut Dice) -> Option<usize> {
    let mut changed = false;
    let size = part(data, size, most, |header, rest| {
        let Ok(mut json) = serde_json::from_slice::<Value>(&header) else { return (header, rest) };
        let text = json["__metadata__"]["stairs.program"].as_str().map(str::to_owned);
        let Some(text) = text else { return (header, rest) };
        let text = match serde_json::from_str::<Value>(&text) {
            Ok(mut graph) if dice.one_in(2) => {
                let mut which = dice.below(count(&graph).max(1));
                replace(&mut graph, &mut which, dice);
                graph.to_string()
            }
            _ => String::from_utf8_lossy(&mutated(text.into_bytes(), most)).into_owned(),
        };
        changed = true;
        json["__metadata__"]["stairs.program"] = text.into();
        (json.to_string().into_bytes(), rest)
    })?;
    changed.then_some(size)
}

fn count(value: &Value) -> usize {
    match value {
        Value::Array(values) => values.iter().map(count).sum(),
        Value::Object(map) => map.values().map(count).sum(),
        _ => 1,
    }
}

/// Replaces one number.
fn replace(value: &mut Value, which: &mut usize, dice: &mut Dice) {
    match value {
        Value::Array(values) => values.iter_mut().for_each(|value| replace(value, which, dice)),
        Value::Object(map) => map.values_mut().for_each(|value| replace(value, which, dice)),
        _ => {
            if *which == 0 && value.is_number() {
                *value = match dice.below(4) {
                    0 => dice.integer(-2, 9).into(),
                    1 => (1u64 << dice.below(64)).into(),
                    2 => ((1u64 << dice.below(64)) - 1).into(),
                    _ => dice.integer(-300, 70_000).into(),
                };
            }
            *which = which.wrapping_sub(1);
        }
    }
}
