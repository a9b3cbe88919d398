//! The paper's construction: half-spaces, cells, levels.

use super::{LayerCount, LayeredNetwork, TernaryLayer, grid::Grid, samples::advance};

/// Units and weights, layer by layer.
pub(super) fn count(grid: &Grid) -> Vec<LayerCount> {
    let n = grid.dimension as u64;
    let (side, cells, levels) = (grid.side as u64, grid.values.len() as u64, u64::from(grid.levels));
    let half_spaces = n * (side - 1);
    let layer = |name, units: u64, inputs: u64, nonzero| LayerCount { name, units, weights: units * inputs, nonzero };
    vec![
        layer("half-spaces", half_spaces, n, half_spaces),
        layer("cells", cells, half_spaces, 2 * n * (side - 1) * (cells / side)),
        layer("levels", levels, cells, grid.values.iter().map(|value| u64::from(*value)).sum()),
        layer("output", 1, levels, levels),
    ]
}

/// The network, written out.
pub(super) fn layers(grid: &Grid) -> LayeredNetwork {
    let (n, side) = (grid.dimension, grid.side);
    let mut half_spaces = TernaryLayer::new(n);
    for axis in 0..n {
        for j in 1..side {
            half_spaces.push([axis], [], grid.threshold(j));
        }
    }
    // The unit of H(x_axis − j/N), for 0 < j < N.
    let unit = |axis: usize, j: usize| (0 < j && j < side).then(|| axis * (side - 1) + j - 1);
    let mut cells = TernaryLayer::new(half_spaces.units());
    let mut cell = vec![0; n];
    loop {
        let lower: Vec<usize> = cell.iter().enumerate().filter_map(|(axis, c)| unit(axis, *c)).collect();
        let upper: Vec<usize> = cell.iter().enumerate().filter_map(|(axis, c)| unit(axis, c + 1)).collect();
        let threshold = lower.len() as f64;
        cells.push(lower, upper, threshold);
        if !advance(&mut cell, side) {
            break;
        }
    }
    let mut levels = TernaryLayer::new(cells.units());
    for level in 1..=grid.levels {
        let reached = grid.values.iter().enumerate().filter(|(_, value)| **value >= level);
        levels.push(reached.map(|(cell, _)| cell), [], 1.0);
    }
    let mut output = TernaryLayer::new(levels.units());
    output.push(0..levels.units(), [], 0.0);
    LayeredNetwork { hidden: vec![half_spaces, cells, levels], output, bias: 0, offset: grid.low, step: grid.step }
}
