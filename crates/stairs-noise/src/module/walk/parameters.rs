//! Lists of all float parameters of a module.

use burn::module::{Module, Param};
use burn::tensor::Tensor;

use super::{Look, Place, look};

/// A float parameter of a module: running statistics, settings and scales of quantisers too, for Burn knows them as
/// parameters.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Parameter {
    /// Its path, e.g. `block.conv1.weight`.
    pub path: String,
    /// The type that holds it, as Burn names it: `Struct:Conv2d`.
    pub owner: String,
    /// Its shape.
    pub shape: Vec<usize>,
    /// Whether it belongs to a quantiser.
    pub is_of_quantiser: bool,
}

impl Parameter {
    fn new<const D: usize>(place: &Place, param: &Param<Tensor<D>>) -> Self {
        Self {
            path: place.path().to_owned(),
            owner: place.owner().to_owned(),
            shape: param.lazy_shape().to_vec(),
            is_of_quantiser: place.is_in_quantiser(),
        }
    }

    /// The last name of its path: `weight`.
    pub fn name(&self) -> &str {
        self.path.rsplit('.').next().unwrap_or_default()
    }

    /// Number of its values.
    pub fn count(&self) -> usize {
        self.shape.iter().product()
    }
}

/// Every float parameter of `module`, in the order in which Burn visits them. None is drawn.
pub fn parameters<M: Module>(module: &M) -> Vec<Parameter> {
    struct List(Vec<Parameter>);

    impl Look for List {
        fn float<const D: usize>(&mut self, place: &Place, param: &Param<Tensor<D>>) {
            self.0.push(Parameter::new(place, param));
        }
    }

    look(module, List(Vec::new())).0
}

/// The same with their values in single precision, row by row: of a quantised weight the latent ones.
pub fn values<M: Module>(module: &M) -> Vec<(Parameter, Vec<f32>)> {
    struct List(Vec<(Parameter, Vec<f32>)>);

    impl Look for List {
        fn float<const D: usize>(&mut self, place: &Place, param: &Param<Tensor<D>>) {
            let values = param.base().into_data().try_into_vec_as::<f32>().unwrap_or_default();
            self.0.push((Parameter::new(place, param), values));
        }
    }

    look(module, List(Vec::new())).0
}

#[cfg(test)]
mod tests {
    use burn::nn::LinearConfig;
    use burn::tensor::Device;

    use super::*;
    use crate::StairWeights;

    #[test]
    fn parameters_are_listed_without_being_drawn() {
        let layer = LinearConfig::new(3, 2).init(&Device::flex());
        let all = parameters(&layer);
        let found: Vec<_> = all.iter().map(|p| (p.path.as_str(), p.name(), p.owner.as_str(), p.count())).collect();
        assert_eq!(found, [("weight", "weight", "Struct:Linear", 6), ("bias", "bias", "Struct:Linear", 2)]);
        assert!(!layer.weight.is_initialized());
    }

    #[test]
    fn values_of_a_quantised_weight_are_latent_and_followed_by_its_quantiser() {
        let layer = LinearConfig::new(3, 2).with_bias(false).init(&Device::flex());
        let latent: Vec<f32> = layer.weight.val().into_data().try_into_vec().unwrap();
        let all = values(&StairWeights::ternary().quantise(layer).unwrap());
        let paths: Vec<_> = all.iter().map(|(p, _)| (p.path.as_str(), p.is_of_quantiser)).collect();
        assert_eq!(paths, [("weight", false), ("weight.stair.setting", true), ("weight.stair.scales.Fixed", true)]);
        assert_eq!(all[0].1, latent);
    }
}
