//! The engine against the definitions, on random programs: every node at every level of kernels, fused and not, any batch, any threads.

use stairs_infer::testing::{program, same, samples};
use stairs_infer::{Engine, Level, Options, Program, Value};

/// Programs of a test.
const PROGRAMS: u64 = 300;

fn levels() -> impl Iterator<Item = Level> {
    Level::ALL.into_iter().filter(|level| *level <= Level::best())
}

/// Compares what an engine has stored with the definitions.
fn agrees(program: &Program, engine: &Engine, sample: &[f32], what: &str) -> usize {
    let expected = program.trace(sample).expect("a sample of the program");
    let found = engine.trace(sample).expect("a sample of the program");
    let mut compared = 0;
    for ((node, expected), found) in program.nodes().iter().zip(&expected).zip(&found) {
        if let Some(found) = found {
            compared += 1;
            assert!(same(expected, found), "{what}: `{}`: expected {expected:?}, found {found:?}", node.path);
        }
    }
    compared
}

#[test]
fn every_node_equals_the_definitions_at_every_level() {
    for level in levels() {
        for seed in 0..PROGRAMS {
            let program = program(seed);
            let size: usize = program.input().iter().product();
            for all in [false, true] {
                let options = Options::default().with_level(level).with_all_results(all).with_batch(1);
                let engine = Engine::new(&program, options).expect("a small program");
                assert!(engine.level() <= level);
                for (i, sample) in samples(&program, seed, 3).chunks(size).enumerate() {
                    let what = format!("seed {seed}, sample {i}, {}, all {all}", level.name());
                    let compared = agrees(&program, &engine, sample, &what);
                    assert!(!all || compared == program.nodes().len(), "{what}");
                }
            }
        }
    }
}

#[test]
fn batches_and_threads_give_the_results_of_single_samples() {
    for seed in 0..PROGRAMS {
        let program = program(seed);
        let size: usize = program.input().iter().product();
        let samples = samples(&program, seed + 7, 7);
        let mut expected = Value::Integers(Vec::new());
        for (i, sample) in samples.chunks(size).enumerate() {
            let one = program.run(sample).expect("a sample of the program");
            match (&mut expected, one) {
                (Value::Integers(all), Value::Integers(one)) => all.extend(one),
                (Value::Floats(all), Value::Floats(one)) => all.extend(one),
                (expected, one) if i == 0 => *expected = one,
                _ => panic!("results of two kinds"),
            }
        }
        for (batch, threads) in [(1, 1), (3, 1), (8, 8), (1, 2), (2, 3)] {
            let options = Options::default().with_batch(batch).with_threads(threads);
            let engine = Engine::new(&program, options).expect("a small program");
            let result = engine.run(&samples, 7).expect("samples of the program");
            assert!(same(&expected, &result), "seed {seed}, batch {batch}, {threads} threads");
        }
    }
}
