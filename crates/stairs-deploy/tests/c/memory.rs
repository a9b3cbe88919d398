//! What the arena holds, by hand, and what is refused.

use stairs_deploy::c::{CError, Options, c};
use stairs_infer::{Op, Program, ProgramError, Source, Thresholds, Weights, Window};

fn signs(shape: Vec<usize>) -> Result<Weights, ProgramError> {
    let count = shape.iter().product();
    Weights::new(shape, (0..count).map(|i| (i % 3) as i8 - 1).collect())
}

fn stair() -> Op {
    Op::Thresholds(Thresholds { values: vec![-3, 3], falling: Vec::new(), levels: vec![-1, 0, 1] })
}

/// A convolution, its thresholds and a pool leave bits, and neither accumulators nor levels before the pool.
#[test]
fn a_fused_convolution_stores_pooled_bits_alone() -> Result<(), Box<dyn std::error::Error>> {
    let mut builder = Program::builder("fused", vec![1, 8, 8])?;
    let image = builder.push("input", Op::Fix { fraction: 16, low: -(1 << 18), high: 1 << 18 }, &[Source::Input])?;
    let window = Window { padding: [[1; 2]; 2], ..Window::new([3; 2]) };
    let conv = Op::Conv { window, groups: 1, weights: signs(vec![16, 1, 3, 3])? };
    let conv = builder.push("conv1", conv, &[image])?;
    let stair = builder.push("stair1", stair(), &[conv])?;
    let pool = Window { stride: [2; 2], ..Window::new([2; 2]) };
    let pool = builder.push("pool", Op::MaxPool(pool), &[stair])?;
    let conv = Op::Conv { window: Window::new([1; 2]), groups: 1, weights: signs(vec![4, 16, 1, 1])? };
    let conv = builder.push("conv2", conv, &[pool])?;
    let sources = c(&builder.finish(conv), &Options::new("fused"))?;
    // 16 × 4 × 4 levels in two planes; a patch of 9 numbers of 32 bits; 16 running maxima of 8 bits.
    assert_eq!(sources.ram, 2 * 256 / 8 + 9 * 4 + 16);
    Ok(())
}

/// The sum of a residual stream takes the place of the stream.
#[test]
fn a_stream_is_updated_in_place() -> Result<(), Box<dyn std::error::Error>> {
    let mut builder = Program::builder("residual", vec![16, 4, 4])?;
    let fix = Op::Fix { fraction: 4, low: -128, high: 127 };
    let mut stream = builder.push("input", fix, &[Source::Input])?;
    for layer in 0..2 {
        let codes = builder.push(format!("stair{layer}"), stair(), &[stream])?;
        let window = Window { padding: [[1; 2]; 2], ..Window::new([3; 2]) };
        let conv = Op::Conv { window, groups: 1, weights: signs(vec![16, 16, 3, 3])? };
        let conv = builder.push(format!("conv{layer}"), conv, &[codes])?;
        let factors = vec![vec![3; 16], vec![256; 16]];
        let sum = Op::Rescale { factors, offsets: vec![128; 16], shift: 8, low: -128, high: 127 };
        stream = builder.push(format!("sum{layer}"), sum, &[conv, stream])?;
    }
    let last = builder.push("mean", Op::SumPool(Window::new([4; 2])), &[stream])?;
    let sources = c(&builder.finish(last), &Options::new("residual"))?;
    // One stream of 8 bits; its 256 levels in two planes, those of the next layer too, as the sum is mapped where it is made; a
    // patch of 144 levels in two planes of five words.
    assert_eq!(sources.ram, 256 + 2 * (2 * 256 / 8) + 2 * 5 * 4);
    Ok(())
}

#[test]
fn what_is_no_c_is_refused() -> Result<(), Box<dyn std::error::Error>> {
    let clip = Op::Clip { low: 0.0, high: 6.0 };
    let program = |shape: Vec<usize>, ops: Vec<Op>| -> Result<Program, ProgramError> {
        let mut builder = Program::builder("refused", shape)?;
        let mut last = Source::Input;
        for op in ops {
            last = builder.push(op.name(), op, &[last])?;
        }
        Ok(builder.finish(last))
    };
    let small = program(vec![3], vec![clip.clone()])?;
    for name in ["", "1net", "_net", "a-b", "größe", "x; }", &"n".repeat(41)] {
        assert!(matches!(c(&small, &Options::new(name)), Err(CError::Name(_))), "{name}");
    }
    let scale = Op::Scale { factors: vec![1.0, f32::NAN, 1.0], offsets: vec![0.0; 3] };
    let error = c(&program(vec![3], vec![scale])?, &Options::new("net"));
    assert!(matches!(error, Err(CError::NaN { what: "factors", .. })), "{error:?}");
    let error = c(&program(vec![1 << 31], vec![clip.clone()])?, &Options::new("net"));
    assert!(matches!(error, Err(CError::Size { positions, .. }) if positions == 1 << 31), "{error:?}");
    let padding = Window { padding: [[0; 2], [0, 1 << 40]], stride: [1, 1 << 40], ..Window::new([1; 2]) };
    let padded = Op::MeanPool { window: padding, counts_padding: true };
    let error = c(&program(vec![1, 1, 4], vec![padded])?, &Options::new("net"));
    assert!(matches!(error, Err(CError::Size { .. })), "{error:?}");
    let overlapping = Op::MaxPool(Window::new([1, 2]));
    let error = c(&program(vec![1, 1, 1 << 29], vec![clip, overlapping])?, &Options::new("net"));
    assert!(matches!(error, Err(CError::Memory { .. })), "{error:?}");
    Ok(())
}
