//! From a network to integers.
//!
//! Every result of the network is known either as floats or as an exact map of integers that the program has ([`Form`]). Layers with
//! quantised weights make integers of integers, and what follows them until the next quantiser only changes the map; the quantiser
//! makes thresholds of the whole map, in exact arithmetic.
//!
//! | what stands there | what becomes of it |
//! |---|---|
//! | the sample, read by quantised weights | fixed point, as fine as sums of 32 bits allow |
//! | dense, convolution with quantised weights on integers | the same on integers; scales and bias go into the map |
//! | batch normalisation, clip | the map |
//! | quantiser of one integer | thresholds |
//! | quantiser of a sum | a fixed-point map, checked against the exact thresholds |
//! | max pool | done on levels, which it commutes with, or on the sums |
//! | mean | a sum; what it is divided by goes into the map |
//! | a map that quantised weights read | fixed point, as fine as sums of 32 bits allow |
//! | anything else | floats: an island, which is named |

mod clean;
mod form;
mod layers;
mod pools;
mod quantiser;
mod stair;
mod sum;
mod values;

use stairs_infer::{Op, Pixels, Program, ProgramBuilder, Range, Source};
use stairs_network::{Network, Node, Op as NetworkOp};

use crate::exact::Real;
use crate::{DeployError, Island};
use form::{Form, Stage};

/// How a network is deployed.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct DeployOptions {
    /// Name of the program.
    pub name: String,
    /// Largest magnitude of the numbers of a sample; larger ones are taken for it. Smaller is finer: samples become fixed-point numbers
    /// whose sums fit 32 bits.
    pub reach: f64,
    /// What the bytes of an image mean, where samples are images.
    pub pixels: Option<Pixels>,
    /// Whether float operations but those that give the result are refused.
    pub integer_only: bool,
}

impl DeployOptions {
    /// Options for samples whose numbers are at most `reach` in magnitude.
    pub fn new(name: impl Into<String>, reach: f64) -> Self {
        Self { name: name.into(), reach, pixels: None, integer_only: false }
    }

    /// Options for images of bytes that mean these numbers.
    #[must_use]
    pub fn with_pixels(mut self, pixels: Pixels) -> Self {
        self.reach = pixels.table.iter().fold(0.0, |reach: f64, x| reach.max(f64::from(x.abs())));
        self.pixels = Some(pixels);
        self
    }

    /// Refuses float operations but those that give the result.
    #[must_use]
    pub fn with_integers_only(self) -> Self {
        Self { integer_only: true, ..self }
    }
}

/// A program, and what is to be known of how it came about.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Deployed {
    /// The program.
    pub program: Program,
    /// Layers that stay float.
    pub islands: Vec<Island>,
    /// Where numbers were rounded that the network does not round, in order.
    pub roundings: Vec<Rounding>,
}

/// A place where numbers are rounded that the network does not round.
#[derive(Clone, Debug, PartialEq)]
pub struct Rounding {
    /// Path of the layer.
    pub path: String,
    /// What is rounded.
    pub what: RoundingKind,
    /// Largest error, in the units of the network's numbers.
    pub bound: f64,
}

/// What is rounded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RoundingKind {
    /// The sample, to fixed point.
    Sample,
    /// A result that a layer with quantised weights reads, to fixed point.
    Result,
    /// Factors of a sum in front of a quantiser, and it was shown for all values that no level depends on it.
    Proved,
    /// Factors of a sum in front of a quantiser; levels may differ where the exact sum is closer to a threshold than the bound.
    Bounded,
    /// Levels that are no multiples of a common unit.
    Levels,
}

/// What is known of a result.
#[derive(Clone, Debug)]
enum State {
    Float(Source),
    Form(Form),
}

/// The walk.
struct Lowering<'a> {
    network: &'a Network,
    options: &'a DeployOptions,
    builder: ProgramBuilder,
    states: Vec<State>,
    /// Results as floats, and as fixed-point integers with so many binary digits, as far as they were asked for.
    floats: Vec<(usize, Source)>,
    fixed: Vec<(Option<usize>, i32, Source)>,
    islands: Vec<Island>,
    roundings: Vec<Rounding>,
}

/// Makes a program of a network.
///
/// # Errors
/// [`DeployError`] for an operation that is known by name only, parameters without values or that are not finite, sums that do not fit
/// 32 bits; and, where only integers are wanted, all layers that would stay float.
pub fn deploy(network: &Network, options: &DeployOptions) -> Result<Deployed, DeployError> {
    if !(options.reach > 0.0 && options.reach.is_finite()) {
        return Err(DeployError::Reach(options.reach));
    }
    let builder = Program::builder(options.name.clone(), network.input().to_vec())?;
    let (floats, fixed, islands, roundings) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let states = Vec::with_capacity(network.nodes().len());
    let mut lowering = Lowering { network, options, builder, states, floats, fixed, islands, roundings };
    for node in network.nodes() {
        let state = lowering.node(node)?;
        lowering.states.push(state);
    }
    let output = lowering.result()?;
    let Lowering { builder, islands, roundings, .. } = lowering;
    if options.integer_only && !islands.is_empty() {
        return Err(DeployError::IntegerOnly(islands));
    }
    let mut program = clean::cleaned(&builder.finish(output))?;
    if let Some(pixels) = &options.pixels {
        program = program.with_pixels(pixels.clone())?;
    }
    Ok(Deployed { program, islands, roundings })
}

impl Lowering<'_> {
    fn node(&mut self, node: &Node) -> Result<State, DeployError> {
        let path = &node.path;
        let [first, second] = [node.inputs.first(), node.inputs.get(1)].map(|source| source.copied());
        let Some(input) = first else { return self.unknown(path, "nothing to read") };
        match &node.op {
            NetworkOp::Dense { weight, bias } => self.dense(node, input, weight, bias.as_ref()),
            NetworkOp::Conv { window, groups, weight, bias } => {
                self.convolution(node, input, window, *groups, weight, bias.as_ref())
            }
            NetworkOp::Norm { gamma, beta, mean, variance, epsilon } => {
                self.norm(node, input, [gamma, beta, mean, variance], *epsilon)
            }
            NetworkOp::Relu => self.clip(path, input, 0.0, f64::INFINITY),
            NetworkOp::Clip { low, high } => self.clip(path, input, *low, *high),
            NetworkOp::Stair(stair) => self.stair(path, input, stair),
            NetworkOp::MaxPool(window) => self.max_pool(node, input, window),
            NetworkOp::MeanPool { window, counts_padding } => self.mean_pool(node, input, window, *counts_padding),
            NetworkOp::AdaptiveMeanPool { size } => self.adaptive_mean_pool(node, input, *size),
            NetworkOp::Mean => self.mean(node, input),
            NetworkOp::PadChannels { before, behind } => self.pad_channels(node, input, *before, *behind),
            NetworkOp::Add => match second {
                Some(second) => self.add(node, input, second),
                None => self.unknown(path, "an addition of one input"),
            },
            NetworkOp::Flatten | NetworkOp::Reshape { .. } => self.reshape(node, input),
            NetworkOp::Other { name, .. } => self.unknown(path, name),
            other => self.unknown(path, &other.to_string()),
        }
    }

    fn unknown<T>(&self, path: &str, operation: &str) -> Result<T, DeployError> {
        Err(DeployError::Unknown { path: path.to_owned(), operation: operation.to_owned() })
    }

    /// What is known of what a node of the network reads.
    fn state(&self, source: stairs_network::Source) -> State {
        match source {
            stairs_network::Source::Input => State::Float(Source::Input),
            stairs_network::Source::Node(node) => self.states[node].clone(),
        }
    }

    fn push(&mut self, path: &str, op: Op, inputs: &[Source]) -> Result<Source, DeployError> {
        Ok(self.builder.push(path, op, inputs)?)
    }

    fn ranges(&self, inputs: &[Source]) -> Vec<Range> {
        let range = |source: &Source| self.builder.at(*source).1.range().unwrap_or(Range::new(0, 0));
        inputs.iter().map(range).collect()
    }

    /// A float operation that is no part of the result's last step.
    fn island(&mut self, path: &str, why: &'static str) {
        if self.islands.last().is_none_or(|island| island.path != path) {
            self.islands.push(Island { path: path.to_owned(), why });
        }
    }

    fn rounding(&mut self, path: &str, what: RoundingKind, bound: f64) {
        self.roundings.push(Rounding { path: path.to_owned(), what, bound });
    }

    /// The result of the network, as floats.
    fn result(&mut self) -> Result<Source, DeployError> {
        let output = self.network.output();
        match self.state(output) {
            State::Float(source) => Ok(source),
            State::Form(form) => {
                let path = match output {
                    stairs_network::Source::Input => "output".to_owned(),
                    stairs_network::Source::Node(node) => self.network.nodes()[node].path.clone(),
                };
                let form = self.squared(&path, form, self.network.shape(output))?;
                self.floats_of(&path, &form)
            }
        }
    }

    /// A form as floats.
    fn floats_of(&mut self, path: &str, form: &Form) -> Result<Source, DeployError> {
        let channels = form.channels();
        let double =
            |numbers: &[Real]| -> Vec<f64> { (0..channels).map(|c| form::of(numbers, c).approximate()).collect() };
        let factors = form.factors.iter().map(|factors| double(factors)).collect();
        let op = Op::Affine { factors, offsets: double(&form.offsets) };
        let mut source = self.push(path, op, &form.inputs)?;
        for stage in &form.stages {
            let op = match stage {
                Stage::Clamp(low, high) => {
                    let high = high.as_ref().map_or(f64::INFINITY, Real::approximate);
                    Op::Clip { low: low.approximate() as f32, high: high as f32 }
                }
                Stage::Affine(a, b) => {
                    let single = |numbers: &[Real]| double(numbers).into_iter().map(|x| x as f32).collect();
                    Op::Scale { factors: single(a), offsets: single(b) }
                }
                Stage::Pool(window, _) => Op::MaxPool(*window),
            };
            source = self.push(path, op, &[source])?;
        }
        Ok(source)
    }

    /// The floats at a node's input.
    fn floats(&mut self, path: &str, source: stairs_network::Source) -> Result<Source, DeployError> {
        let form = match self.state(source) {
            State::Float(source) => return Ok(source),
            State::Form(form) => form,
        };
        let stairs_network::Source::Node(node) = source else { return self.unknown(path, "input") };
        if let Some((_, source)) = self.floats.iter().find(|(at, _)| *at == node) {
            return Ok(*source);
        }
        let at = self.network.nodes()[node].path.clone();
        let form = self.squared(&at, form, self.network.shape(source))?;
        let source = self.floats_of(&at, &form)?;
        self.floats.push((node, source));
        Ok(source)
    }
}
