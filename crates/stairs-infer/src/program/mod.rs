//! The graph.

mod check;
mod cost;
mod op;
mod range;

use alloc::string::String;
use alloc::vec::Vec;

pub(crate) use check::size;
pub use op::{Op, Thresholds, Weights};
pub use range::{Kind, Range};

use crate::ProgramError;

/// What a node reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// The sample, in single precision.
    Input,
    /// The result of the node of this number.
    Node(usize),
}

/// One operation of a program.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// Path of the layer it comes from.
    pub path: String,
    /// What it computes.
    pub op: Op,
    /// What it reads.
    pub inputs: Vec<Source>,
    /// Shape of its result for one sample, images as `[channels, height, width]`.
    pub shape: Vec<usize>,
    /// Whether its result is integers, and then which are possible.
    pub kind: Kind,
}

/// What the bytes of an image mean: the number that each of the 256 values of a channel stands for, `[channels, 256]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Pixels {
    /// The numbers, channel after channel.
    pub table: Vec<f32>,
}

/// A network of integer operations for samples of one shape: nodes in an order in which they can be computed.
///
/// [`ProgramBuilder`] checks that shapes and parameters fit each other and that no sum can leave its integer, so that running a
/// program cannot fail but for its sample.
///
/// ```
/// use stairs_infer::{Op, Program, Source, Thresholds, Value, Weights};
///
/// // Two ternary neurons on three ternary inputs.
/// let mut builder = Program::builder("neurons", vec![3])?;
/// let steps = Op::Steps { thresholds: vec![-0.5, 0.5], levels: vec![-1, 0, 1] };
/// let codes = builder.push("input", steps, &[Source::Input])?;
/// let weights = Weights::new(vec![2, 3], vec![1, 0, -1, 1, 1, 1])?;
/// let sums = builder.push("fc", Op::Dense { weights }, &[codes])?;
/// let thresholds = Thresholds { values: vec![-1, 2, 0, 1], falling: vec![], levels: vec![-1, 0, 1] };
/// let stair = builder.push("stair", Op::Thresholds(thresholds), &[sums])?;
/// let program = builder.finish(stair);
/// assert_eq!(program.run(&[0.9, 0.1, -2.0])?, Value::Integers(vec![1, 0]));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Program {
    name: String,
    input: Vec<usize>,
    nodes: Vec<Node>,
    output: Source,
    pixels: Option<Pixels>,
}

/// A program in the making.
#[derive(Clone, Debug)]
pub struct ProgramBuilder {
    name: String,
    input: Vec<usize>,
    nodes: Vec<Node>,
}

impl ProgramBuilder {
    /// Adds a node and says where its result is.
    ///
    /// # Errors
    /// [`ProgramError`] for inputs or parameters that do not fit the operation, or sums that could overflow.
    pub fn push(&mut self, path: impl Into<String>, op: Op, inputs: &[Source]) -> Result<Source, ProgramError> {
        let path = path.into();
        let before = self.nodes.len();
        if let Some(source_node) = inputs.iter().find_map(|source| match *source {
            Source::Node(node) if node >= before => Some(node),
            _ => None,
        }) {
            return Err(ProgramError::Order { path, source_node, before });
        }
        let given: Vec<(&[usize], Kind)> = inputs.iter().map(|source| self.at(*source)).collect();
        let (shape, kind) = check::result(&path, &op, &given)?;
        check::size(&shape)?;
        self.nodes.push(Node { path, op, inputs: inputs.to_vec(), shape, kind });
        Ok(Source::Node(before))
    }

    /// Shape and kind of what is at `source`, which this builder has given.
    pub fn at(&self, source: Source) -> (&[usize], Kind) {
        match source {
            Source::Input => (&self.input, Kind::Float),
            Source::Node(node) => (&self.nodes[node].shape, self.nodes[node].kind),
        }
    }

    /// The nodes so far.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// The program whose result is at `output`, which this builder has given.
    pub fn finish(self, output: Source) -> Program {
        Program { name: self.name, input: self.input, nodes: self.nodes, output, pixels: None }
    }
}

impl Program {
    /// A program without nodes for samples of this shape.
    ///
    /// # Errors
    /// [`ProgramError::Shape`] for an impossible shape.
    pub fn builder(name: impl Into<String>, input: Vec<usize>) -> Result<ProgramBuilder, ProgramError> {
        check::size(&input)?;
        Ok(ProgramBuilder { name: name.into(), input, nodes: Vec::new() })
    }

    /// Says what the bytes of an image mean.
    ///
    /// # Errors
    /// [`ProgramError::Length`] unless there are 256 numbers for every channel of the sample, the first axis;
    /// [`ProgramError::Parameter`] for NaN.
    pub fn with_pixels(self, pixels: Pixels) -> Result<Self, ProgramError> {
        let expected = self.input.first().copied().unwrap_or(1).saturating_mul(256);
        check::length("input", "table of pixels", expected, pixels.table.len())?;
        check::holds("input", "table of pixels", "numbers, not NaN", !pixels.table.iter().any(|x| x.is_nan()))?;
        Ok(Self { pixels: Some(pixels), ..self })
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Shape of a sample.
    pub fn input(&self) -> &[usize] {
        &self.input
    }

    /// The nodes.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// Where the result is.
    pub fn output(&self) -> Source {
        self.output
    }

    /// What the bytes of an image mean, if that is known.
    pub fn pixels(&self) -> Option<&Pixels> {
        self.pixels.as_ref()
    }

    /// Shape and kind of what is at `source`.
    pub fn at(&self, source: Source) -> (&[usize], Kind) {
        match source {
            Source::Input => (&self.input, Kind::Float),
            Source::Node(node) => (&self.nodes[node].shape, self.nodes[node].kind),
        }
    }

    /// Numbers of the nodes that read `source`, in order.
    pub fn readers(&self, source: Source) -> impl Iterator<Item = usize> + '_ {
        self.nodes.iter().enumerate().filter(move |(_, node)| node.inputs.contains(&source)).map(|(index, _)| index)
    }

    /// The sample that the bytes of an image stand for.
    ///
    /// # Errors
    /// [`RunError`](crate::RunError) for another number of bytes, or a program that says nothing of pixels.
    pub fn sample(&self, bytes: &[u8]) -> Result<Vec<f32>, crate::RunError> {
        let table = &self.pixels.as_ref().ok_or(crate::RunError::NoPixels)?.table;
        let expected: usize = self.input.iter().product();
        if bytes.len() != expected {
            return Err(crate::RunError::Sample { expected, got: bytes.len() });
        }
        let plane = expected / self.input.first().copied().unwrap_or(1).max(1);
        Ok(bytes.iter().enumerate().map(|(i, byte)| table[i / plane.max(1) * 256 + usize::from(*byte)]).collect())
    }
}
