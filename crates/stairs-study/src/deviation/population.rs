//! The population of a configuration: all samples of a data set, chosen inputs brought to [0, 1], all classes or one against the others.

use stairs_capacity::certified::Population;
use stairs_data::Dataset;

use super::{BoundConfig, config::limit};
use crate::measure::MeasureError;

/// Both parts of `data` as `config` sees them.
pub(super) fn of(config: &BoundConfig, data: &Dataset) -> Result<Population, MeasureError> {
    let width = data.shape.values();
    let inputs = config.inputs.clone().unwrap_or_else(|| (0..width).collect());
    if inputs.is_empty() {
        return Err(MeasureError::Count("the number of inputs"));
    }
    for input in &inputs {
        limit("the number of an input", "below the number of inputs of the data set", *input, *input < width)?;
    }
    if let Some(class) = config.class {
        limit("the class", "below the number of classes of the data set", class, class < data.classes)?;
    }
    let count = data.train.len() + data.test.len();
    let (mut values, mut labels) = (Vec::with_capacity(count * inputs.len()), Vec::with_capacity(count));
    let mut sample = vec![0.0; width];
    for part in [&data.train, &data.test] {
        for i in 0..part.len() {
            let label = usize::from(part.copy_sample(i, &mut sample));
            values.extend(inputs.iter().map(|input| sample[*input]));
            labels.push(config.class.map_or(label, |class| usize::from(label == class)) as u32);
        }
    }
    to_unit(&mut values, inputs.len());
    let classes = if config.class.is_some() { 2 } else { data.classes };
    Ok(Population::new(inputs.len(), classes, &values, &labels)?)
}

/// Brings every column to [0, 1]; a constant one to 0.
fn to_unit(values: &mut [f32], width: usize) {
    let mut ranges = vec![(f32::INFINITY, f32::NEG_INFINITY); width];
    for sample in values.chunks_exact(width) {
        for ((low, high), value) in ranges.iter_mut().zip(sample) {
            (*low, *high) = (low.min(*value), high.max(*value));
        }
    }
    for sample in values.chunks_exact_mut(width) {
        for ((low, high), value) in ranges.iter().zip(sample) {
            *value = if high > low { ((*value - low) / (high - low)).clamp(0.0, 1.0) } else { 0.0 };
        }
    }
}
