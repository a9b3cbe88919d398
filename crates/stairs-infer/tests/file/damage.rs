//! Damaged files are refused or load; either way without a panic, and with no more memory than their size justifies.

use proptest::prelude::*;
use stairs_infer::Program;
use stairs_infer::testing::program;

use crate::memory::most;
use crate::parts::Parts;

/// Bytes of memory a byte of a file may take while it is loaded: lists of numbers of JSON, two bytes each, are the dearest.
const FACTOR: usize = 40;

/// Loads a file, and runs it if it loads and is small.
pub(crate) fn survive(file: &[u8]) {
    let (program, memory) = most(|| Program::from_bytes(file));
    let allowed = FACTOR * file.len() + (1 << 17);
    assert!(memory <= allowed, "{memory} bytes of memory for a file of {}", file.len());
    let Ok(program) = program else { return };
    if program.activations() < 100_000 && program.operations() < 1_000_000 {
        let zeros = vec![0.0; program.input().iter().product()];
        program.run(&zeros).expect("a sample without NaN");
    }
    let again = program.to_bytes();
    assert_eq!(Program::from_bytes(&again).expect("what was written").to_bytes(), again);
}

/// Replaces numbers of a graph by extreme ones.
fn extreme(value: &mut serde_json::Value, which: &mut usize, by: i64) {
    match value {
        serde_json::Value::Number(number) => {
            if *which == 0 {
                *number = by.into();
            }
            *which = which.wrapping_sub(1);
        }
        serde_json::Value::Array(values) => values.iter_mut().for_each(|value| extreme(value, which, by)),
        serde_json::Value::Object(map) => map.values_mut().for_each(|value| extreme(value, which, by)),
        _ => {}
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(400) })]

    #[test]
    fn flips_and_cuts_are_survived(
        seed in 0u64..1000,
        flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
        cut in prop::option::of(any::<prop::sample::Index>()),
    ) {
        let mut file = program(seed).to_bytes();
        for (at, byte) in flips {
            let at = at.index(file.len());
            file[at] = byte;
        }
        if let Some(cut) = cut {
            file.truncate(cut.index(file.len()));
        }
        survive(&file);
    }

    #[test]
    fn flips_of_data_are_survived(seed in 0u64..1000, at in any::<prop::sample::Index>(), byte: u8) {
        let mut parts = Parts::of(&program(seed).to_bytes());
        if !parts.data.is_empty() {
            let at = at.index(parts.data.len());
            parts.data[at] = byte;
        }
        survive(&parts.file());
    }

    #[test]
    fn extreme_numbers_in_graphs_are_survived(
        seed in 0u64..1000,
        which in 0usize..200,
        by in prop::sample::select(vec![
            -1, 0, 1, 2, 7, 63, 64, 255, 256, 65_537, 1 << 20, i64::from(i32::MAX), 1 << 32, 1 << 40, 1 << 60, i64::MAX, i64::MIN,
        ]),
    ) {
        let mut parts = Parts::of(&program(seed).to_bytes());
        extreme(&mut parts.graph, &mut which.clone(), by);
        survive(&parts.file());
    }
}
