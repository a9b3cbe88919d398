//! A file of weights into a module: names and shapes first, then numbers.

use std::collections::BTreeMap;

use burn::{
    module::{Module, Param},
    tensor::{Device, Int, Tensor, TensorData},
};
use stairs_noise::walk::{Change, Look, Place, change, look};

use super::{KeyMap, Misshapen, PretrainedError, WeightFile};
use crate::{Architecture, Model, Quantisation};

/// A torchvision model reads images of this shape, and has the same parameters for every other height and width.
const INPUT: [usize; 3] = [3, 224, 224];
/// Side of the squares in which a matrix is transposed.
const TILE: usize = 32;

/// What becomes of the last layer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Head {
    /// That of the file, with its classes.
    #[default]
    Kept,
    /// A new one, with Burn's initial weights; seed the device for the same ones again.
    Fresh {
        /// Number of classes, at least 1.
        classes: usize,
    },
}

/// The float model of torchvision's weights in `file`, on `device`, and its number of classes.
///
/// # Errors
/// [`PretrainedError::NoCounterpart`] for a model torchvision does not have, [`PretrainedError::Model`] for no classes, and those of [`load`].
pub fn torchvision(
    architecture: &Architecture,
    file: &WeightFile,
    head: Head,
    device: &Device,
) -> Result<(Model, usize), PretrainedError> {
    let keys = KeyMap::torchvision(architecture)?;
    let (keys, classes) = match head {
        Head::Fresh { classes } => (keys.with_fresh_head(), classes),
        Head::Kept => {
            let weight = keys.head().and_then(|(_, prefix)| file.shape_within(&format!("{prefix}.weight")));
            // Without one the head is reported missing, with what else is.
            let classes = weight.and_then(|shape| shape.first().filter(|_| !shape.contains(&0))).copied().unwrap_or(1);
            (keys, classes)
        }
    };
    let model = architecture.init(INPUT, classes, Quantisation::Float, device)?;
    Ok((load(model, &keys, file)?, classes))
}

/// `module` with the weights and batch statistics of `file`. Every parameter of the module must be in the file under the name
/// `keys` gives it, perhaps with what wrappers add (`module.`, `_orig_mod.`, `model.`), and nothing else may be; dense weights are
/// transposed unless the module keeps them by column, half and double precision become `f32`.
///
/// The module is a float one: quantise it afterwards.
///
/// # Errors
/// [`PretrainedError::Mismatch`], before a number is read, with all that is missing, left over or of another shape;
/// [`PretrainedError::Twice`] where two tensors of the file are one of the module;
/// [`PretrainedError::Value`], [`PretrainedError::Format`] and [`PretrainedError::Read`] for the numbers.
pub fn load<M: Module>(module: M, keys: &KeyMap, file: &WeightFile) -> Result<M, PretrainedError> {
    let wanted = look(&module, Wanted { keys, missing: Vec::new(), shapes: BTreeMap::new() });
    let Wanted { mut missing, shapes, .. } = wanted;
    let names = file.assigned(|name| shapes.contains_key(name) || keys.is_ignored(name))?;
    let mut misshapen = Vec::new();
    for (name, expected) in &shapes {
        match names.get(name).and_then(|name| file.shape(name)) {
            None => missing.push(name.clone()),
            Some(found) if found != expected => {
                misshapen.push(Misshapen { name: name.clone(), found: found.into(), expected: expected.clone() });
            }
            Some(_) => {}
        }
    }
    let is_unexpected = |name: &&String| !shapes.contains_key(*name) && !keys.is_ignored(name);
    let unexpected: Vec<String> = names.keys().filter(is_unexpected).cloned().collect();
    if !(missing.is_empty() && unexpected.is_empty() && misshapen.is_empty()) {
        return Err(PretrainedError::Mismatch { path: file.path().into(), missing, unexpected, misshapen });
    }
    let (module, fill) = change(module, Fill { keys, file, names, error: None });
    match fill.error {
        Some(error) => Err(error),
        None => Ok(module),
    }
}

/// What a parameter is in torch.
enum Counterpart {
    /// A tensor of this name, perhaps the weight of a dense layer.
    Tensor { name: String, dense: bool },
    /// None is wanted.
    Fresh,
    /// The layer has no name in torch.
    Unknown,
}

impl Counterpart {
    fn of(place: &Place, keys: &KeyMap) -> Self {
        let (layer, field) = (place.parent(), place.name());
        if keys.is_fresh(layer) {
            return Self::Fresh;
        }
        match keys.name(layer, field) {
            Some(name) => Self::Tensor { name, dense: place.owner() == "Struct:Linear" && field == "weight" },
            None => Self::Unknown,
        }
    }
}

/// Collects names and shapes, as torch has them.
struct Wanted<'a> {
    keys: &'a KeyMap,
    missing: Vec<String>,
    shapes: BTreeMap<String, Vec<usize>>,
}

impl Look for Wanted<'_> {
    fn float<const D: usize>(&mut self, place: &Place, param: &Param<Tensor<D>>) {
        match Counterpart::of(place, self.keys) {
            Counterpart::Tensor { name, dense } => {
                let mut shape = param.lazy_shape().to_vec();
                // Before it is drawn, a weight that is kept by column has the shape of its record, which is torch's.
                if dense && (param.is_initialized() || !is_kept_by_column(param)) {
                    shape.reverse();
                }
                self.shapes.insert(name, shape);
            }
            Counterpart::Fresh => {}
            Counterpart::Unknown => self.missing.push(place.path().to_owned()),
        }
    }

    fn int<const D: usize>(&mut self, place: &Place, _param: &Param<Tensor<D, Int>>) {
        self.missing.push(place.path().to_owned());
    }
}

/// Puts the numbers in.
struct Fill<'a> {
    keys: &'a KeyMap,
    file: &'a WeightFile,
    /// Names in the file by those in the model.
    names: BTreeMap<String, &'a str>,
    error: Option<PretrainedError>,
}

impl Change for Fill<'_> {
    fn float<const D: usize>(&mut self, place: &Place, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let Counterpart::Tensor { name, dense } = Counterpart::of(place, self.keys) else { return param };
        let Some(name) = self.names.get(&name).filter(|_| self.error.is_none()) else { return param };
        match self.file.read(name) {
            Ok(Some(mut values)) => {
                let mut shape = param.lazy_shape().to_vec();
                if dense && is_kept_by_column(&param) {
                    // The record of such a weight is torch's.
                    shape = self.file.shape(name).unwrap_or(&shape).to_vec();
                } else if let ([inputs, outputs], true) = (shape.as_slice(), dense) {
                    values = transpose(&values, *outputs, *inputs);
                }
                let tensor = Tensor::from_data(TensorData::new(values, shape), &param.lazy_device());
                let id = param.id;
                param.transform_for_load(tensor, id)
            }
            // Its name and shape have been found before.
            Ok(None) => param,
            Err(error) => {
                self.error = Some(error);
                param
            }
        }
    }
}

/// Whether the weight of a dense layer is `[out, in]` in its record, as torch has it (`LinearLayout::Col`); asked without drawing
/// it, by loading a matrix of one row into a copy.
fn is_kept_by_column<const D: usize>(param: &Param<Tensor<D>>) -> bool {
    let mut shape = [1; D];
    shape[D - 1] = 2;
    let row = Tensor::from_data(TensorData::new(vec![0f32; 2], shape), &param.lazy_device());
    param.clone().transform_for_load(row, param.id).lazy_shape().to_vec() != shape
}

/// The transpose of a matrix in row-major order, by squares that stay in the cache.
fn transpose(values: &[f32], rows: usize, columns: usize) -> Vec<f32> {
    let mut out = vec![0.0; values.len()];
    for top in (0..rows).step_by(TILE) {
        for left in (0..columns).step_by(TILE) {
            for row in top..rows.min(top + TILE) {
                for column in left..columns.min(left + TILE) {
                    out[column * rows + row] = values[row * columns + column];
                }
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::transpose;

    #[test]
    fn a_matrix_larger_than_a_square_is_transposed() {
        let (rows, columns) = (37, 70);
        let values: Vec<f32> = (0..rows * columns).map(|i| i as f32).collect();
        let out = transpose(&values, rows, columns);
        assert!((0..rows * columns).all(|i| out[i % columns * rows + i / columns] == i as f32));
    }
}
