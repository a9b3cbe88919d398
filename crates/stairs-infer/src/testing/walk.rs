//! Programs node by node: an operation is drawn, tried, and dropped if it does not fit.

use alloc::format;
use alloc::vec;
use alloc::vec::Vec;

use super::Dice;
use super::parameters::{channels, floats, side, thresholds, weights, window};
use crate::{Kind, Op, Program, ProgramBuilder, Source, Weights, Window};

/// Most positions of a result, and most products of one node, so that the reference evaluates a program in milliseconds.
const MOST: [usize; 2] = [6_000, 600_000];

/// The program of a seed: at least one node and at most about twenty.
pub fn program(seed: u64) -> Program {
    let mut dice = Dice::new(seed);
    let input = match dice.below(8) {
        0 => vec![dice.pick(&[1, 3, 17, 65, 130])],
        1 => vec![channels(&mut dice), side(&mut dice)],
        _ => vec![dice.pick(&[1, 3, 3, 5, 16, 65]), side(&mut dice), side(&mut dice)],
    };
    // A shape of at most 96·11·11 numbers can be counted.
    let builder = Program::builder(format!("random {seed}"), input).ok();
    let Some(builder) = builder else { unreachable!("small shapes can be counted") };
    let mut walk = Walk { builder, dice, last: Source::Input };
    match seed % 2 {
        0 => walk.network(),
        _ => walk.soup(),
    }
    let Walk { builder, mut dice, last } = walk;
    let output = if dice.one_in(8) { Source::Node(dice.below(builder.nodes().len())) } else { last };
    builder.finish(output)
}

pub(super) struct Walk {
    pub(super) builder: ProgramBuilder,
    pub(super) dice: Dice,
    last: Source,
}

impl Walk {
    /// As networks compute: integers, then products and stairs in turn, pools, sums and streams between, floats at the end.
    fn network(&mut self) {
        let entry = if self.dice.one_in(4) { self.steps() } else { self.fix() };
        self.push(entry, &[Source::Input]);
        for _ in 0..1 + self.dice.below(4) {
            let stream = self.last;
            self.product(stream);
            if self.dice.one_in(4) {
                self.max_pool();
            }
            match self.dice.below(5) {
                0 => self.join(stream),
                1 => {
                    let op = self.rescale(&[self.last]);
                    self.push(op, &[self.last]);
                }
                _ => {}
            }
            self.stair();
            if self.dice.one_in(4) {
                self.max_pool();
            }
        }
        if self.dice.one_in(2) {
            let (shape, _) = self.builder.at(self.last);
            if shape.len() == 3 && self.dice.one_in(2) {
                let whole = Window::new([shape[1], shape[2]]);
                self.push(Op::SumPool(whole), &[self.last]);
            }
            let size = self.builder.at(self.last).0.iter().product();
            self.push(Op::Reshape { shape: vec![size] }, &[self.last]);
            self.product(self.last);
        }
        for _ in 0..self.dice.below(3) {
            let op = self.any(self.last);
            self.push(op, &[self.last]);
        }
    }

    /// Any operations on any results.
    fn soup(&mut self) {
        let (wanted, mut tries) = (2 + self.dice.below(12), 0);
        while self.builder.nodes().len() < wanted && tries < 200 || self.builder.nodes().is_empty() {
            tries += 1;
            let nodes = self.builder.nodes().len();
            let source = match self.dice.below(3) {
                0 if nodes > 0 => Source::Node(self.dice.below(nodes)),
                0 => Source::Input,
                _ => self.last,
            };
            let op = self.any(source);
            let mut sources = vec![source];
            if let Op::Rescale { .. } | Op::Affine { .. } | Op::Add = op {
                self.join(source);
                continue;
            }
            if self.dice.one_in(50) {
                sources.push(source);
            }
            self.push(op, &sources);
        }
    }

    /// Tries an operation; whether it fitted.
    fn push(&mut self, op: Op, inputs: &[Source]) -> bool {
        if self.work(&op, inputs[0]) > MOST[1] {
            return false;
        }
        let path = format!("{}.{}", op.name(), self.builder.nodes().len());
        let before = self.builder.clone();
        match self.builder.push(path, op, inputs) {
            Ok(source) if self.builder.at(source).0.iter().product::<usize>() <= MOST[0] => {
                self.last = source;
                true
            }
            _ => {
                self.builder = before;
                false
            }
        }
    }

    /// Products of an operation.
    fn work(&self, op: &Op, input: Source) -> usize {
        let positions: usize = self.builder.at(input).0.iter().product();
        match op {
            Op::Dense { weights } => positions * weights.outputs(),
            Op::FloatDense { bias, .. } => positions * bias.len(),
            Op::Conv { window, weights, groups } => 2 * positions * window.taps() * weights.outputs() / groups,
            Op::FloatConv { window, bias, groups, .. } => 2 * positions * window.taps() * bias.len() / groups,
            _ => positions,
        }
    }

    /// A convolution or dense layer of `source`, integers or floats.
    fn product(&mut self, source: Source) {
        for _ in 0..20 {
            let op = self.weighted(source);
            if self.push(op, &[source]) {
                return;
            }
        }
    }

    /// One of the operations with weights.
    pub(super) fn weighted(&mut self, source: Source) -> Op {
        let (shape, kind) = self.builder.at(source);
        let (shape, dice) = (shape.to_vec(), &mut self.dice);
        if shape.len() != 3 || dice.one_in(12) {
            let (inputs, outputs) = (shape.last().copied().unwrap_or(1), channels(dice));
            let values = weights(dice, inputs * outputs);
            return match (kind, Weights::new(vec![outputs, inputs], values)) {
                (Kind::Integer(_), Ok(weights)) => Op::Dense { weights },
                _ => Op::FloatDense { weights: floats(dice, inputs * outputs), bias: floats(dice, outputs) },
            };
        }
        let window = window(dice);
        let divisors: Vec<usize> = (1..=shape[0]).filter(|d| shape[0].is_multiple_of(*d)).collect();
        let groups = match dice.below(3) {
            0 => shape[0],
            1 => dice.pick(&divisors),
            _ => 1,
        };
        let outputs = if groups == 1 { channels(dice) } else { groups * dice.pick(&[1, 1, 1, 2, 3]) };
        let inputs = shape[0] / groups;
        let [rows, columns] = window.kernel;
        let count = outputs * inputs * rows * columns;
        let values = weights(dice, count);
        match (kind, Weights::new(vec![outputs, inputs, rows, columns], values)) {
            (Kind::Integer(_), Ok(weights)) => Op::Conv { window, groups, weights },
            _ => Op::FloatConv { window, groups, weights: floats(dice, count), bias: floats(dice, outputs) },
        }
    }

    fn stair(&mut self) {
        let (shape, kind) = self.builder.at(self.last);
        if let (Some(channels), Some(range)) = (shape.first().copied(), kind.range()) {
            let op = Op::Thresholds(thresholds(&mut self.dice, channels, range));
            self.push(op, &[self.last]);
        }
    }

    fn max_pool(&mut self) {
        let window =
            if self.dice.one_in(2) { Window { stride: [2; 2], ..Window::new([2; 2]) } } else { window(&mut self.dice) };
        self.push(Op::MaxPool(window), &[self.last]);
    }

    /// A map or a sum of the last result and others of its shape and kind.
    fn join(&mut self, preferred: Source) {
        let (shape, kind) = self.builder.at(self.last);
        let alike = |source: &Source| {
            let (other, its) = self.builder.at(*source);
            other == shape && its.range().is_some() == kind.range().is_some()
        };
        let nodes = (0..self.builder.nodes().len()).map(Source::Node);
        let fitting: Vec<Source> = nodes.filter(alike).collect();
        let mut sources = vec![self.last];
        if fitting.contains(&preferred) {
            sources.push(preferred);
        }
        while !fitting.is_empty() && sources.len() < 4 && self.dice.one_in(3) {
            sources.push(self.dice.pick(&fitting));
        }
        let op = match kind {
            Kind::Float => {
                sources.truncate(2);
                sources.resize(2, self.last);
                Op::Add
            }
            Kind::Integer(_) if self.dice.one_in(3) => self.affine(&sources),
            Kind::Integer(_) => self.rescale(&sources),
        };
        self.push(op, &sources);
    }
}
