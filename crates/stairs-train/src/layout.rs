//! Records of parameters that are kept in another shape than they compute in.
//!
//! The weight of a `Linear` in column layout computes as `[in, out]` and is kept as `[out, in]`: Burn turns it when it saves and when it
//! loads. Whether a record fits is asked of the parameter *before* it is turned, though, and a parameter that has been used
//! says the shape it computes in: Burn refuses its own record of every such weight that is not square. So a model is put into
//! the shapes of its record first; loading turns what it loads, and [`load`] turns back what it did not.

use std::collections::BTreeMap;

use burn::{
    module::{Module, Param},
    tensor::{Shape, Tensor},
};
use stairs_noise::walk::{Change, Place, change};

/// `model` after `load`, which may load all of it or parts.
pub(crate) fn load<M: Module, E>(model: M, load: impl FnOnce(M) -> Result<M, E>) -> Result<M, E> {
    let (model, Store { turned }) = change(model, Store::default());
    let model = load(model)?;
    if turned.is_empty() {
        return Ok(model);
    }
    Ok(change(model, Compute { turned }).0)
}

/// `model` in the shapes of its record: one that is about to be loaded by somebody else, all of it.
pub(crate) fn stored<M: Module>(model: M) -> M {
    change(model, Store::default()).0
}

/// Puts parameters into the shapes of their record.
#[derive(Default)]
struct Store {
    /// The shapes that parameters which have other ones in a record compute in, by path.
    turned: BTreeMap<String, Shape>,
}

impl Change for Store {
    fn float<const D: usize>(&mut self, place: &Place, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        // What is not drawn yet has the shape of its record.
        if !param.is_initialized() || param.transform_for_save().lazy_shape() == param.lazy_shape() {
            return param;
        }
        self.turned.insert(place.path().to_owned(), param.lazy_shape());
        let (id, tensor, mapper) = param.consume();
        let required = tensor.is_require_grad();
        let tensor = mapper.on_save(tensor).detach().set_require_grad(required);
        Param::from_mapped_value(id, tensor, mapper)
    }
}

/// Puts what was not loaded back into the shape it computes in.
struct Compute {
    turned: BTreeMap<String, Shape>,
}

impl Change for Compute {
    fn float<const D: usize>(&mut self, place: &Place, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let turned = self.turned.get(place.path());
        if turned.is_none_or(|shape| *shape == param.lazy_shape()) {
            return param;
        }
        let (id, tensor, mapper) = param.consume();
        let required = tensor.is_require_grad();
        let tensor = mapper.on_load(tensor).detach().set_require_grad(required);
        Param::from_mapped_value(id, tensor, mapper)
    }
}

#[cfg(test)]
mod tests {
    use burn::{
        nn::{Linear, LinearConfig, LinearLayout},
        store::{ModuleSnapshot, PathFilter, SafetensorsStore},
        tensor::Device,
    };

    use super::*;

    fn columns(inputs: usize, outputs: usize, device: &Device) -> Linear {
        let layer = LinearConfig::new(inputs, outputs).with_layout(LinearLayout::Col).init(device);
        layer.weight.val();
        layer
    }

    fn values(layer: &Linear) -> Vec<f32> {
        layer.weight.val().into_data().try_into_vec::<f32>().unwrap()
    }

    #[test]
    fn a_used_column_layout_takes_its_record() {
        for device in [Device::flex(), Device::flex().autodiff()] {
            for (inputs, outputs) in [(3, 5), (4, 4), (1, 6)] {
                let saved = columns(inputs, outputs, &device);
                let other = columns(inputs, outputs, &device);
                let active = other.weight.is_require_grad();
                let loaded = load(other, |model| model.try_load_record(saved.clone().into_record())).unwrap();
                assert_eq!(loaded.weight.dims(), [inputs, outputs]);
                assert_eq!(values(&loaded), values(&saved));
                assert_eq!(loaded.weight.is_require_grad(), active);
                // The next record is as the first.
                let bytes = |layer: &Linear| layer.weight.transform_for_save().val().into_data();
                assert_eq!(bytes(&loaded), bytes(&saved));
            }
        }
    }

    #[test]
    fn what_is_not_loaded_stays() {
        let device = Device::flex();
        let saved = (columns(3, 5, &device), columns(5, 2, &device));
        let mut store = SafetensorsStore::from_bytes(None);
        saved.save_into(&mut store).unwrap();
        let mut store = SafetensorsStore::from_bytes(Some(store.get_bytes().unwrap()))
            .allow_partial(true)
            .filter(PathFilter::new().with_full_path("0.weight"));
        let old = (columns(3, 5, &device), columns(5, 2, &device));
        let new = load(old.clone(), |mut model| model.load_from(&mut store).map(|_| model)).unwrap();
        assert_eq!(values(&new.0), values(&saved.0));
        assert_eq!((new.1.weight.dims(), values(&new.1)), ([5, 2], values(&old.1)));
    }

    #[test]
    fn a_record_of_another_shape_is_refused() {
        let device = Device::flex();
        let record = columns(3, 5, &device).into_record();
        assert!(load(columns(5, 3, &device), |model| model.try_load_record(record)).is_err());
    }
}
