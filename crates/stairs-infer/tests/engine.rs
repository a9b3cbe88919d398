//! The engine against the definitions: every node at every level of kernels, fused and not, any batch, any threads; sums at the ends of
//! what registers hold; errors; memory.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::collections::BTreeSet;

use stairs_infer::testing::{network, program, same, samples};
use stairs_infer::{
    Engine, Level, Op, Options, Program, ProgramError, RunError, Source, Thresholds, Value, Weights, Window,
};

/// Programs of a test.
const PROGRAMS: u64 = 300;

thread_local! {
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
}

/// The system's allocator, which counts.
struct Counting;

// SAFETY: it hands everything to the system's.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.with(|count| count.set(count.get() + 1));
        // SAFETY: the caller's duty.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller's duty.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

fn levels() -> impl Iterator<Item = Level> {
    Level::ALL.into_iter().filter(|level| level.is_here())
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
fn random_programs_meet_every_kernel() {
    let mut met = BTreeSet::new();
    for level in levels() {
        for seed in 0..PROGRAMS {
            let program = program(seed);
            let engine = Engine::new(&program, Options::default().with_level(level)).expect("a small program");
            let mut workspace = engine.workspace().expect("little memory");
            let observed = engine.observe(&mut workspace, &samples(&program, seed, 1), 1, |done| {
                met.insert(done.step);
            });
            observed.expect("a sample of the program");
        }
    }
    // No better than what the environment asks for.
    let lenet = network("lenet").expect("a network of that name");
    let best = Engine::new(&lenet, Options::default()).expect("a small program").level();
    let of = |level: Level| match level {
        Level::Scalar => ["plain"].as_slice(),
        Level::Portable => &["depthwise", "integers", "planes", "portable"],
        Level::Avx2 => &["bytes", "lanes", "signs", "tables", "words"],
        Level::Avx512 => &["popcount", "vnni"],
        Level::Neon => &["bytes", "popcount", "tables"],
        Level::Dot => &["dot"],
        _ => &[],
    };
    for kernel in levels().filter(|level| *level <= best).flat_map(of) {
        assert!(met.contains(kernel), "{kernel} is not among {met:?}");
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

/// A layer whose inputs are all at one end of their levels and whose weights are all at one end of theirs, and thresholds behind.
fn at_the_ends(
    levels: [i32; 2],
    weights: [i8; 2],
    [inputs, outputs]: [usize; 2],
    depthwise: bool,
) -> Result<Program, ProgramError> {
    let shape = if depthwise { vec![inputs, 3, 3] } else { vec![inputs] };
    let mut builder = Program::builder("ends", shape)?;
    let steps = Op::Steps { thresholds: vec![-1.0, 1.0], levels: vec![levels[0], 0, levels[1]] };
    let codes = builder.push("codes", steps, &[Source::Input])?;
    let pattern = |i: usize| [weights[0], weights[1], weights[i % 2], weights[i / 7 % 2]];
    let op = if depthwise {
        let values = (0..inputs * 9).map(|i| pattern(i)[i / 9 % 4]).collect();
        let window = Window { padding: [[1; 2]; 2], ..Window::new([3, 3]) };
        Op::Conv { window, groups: inputs, weights: Weights::new(vec![inputs, 1, 3, 3], values)? }
    } else {
        let values = (0..outputs * inputs).map(|i| pattern(i % inputs)[i / inputs % 4]).collect();
        Op::Dense { weights: Weights::new(vec![outputs, inputs], values)? }
    };
    let sums = builder.push("layer", op, &[codes])?;
    let thresholds = Thresholds { values: vec![0, 1000], falling: Vec::new(), levels: vec![0, 1, 2] };
    let output = builder.push("stair", Op::Thresholds(thresholds), &[sums])?;
    Ok(builder.finish(output))
}

#[test]
fn sums_at_the_ends_of_registers_are_exact() {
    let features = [[-1, 1], [0, 1], [0, 3], [-2, 1], [0, 15], [-8, 7], [0, 255], [-128, 127], [-255, 0], [-300, 200]];
    let weights = [[-1, 1], [-1, 0], [-2, 1], [-8, 7], [-128, 127], [-127, 127], [-128, -128], [127, 127]];
    for level in levels() {
        for levels in features {
            for weights in weights {
                let sizes =
                    [([1, 4], false), ([65, 68], false), ([33, 33], true), ([1000, 4], false), ([8191, 4], false)];
                for (size, depthwise) in sizes {
                    let program = at_the_ends(levels, weights, size, depthwise).expect("sums within 32 bits");
                    let options = Options::default().with_level(level).with_all_results(true);
                    let engine = Engine::new(&program, options).expect("a small program");
                    let length = program.input().iter().product();
                    for sample in [vec![2.0; length], vec![-2.0; length]] {
                        let what = format!("{}, levels {levels:?}, weights {weights:?}, {size:?}", level.name());
                        assert_eq!(agrees(&program, &engine, &sample, &what), 3);
                    }
                }
            }
        }
    }
}

#[test]
fn running_again_allocates_nothing() {
    let program = network("lenet").expect("a network of that name");
    let engine = Engine::new(&program, Options::default()).expect("a small program");
    let (mut workspace, mut result) = (engine.workspace().expect("little memory"), Value::Floats(Vec::new()));
    let samples = samples(&program, 3, 6);
    engine.run_into(&mut workspace, &samples, 6, &mut result).expect("samples of the program");
    let (first, before) = (result.clone(), ALLOCATIONS.with(Cell::get));
    engine.run_into(&mut workspace, &samples, 6, &mut result).expect("samples of the program");
    assert_eq!(ALLOCATIONS.with(Cell::get), before);
    assert_eq!(result, first);
}

#[test]
fn memory_is_planned_and_limited() {
    let program = network("vgg8").expect("a network of that name");
    let engine = Engine::new(&program, Options::default().with_batch(1)).expect("a small program");
    // The largest results: 128 channels of 32×32 bytes, their pool, and the sample.
    assert!(engine.bytes() < 200 * 1024, "{} bytes", engine.bytes());
    let refused = Engine::new(&program, Options::default().with_memory(1000)).err();
    assert!(matches!(refused, Some(ProgramError::Memory { most: 1000, .. })), "{refused:?}");

    let mut builder = Program::builder("far", vec![1, 1, 1]).expect("a small shape");
    let far = 1 << 28;
    let window = Window { padding: [[far; 2]; 2], ..Window::new([1, 1]) };
    let image = builder.push("image", Op::Fix { fraction: 0, low: 0, high: 1 }, &[Source::Input]).expect("floats");
    let weights = Weights::new(vec![1, 1, 1, 1], vec![1]).expect("one weight");
    let conv = builder.push("conv", Op::Conv { window, groups: 1, weights }, &[image]);
    let program = builder.finish(conv.expect("a shape that can be counted"));
    for level in levels() {
        let refused = Engine::new(&program, Options::default().with_level(level)).err();
        assert!(matches!(refused, Some(ProgramError::Memory { .. })), "{refused:?}");
    }
}

#[test]
fn samples_that_do_not_fit_are_refused() {
    let program = network("lenet").expect("a network of that name");
    let engine = Engine::new(&program, Options::default()).expect("a small program");
    assert_eq!(engine.run(&[0.0; 784], 2), Err(RunError::Sample { expected: 1568, got: 784 }));
    assert_eq!(engine.run(&[], usize::MAX), Err(RunError::Sample { expected: usize::MAX, got: 0 }));
    let mut sample = vec![0.0; 784];
    sample[17] = f32::NAN;
    assert_eq!(engine.run(&sample, 1), Err(RunError::NaN { index: 17 }));
    assert_eq!(engine.run(&[], 0), Ok(Value::Floats(Vec::new())));
}
