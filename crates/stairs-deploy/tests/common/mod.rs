//! Random networks, with numbers that doubles compute with exactly or with any.

use stairs_network::{Array, Comparison, Network, NetworkBuilder, Op, Source, Stair, StairWeight, Weight, Window};
use stairs_quant::{Quantiser, Scales, StairFunction, ThresholdValue};

/// A sequence of random numbers.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    pub(crate) fn bits(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 16
    }

    pub(crate) fn below(&mut self, n: usize) -> usize {
        (self.bits() % n as u64) as usize
    }

    pub(crate) fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    pub(crate) fn of<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())]
    }

    /// Within [−1, 1].
    pub(crate) fn unit(&mut self) -> f64 {
        self.below(1 << 30) as f64 / f64::from(1 << 29) - 1.0
    }
}

/// How the numbers of a network are drawn.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Numbers {
    /// Binary fractions of few digits, so that doubles make no rounding and sums meet thresholds.
    Dyadic,
    /// Any.
    Generic,
}

/// A network in the making.
pub(crate) struct Maker {
    pub(crate) random: Random,
    pub(crate) numbers: Numbers,
    pub(crate) builder: NetworkBuilder,
    count: usize,
}

impl Maker {
    pub(crate) fn new(seed: u64, numbers: Numbers, input: Vec<usize>) -> Self {
        Self { random: Random::new(seed), numbers, builder: Network::builder(input), count: 0 }
    }

    /// A number of a magnitude up to about 2.
    fn number(&mut self) -> f32 {
        match self.numbers {
            Numbers::Dyadic => (self.random.below(17) as f32 - 8.0) / 4.0,
            Numbers::Generic => (self.random.unit() * 2.0) as f32,
        }
    }

    fn positive(&mut self) -> f32 {
        match self.numbers {
            Numbers::Dyadic => self.random.of(&[0.25, 0.5, 1.0, 2.0]),
            Numbers::Generic => (self.random.unit() * 0.9 + 1.0) as f32,
        }
    }

    fn array(&mut self, shape: Vec<usize>) -> Array {
        let values: Vec<f32> = (0..shape.iter().product()).map(|_| self.number()).collect();
        Array::new(shape, values).unwrap()
    }

    pub(crate) fn function(&mut self) -> StairFunction {
        let names = ["binary", "sign", "ternary", "uint2", "int2", "balanced4", "int4", "uint4", "int8", "pow2-3"];
        let function = match self.random.below(8) {
            0 => StairFunction::new(vec![-0.75, 0.25, 0.5], vec![-1.0, 0.0, 0.5, 2.0]).unwrap(),
            _ => self.random.of(&names).parse::<Quantiser>().unwrap().stair(),
        };
        if self.random.one_in(4) { function.with_threshold_value(ThresholdValue::Lower) } else { function }
    }

    fn scales(&mut self) -> Scales {
        let (quantum, output) = (self.positive(), self.positive());
        Scales::new(quantum.into(), output.into()).unwrap()
    }

    fn comparison(&mut self) -> Comparison {
        self.random.of(&[Comparison::Folded, Comparison::Divided])
    }

    pub(crate) fn weight(&mut self, shape: Vec<usize>, float: bool) -> Weight {
        let latent = self.array(shape);
        if float {
            return Weight::Float(latent);
        }
        let scales = if self.random.one_in(2) { latent.shape()[0] } else { 1 };
        let scales = (0..scales).map(|_| self.scales()).collect();
        let (function, comparison) = (self.function(), self.comparison());
        Weight::Stair(StairWeight { path: "w".into(), latent, function, scales, comparison })
    }

    pub(crate) fn push(&mut self, op: Op, inputs: &[Source]) -> Option<Source> {
        self.count += 1;
        self.builder.push(format!("layer{}", self.count), op, inputs).ok()
    }

    pub(crate) fn conv(&mut self, input: Source, outputs: usize, window: Window, groups: usize) -> Option<Source> {
        let channels = self.builder.shape(input)[0];
        let [rows, columns] = window.kernel();
        let weight = self.weight(vec![outputs, channels / groups, rows, columns], false);
        let bias = self.random.one_in(3).then(|| self.array(vec![outputs]));
        self.push(Op::Conv { window, groups, weight, bias }, &[input])
    }

    pub(crate) fn dense(&mut self, input: Source, outputs: usize, float: bool) -> Option<Source> {
        let inputs = *self.builder.shape(input).last()?;
        let weight = self.weight(vec![outputs, inputs], float);
        let bias = self.random.one_in(2).then(|| self.array(vec![outputs]));
        self.push(Op::Dense { weight, bias }, &[input])
    }

    pub(crate) fn norm(&mut self, input: Source) -> Option<Source> {
        let channels = self.builder.shape(input)[0];
        let mut of = |f: &mut dyn FnMut(&mut Self) -> f32| {
            let values: Vec<f32> = (0..channels).map(|_| f(self)).collect();
            Array::new(vec![channels], values).unwrap()
        };
        let gamma = of(&mut |maker| if maker.random.one_in(6) { 0.0 } else { maker.number() });
        let (beta, mean) = (of(&mut Self::number), of(&mut Self::number));
        let variance = of(&mut |maker| match maker.numbers {
            Numbers::Dyadic => maker.random.of(&[0.25, 1.0, 4.0, 16.0]),
            Numbers::Generic => maker.positive() * 3.0,
        });
        let epsilon = if self.numbers == Numbers::Dyadic { 0.0 } else { 1e-5 };
        self.push(Op::Norm { gamma, beta, mean, variance, epsilon }, &[input])
    }

    pub(crate) fn stair(&mut self, input: Source) -> Option<Source> {
        let (function, scales, comparison) = (self.function(), self.scales(), self.comparison());
        self.push(Op::Stair(Stair { path: "s".into(), function, scales, comparison }), &[input])
    }

    pub(crate) fn window(&mut self, shape: &[usize]) -> Window {
        let side = |random: &mut Random, size: usize| random.of(&[1, 2, 3]).min(size);
        let kernel = [side(&mut self.random, shape[1]), side(&mut self.random, shape[2])];
        let stride = [self.random.of(&[1, 1, 2, 3]), self.random.of(&[1, 1, 2, 4])];
        let pad = |random: &mut Random, kernel: usize| [random.below(kernel), random.below(kernel)];
        let padding = [pad(&mut self.random, kernel[0]), pad(&mut self.random, kernel[1])];
        let dilation = [self.random.of(&[1, 1, 1, 2]), self.random.of(&[1, 1, 1, 2])];
        Window::new(kernel).unwrap().with_stride(stride).unwrap().with_padding(padding).with_dilation(dilation).unwrap()
    }

    /// One random step; the old place where it does not fit.
    fn step(&mut self, at: Source) -> Option<Source> {
        let shape = self.builder.shape(at).to_vec();
        let image = shape.len() == 3;
        match self.random.below(if image { 12 } else { 5 }) {
            0 => self.norm(at),
            1 => self.stair(at),
            2 => {
                let high = self.random.of(&[f64::INFINITY, 1.5, 6.0]);
                self.push(if high.is_finite() { Op::Clip { low: -0.5, high } } else { Op::Relu }, &[at])
            }
            3 => {
                let outputs = self.random.of(&[1, 3, 5]);
                self.dense(at, outputs, false)
            }
            4 => {
                let at = self.norm(at)?;
                self.stair(at)
            }
            5 | 6 => {
                let (window, channels) = (self.window(&shape), shape[0]);
                let (outputs, groups) =
                    self.random.of(&[(3, 1), (4, 1), (channels, channels), (2 * channels, channels)]);
                self.conv(at, outputs, window, groups)
            }
            7 => {
                let window = self.window(&shape);
                self.push(Op::MaxPool(window), &[at])
            }
            8 => {
                let window = self.window(&shape);
                self.push(Op::MeanPool { window, counts_padding: self.numbers == Numbers::Dyadic }, &[at])
            }
            9 => {
                // A residual block, whose branches are integers of different units.
                let window = Window::new([3, 3]).unwrap().with_padding([[1, 1], [1, 1]]);
                let branch = self.conv(at, shape[0], window, 1)?;
                let branch = self.norm(branch)?;
                let other =
                    if self.random.one_in(3) { self.conv(at, shape[0], Window::new([1, 1]).unwrap(), 1)? } else { at };
                let sum = self.push(Op::Add, &[branch, other])?;
                self.stair(sum)
            }
            10 => self.push(Op::PadChannels { before: 1, behind: 2 }, &[at]),
            _ => {
                let flat = if self.random.one_in(2) { Op::Flatten } else { Op::Mean };
                if self.numbers == Numbers::Dyadic && !(shape[1] * shape[2]).is_power_of_two() && flat == Op::Mean {
                    return self.push(Op::Flatten, &[at]);
                }
                self.push(flat, &[at])
            }
        }
    }

    /// A network of some ten layers.
    pub(crate) fn network(mut self) -> Network {
        let mut at = Source::Input;
        if self.random.one_in(3) {
            at = self.stair(at).unwrap();
        }
        let steps = 2 + self.random.below(8);
        for _ in 0..steps {
            at = self.step(at).unwrap_or(at);
        }
        if self.random.one_in(2) {
            let last = self.random.one_in(2);
            at = self.dense(at, 4, last).unwrap_or(at);
        }
        self.builder.finish(at)
    }
}

/// A network of this seed, and its samples, whose numbers are multiples of 1/8.
pub(crate) fn network(seed: u64, numbers: Numbers) -> (Network, Vec<Vec<f32>>) {
    let mut random = Random::new(seed ^ 0xABCD);
    let input = match random.below(4) {
        0 => vec![random.of(&[1, 3, 7])],
        1 => vec![1, 1, 1],
        _ => vec![random.of(&[1, 3]), random.of(&[1, 4, 6]), random.of(&[2, 5, 6])],
    };
    let count: usize = input.iter().product();
    let samples = (0..3).map(|_| (0..count).map(|_| (random.below(49) as f32 - 24.0) / 8.0).collect()).collect();
    (Maker::new(seed, numbers, input).network(), samples)
}
