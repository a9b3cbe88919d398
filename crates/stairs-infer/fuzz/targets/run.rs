//! Loads arbitrary bytes as a program and, if it is small, runs it by the engine: the numbers of the definitions.

#![no_main]

mod change;

use libfuzzer_sys::{fuzz_mutator, fuzz_target};
use stairs_infer::testing::{same, samples};
use stairs_infer::{Engine, Options, Program};

fuzz_target!(|file: &[u8]| {
    let Ok(program) = Program::from_bytes(file) else { return };
    if program.activations() >= 20_000 || program.operations() >= 200_000 {
        return;
    }
    let size: usize = program.input().iter().product();
    let samples = samples(&program, file.len() as u64, 3);
    let Ok(engine) = Engine::new(&program, Options::default()) else { return };
    for sample in samples.chunks(size) {
        let expected = program.run(sample).expect("a sample without NaN");
        let result = engine.run(sample, 1).expect("a sample without NaN");
        assert!(same(&expected, &result), "{expected:?}, and by the engine {result:?}");
    }
});

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    change::change(data, size, max_size, seed)
});
