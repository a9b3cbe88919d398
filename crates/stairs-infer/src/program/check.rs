//! What an operation gives for inputs of given shapes and kinds, and whether its parameters fit.

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::vec;
use alloc::vec::Vec;

use super::{Kind, Op, Range, Weights};
use crate::{ProgramError, Window};

/// Axes a shape has at most, so that what a node costs to check does not depend on its rank.
const AXES: usize = 8;

/// Number of positions of a shape, at least 1.
pub(crate) fn size(shape: &[usize]) -> Result<usize, ProgramError> {
    let wrong = || ProgramError::Shape(shape.iter().copied().take(AXES + 1).collect());
    if shape.len() > AXES || shape.contains(&0) {
        return Err(wrong());
    }
    let product = shape.iter().try_fold(1usize, |product, size| product.checked_mul(*size));
    product.filter(|product| *product <= isize::MAX as usize / 8).ok_or_else(wrong)
}

pub(crate) fn length(path: &str, what: &'static str, expected: usize, got: usize) -> Result<(), ProgramError> {
    if expected == got { Ok(()) } else { Err(ProgramError::Length { path: path.to_owned(), what, expected, got }) }
}

pub(crate) fn holds(path: &str, what: &'static str, needs: &'static str, holds: bool) -> Result<(), ProgramError> {
    if holds { Ok(()) } else { Err(ProgramError::Parameter { path: path.to_owned(), what, needs }) }
}

/// Shape and kind of the result.
pub(crate) fn result(path: &str, op: &Op, inputs: &[(&[usize], Kind)]) -> Result<(Vec<usize>, Kind), ProgramError> {
    let wrong = |needs: &'static str| ProgramError::Input {
        path: path.to_owned(),
        operation: op.name(),
        needs,
        got: format!("{inputs:?}"),
    };
    let Some(((first, kind), others)) = inputs.split_first() else { return Err(wrong("an input")) };
    let many = matches!(op, Op::Rescale { .. } | Op::Affine { .. } | Op::Add);
    if !many && !others.is_empty() || matches!(op, Op::Add) && others.len() != 1 {
        return Err(wrong(if many { "two inputs" } else { "one input" }));
    }
    if others.iter().any(|(shape, _)| shape != first) {
        return Err(wrong("inputs of one shape"));
    }
    let floats = || inputs.iter().all(|(_, kind)| *kind == Kind::Float).then_some(()).ok_or_else(|| wrong("floats"));
    let integers = || kind.range().ok_or_else(|| wrong("integers"));
    let ranges =
        || inputs.iter().map(|(_, kind)| kind.range()).collect::<Option<Vec<_>>>().ok_or_else(|| wrong("integers"));
    let image = || match **first {
        [channels, height, width] => Ok((channels, [height, width])),
        _ => Err(wrong("an image of three axes")),
    };
    let channels = || first.first().copied().ok_or_else(|| wrong("channels"));
    let slid = |window: &Window| {
        holds(path, "window", "at least 1 in kernel, stride and dilation", window.is_positive())?;
        size(&window.kernel)?;
        let (channels, within) = image()?;
        let [height, width] = window.output(within).ok_or_else(|| wrong("an image as large as its window"))?;
        Ok::<_, ProgramError>((channels, [height, width]))
    };
    let convolved = |window: &Window, groups: usize, outputs: usize| {
        let (channels, [height, width]) = slid(window)?;
        if groups == 0 || !channels.is_multiple_of(groups) || !outputs.is_multiple_of(groups) {
            return Err(wrong("channels, in and out, that its groups divide"));
        }
        Ok((channels / groups, [height, width]))
    };
    let last = || first.split_last().ok_or_else(|| wrong("at least one axis"));
    let float = |shape: Vec<usize>| Ok((shape, Kind::Float));
    match op {
        Op::Fix { low, high, .. } => {
            floats()?;
            holds(path, "bounds", "in order", low <= high)?;
            Ok((first.to_vec(), Kind::Integer(Range::new(*low, *high))))
        }
        Op::Steps { thresholds, levels } => {
            floats()?;
            length(path, "levels", thresholds.len() + 1, levels.len())?;
            let ascending = thresholds.is_sorted() && thresholds.iter().all(|t| !t.is_nan());
            holds(path, "thresholds", "ascending", ascending)?;
            Ok((first.to_vec(), Kind::Integer(hull(levels))))
        }
        Op::Dense { weights } => {
            let (inputs, rest) = last()?;
            let range = sums(path, weights, integers()?)?;
            holds(path, "weights", "of shape [outputs, inputs]", weights.shape() == [weights.outputs(), *inputs])?;
            Ok(([rest, &[weights.outputs()]].concat(), Kind::Integer(range)))
        }
        Op::Conv { window, groups, weights } => {
            let (inputs, [height, width]) = convolved(window, *groups, weights.outputs())?;
            let [rows, columns] = window.kernel;
            let shape = [weights.outputs(), inputs, rows, columns];
            holds(path, "weights", "of shape [outputs, inputs/groups, rows, columns]", weights.shape() == shape)?;
            let pads = window.pads();
            let range = sums(path, weights, if pads { integers()?.with_zero() } else { integers()? })?;
            Ok((vec![weights.outputs(), height, width], Kind::Integer(range)))
        }
        Op::Thresholds(thresholds) => {
            integers()?;
            let channels = channels()?;
            holds(path, "levels", "at least one", !thresholds.levels.is_empty())?;
            let steps = thresholds.levels.len() - 1;
            if thresholds.values.len() != steps {
                length(path, "thresholds", channels.saturating_mul(steps), thresholds.values.len())?;
            }
            if !thresholds.falling.is_empty() {
                length(path, "directions", channels, thresholds.falling.len())?;
            }
            let sorted = |c| match thresholds.falls(c) {
                false => thresholds.of(c).is_sorted(),
                true => thresholds.of(c).iter().rev().is_sorted(),
            };
            // Shared by all channels and falling in none, they are the same ones in any number of channels.
            let shared = thresholds.values.len() == steps && thresholds.falling.is_empty();
            let sorted = if shared { sorted(0) } else { (0..channels).all(sorted) };
            holds(path, "thresholds", "ascending, in falling channels descending", sorted)?;
            Ok((first.to_vec(), Kind::Integer(hull(&thresholds.levels))))
        }
        Op::Rescale { factors, offsets, shift, low, high } => {
            let (ranges, channels) = (ranges()?, channels()?);
            holds(path, "shift", "at most 62", *shift <= 62)?;
            holds(path, "bounds", "in order", low <= high)?;
            maps(path, inputs.len(), channels, factors, offsets)?;
            let reach = |c: usize| {
                let terms =
                    factors.iter().zip(&ranges).map(|(m, range)| i128::from(m[c]).abs() * i128::from(range.reach()));
                terms.sum::<i128>() + i128::from(offsets[c]).abs()
            };
            let most = (0..channels).map(reach).max().unwrap_or(0);
            if most > i128::from(i64::MAX) {
                return Err(ProgramError::Overflow { path: path.to_owned(), reach: most as f64, bits: 64 });
            }
            Ok((first.to_vec(), Kind::Integer(Range::new(*low, *high))))
        }
        Op::SumPool(window) => {
            let (channels, [height, width]) = slid(window)?;
            let range = if window.pads() { integers()?.with_zero() } else { integers()? };
            let taps = window.taps() as f64;
            let range = fitting(path, f64::from(range.low) * taps, f64::from(range.high) * taps)?;
            Ok((vec![channels, height, width], Kind::Integer(range)))
        }
        Op::MaxPool(window) => {
            let (channels, [height, width]) = slid(window)?;
            let (_, size) = image()?;
            let empty = (0..2).any(|axis| {
                let span = (window.kernel[axis] - 1) * window.dilation[axis] + 1;
                let pads = window.padding[axis] != [0; 2];
                // Taps further apart than the image is large can pass over it.
                window.padding[axis].iter().any(|padding| *padding >= span)
                    || pads && window.dilation[axis] > size[axis]
            });
            holds(path, "padding", "so small that every window has a pixel", !empty)?;
            Ok((vec![channels, height, width], *kind))
        }
        Op::PadChannels { before, behind } => {
            let (channels, [height, width]) = image()?;
            let sum = channels.checked_add(*before).and_then(|sum| sum.checked_add(*behind));
            let shape = vec![sum.ok_or_else(|| wrong("fewer channels"))?, height, width];
            Ok((shape, kind.range().map_or(Kind::Float, |range| Kind::Integer(range.with_zero()))))
        }
        Op::Reshape { shape } => {
            if size(first)? != size(shape)? {
                return Err(wrong("as many numbers as its shape has"));
            }
            Ok((shape.clone(), *kind))
        }
        Op::Affine { factors, offsets } => {
            ranges()?;
            maps(path, inputs.len(), channels()?, factors, offsets)?;
            float(first.to_vec())
        }
        Op::FloatDense { weights, bias } => {
            floats()?;
            let (inputs, rest) = last()?;
            length(path, "weights", size(&[bias.len(), *inputs])?, weights.len())?;
            float([rest, &[bias.len()]].concat())
        }
        Op::FloatConv { window, groups, weights, bias } => {
            floats()?;
            let (inputs, [height, width]) = convolved(window, *groups, bias.len())?;
            length(path, "weights", size(&[bias.len(), inputs, window.kernel[0], window.kernel[1]])?, weights.len())?;
            float(vec![bias.len(), height, width])
        }
        Op::Scale { factors, offsets } => {
            floats()?;
            length(path, "factors", channels()?, factors.len())?;
            length(path, "offsets", channels()?, offsets.len())?;
            float(first.to_vec())
        }
        Op::Clip { low, high } => {
            floats()?;
            holds(path, "bounds", "in order", low <= high)?;
            float(first.to_vec())
        }
        Op::MeanPool { window, .. } => {
            floats()?;
            let (channels, [height, width]) = slid(window)?;
            float(vec![channels, height, width])
        }
        Op::AdaptiveMeanPool { size } => {
            floats()?;
            let (channels, within) = image()?;
            holds(path, "size", "at least 1", !size.contains(&0) && !within.contains(&0))?;
            float(vec![channels, size[0], size[1]])
        }
        Op::Mean => {
            floats()?;
            float(vec![channels()?])
        }
        Op::Add => {
            floats()?;
            float(first.to_vec())
        }
    }
}

fn hull(levels: &[i32]) -> Range {
    let (low, high) = levels.iter().fold((i32::MAX, i32::MIN), |(low, high), v| (low.min(*v), high.max(*v)));
    Range::new(low, high)
}

fn maps<T>(path: &str, inputs: usize, channels: usize, factors: &[Vec<T>], offsets: &[T]) -> Result<(), ProgramError> {
    length(path, "lists of factors", inputs, factors.len())?;
    factors.iter().try_for_each(|factors| length(path, "factors", channels, factors.len()))?;
    length(path, "offsets", channels, offsets.len())
}

/// Sums that keep away from both ends of 32 bits, which thresholds use for “always” and “never”.
fn fitting(path: &str, low: f64, high: f64) -> Result<Range, ProgramError> {
    let reach = low.abs().max(high.abs());
    if reach >= f64::from(i32::MAX) {
        return Err(ProgramError::Overflow { path: path.to_owned(), reach, bits: 32 });
    }
    Ok(Range::new(low as i32, high as i32))
}

fn sums(path: &str, weights: &Weights, inputs: Range) -> Result<Range, ProgramError> {
    // Sums in any order stay within what the magnitudes add up to.
    let magnitude = |output| weights.of(output).iter().map(|w| i64::from(w.unsigned_abs())).sum::<i64>();
    let most = (0..weights.outputs()).map(magnitude).max().unwrap_or(0) as f64 * inputs.reach() as f64;
    fitting(path, -most, most)?;
    let (low, high) = (0..weights.outputs())
        .map(|output| weights.sums(output, inputs))
        .fold((0, 0), |(low, high), (least, most)| (low.min(least), high.max(most)));
    fitting(path, low as f64, high as f64)
}
