//! Networks of known shapes with random ternary weights, for measurements: what they compute means nothing, how much does.

use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use super::Dice;
use crate::{Op, Program, ProgramBuilder, ProgramError, Source, Thresholds, Weights, Window};

/// Names of the networks.
pub const NETWORKS: [&str; 4] = ["lenet", "vgg8", "resnet18", "mobilenet_v2"];

/// The network of this name, with ternary weights and features, streams of 8 bits, and a float last layer: LeNet for images of 28×28,
/// VGG8 for 3×32×32, ResNet-18 and MobileNetV2 for 3×224×224.
///
/// # Errors
/// [`ProgramError::Shape`] for any other name.
pub fn network(name: &str) -> Result<Program, ProgramError> {
    let input = match name {
        "lenet" => [1, 28, 28],
        "vgg8" => [3, 32, 32],
        "resnet18" | "mobilenet_v2" => [3, 224, 224],
        _ => return Err(ProgramError::Shape(Vec::new())),
    };
    let builder = Program::builder(name, input.to_vec())?;
    let mut net = Net { builder, dice: Dice::new(1), count: 0 };
    let image = net.push("input", Op::Fix { fraction: 20, low: -(1 << 23), high: 1 << 23 }, &[Source::Input])?;
    let output = match name {
        "lenet" => net.lenet(image),
        "vgg8" => net.vgg8(image),
        "resnet18" => net.resnet18(image),
        _ => net.mobilenet_v2(image),
    }?;
    Ok(net.builder.finish(output))
}

/// Multiplications and additions of a node.
pub fn macs(program: &Program, node: usize) -> usize {
    let node = &program.nodes()[node];
    let outputs: usize = node.shape.iter().product();
    match &node.op {
        Op::Dense { weights } | Op::Conv { weights, .. } => outputs * weights.fan_in(),
        Op::FloatDense { weights, bias } | Op::FloatConv { weights, bias, .. } => outputs * weights.len() / bias.len(),
        _ => 0,
    }
}

struct Net {
    builder: ProgramBuilder,
    dice: Dice,
    count: usize,
}

type Built = Result<Source, ProgramError>;

impl Net {
    fn push(&mut self, path: &str, op: Op, inputs: &[Source]) -> Built {
        self.count += 1;
        let path: String = format!("{path}.{}", self.count);
        self.builder.push(path, op, inputs)
    }

    fn channels(&self, source: Source) -> usize {
        self.builder.at(source).0.first().copied().unwrap_or(1)
    }

    fn ternary(&mut self, shape: Vec<usize>) -> Result<Weights, ProgramError> {
        let values = (0..shape.iter().product()).map(|_| self.dice.integer(-1, 1) as i8).collect();
        Weights::new(shape, values)
    }

    /// A convolution that keeps the size but for its stride.
    fn conv(&mut self, from: Source, outputs: usize, side: usize, stride: usize, groups: usize) -> Built {
        let inputs = self.channels(from) / groups;
        let weights = self.ternary(vec![outputs, inputs, side, side])?;
        let window = Window { stride: [stride; 2], padding: [[side / 2; 2]; 2], ..Window::new([side; 2]) };
        self.push("conv", Op::Conv { window, groups, weights }, &[from])
    }

    /// Thresholds that about a third of the sums are below, and a third above.
    fn ternarise(&mut self, from: Source) -> Built {
        let (channels, (_, kind)) = (self.channels(from), self.builder.at(from));
        let typical = kind.range().map_or(1.0, |range| f64::from(range.high)) / 8.0;
        let near = |dice: &mut Dice, sign: f64| (sign * typical * (1.0 + 0.1 * f64::from(dice.unit()))) as i32;
        let values = (0..channels).flat_map(|_| [near(&mut self.dice, -1.0), near(&mut self.dice, 1.0)]).collect();
        let thresholds = Thresholds { values, falling: Vec::new(), levels: vec![-1, 0, 1] };
        self.push("stair", Op::Thresholds(thresholds), &[from])
    }

    fn pool(&mut self, from: Source, side: usize, padding: usize) -> Built {
        let window = Window { stride: [2; 2], padding: [[padding; 2]; 2], ..Window::new([side; 2]) };
        self.push("pool", Op::MaxPool(window), &[from])
    }

    /// Sums brought to 8 bits.
    fn stream(&mut self, from: &[Source]) -> Built {
        let (channels, shift) = (self.channels(from[0]), 20);
        let factor = |source: &Source| {
            let high = self.builder.at(*source).1.range().map_or(1.0, |range| f64::from(range.high));
            vec![(127.0 / high * f64::from(1 << shift)) as i64; channels]
        };
        let factors = from.iter().map(factor).collect();
        let op = Op::Rescale { factors, offsets: vec![1 << (shift - 1); channels], shift, low: -128, high: 127 };
        self.push("stream", op, from)
    }

    fn flat(&mut self, from: Source) -> Built {
        let size = self.builder.at(from).0.iter().product();
        self.push("flat", Op::Reshape { shape: vec![size] }, &[from])
    }

    fn dense(&mut self, from: Source, outputs: usize) -> Built {
        let weights = self.ternary(vec![outputs, self.channels(from)])?;
        let sums = self.push("dense", Op::Dense { weights }, &[from])?;
        self.ternarise(sums)
    }

    fn output(&mut self, from: Source, outputs: usize) -> Built {
        let inputs = self.channels(from);
        let affine = Op::Affine { factors: vec![vec![0.5; inputs]], offsets: vec![0.0; inputs] };
        let floats = self.push("float", affine, &[from])?;
        let weights = (0..inputs * outputs).map(|_| self.dice.unit()).collect();
        self.push("output", Op::FloatDense { weights, bias: vec![0.5; outputs] }, &[floats])
    }

    fn lenet(&mut self, mut x: Source) -> Built {
        for channels in [32, 64] {
            let sums = self.conv(x, channels, 3, 1, 1)?;
            let levels = self.ternarise(sums)?;
            x = self.pool(levels, 2, 0)?;
        }
        let flat = self.flat(x)?;
        let hidden = self.dense(flat, 128)?;
        self.output(hidden, 10)
    }

    fn vgg8(&mut self, mut x: Source) -> Built {
        for (channels, pools) in [(128, true), (256, false), (256, true), (512, false), (512, true)] {
            let sums = self.conv(x, channels, 3, 1, 1)?;
            x = self.ternarise(sums)?;
            if pools {
                x = self.pool(x, 2, 0)?;
            }
        }
        x = self.flat(x)?;
        for _ in 0..2 {
            x = self.dense(x, 1024)?;
        }
        self.output(x, 10)
    }

    fn resnet18(&mut self, x: Source) -> Built {
        let sums = self.conv(x, 64, 7, 2, 1)?;
        let stem = self.stream(&[sums])?;
        let mut stream = self.pool(stem, 3, 1)?;
        for (stage, channels) in [64, 128, 256, 512].into_iter().enumerate() {
            for block in 0..2 {
                let stride = if stage > 0 && block == 0 { 2 } else { 1 };
                let levels = self.ternarise(stream)?;
                let sums = self.conv(levels, channels, 3, stride, 1)?;
                let inner = self.ternarise(sums)?;
                let sums = self.conv(inner, channels, 3, 1, 1)?;
                let skip = if stride == 2 { self.conv(levels, channels, 1, 2, 1)? } else { stream };
                stream = self.stream(&[sums, skip])?;
            }
        }
        let sums = self.push("mean", Op::SumPool(Window::new([7, 7])), &[stream])?;
        let flat = self.flat(sums)?;
        self.output(flat, 1000)
    }

    fn mobilenet_v2(&mut self, x: Source) -> Built {
        let sums = self.conv(x, 32, 3, 2, 1)?;
        let mut stream = self.ternarise(sums)?;
        for (expansion, channels, count, first) in
            [(1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1)]
        {
            for index in 0..count {
                let (stride, wide) = (if index == 0 { first } else { 1 }, self.channels(stream) * expansion);
                let mut x = stream;
                if expansion > 1 {
                    let sums = self.conv(x, wide, 1, 1, 1)?;
                    x = self.ternarise(sums)?;
                }
                let sums = self.conv(x, wide, 3, stride, wide)?;
                let levels = self.ternarise(sums)?;
                let sums = self.conv(levels, channels, 1, 1, 1)?;
                stream = if index > 0 { self.stream(&[sums, stream])? } else { self.stream(&[sums])? };
            }
        }
        let sums = self.conv(stream, 1280, 1, 1, 1)?;
        let levels = self.ternarise(sums)?;
        let sums = self.push("mean", Op::SumPool(Window::new([7, 7])), &[levels])?;
        let flat = self.flat(sums)?;
        self.output(flat, 1000)
    }
}
