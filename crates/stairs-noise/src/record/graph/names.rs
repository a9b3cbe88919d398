//! Numbers and names of recorded operations.

use burn::backend::ir::{OperationIr, ScalarIr};

pub(super) fn wide(scalar: &ScalarIr) -> Option<f64> {
    match scalar {
        ScalarIr::Float(value) => Some(*value),
        ScalarIr::Int(value) => Some(*value as f64),
        ScalarIr::UInt(value) => Some(*value as f64),
        ScalarIr::Bool(_) => None,
    }
}

pub(super) fn number(scalar: &ScalarIr) -> Option<f32> {
    wide(scalar).map(|value| value as f32)
}

/// Name of an operation, as people know it.
pub(super) fn name(operation: &OperationIr) -> String {
    if let OperationIr::Custom(custom) = operation {
        return custom.id.clone();
    }
    // `Module(Conv1d(Conv1dOpIr { … }))`, `NumericFloat(F32, Mul(…))`: the innermost name before the arguments.
    let text = format!("{operation:?}");
    let head = text.split(" {").next().unwrap_or_default();
    let names = head.split(['(', ',', ' ']).filter(|part| part.chars().next().is_some_and(char::is_alphabetic));
    let names: Vec<&str> = names.filter(|part| !part.ends_with("OpIr") && !part.ends_with("Ir")).collect();
    let camel = names.last().copied().unwrap_or("operation");
    let mut name = String::new();
    for c in camel.chars() {
        if c.is_uppercase() && !name.is_empty() {
            name.push(' ');
        }
        name.extend(c.to_lowercase());
    }
    name
}
