//! The quantised weights, a line each.

use comfy_table::{CellAlignment, LineStyle, Table, TableStyle};

use super::Materialised;

/// The quantised weights: shape, levels in use of those there are, scale, and share of zeros.
pub fn weight_table(materialised: &Materialised) -> String {
    let mut table = Table::new();
    table.load_style(TableStyle::new().header_separator(LineStyle::none().fill('─').junction('─')));
    table.set_header(["tensor", "shape", "quantiser", "levels used", "quantum", "scale", "zeros"]);
    for column in table.column_iter_mut().skip(3) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    for tensor in &materialised.tensors {
        let (Some(used), Some(quantised)) = (tensor.levels_used(), materialised.description.weights.get(&tensor.name))
        else {
            continue;
        };
        table.add_row([
            tensor.name.clone(),
            tensor.shape.iter().map(ToString::to_string).collect::<Vec<_>>().join("×"),
            quantised.quantiser.clone(),
            format!("{used} of {}", quantised.levels.len()),
            format!("{:.6}", quantised.quantum),
            format!("{:.6}", quantised.scale),
            format!("{:.1} %", 100.0 * tensor.zeros()),
        ]);
    }
    table.trim_fmt()
}
