//! Tables for terminals.

use comfy_table::{CellAlignment, LineStyle, Table, TableStyle};
use stairs_zoo::{Layer, ModelError};

use super::number::{bytes, grouped, shape, short};
use super::{Models, Summary};

/// Where nothing is.
const NONE: &str = "–";

fn table(head: &[&str], left: usize) -> Table {
    let mut table = Table::new();
    table.load_style(TableStyle::new().header_separator(LineStyle::none().fill('─').junction('─')));
    table.set_header(head.iter().copied());
    for column in table.column_iter_mut().skip(left) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

/// The layers: those with weights, or all of them.
pub fn layer_table(summary: &Summary, all: bool) -> String {
    let head = ["layer", "what", "reads", "weights", "gives", "in", "out", "parameters", "MACs", "bit operations"];
    let mut table = table(&head, 7);
    for layer in summary.structure.layers.iter().filter(|layer| all || layer.weights.is_some()) {
        table.add_row(row(layer));
    }
    table.trim_fmt()
}

fn row(layer: &Layer) -> Vec<String> {
    let or_none = |value: u64, text: fn(u64) -> String| if value == 0 { NONE.to_owned() } else { text(value) };
    vec![
        layer.path.clone(),
        layer.kind.to_string(),
        layer.input_features.to_string(),
        layer.weights.map_or_else(|| NONE.into(), |weights| weights.to_string()),
        layer.output_features.to_string(),
        shape(&layer.input),
        shape(&layer.output),
        or_none(layer.parameter_count(), grouped),
        or_none(layer.macs, short),
        or_none(layer.bit_operations(), short),
    ]
}

/// The totals at every precision.
pub fn totals_table(summary: &Summary) -> String {
    let head = ["precision", "bit operations", "parameters", "features written", "most at once"];
    let mut table = table(&head, 1);
    for at in &summary.precisions {
        let totals = at.totals;
        table.add_row([
            at.precision.clone(),
            short(totals.bit_operations),
            bytes(totals.parameter_bytes),
            bytes(totals.feature_bytes),
            bytes(totals.peak_feature_bytes),
        ]);
    }
    table.trim_fmt()
}

/// The models of the zoo with their totals.
///
/// # Errors
/// None for the built-in list; the type is that of building a model.
pub fn model_list() -> Result<String, ModelError> {
    let mut table = table(&Models::HEAD, 1);
    for models in Models::ALL {
        for row in models.rows()? {
            table.add_row(row);
        }
    }
    Ok(table.trim_fmt())
}
