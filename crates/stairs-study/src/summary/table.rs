//! Tables for terminals.

use comfy_table::{CellAlignment, LineStyle, Table, TableStyle};
use stairs_network::{Cost, Network, Totals};
use stairs_zoo::ModelError;

use super::Models;
use super::number::{bytes, grouped, shape, short};

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

/// The nodes of a network, whose ever it is: those with weights, or all of them.
pub fn layer_table(network: &Network, all: bool) -> String {
    let head = ["layer", "what", "reads", "weights", "gives", "in", "out", "parameters", "MACs", "bit operations"];
    let mut table = table(&head, 7);
    for cost in network.costs().iter().filter(|cost| all || cost.weights.is_some()) {
        table.add_row(row(cost));
    }
    table.trim_fmt()
}

fn row(cost: &Cost<'_>) -> Vec<String> {
    let or_none = |value: u64, text: fn(u64) -> String| if value == 0 { NONE.to_owned() } else { text(value) };
    vec![
        cost.node.path.clone(),
        cost.node.op.to_string(),
        cost.input_features.to_string(),
        cost.weights.map_or_else(|| NONE.into(), |weights| weights.to_string()),
        cost.output_features.to_string(),
        shape(cost.input),
        shape(&cost.node.shape),
        or_none(cost.parameters(), grouped),
        or_none(cost.macs, short),
        or_none(cost.bit_operations(), short),
    ]
}

/// Totals of networks by name, a line each: of one network at several precisions, say.
pub fn totals_table<'a>(networks: impl IntoIterator<Item = (&'a str, Totals)>) -> String {
    let head = ["precision", "bit operations", "parameters", "features written", "most at once"];
    let mut table = table(&head, 1);
    for (name, totals) in networks {
        table.add_row([
            name.to_owned(),
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
