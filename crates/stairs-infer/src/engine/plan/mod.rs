//! From a program to steps, made once.
//!
//! Results that nobody needs are not computed. A convolution or dense layer whose sums are read once, by thresholds or a map, is one step
//! with it, and its sums are never stored. A reshape that moves nothing has the place of what it reads.

mod emit;
mod layers;
mod place;

use alloc::vec;
use alloc::vec::Vec;

use place::{Need, place};

use super::level::Level;
use super::step::Step;
use super::tensor::Tensor;
use crate::{Op, Program, ProgramError, Source};

/// The steps of a program.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) steps: Vec<Step>,
    pub(crate) tensors: Vec<Tensor>,
    /// First byte of every place.
    pub(crate) places: Vec<usize>,
    pub(crate) bytes: usize,
    /// For every node the tensor of its result, if that is stored.
    pub(crate) results: Vec<Option<usize>>,
    /// For every step the nodes whose results are there behind it.
    pub(crate) done: Vec<Vec<usize>>,
    /// The tensor of the output.
    pub(crate) output: usize,
}

/// What a plan is made for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wanted {
    pub(crate) level: Level,
    /// Samples at once.
    pub(crate) batch: usize,
    /// Most bytes.
    pub(crate) memory: usize,
    /// Whether every node's result is stored and kept.
    pub(crate) keeps: bool,
}

impl Wanted {
    /// What needs too much.
    fn beyond(self, bytes: usize) -> ProgramError {
        ProgramError::Memory { bytes, most: self.memory }
    }
}

/// A plan in the making.
struct Builder<'a> {
    program: &'a Program,
    wanted: Wanted,
    steps: Vec<Step>,
    tensors: Vec<Tensor>,
    needs: Vec<Need>,
    results: Vec<Option<usize>>,
    done: Vec<Vec<usize>>,
    sample: Option<usize>,
}

impl Plan {
    pub(crate) fn new(program: &Program, wanted: Wanted) -> Result<Self, ProgramError> {
        let (needed, absorbed) = (needed(program, wanted), absorbed(program, wanted));
        let nodes = program.nodes().len();
        let mut builder = Builder {
            program,
            wanted,
            steps: Vec::new(),
            tensors: Vec::new(),
            needs: Vec::new(),
            results: vec![None; nodes],
            done: Vec::new(),
            sample: None,
        };
        for node in 0..nodes {
            if needed[node] && !absorbed.contains(&Some(node)) {
                builder.node(node, absorbed[node])?;
            }
        }
        let output = builder.source(program.output())?;
        let end = builder.steps.len();
        let kept: Vec<usize> = builder.results.iter().flatten().copied().filter(|_| wanted.keeps).collect();
        for tensor in kept.into_iter().chain([output]) {
            let slot = builder.tensors[tensor].slot;
            builder.needs[slot].last = end;
        }
        let (places, bytes) = place(&builder.needs).ok_or(wanted.beyond(usize::MAX))?;
        if bytes > wanted.memory {
            return Err(wanted.beyond(bytes));
        }
        let Builder { steps, tensors, results, done, .. } = builder;
        Ok(Self { steps, tensors, places, bytes, results, done, output })
    }
}

/// Which nodes the output depends on.
fn needed(program: &Program, wanted: Wanted) -> Vec<bool> {
    let mut needed = vec![wanted.keeps; program.nodes().len()];
    if let Source::Node(output) = program.output() {
        needed[output] = true;
    }
    for (index, node) in program.nodes().iter().enumerate().rev() {
        if needed[index] {
            for input in &node.inputs {
                if let Source::Node(before) = *input {
                    needed[before] = true;
                }
            }
        }
    }
    needed
}

/// For every node the node before it whose sums it takes as they are made.
fn absorbed(program: &Program, wanted: Wanted) -> Vec<Option<usize>> {
    let nodes = program.nodes();
    let mut readers = vec![0usize; nodes.len()];
    let needed = needed(program, wanted);
    let read = nodes.iter().zip(&needed).filter(|(_, needed)| **needed).flat_map(|(node, _)| &node.inputs);
    for source in read.chain([&program.output()]) {
        if let Source::Node(before) = *source {
            readers[before] += 1;
        }
    }
    let takes = |op: &Op| matches!(op, Op::Thresholds(_) | Op::Rescale { .. } | Op::Affine { .. });
    // Channels of sums are side by side.
    let sums = |before: usize| match &nodes[before].op {
        Op::Conv { .. } => true,
        Op::Dense { .. } => nodes[before].shape.len() == 1,
        _ => false,
    };
    let of = |node: &crate::Node| {
        let sources = node.inputs.iter().rev().filter_map(|source| match *source {
            Source::Node(before) => Some(before),
            Source::Input => None,
        });
        sources.into_iter().find(|before| !wanted.keeps && takes(&node.op) && readers[*before] == 1 && sums(*before))
    };
    nodes.iter().zip(needed).map(|(node, needed)| if needed { of(node) } else { None }).collect()
}
