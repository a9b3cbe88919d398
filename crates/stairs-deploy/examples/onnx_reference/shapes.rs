//! Networks of the usual shapes with random ternary, binary and int4 weights, lowered to programs, and float networks of the same layers
//! to compare speeds with.

use std::error::Error;

use stairs_deploy::{DeployOptions, deploy};
use stairs_infer::Program;
use stairs_infer::testing::Dice;
use stairs_network::{Array, Comparison, Network, NetworkBuilder, Op, Source, Stair, StairWeight, Weight, Window};
use stairs_quant::{Quantiser, Scales};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// Largest magnitude of a number of a sample.
pub(crate) const REACH: f64 = 2.5;

/// A network lowered, quantised and float.
pub(crate) struct Shape {
    pub(crate) name: &'static str,
    pub(crate) program: Program,
    pub(crate) quantised: Network,
    pub(crate) float: Network,
}

/// Quantisers of weights and of features.
#[derive(Clone, Copy)]
struct Kind {
    weights: &'static str,
    features: &'static str,
}

const TERNARY: Kind = Kind { weights: "ternary", features: "ternary" };
const BINARY: Kind = Kind { weights: "sign", features: "binary" };
const INT4: Kind = Kind { weights: "int4", features: "uint4" };

/// A name and what makes the networks.
type Named = (&'static str, fn() -> Result<Made>);

const SHAPES: [Named; 6] = [
    ("lenet-ternary", || lenet(TERNARY)),
    ("lenet-binary", || lenet(BINARY)),
    ("lenet-int4", || lenet(INT4)),
    ("vgg8-ternary", || vgg8(TERNARY)),
    ("resnet20-ternary", || resnet(TERNARY)),
    ("mobilenetv2-ternary", || mobilenet(Kind { features: "uint4", ..TERNARY })),
];

/// Those whose name begins so.
pub(crate) fn named(prefix: &str) -> impl Iterator<Item = Result<Shape>> {
    SHAPES.iter().filter(move |(name, _)| name.starts_with(prefix)).map(|(name, make)| {
        let (quantised, float) = make()?;
        let program = deploy(&quantised, &DeployOptions::new(*name, REACH))?.program;
        Ok(Shape { name, program, quantised, float })
    })
}

/// A result in the quantised network, and that of the same layer in the float network.
#[derive(Clone, Copy)]
struct At(Source, Source);

struct Maker {
    kind: Kind,
    dice: Dice,
    quantised: NetworkBuilder,
    float: NetworkBuilder,
}

type Made = (Network, Network);

fn lenet(kind: Kind) -> Result<Made> {
    let (mut net, mut x) = Maker::new(kind, vec![1, 28, 28]);
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
    let (mut net, mut x) = Maker::new(kind, vec![3, 32, 32]);
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
    let (mut net, mut x) = Maker::new(kind, vec![3, 32, 32]);
    x = net.conv(x, 16, 3, 1, 1)?;
    x = net.stream(x)?;
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
            x = net.add(second, x)?;
            x = net.stream(x)?;
        }
    }
    x = net.stair(x)?;
    x = net.mean(x)?;
    net.head(x)
}

fn mobilenet(kind: Kind) -> Result<Made> {
    let (mut net, mut x) = Maker::new(kind, vec![3, 32, 32]);
    x = net.conv(x, 32, 3, 1, 1)?;
    x = net.stream(x)?;
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
            let sum = if before == channels && stride == 1 { net.add(narrow, x)? } else { narrow };
            x = net.stream(sum)?;
        }
    }
    x = net.conv(x, 640, 1, 1, 1)?;
    x = net.stair(x)?;
    x = net.mean(x)?;
    net.head(x)
}

impl Maker {
    fn new(kind: Kind, input: Vec<usize>) -> (Self, At) {
        let (quantised, float) = (Network::builder(input.clone()), Network::builder(input));
        (Self { kind, dice: Dice::new(7), quantised, float }, At(Source::Input, Source::Input))
    }

    fn path(&self, what: &str) -> String {
        format!("{what}{}", self.quantised.nodes().len())
    }

    fn channels(&self, at: At) -> usize {
        self.quantised.shape(at.0)[0]
    }

    /// The same operation in both networks.
    fn both(&mut self, what: &str, op: Op, inputs: &[At]) -> Result<At> {
        let path = self.path(what);
        let [quantised, float] = [|at: &At| at.0, |at: &At| at.1].map(|of| inputs.iter().map(of).collect::<Vec<_>>());
        Ok(At(self.quantised.push(path.clone(), op.clone(), &quantised)?, self.float.push(path, op, &float)?))
    }

    fn array(&mut self, size: usize, middle: f32, spread: f32) -> Result<Array> {
        Ok(Array::new(vec![size], (0..size).map(|_| middle + spread * self.dice.unit()).collect::<Vec<_>>())?)
    }

    /// Quantised and float weights, whose sums are about as large as their inputs.
    fn weights(&mut self, shape: Vec<usize>) -> Result<[Weight; 2]> {
        let count: usize = shape.iter().product();
        let size = 1.0 / ((count / shape[0]) as f64).sqrt();
        let latent = Array::new(shape, (0..count).map(|_| self.dice.unit()).collect::<Vec<_>>())?;
        let function = self.kind.weights.parse::<Quantiser>()?.stair();
        let quantum = 1.0 / function.highest_level();
        let scales = vec![Scales::new(quantum, quantum * size * 1.5)?];
        let values = latent.values().unwrap_or(&[]).iter().map(|w| w * (size * 1.7) as f32).collect::<Vec<_>>();
        let float = Weight::Float(Array::new(latent.shape().to_vec(), values)?);
        let path = self.path("weights");
        Ok([Weight::Stair(StairWeight { path, latent, function, scales, comparison: Comparison::Folded }), float])
    }

    /// Batch normalisation in the quantised network, a bias in the float one, as it is left of it there.
    fn normed(&mut self, at: At, what: &str, quantised: Op, float: Op) -> Result<At> {
        let path = self.path(what);
        let layer = self.quantised.push(path.clone(), quantised, &[at.0])?;
        let float = self.float.push(path, float, &[at.1])?;
        let channels = self.quantised.shape(layer)[0];
        let norm = Op::Norm {
            gamma: self.array(channels, 1.0, 0.4)?,
            beta: self.array(channels, 0.0, 0.3)?,
            mean: self.array(channels, 0.0, 0.2)?,
            variance: self.array(channels, 0.7, 0.3)?,
            epsilon: 1e-5,
        };
        let path = self.path("norm");
        Ok(At(self.quantised.push(path, norm, &[layer])?, float))
    }

    fn conv(&mut self, at: At, outputs: usize, side: usize, stride: usize, groups: usize) -> Result<At> {
        let window = Window::new([side; 2])?.with_stride([stride; 2])?.with_padding([[side / 2; 2]; 2]);
        let [quantised, float] = self.weights(vec![outputs, self.channels(at) / groups, side, side])?;
        let bias = Some(self.array(outputs, 0.0, 0.3)?);
        let conv = |weight, bias| Op::Conv { window, groups, weight, bias };
        self.normed(at, "conv", conv(quantised, None), conv(float, bias))
    }

    fn dense(&mut self, at: At, outputs: usize) -> Result<At> {
        let [quantised, float] = self.weights(vec![outputs, self.channels(at)])?;
        let bias = Some(self.array(outputs, 0.0, 0.3)?);
        let dense = |weight, bias| Op::Dense { weight, bias };
        self.normed(at, "fc", dense(quantised, None), dense(float, bias))
    }

    /// A quantiser in the quantised network, and `float` in the other.
    fn quantised(&mut self, at: At, name: &str, reach: f64, float: Option<Op>) -> Result<At> {
        let path = self.path("stair");
        let function = name.parse::<Quantiser>()?.stair();
        let scales = Scales::equal(reach / function.highest_level())?;
        let stair = Stair { path: path.clone(), function, scales, comparison: Comparison::Folded };
        let quantised = self.quantised.push(path.clone(), Op::Stair(stair), &[at.0])?;
        let float = float.map_or(Ok(at.1), |op| self.float.push(path, op, &[at.1]))?;
        Ok(At(quantised, float))
    }

    fn stair(&mut self, at: At) -> Result<At> {
        let reach = if self.kind.features == "uint4" { 2.0 } else { 1.0 };
        self.quantised(at, self.kind.features, reach, Some(Op::Relu))
    }

    /// A residual stream of 8 bits.
    fn stream(&mut self, at: At) -> Result<At> {
        self.quantised(at, "int8", 4.0, None)
    }

    fn add(&mut self, a: At, b: At) -> Result<At> {
        self.both("add", Op::Add, &[a, b])
    }

    fn pool(&mut self, at: At, side: usize, stride: usize) -> Result<At> {
        self.both("pool", Op::MaxPool(Window::new([side; 2])?.with_stride([stride; 2])?), &[at])
    }

    fn pad(&mut self, at: At, channels: usize) -> Result<At> {
        self.both("pad", Op::PadChannels { before: channels, behind: channels }, &[at])
    }

    fn mean(&mut self, at: At) -> Result<At> {
        self.both("mean", Op::Mean, &[at])
    }

    fn flatten(&mut self, at: At) -> Result<At> {
        self.both("flatten", Op::Flatten, &[at])
    }

    /// Ten outputs of a float layer.
    fn head(mut self, at: At) -> Result<Made> {
        let [_, weight] = self.weights(vec![10, self.channels(at)])?;
        let bias = Some(self.array(10, 0.0, 0.3)?);
        let at = self.both("head", Op::Dense { weight, bias }, &[at])?;
        Ok((self.quantised.finish(at.0), self.float.finish(at.1)))
    }
}
