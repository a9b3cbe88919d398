//! The construction with fewer weights: half-spaces and corners, no cells and no levels.

use super::{LayerCount, LayeredNetwork, TernaryLayer, grid::Grid, samples::advance};

/// A corner k of the grid where the mixed difference of v is not 0.
struct Corner {
    /// k, an integer of 0..N for each axis.
    index: Vec<usize>,
    /// D_k.
    difference: i32,
}

/// The corners, but for the one at the origin: its unit is the constant 1, and goes into the bias of the output.
fn corners(grid: &Grid) -> Vec<Corner> {
    let mut differences: Vec<i32> = grid.values.iter().map(|value| *value as i32).collect();
    for axis in 0..grid.dimension {
        let stride = grid.side.pow((grid.dimension - 1 - axis) as u32);
        for at in (stride..differences.len()).rev() {
            if !(at / stride).is_multiple_of(grid.side) {
                differences[at] -= differences[at - stride];
            }
        }
    }
    let mut found = Vec::new();
    let mut index = vec![0; grid.dimension];
    for difference in differences.into_iter().skip(1) {
        advance(&mut index, grid.side);
        if difference != 0 {
            found.push(Corner { index: index.clone(), difference });
        }
    }
    found
}

/// Which half-spaces (axis, j) the corners need, numbered in order; `None` for the others.
fn half_spaces(corners: &[Corner], grid: &Grid) -> Vec<Option<usize>> {
    let mut used = vec![false; grid.dimension * grid.side];
    for corner in corners {
        for (axis, j) in sides(&corner.index) {
            used[axis * grid.side + j] = true;
        }
    }
    let mut next = 0..;
    used.into_iter().map(|used| if used { next.next() } else { None }).collect()
}

/// The half-spaces whose intersection is the orthant above a corner.
fn sides(index: &[usize]) -> impl Iterator<Item = (usize, usize)> {
    index.iter().copied().enumerate().filter(|(_, j)| *j > 0)
}

/// Units and weights, layer by layer.
pub(super) fn count(grid: &Grid) -> Vec<LayerCount> {
    let corners = corners(grid);
    let n = grid.dimension as u64;
    let copies = |corner: &Corner| u64::from(corner.difference.unsigned_abs());
    let units: u64 = corners.iter().map(copies).sum();
    let layer = |name, units: u64, inputs: u64, nonzero| LayerCount { name, units, weights: units * inputs, nonzero };
    let output = layer("output", 1, units, units);
    if n == 1 {
        return vec![layer("half-spaces", units, n, units), output];
    }
    let used = half_spaces(&corners, grid).iter().flatten().count() as u64;
    let nonzero = corners.iter().map(|corner| copies(corner) * sides(&corner.index).count() as u64).sum();
    vec![layer("half-spaces", used, n, used), layer("corners", units, used, nonzero), output]
}

/// The network, written out.
pub(super) fn layers(grid: &Grid) -> LayeredNetwork {
    let corners = corners(grid);
    let copies = |corner: &Corner| corner.difference.unsigned_abs() as usize;
    let mut hidden = Vec::new();
    if grid.dimension == 1 {
        let mut half_spaces = TernaryLayer::new(1);
        for corner in &corners {
            for _ in 0..copies(corner) {
                half_spaces.push([0], [], grid.threshold(corner.index[0]));
            }
        }
        hidden.push(half_spaces);
    } else {
        let numbers = half_spaces(&corners, grid);
        let mut first = TernaryLayer::new(grid.dimension);
        for (at, _) in numbers.iter().enumerate().filter(|(_, number)| number.is_some()) {
            first.push([at / grid.side], [], grid.threshold(at % grid.side));
        }
        let mut second = TernaryLayer::new(first.units());
        for corner in &corners {
            let inputs: Vec<usize> =
                sides(&corner.index).filter_map(|(axis, j)| numbers[axis * grid.side + j]).collect();
            for _ in 0..copies(corner) {
                second.push(inputs.iter().copied(), [], inputs.len() as f64);
            }
        }
        hidden.extend([first, second]);
    }
    let signs: Vec<bool> =
        corners.iter().flat_map(|corner| std::iter::repeat_n(corner.difference > 0, copies(corner))).collect();
    let of = |sign: bool| signs.iter().enumerate().filter(move |(_, s)| **s == sign).map(|(unit, _)| unit);
    let mut output = TernaryLayer::new(signs.len());
    output.push(of(true), of(false), 0.0);
    let bias = i64::from(grid.values[0]);
    LayeredNetwork { hidden, output, bias, offset: grid.low, step: grid.step }
}
