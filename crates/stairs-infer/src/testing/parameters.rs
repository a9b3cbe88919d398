//! Random parameters of operations.

use alloc::vec;
use alloc::vec::Vec;

use super::Dice;
use crate::{Range, Thresholds, Window};

/// Numbers of channels: one, odd, one more and one less than the widths of registers, whole registers.
pub(super) fn channels(dice: &mut Dice) -> usize {
    dice.pick(&[1, 2, 3, 3, 4, 5, 8, 15, 16, 31, 32, 33, 64, 65, 65, 96])
}

/// Rows or columns.
pub(super) fn side(dice: &mut Dice) -> usize {
    dice.pick(&[1, 1, 2, 3, 4, 5, 7, 8, 9, 11])
}

/// A window; not every one fits every image.
pub(super) fn window(dice: &mut Dice) -> Window {
    if dice.one_in(3) {
        // What networks have: 3×3 and 5×5 that keep the size, and 1×1.
        let side = dice.pick(&[1, 3, 3, 3, 5]);
        let stride = dice.pick(&[1, 1, 2]);
        return Window { padding: [[side / 2; 2]; 2], stride: [stride; 2], ..Window::new([side; 2]) };
    }
    let pair = |dice: &mut Dice, values: &[usize]| [dice.pick(values), dice.pick(values)];
    Window {
        kernel: pair(dice, &[1, 1, 2, 3, 3, 4, 5]),
        stride: pair(dice, &[1, 1, 1, 2, 3, 7]),
        padding: [pair(dice, &[0, 0, 1, 2]), pair(dice, &[0, 1, 1, 3])],
        dilation: pair(dice, &[1, 1, 1, 2, 3]),
    }
}

/// Weights of every kind: signs, ternary, 2 to 8 bits, zeros, extremes; one kind for all.
pub(super) fn weights(dice: &mut Dice, count: usize) -> Vec<i8> {
    let (low, high) = dice.pick(&[
        (-1, 1),
        (-1, 1),
        (-1, 1),
        (-2, 1),
        (-4, 3),
        (-8, 7),
        (-127, 127),
        (-128, 127),
        (0, 0),
        (0, 3),
        (-1, 0),
    ]);
    let signs = dice.one_in(4);
    let extremes = dice.one_in(8);
    (0..count)
        .map(|_| match () {
            () if signs => dice.pick(&[-1, 1]),
            () if extremes => dice.pick(&[low, high]) as i8,
            () => dice.integer(low, high) as i8,
        })
        .collect()
}

/// Levels of features: ternary, binary, signs, integers of 2 to 8 bits, any list.
pub(super) fn levels(dice: &mut Dice) -> Vec<i32> {
    let span = |low: i32, high: i32| (low..=high).collect::<Vec<i32>>();
    match dice.below(16) {
        0..4 => span(-1, 1),
        4 => span(0, 1),
        5 => vec![-1, 1],
        6 => span(0, 3),
        7 => span(-2, 1),
        8 => span(0, 15),
        9 => span(-8, 7),
        10 => span(0, 255),
        11 => span(-127, 127),
        12 => vec![-5, 0, 2, 9],
        13 => vec![-4, -2, -1, 0, 1, 2, 4],
        14 => (0..1 + dice.below(5)).map(|_| dice.integer(-9, 9) as i32).collect(),
        _ => dice.pick(&[&[7][..], &[-100_000, 3, 100_000], &[1, 2], &[3, 0, 3], &[-128, 127], &[-200, 100]]).to_vec(),
    }
}

/// Thresholds for integers of a range: attainable ones, far ones, always and never; rising and falling channels.
pub(super) fn thresholds(dice: &mut Dice, channels: usize, range: Range) -> Thresholds {
    let levels = levels(dice);
    let steps = levels.len() - 1;
    let common = dice.one_in(6);
    let falling: Vec<bool> = match dice.below(3) {
        0 => (0..channels).map(|_| dice.one_in(2)).collect(),
        _ => Vec::new(),
    };
    // Sums are near the middle of what is possible.
    let (low, high) = (i64::from(range.low), i64::from(range.high));
    let width = ((high - low) / dice.pick(&[1, 8, 32])).max(1);
    let middle = (low + high) / 2;
    let one = |dice: &mut Dice, falls: bool| {
        let mut values: Vec<i32> = (0..steps)
            .map(|_| match dice.below(40) {
                0 => i32::MIN,
                1 => i32::MAX,
                2 => range.low,
                3 => range.high,
                4 => dice.integer(i64::from(i32::MIN), i64::from(i32::MAX)) as i32,
                _ => dice
                    .integer(middle - width / 2, middle + width / 2)
                    .clamp(i64::from(i32::MIN), i64::from(i32::MAX)) as i32,
            })
            .collect();
        values.sort_unstable();
        if falls {
            values.reverse();
        }
        values
    };
    if common && (falling.is_empty() || steps < 2) {
        return Thresholds { values: one(dice, false), falling, levels };
    }
    let values = (0..channels).flat_map(|c| one(dice, falling.get(c).copied().unwrap_or(false))).collect();
    Thresholds { values, falling, levels }
}

/// Small numbers of single precision, some of them 0.
pub(super) fn floats(dice: &mut Dice, count: usize) -> Vec<f32> {
    (0..count).map(|_| if dice.one_in(8) { 0.0 } else { dice.unit() }).collect()
}
