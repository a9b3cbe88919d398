//! What C cannot say, found before anything is written.

use stairs_infer::{Op, Program, Window};

use super::CError;

/// Most positions of a result, of a padded image, of a table: indices are of 32 bits with a sign.
const MOST: usize = i32::MAX as usize / 2;

pub(super) fn name(name: &str) -> Result<(), CError> {
    let fits = (1..=40).contains(&name.len())
        && name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if fits { Ok(()) } else { Err(CError::Name(name.chars().take(60).collect())) }
}

pub(super) fn program(program: &Program) -> Result<(), CError> {
    size("input", program.input().iter().product())?;
    if let Some(pixels) = program.pixels() {
        numbers("input", "sample", "pixels", pixels.table.iter().any(|x| x.is_nan()))?;
    }
    for node in program.nodes() {
        let path = node.path.as_str();
        size(path, node.shape.iter().product())?;
        let single = |what, values: &[f32]| {
            size(path, values.len())?;
            numbers(path, node.op.name(), what, values.iter().any(|x| x.is_nan()))
        };
        if let Some(window) = window(&node.op) {
            // Coordinates of taps in the padding are computed too.
            let from = program.at(node.inputs[0]).0;
            let padded = (0..2)
                .map(|axis| window.padding[axis].iter().fold(from[axis + 1], |size, pad| size.saturating_add(*pad)));
            size(path, padded.fold(from[0], usize::saturating_mul))?;
        }
        match &node.op {
            Op::Dense { weights } | Op::Conv { weights, .. } => size(path, weights.values().len())?,
            Op::FloatDense { weights, bias } | Op::FloatConv { weights, bias, .. } => {
                single("weights", weights)?;
                single("bias", bias)?;
            }
            Op::Scale { factors, offsets } => {
                single("factors", factors)?;
                single("offsets", offsets)?;
            }
            Op::Affine { factors, offsets } => {
                let nan = factors.iter().flatten().chain(offsets).any(|x| x.is_nan());
                numbers(path, node.op.name(), "factors and offsets", nan)?;
            }
            Op::Thresholds(thresholds) => size(path, node.shape[0].saturating_mul(thresholds.levels.len()))?,
            Op::Fix { .. }
            | Op::Steps { .. }
            | Op::Rescale { .. }
            | Op::SumPool(_)
            | Op::MaxPool(_)
            | Op::PadChannels { .. }
            | Op::Reshape { .. }
            | Op::Clip { .. }
            | Op::MeanPool { .. }
            | Op::AdaptiveMeanPool { .. }
            | Op::Mean
            | Op::Add => {}
            other => return Err(CError::Operation { path: path.to_owned(), operation: other.name() }),
        }
    }
    Ok(())
}

fn window(op: &Op) -> Option<&Window> {
    match op {
        Op::Conv { window, .. } | Op::FloatConv { window, .. } | Op::MeanPool { window, .. } => Some(window),
        Op::SumPool(window) | Op::MaxPool(window) => Some(window),
        _ => None,
    }
}

fn size(path: &str, positions: usize) -> Result<(), CError> {
    if (1..=MOST).contains(&positions) {
        return Ok(());
    }
    Err(CError::Size { path: path.to_owned(), positions, most: MOST })
}

fn numbers(path: &str, operation: &'static str, what: &'static str, nan: bool) -> Result<(), CError> {
    if nan { Err(CError::NaN { path: path.to_owned(), operation, what }) } else { Ok(()) }
}
