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
