//! Ternary networks of random weights, in the shapes of the zoo.

use stairs_infer::testing::Dice;
use stairs_infer::{Op, Pixels, Program, ProgramBuilder, Source, Thresholds, Weights, Window};

/// LeNet for images of 28 × 28.
pub(crate) fn lenet() -> Program {
    network("lenet", [1, 28, 28], &[&[32], &[64]], &[128, 10])
}

/// VGG8 for images of 32 × 32 in colour.
pub(crate) fn vgg8() -> Program {
    network("vgg8", [3, 32, 32], &[&[128], &[256, 256], &[512, 512]], &[1024, 1024, 10])
}

/// Weights of a program.
pub(crate) fn weights(program: &Program) -> usize {
    let count = |op: &Op| match op {
        Op::Dense { weights } | Op::Conv { weights, .. } => weights.values().len(),
        _ => 0,
    };
    program.nodes().iter().map(|node| count(&node.op)).sum()
}

struct Maker {
    builder: ProgramBuilder,
    dice: Dice,
    at: Source,
}

/// Convolutions of 3 × 3 with a pool behind each stage, then dense layers; ternary throughout.
fn network(name: &str, input: [usize; 3], stages: &[&[usize]], units: &[usize]) -> Program {
    let builder = Program::builder(name, input.to_vec()).expect("a shape");
    let mut maker = Maker { builder, dice: Dice::new(8), at: Source::Input };
    maker.push("input", Op::Fix { fraction: 20, low: -(1 << 23), high: (1 << 23) - 1 });
    let mut channels = input[0];
    for (stage, widths) in stages.iter().enumerate() {
        for (layer, width) in widths.iter().enumerate() {
            let weights = maker.ternary(vec![*width, channels, 3, 3]);
            let window = Window { padding: [[1; 2]; 2], ..Window::new([3; 2]) };
            maker.push(&format!("conv{stage}.{layer}"), Op::Conv { window, groups: 1, weights });
            let reach = if channels == input[0] { 1 << 22 } else { 100 };
            maker.stair(&format!("act{stage}.{layer}"), *width, reach);
            channels = *width;
        }
        maker.push(&format!("pool{stage}"), Op::MaxPool(Window { stride: [2; 2], ..Window::new([2; 2]) }));
    }
    let mut width = maker.builder.at(maker.at).0.iter().product();
    maker.push("flatten", Op::Reshape { shape: vec![width] });
    let (last, hidden) = units.split_last().expect("a layer");
    for (layer, units) in hidden.iter().enumerate() {
        let weights = maker.ternary(vec![*units, width]);
        maker.push(&format!("fc{layer}"), Op::Dense { weights });
        maker.stair(&format!("act.fc{layer}"), *units, 100);
        width = *units;
    }
    let weights = maker.ternary(vec![*last, width]);
    maker.push("out", Op::Dense { weights });
    maker.push("scale", Op::Affine { factors: vec![vec![0.1; *last]], offsets: vec![0.5; *last] });
    let row = |channel: usize| (0..=255u8).map(move |x| (f32::from(x) / 255.0 - 0.4) / (0.2 + channel as f32 / 64.0));
    let table = (0..input[0]).flat_map(row).collect();
    maker.builder.finish(maker.at).with_pixels(Pixels { table }).expect("a table")
}

impl Maker {
    fn push(&mut self, path: &str, op: Op) {
        self.at = self.builder.push(path, op, &[self.at]).expect("a node");
    }

    fn ternary(&mut self, shape: Vec<usize>) -> Weights {
        let count = shape.iter().product();
        let values = (0..count).map(|_| self.dice.pick(&[-1, 0, 1])).collect();
        Weights::new(shape, values).expect("weights")
    }

    fn stair(&mut self, path: &str, channels: usize, reach: i64) {
        let pair = |dice: &mut Dice| [dice.integer(-reach, 0) as i32, dice.integer(0, reach) as i32];
        let values = (0..channels).flat_map(|_| pair(&mut self.dice)).collect();
        self.push(path, Op::Thresholds(Thresholds { values, falling: vec![], levels: vec![-1, 0, 1] }));
    }
}
