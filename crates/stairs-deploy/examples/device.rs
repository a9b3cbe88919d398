//! A network with random ternary weights as C, with random images and what they must give, for `benches/device/cortex_m4.sh`:
//!
//! ```sh
//! cargo run -p stairs-deploy --example device -- FOLDER [digits|lenet|vgg8|resnet18|mobilenet_v2 [IMAGES]]
//! benches/device/cortex_m4.sh FOLDER/digits.h FOLDER/digits.c FOLDER/images FOLDER/labels FOLDER/results
//! ```

use std::error::Error;
use std::path::PathBuf;

use stairs_deploy::c::{Options, c};
use stairs_infer::testing::{Dice, macs, network};
use stairs_infer::{Op, Pixels, Program, ProgramBuilder, ProgramError, Source, Thresholds, Value, Weights, Window};

fn ternary(dice: &mut Dice, shape: Vec<usize>) -> Result<Weights, ProgramError> {
    let count = shape.iter().product();
    Weights::new(shape, (0..count).map(|_| dice.pick(&[-1, 0, 1])).collect())
}

/// Thresholds that a third of the sums pass on either side.
fn stair(builder: &mut ProgramBuilder, dice: &mut Dice, source: Source, spread: i64) -> Result<Source, ProgramError> {
    let channels = builder.at(source).0[0];
    let values =
        (0..channels).flat_map(|_| [-dice.integer(0, spread) as i32, dice.integer(1, spread) as i32]).collect();
    let thresholds = Thresholds { values, falling: Vec::new(), levels: vec![-1, 0, 1] };
    builder.push(format!("stair{}", builder.nodes().len()), Op::Thresholds(thresholds), &[source])
}

/// A LeNet for images of 8 × 8.
fn digits(dice: &mut Dice) -> Result<Program, ProgramError> {
    let mut builder = Program::builder("ternary LeNet for digits", vec![1, 8, 8])?;
    let fix = Op::Fix { fraction: 16, low: -(1 << 20), high: 1 << 20 };
    let mut last = builder.push("input", fix, &[Source::Input])?;
    let window = Window { padding: [[1; 2]; 2], ..Window::new([3; 2]) };
    let pool = Window { stride: [2; 2], ..Window::new([2; 2]) };
    for (index, (outputs, spread)) in [(16, 150_000), (32, 8)].into_iter().enumerate() {
        let inputs = builder.at(last).0[0];
        let conv = Op::Conv { window, groups: 1, weights: ternary(dice, vec![outputs, inputs, 3, 3])? };
        last = builder.push(format!("conv{index}"), conv, &[last])?;
        last = stair(&mut builder, dice, last, spread)?;
        last = builder.push(format!("pool{index}"), Op::MaxPool(pool), &[last])?;
    }
    let size = builder.at(last).0.iter().product();
    last = builder.push("flatten", Op::Reshape { shape: vec![size] }, &[last])?;
    last = builder.push("fc1", Op::Dense { weights: ternary(dice, vec![64, size])? }, &[last])?;
    last = stair(&mut builder, dice, last, 8)?;
    last = builder.push("fc2", Op::Dense { weights: ternary(dice, vec![10, 64])? }, &[last])?;
    let number = |dice: &mut Dice| f64::from(dice.unit());
    let affine = Op::Affine {
        factors: vec![(0..10).map(|_| 1.0 + number(dice) / 4.0).collect()],
        offsets: (0..10).map(|_| number(dice)).collect(),
    };
    last = builder.push("scale", affine, &[last])?;
    Ok(builder.finish(last))
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let folder = PathBuf::from(arguments.next().ok_or("device FOLDER [NETWORK [IMAGES]]")?);
    let name = arguments.next().unwrap_or_else(|| "digits".to_owned());
    let count: usize = arguments.next().map_or(Ok(100), |count| count.parse())?;
    let mut dice = Dice::new(7);
    let program = if name == "digits" { digits(&mut dice)? } else { network(&name)? };
    let channels = program.input()[0];
    let table = (0..channels * 256).map(|byte| ((byte % 256) as f32 / 255.0 - 0.3) / 0.38).collect();
    let program = program.with_pixels(Pixels { table })?;
    let sources = c(&program, &Options::new(&name))?;
    let (mut images, mut labels, mut results) = (Vec::new(), Vec::new(), Vec::new());
    let (plane, width) = (program.input()[1..].iter().product::<usize>(), program.input()[2] as i64);
    for _ in 0..count {
        // A slope with noise on it in every channel, so that images differ in more than noise.
        let mut image = Vec::new();
        for _ in 0..channels {
            let [level, down, right] = [0; 3].map(|_| dice.integer(-40, 40));
            let slope =
                |i: i64| 128 + level + ((2 * i / width - width) * down + (2 * (i % width) - width) * right) * 4 / width;
            image.extend((0..plane as i64).map(|i| (slope(i) + dice.integer(-30, 30)).clamp(0, 255) as u8));
        }
        let result = program.run(&program.sample(&image)?)?;
        labels.push(result.label() as u8);
        results.extend(match result {
            Value::Integers(values) => values.into_iter().flat_map(i32::to_le_bytes).collect::<Vec<u8>>(),
            Value::Floats(values) => values.into_iter().flat_map(f32::to_le_bytes).collect(),
        });
        images.extend(image);
    }
    std::fs::create_dir_all(&folder)?;
    std::fs::write(folder.join(format!("{name}.h")), sources.header)?;
    std::fs::write(folder.join(format!("{name}.c")), sources.source)?;
    std::fs::write(folder.join("images"), images)?;
    std::fs::write(folder.join("labels"), &labels)?;
    std::fs::write(folder.join("results"), results)?;
    let products: usize = (0..program.nodes().len()).map(|node| macs(&program, node)).sum();
    let mut classes = labels.clone();
    classes.sort_unstable();
    classes.dedup();
    println!(
        "{name}: {products} products an image, {} bytes of RAM, {} of constants; {count} images, {} classes among their labels",
        sources.ram,
        sources.flash,
        classes.len()
    );
    Ok(())
}
