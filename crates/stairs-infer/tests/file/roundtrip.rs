//! What is written is read.

use safetensors::SafeTensors;
use stairs_infer::testing::program;
use stairs_infer::{Limits, Op, Pixels, Program, Source};

use crate::networks;

#[test]
fn random_programs_come_back_as_the_same_bytes() {
    for seed in 0..400 {
        let program = program(seed);
        let bytes = program.to_bytes();
        let back = Program::from_bytes_within(&bytes, &Limits { activations: u64::MAX, operations: u64::MAX })
            .unwrap_or_else(|error| panic!("seed {seed}: {error}"));
        assert_eq!(back, program, "seed {seed}");
        assert_eq!(back.to_bytes(), bytes, "seed {seed}");
    }
}

#[test]
fn pixels_come_back() {
    let standardised = |mean: f32, sd: f32| move |x: u8| (f32::from(x) / 255.0 - mean) / sd;
    let table = |of: &dyn Fn(u8) -> f32| (0..=255).map(of).collect::<Vec<f32>>();
    let standard: Vec<f32> =
        [(0.485, 0.229), (0.456, 0.224)].iter().flat_map(|(m, s)| table(&standardised(*m, *s))).collect();
    let odd: Vec<f32> = [table(&|x| f32::from(x).sqrt()), table(&|x| f32::from(x) * 0.1)].concat();
    for (table, bytes) in [(standard, 2 * 2 * 4), (odd, 2 * 256 * 4)] {
        let program = Program::builder("pixels", vec![2, 3, 3]).expect("a shape").finish(Source::Input);
        let program = program.with_pixels(Pixels { table }).expect("a table");
        let file = program.to_bytes();
        assert_eq!(Program::from_bytes(&file).expect("a file"), program);
        assert_eq!(
            SafeTensors::deserialize(&file).expect("tensors").tensor("pixels").expect("pixels").data().len(),
            bytes
        );
    }
}

#[test]
fn other_programs_read_our_tensors() {
    let program = networks::lenet();
    let file = program.to_bytes();
    let tensors = SafeTensors::deserialize(&file).expect("safetensors");
    let (_, header) = SafeTensors::read_metadata(&file).expect("a header");
    assert_eq!(header.metadata().as_ref().expect("metadata")["stairs.version"], "1");
    for (index, node) in program.nodes().iter().enumerate() {
        let Op::Conv { weights, .. } = &node.op else { continue };
        let packed = tensors.tensor(&format!("{index}.{}.weights", node.path)).expect("weights");
        // Five trits a byte, the first one lowest.
        let digits = packed.data().iter().flat_map(|byte| (0..5).map(move |i| byte / 3u8.pow(i) % 3));
        let unpacked: Vec<i8> = digits.take(weights.values().len()).map(|digit| digit as i8 - 1).collect();
        assert_eq!(unpacked, weights.values());
    }
}

#[test]
fn what_a_program_takes_is_counted() {
    // One image of 28 × 28; 32, 64 channels; pools; 128 and 10 units.
    let program = networks::lenet();
    let images = 28 * 28 * 2 + 32 * 28 * 28 * 2 + 32 * 14 * 14 + 64 * 14 * 14 * 2 + 64 * 7 * 7 * 2;
    assert_eq!(program.activations(), images + 128 * 2 + 10 * 2);
    let products = 28 * 28 * 32 * 9 + 14 * 14 * 64 * 32 * 9 + 3136 * 128 + 128 * 10;
    let pools = 4 * (32 * 14 * 14 + 64 * 7 * 7);
    let others = 28 * 28 + 32 * 28 * 28 + 64 * 14 * 14 + 3136 + 128 + 10;
    assert_eq!(program.operations(), products + pools + others);
}
