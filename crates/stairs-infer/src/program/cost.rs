//! What running a program takes, known before it runs.

use super::{Node, Op, Program};

impl Program {
    /// Numbers that the sample and the results of all nodes have together: what an evaluation that keeps everything holds.
    pub fn activations(&self) -> u64 {
        let shapes = self.nodes.iter().map(|node| &node.shape).chain([&self.input]);
        shapes.map(|shape| positions(shape)).fold(0, u64::saturating_add)
    }

    /// Numbers that all nodes read together for one sample, padding included: multiplications and additions, comparisons by levels
    /// counted as one.
    pub fn operations(&self) -> u64 {
        self.nodes
            .iter()
            .map(|node| self.reads(node).saturating_mul(positions(&node.shape)))
            .fold(0, u64::saturating_add)
    }

    /// Numbers that one number of a result is made of.
    fn reads(&self, node: &Node) -> u64 {
        let from = self.at(node.inputs[0]).0;
        let channels = from.first().map_or(1, |channels| *channels as u64);
        match &node.op {
            Op::Dense { weights } | Op::Conv { weights, .. } => weights.fan_in() as u64,
            Op::FloatDense { weights, bias } | Op::FloatConv { weights, bias, .. } => {
                weights.len().checked_div(bias.len()).unwrap_or(0) as u64
            }
            Op::SumPool(window) | Op::MaxPool(window) | Op::MeanPool { window, .. } => window.taps() as u64,
            // Windows overlap by one row and one column at most.
            Op::AdaptiveMeanPool { size } => {
                (0..2).map(|axis| from[axis + 1] as u64 / size[axis] as u64 + 2).fold(1, u64::saturating_mul)
            }
            Op::Mean => positions(from) / channels.max(1),
            Op::Rescale { .. } | Op::Affine { .. } | Op::Add => node.inputs.len() as u64,
            Op::Fix { .. }
            | Op::Steps { .. }
            | Op::Thresholds(_)
            | Op::PadChannels { .. }
            | Op::Reshape { .. }
            | Op::Scale { .. }
            | Op::Clip { .. } => 1,
        }
    }
}

/// Positions of a shape, which are known to be countable.
fn positions(shape: &[usize]) -> u64 {
    shape.iter().map(|size| *size as u64).product()
}
