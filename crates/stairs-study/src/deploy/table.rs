//! What a program costs, layer by layer.

use comfy_table::{CellAlignment, LineStyle, Table, TableStyle};
use stairs_deploy::{Deployed, Rounding, RoundingKind, c};
use stairs_infer::{Kind, Node, Op, Program, Range, Weights};

use crate::summary::{bytes, grouped, shape, short};

/// Where nothing is.
const NONE: &str = "–";

/// A line for every operation with parameters: what it is, its bits and bytes, and the multiply-accumulates of a sample.
pub fn deployed_table(program: &Program) -> String {
    let mut table = Table::new();
    table.load_style(TableStyle::new().header_separator(LineStyle::none().fill('─').junction('─')));
    table.set_header(["layer", "what", "gives", "shape", "weights", "bits", "bytes", "thresholds", "MACs"]);
    for column in table.column_iter_mut().skip(4) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    for node in program.nodes() {
        let weights = match &node.op {
            Op::Dense { weights } | Op::Conv { weights, .. } => Some((weights.values().len(), bits(weights))),
            Op::FloatDense { weights, .. } | Op::FloatConv { weights, .. } => Some((weights.len(), 32.0)),
            _ => None,
        };
        let thresholds = match &node.op {
            Op::Thresholds(thresholds) => grouped(thresholds.values.len() as u64),
            _ => NONE.into(),
        };
        let or_none = |text: Option<String>| text.unwrap_or_else(|| NONE.into());
        table.add_row([
            node.path.clone(),
            node.op.name().to_owned(),
            kind(node.kind),
            shape(&node.shape),
            or_none(weights.map(|(count, _)| grouped(count as u64))),
            or_none(weights.map(|(_, bits)| format!("{bits}"))),
            or_none(weights.map(|(count, bits)| bytes((count as f64 * bits / 8.0).ceil() as u64))),
            thresholds,
            or_none(macs(program, node).map(short)),
        ]);
    }
    table.trim_fmt()
}

/// Bits of a weight as files have it: the fewest that its values need, 1.6 for three values.
pub(super) fn bits(weights: &Weights) -> f64 {
    let Range { low, high } = weights.range();
    let values = weights.values();
    if low >= -1 && high <= 1 {
        let two = !values.contains(&0) || low >= 0 || high <= 0;
        return if two { 1.0 } else { 1.6 };
    }
    (1..8).find(|bits| low >= -(1 << (bits - 1)) && high < 1 << (bits - 1)).map_or(8.0, f64::from)
}

/// Bytes of all parameters as the packed file has them, and the most bytes of results that exist at one time, in a sentence.
pub fn totals(program: &Program) -> String {
    let flash = program.to_bytes().len() as u64;
    let ram = c::c(program, &c::Options::new("network")).map(|sources| (sources.flash as u64, sources.ram as u64));
    match ram {
        Ok((constants, ram)) => format!(
            "packed file {}; as C: constants {}, results in flight at most {}",
            bytes(flash),
            bytes(constants),
            bytes(ram)
        ),
        Err(error) => format!("packed file {}; as C: {error}", bytes(flash)),
    }
}

fn kind(kind: Kind) -> String {
    match kind {
        Kind::Float => "float".into(),
        Kind::Integer(Range { low, high }) if low >= -128 && high <= 255 => format!("{low} … {high}"),
        Kind::Integer(range) => format!("int{}", range.bits()),
    }
}

/// Multiply-accumulates of a sample.
fn macs(program: &Program, node: &Node) -> Option<u64> {
    let outputs = node.shape.iter().product::<usize>() as u64;
    match &node.op {
        Op::Dense { weights } | Op::Conv { weights, .. } => Some(outputs * weights.fan_in() as u64),
        Op::FloatDense { .. } => Some(outputs * *program.at(node.inputs[0]).0.last()? as u64),
        Op::FloatConv { weights, bias, .. } => Some(outputs * (weights.len() / bias.len().max(1)) as u64),
        _ => None,
    }
}

/// Layers that stay float, and what is rounded that the network does not round, a line each.
pub fn notes(deployed: &Deployed) -> Vec<String> {
    let island = |path: &str, why: &str| format!("float: `{path}` {why}");
    let mut lines: Vec<String> = deployed.islands.iter().map(|one| island(&one.path, one.why)).collect();
    lines.extend(deployed.roundings.iter().map(|Rounding { path, what, bound }| match what {
        RoundingKind::Sample => format!("fixed point: samples, off by at most {bound:.1e}"),
        RoundingKind::Result => format!("fixed point: `{path}`, off by at most {bound:.1e}"),
        RoundingKind::Proved => format!("fixed point: sums of `{path}`, off by at most {bound:.1e}; shown to change no level"),
        RoundingKind::Bounded => {
            format!("fixed point: sums of `{path}`, off by at most {bound:.1e}: a sum closer to a threshold may change its level")
        }
        RoundingKind::Levels => format!("fixed point: levels of `{path}`, off by at most {bound:.1e}"),
    }));
    lines
}
