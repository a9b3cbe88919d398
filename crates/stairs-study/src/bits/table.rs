//! A plan for a terminal.

use comfy_table::{CellAlignment, LineStyle, Table, TableStyle};
use stairs_network::{Allocation, Budget};

use super::{BitsConfig, Losses};
use crate::summary::grouped;

/// A row each layer: weights, multiplications, what the rule says of it, bits, and its share of the cost of all planned weights.
pub fn bits_table(config: &BitsConfig, allocation: &Allocation, losses: &Losses) -> String {
    let mut table = Table::new();
    table.load_style(TableStyle::new().header_separator(LineStyle::none().fill('─').junction('─')));
    table.set_header(["layer", "weights", "MACs", "sensitivity", "bits", "share of cost"]);
    let cost = |at: usize| {
        let (layer, bits) = &allocation.bits[at];
        layer.cost(*bits, config.budget)
    };
    let all: u64 = (0..allocation.bits.len()).map(cost).sum();
    for (at, (layer, bits)) in allocation.bits.iter().enumerate() {
        let sensitivity = losses.sensitivity(&layer.path).map_or("–".to_owned(), |value| format!("{value:.3e}"));
        table.add_row([
            layer.path.clone(),
            grouped(layer.count()),
            grouped(layer.macs),
            sensitivity,
            bits.to_string(),
            format!("{:.1} %", 100.0 * cost(at) as f64 / all.max(1) as f64),
        ]);
    }
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    let unit = match config.budget {
        Budget::MeanBits(_) => "bit operations of the planned weights",
        other => other.unit(),
    };
    let (cost, budget) = (grouped(allocation.cost), grouped(allocation.budget));
    format!("{}\n\n{cost} of {budget} {unit}", table.trim_fmt())
}
