//! One operation at random for results of given shapes and kinds.

use alloc::vec;
use alloc::vec::Vec;

use super::Dice;
use super::parameters::{floats, levels, thresholds, window};
use super::walk::Walk;
use crate::{Kind, Op, Source};

impl Walk {
    pub(super) fn fix(&mut self) -> Op {
        let (fraction, low, high) = self.dice.pick(&[
            (20, -(1 << 22), 1 << 22),
            (16, -100_000, 1 << 18),
            (8, -1000, 1000),
            (6, -128, 127),
            (4, 0, 255),
            (0, -1, 1),
            (30, i32::MIN, i32::MAX),
            (3, 5, 90),
        ]);
        Op::Fix { fraction, low, high }
    }

    pub(super) fn steps(&mut self) -> Op {
        let levels = levels(&mut self.dice);
        let mut thresholds: Vec<f32> = (1..levels.len())
            .map(|_| match self.dice.below(10) {
                0 => self.dice.pick(&[f32::INFINITY, f32::NEG_INFINITY, 0.0]),
                _ => self.dice.integer(-128, 128) as f32 / 64.0,
            })
            .collect();
        thresholds.sort_by(f32::total_cmp);
        Op::Steps { thresholds, levels }
    }

    pub(super) fn rescale(&mut self, sources: &[Source]) -> Op {
        let reach = |source: &Source| self.builder.at(*source).1.range().map_or(1, |range| range.reach().max(1));
        let most = sources.iter().map(reach).max().unwrap_or(1);
        let channels = self.builder.at(sources[0]).0.first().copied().unwrap_or(1);
        let dice = &mut self.dice;
        let (low, high) =
            dice.pick(&[(-128, 127), (0, 255), (-7, 7), (-100_000, 100_000), (i32::MIN, i32::MAX), (3, 3)]);
        let shift = dice.pick(&[0, 1, 8, 16, 20, 24, 31, 32, 40, 62]);
        // Factors of the size that brings the inputs to the levels behind, and the largest that fit.
        let typical = ((i64::from(high).max(1) << shift.min(30)) / most).clamp(1, i64::MAX / 16 / most);
        let largest = if dice.one_in(8) { i64::MAX / 16 / most } else { typical };
        let factors =
            sources.iter().map(|_| (0..channels).map(|_| dice.integer(-largest, largest)).collect()).collect();
        let offset = if dice.one_in(8) { i64::MAX / 16 } else { 1i64 << shift.min(40) };
        let offsets = (0..channels).map(|_| dice.integer(-offset, offset)).collect();
        Op::Rescale { factors, offsets, shift, low, high }
    }

    pub(super) fn affine(&mut self, sources: &[Source]) -> Op {
        let channels = self.builder.at(sources[0]).0.first().copied().unwrap_or(1);
        let dice = &mut self.dice;
        let number = |dice: &mut Dice| f64::from(dice.unit()) * dice.pick(&[1e-6, 0.01, 1.0, 1e6]);
        let factors = sources.iter().map(|_| (0..channels).map(|_| number(dice)).collect()).collect();
        let offsets = (0..channels).map(|_| number(dice)).collect();
        Op::Affine { factors, offsets }
    }

    /// Any operation that takes what `source` is.
    pub(super) fn any(&mut self, source: Source) -> Op {
        let (shape, kind) = self.builder.at(source);
        let (shape, channels) = (shape.to_vec(), shape.first().copied().unwrap_or(1));
        let common = self.dice.below(12);
        match (common, kind) {
            (0, _) => Op::MaxPool(window(&mut self.dice)),
            (1, _) => Op::PadChannels { before: self.dice.below(4), behind: self.dice.below(4) },
            (2, _) => Op::Reshape { shape: self.reshaped(&shape) },
            (3..6, _) => self.weighted(source),
            (6 | 7, Kind::Integer(range)) => Op::Thresholds(thresholds(&mut self.dice, channels, range)),
            (8, Kind::Integer(_)) => Op::SumPool(window(&mut self.dice)),
            (9 | 10, Kind::Integer(_)) => self.rescale(&[source]),
            (_, Kind::Integer(_)) => self.affine(&[source]),
            (6, Kind::Float) => self.steps(),
            (7 | 8, Kind::Float) => self.fix(),
            (_, Kind::Float) => match self.dice.below(6) {
                0 => Op::Scale { factors: floats(&mut self.dice, channels), offsets: floats(&mut self.dice, channels) },
                1 => {
                    let (low, high) = self.dice.pick(&[(0.0, f32::INFINITY), (0.0, 6.0), (-1.0, 1.0)]);
                    Op::Clip { low, high }
                }
                2 => Op::MeanPool { window: window(&mut self.dice), counts_padding: self.dice.one_in(2) },
                3 => Op::AdaptiveMeanPool { size: [1 + self.dice.below(4), 1 + self.dice.below(4)] },
                4 => Op::Mean,
                _ => Op::Add,
            },
        }
    }

    fn reshaped(&mut self, shape: &[usize]) -> Vec<usize> {
        let size: usize = shape.iter().product();
        let divisors: Vec<usize> = (1..=size).filter(|d| size.is_multiple_of(*d)).collect();
        match self.dice.below(3) {
            0 if !divisors.is_empty() => {
                let first = self.dice.pick(&divisors);
                vec![first, size / first]
            }
            1 if !divisors.is_empty() => {
                let first = self.dice.pick(&divisors);
                let rest: Vec<usize> = divisors.into_iter().filter(|d| (size / first).is_multiple_of(*d)).collect();
                let second = self.dice.pick(&rest);
                vec![first, second, size / first / second]
            }
            _ => vec![size],
        }
    }
}
