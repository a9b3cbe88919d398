//! The bytes of a file: safetensors, with one entry of metadata, since the order of several is not fixed.

use std::collections::HashMap;

use safetensors::{Dtype, serialize, tensor::TensorView};

use super::Materialised;

/// Key of the description.
const KEY: &str = "stairs";

/// The file; the same weights give the same bytes.
pub(super) fn bytes(materialised: &Materialised) -> Result<Vec<u8>, String> {
    let description = serde_json::to_string(&materialised.description).map_err(|error| error.to_string())?;
    let little = |values: &[f32]| values.iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<u8>>();
    let data: Vec<Vec<u8>> = materialised.tensors.iter().map(|tensor| little(&tensor.values)).collect();
    let view = |(tensor, data)| {
        let tensor: &super::Tensor = tensor;
        let data: &Vec<u8> = data;
        TensorView::new(Dtype::F32, tensor.shape.clone(), data).map(|view| (tensor.name.as_str(), view))
    };
    let views = materialised.tensors.iter().zip(&data).map(view).collect::<Result<Vec<_>, _>>();
    let views = views.map_err(|error| error.to_string())?;
    serialize(views, Some(HashMap::from([(KEY.to_owned(), description)]))).map_err(|error| error.to_string())
}
