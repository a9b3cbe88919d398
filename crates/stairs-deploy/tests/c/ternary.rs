//! Random networks of low-bit layers in a row, as quantised training leaves them: what is stored as bit planes.

use stairs_infer::testing::Dice;
use stairs_infer::{Op, Program, ProgramBuilder, ProgramError, Source, Thresholds, Weights, Window};

fn weights(dice: &mut Dice, shape: Vec<usize>) -> Result<Weights, ProgramError> {
    let values: &[i8] = dice.pick(&[&[-1, 0, 1][..], &[-1, 0, 1], &[-1, 1], &[0, 1], &[-1, 0, 0, 0]]);
    let count = shape.iter().product();
    Weights::new(shape, (0..count).map(|_| dice.pick(values)).collect())
}

fn levels(dice: &mut Dice) -> Vec<i32> {
    dice.pick(&[&[-1, 0, 1][..], &[-1, 0, 1], &[0, 1], &[-1, 1], &[1, -1], &[1, 0, -1, 0], &[0]]).to_vec()
}

fn window(dice: &mut Dice) -> Window {
    let side = dice.pick(&[1, 2, 3, 3, 3, 5]);
    let window = Window::new([side, dice.pick(&[side, side, 3])]);
    match dice.below(6) {
        0 => Window { padding: [[side / 2; 2]; 2], ..window },
        1 => Window { padding: [[0, 3], [7, 1]], ..window },
        2 => Window { padding: [[1, 0], [0, 2]], dilation: [2, 2], ..window },
        3 => Window { dilation: [2, 1], stride: [1, 2], padding: [[2; 2], [1; 2]], ..window },
        4 => Window { stride: [3, 2], ..window },
        _ => window,
    }
}

fn stair(builder: &mut ProgramBuilder, dice: &mut Dice, source: Source) -> Result<Source, ProgramError> {
    let (shape, kind) = builder.at(source);
    let (channels, reach) = (shape[0], kind.range().map_or(1, |range| range.reach()));
    let levels = levels(dice);
    let falling: Vec<bool> = if dice.one_in(2) { (0..channels).map(|_| dice.one_in(2)).collect() } else { Vec::new() };
    let spread = (reach / 6).max(1);
    let mut values = Vec::new();
    for channel in 0..channels {
        let mut of: Vec<i32> = (1..levels.len()).map(|_| dice.integer(-spread, spread) as i32).collect();
        of.sort_unstable();
        if falling.get(channel).copied().unwrap_or(false) {
            of.reverse();
        }
        values.extend(of);
    }
    builder.push(
        format!("stair{}", builder.nodes().len()),
        Op::Thresholds(Thresholds { values, falling, levels }),
        &[source],
    )
}

/// The network of a seed.
pub(crate) fn network(seed: u64) -> Result<Program, ProgramError> {
    let mut dice = Dice::new(seed ^ 0x7E57);
    let dice = &mut dice;
    let input = vec![dice.pick(&[1, 3, 4, 33]), 5 + dice.below(8), 5 + dice.below(8)];
    let mut builder = Program::builder(format!("network {seed}"), input)?;
    let entry = match dice.one_in(2) {
        true => Op::Steps { thresholds: vec![-0.5, 0.5], levels: vec![-1, 0, 1] },
        false => Op::Fix { fraction: 12, low: -(1 << 14), high: 1 << 14 },
    };
    let mut last = builder.push("input", entry, &[Source::Input])?;
    for layer in 0..1 + dice.below(3) {
        let channels = builder.at(last).0[0];
        let groups = dice.pick(&[1, 1, 1, 2, channels]);
        let groups = if channels % groups == 0 { groups } else { 1 };
        let outputs = if groups == 1 { dice.pick(&[4, 5, 8, 31, 32, 33, 64]) } else { groups * dice.pick(&[1, 4, 5]) };
        let window = window(dice);
        let [rows, columns] = window.kernel;
        let weights = weights(dice, vec![outputs, channels / groups, rows, columns])?;
        let Ok(sums) = builder.push(format!("conv{layer}"), Op::Conv { window, groups, weights }, &[last]) else {
            continue;
        };
        let pool = match dice.below(4) {
            0 => Some(Window { stride: [2; 2], ..Window::new([2; 2]) }),
            1 => Some(Window { stride: [2; 2], padding: [[1; 2]; 2], ..Window::new([3; 2]) }),
            _ => None,
        };
        let early = dice.one_in(3);
        let pooled = |builder: &mut ProgramBuilder, source| match pool {
            Some(window) => builder.push(format!("pool{layer}"), Op::MaxPool(window), &[source]).unwrap_or(source),
            None => source,
        };
        let sums = if early { pooled(&mut builder, sums) } else { sums };
        last = stair(&mut builder, dice, sums)?;
        last = if early { last } else { pooled(&mut builder, last) };
    }
    if dice.one_in(4) {
        last = stair(&mut builder, dice, last)?;
    }
    let size = builder.at(last).0.iter().product();
    last = builder.push("flatten", Op::Reshape { shape: vec![size] }, &[last])?;
    let outputs = dice.pick(&[1, 3, 10, 40]);
    let matrix = weights(dice, vec![outputs, size])?;
    last = builder.push("fc", Op::Dense { weights: matrix }, &[last])?;
    if dice.one_in(2) {
        last = stair(&mut builder, dice, last)?;
        let matrix = weights(dice, vec![10, builder.at(last).0[0]])?;
        last = builder.push("fc2", Op::Dense { weights: matrix }, &[last])?;
    }
    Ok(builder.finish(last))
}
