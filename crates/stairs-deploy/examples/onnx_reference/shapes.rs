//! Networks of the usual shapes with random ternary, binary and int4 weights, as programs and, of the same layers, as float networks
//! to compare speeds with.

use std::error::Error;

use stairs_deploy::onnx::float_onnx;
use stairs_infer::testing::Dice;
use stairs_infer::{Op, Program, ProgramBuilder, Source, Thresholds, Weights, Window};
use stairs_network::{Array, Network, NetworkBuilder, Op as Float, Source as FloatSource, Weight};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// Weights and levels of all layers but the first.
#[derive(Clone, Copy)]
struct Kind {
    weights: [i64; 2],
    levels: [i32; 2],
}

const TERNARY: Kind = Kind { weights: [-1, 1], levels: [-1, 1] };
const BINARY: Kind = Kind { weights: [-1, 1], levels: [0, 1] };
const INT4: Kind = Kind { weights: [-7, 7], levels: [0, 15] };

/// All of them: name, program, float file.
pub(crate) fn all() -> Result<Vec<(&'static str, Program, Vec<u8>)>> {
    let made = [
        ("lenet-ternary", lenet(TERNARY)?),
        ("lenet-binary", lenet(BINARY)?),
        ("lenet-int4", lenet(INT4)?),
        ("vgg8-ternary", vgg8(TERNARY)?),
        ("resnet20-ternary", resnet(TERNARY)?),
        ("mobilenetv2-ternary", mobilenet(Kind { levels: [0, 15], ..TERNARY })?),
    ];
    made.into_iter().map(|(name, (program, network))| Ok((name, program, float_onnx(&network, name)?))).collect()
}

/// A result in the program, and the one of the same layer in the float network.
#[derive(Clone, Copy)]
struct At(Source, FloatSource);

struct Maker {
    kind: Kind,
    dice: Dice,
    program: ProgramBuilder,
    network: NetworkBuilder,
}

type Made = (Program, Network);

fn lenet(kind: Kind) -> Result<Made> {
    let (mut net, mut x) = Maker::new(kind, vec![1, 28, 28])?;
    for channels in [32, 64] {
        x = net.conv(x, channels, 5, 1, 1)?;
        x = net.stair(x)?;
        x = net.pool(x, 2, 2)?;
    }
    x = net.flatten(x)?;
    x = net.dense(x, 512)?;
    x = net.stair(x)?;
    net.head(x)
}

fn vgg8(kind: Kind) -> Result<Made> {
    let (mut net, mut x) = Maker::new(kind, vec![3, 32, 32])?;
    for channels in [128, 256, 512] {
        for _ in 0..2 {
            x = net.conv(x, channels, 3, 1, 1)?;
            x = net.stair(x)?;
        }
        x = net.pool(x, 2, 2)?;
    }
    x = net.flatten(x)?;
    for _ in 0..2 {
        x = net.dense(x, 1024)?;
        x = net.stair(x)?;
    }
    net.head(x)
}

fn resnet(kind: Kind) -> Result<Made> {
    let (mut net, mut x) = Maker::new(kind, vec![3, 32, 32])?;
    x = net.conv(x, 16, 3, 1, 1)?;
    x = net.stream(&[x])?;
    for (stage, channels) in [16, 32, 64].into_iter().enumerate() {
        for block in 0..3 {
            let stride = if stage > 0 && block == 0 { 2 } else { 1 };
            let codes = net.stair(x)?;
            let first = net.conv(codes, channels, 3, stride, 1)?;
            let codes = net.stair(first)?;
            let second = net.conv(codes, channels, 3, 1, 1)?;
            if stride == 2 {
                x = net.pool(x, 1, 2)?;
                x = net.pad(x, channels / 4)?;
            }
            x = net.stream(&[second, x])?;
        }
    }
    x = net.stair(x)?;
    x = net.sum(x)?;
    x = net.flatten(x)?;
    net.head(x)
}

fn mobilenet(kind: Kind) -> Result<Made> {
    let (mut net, mut x) = Maker::new(kind, vec![3, 32, 32])?;
    x = net.conv(x, 32, 3, 1, 1)?;
    x = net.stream(&[x])?;
    for (expansion, channels, count, first) in
        [(1, 16, 1, 1), (6, 24, 2, 1), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2)]
    {
        for block in 0..count {
            let (before, stride) = (net.channels(x), if block == 0 { first } else { 1 });
            let wide = net.conv(x, before * expansion, 1, 1, 1)?;
            let wide = net.stair(wide)?;
            let deep = net.conv(wide, before * expansion, 3, stride, before * expansion)?;
            let deep = net.stair(deep)?;
            let narrow = net.conv(deep, channels, 1, 1, 1)?;
            x = if before == channels && stride == 1 { net.stream(&[narrow, x])? } else { net.stream(&[narrow])? };
        }
    }
    x = net.conv(x, 640, 1, 1, 1)?;
    x = net.stair(x)?;
    x = net.sum(x)?;
    x = net.flatten(x)?;
    net.head(x)
}

impl Maker {
    fn new(kind: Kind, input: Vec<usize>) -> Result<(Self, At)> {
        let mut program = Program::builder("net", input.clone())?;
        let fixed =
            program.push("input", Op::Fix { fraction: 20, low: -(1 << 23), high: 1 << 23 }, &[Source::Input])?;
        let network = Network::builder(input);
        Ok((Self { kind, dice: Dice::new(7), program, network }, At(fixed, FloatSource::Input)))
    }

    fn path(&self, what: &str) -> String {
        format!("{what}{}", self.program.nodes().len())
    }

    fn channels(&self, at: At) -> usize {
        self.program.at(at.0).0[0]
    }

    fn weights(&mut self, shape: Vec<usize>) -> Result<(Weights, Weight)> {
        let count = shape.iter().product();
        let [low, high] = self.kind.weights;
        let values = (0..count).map(|_| self.dice.integer(low, high) as i8).collect();
        let fan_in = (count / shape[0]) as f32;
        let floats: Vec<f32> = (0..count).map(|_| self.dice.unit() / fan_in.sqrt()).collect();
        Ok((Weights::new(shape.clone(), values)?, Weight::Float(Array::new(shape, floats)?)))
    }

    fn conv(&mut self, at: At, outputs: usize, side: usize, stride: usize, groups: usize) -> Result<At> {
        let path = self.path("conv");
        let (weights, float) = self.weights(vec![outputs, self.channels(at) / groups, side, side])?;
        let padding = [[side / 2; 2]; 2];
        let window = Window { stride: [stride; 2], padding, ..Window::new([side; 2]) };
        let float_window = stairs_network::Window::new([side; 2])?.with_stride([stride; 2])?.with_padding(padding);
        let bias = Some(Array::new(vec![outputs], vec![0.1; outputs])?);
        Ok(At(
            self.program.push(path.clone(), Op::Conv { window, groups, weights }, &[at.0])?,
            self.network.push(path, Float::Conv { window: float_window, groups, weight: float, bias }, &[at.1])?,
        ))
    }

    fn dense(&mut self, at: At, outputs: usize) -> Result<At> {
        let path = self.path("fc");
        let (weights, weight) = self.weights(vec![outputs, self.channels(at)])?;
        let bias = Some(Array::new(vec![outputs], vec![0.1; outputs])?);
        Ok(At(
            self.program.push(path.clone(), Op::Dense { weights }, &[at.0])?,
            self.network.push(path, Float::Dense { weight, bias }, &[at.1])?,
        ))
    }

    /// How far sums are from 0, typically.
    fn spread(&self, source: Source) -> f64 {
        let Source::Node(node) = source else { return 1.0 };
        let node = &self.program.nodes()[node];
        let range = self.program.at(node.inputs[0]).1.range().map_or(1.0, |range| range.reach() as f64);
        let typical = if range > 1000.0 { range / 8.0 } else { range * 0.6 };
        match &node.op {
            Op::Dense { weights } | Op::Conv { weights, .. } => {
                let sizes = weights.of(0).iter().map(|w| f64::from(*w).powi(2)).sum::<f64>();
                sizes.sqrt() * typical
            }
            _ => self.program.at(source).1.range().map_or(1.0, |range| range.reach() as f64 / 3.0),
        }
    }

    fn stair(&mut self, at: At) -> Result<At> {
        let path = self.path("stair");
        let [low, high] = self.kind.levels;
        let steps = (high - low) as usize;
        let (spread, channels) = (self.spread(at.0), self.channels(at));
        let mut values = Vec::new();
        for _ in 0..channels {
            // Evenly spaced before they were rounded, as behind an affine map.
            let step = spread * (1.0 + 0.5 * f64::from(self.dice.unit())) * 2.0 / steps.max(2) as f64;
            let shift = spread * 0.3 * f64::from(self.dice.unit());
            let middle = if low < 0 { steps as f64 / 2.0 } else { 0.0 };
            values.extend((0..steps).map(|j| ((j as f64 + 0.5 - middle) * step + shift).ceil() as i32));
        }
        let thresholds = Thresholds { values, falling: vec![], levels: (low..=high).collect() };
        Ok(At(
            self.program.push(path.clone(), Op::Thresholds(thresholds), &[at.0])?,
            self.network.push(path, Float::Relu, &[at.1])?,
        ))
    }

    /// Sums, and perhaps an earlier stream, as a stream of 8 bits.
    fn stream(&mut self, parts: &[At]) -> Result<At> {
        let path = self.path("stream");
        let channels = self.channels(parts[0]);
        let factor = (40.0 / self.spread(parts[0].0) * f64::from(1 << 24)) as i64;
        let mut factors = vec![(0..channels).map(|_| factor + self.dice.integer(-factor / 4, factor / 4)).collect()];
        factors.extend(parts.iter().skip(1).map(|_| (0..channels).map(|_| 12_000_000).collect::<Vec<i64>>()));
        let offsets = (0..channels).map(|_| self.dice.integer(-(1 << 27), 1 << 27)).collect();
        let map = Op::Rescale { factors, offsets, shift: 24, low: -128, high: 127 };
        let sources: Vec<Source> = parts.iter().map(|at| at.0).collect();
        let sum = self.program.push(path.clone(), map, &sources)?;
        let float = match parts {
            [a, b] => self.network.push(path, Float::Add, &[a.1, b.1])?,
            _ => parts[0].1,
        };
        Ok(At(sum, float))
    }

    fn pool(&mut self, at: At, side: usize, stride: usize) -> Result<At> {
        let path = self.path("pool");
        let window = Window { stride: [stride; 2], ..Window::new([side; 2]) };
        let float = stairs_network::Window::new([side; 2])?.with_stride([stride; 2])?;
        Ok(At(
            self.program.push(path.clone(), Op::MaxPool(window), &[at.0])?,
            self.network.push(path, Float::MaxPool(float), &[at.1])?,
        ))
    }

    fn pad(&mut self, at: At, channels: usize) -> Result<At> {
        let path = self.path("pad");
        Ok(At(
            self.program.push(path.clone(), Op::PadChannels { before: channels, behind: channels }, &[at.0])?,
            self.network.push(path, Float::PadChannels { before: channels, behind: channels }, &[at.1])?,
        ))
    }

    fn sum(&mut self, at: At) -> Result<At> {
        let path = self.path("mean");
        let shape = self.program.at(at.0).0.to_vec();
        let sum = self.program.push(path.clone(), Op::SumPool(Window::new([shape[1], shape[2]])), &[at.0])?;
        Ok(At(sum, self.network.push(path, Float::Mean, &[at.1])?))
    }

    fn flatten(&mut self, at: At) -> Result<At> {
        let path = self.path("flatten");
        let count = self.program.at(at.0).0.iter().product();
        Ok(At(
            self.program.push(path.clone(), Op::Reshape { shape: vec![count] }, &[at.0])?,
            self.network.push(path, Float::Flatten, &[at.1])?,
        ))
    }

    /// Ten sums of ternary weights as floats.
    fn head(mut self, at: At) -> Result<Made> {
        let at = self.dense(at, 10)?;
        let affine = Op::Affine { factors: vec![vec![0.037; 10]], offsets: vec![0.1; 10] };
        let logits = self.program.push("logits", affine, &[at.0])?;
        Ok((self.program.finish(logits), self.network.finish(at.1)))
    }
}
