//! The parameters of a module as its hard network has them.

use burn::module::Module;
use stairs_noise::walk::values;

/// A parameter: its path, the type of the module it belongs to, shape and values.
pub(super) struct Parameter {
    pub(super) path: String,
    pub(super) owner: String,
    pub(super) shape: Vec<usize>,
    pub(super) values: Vec<f32>,
}

/// All parameters of the hard network but those of quantisers.
pub(super) fn parameters<M: Module>(module: &M) -> Vec<Parameter> {
    let all = values(&module.valid().materialize()).into_iter();
    let of_the_network = all.filter(|(parameter, _)| !parameter.is_of_quantiser);
    of_the_network.map(|(p, values)| Parameter { path: p.path, owner: p.owner, shape: p.shape, values }).collect()
}

#[cfg(test)]
mod tests {
    use burn::{
        nn::{Linear, LinearConfig},
        tensor::Device,
    };
    use stairs_noise::{StairActivation, StairActivationConfig};
    use stairs_quant::Quantiser;

    use super::*;

    /// A user's module with the name of our quantiser.
    #[derive(Module, Debug)]
    struct Stair {
        setting: Linear,
        act: StairActivation,
    }

    #[test]
    fn parameters_of_quantisers_are_left_out_and_those_of_a_look_alike_are_not() {
        let device = Device::flex();
        let act = StairActivationConfig::new(Quantiser::Ternary).init(&device).unwrap();
        let found = parameters(&Stair { setting: LinearConfig::new(3, 2).init(&device), act });
        let paths: Vec<_> = found.iter().map(|parameter| parameter.path.as_str()).collect();
        assert_eq!(paths, ["setting.weight", "setting.bias"]);
    }
}
