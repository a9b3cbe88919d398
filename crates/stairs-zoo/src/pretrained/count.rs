//! Parameters as torch counts them.

use burn::module::Module;
use stairs_noise::walk::{self, Parameter};

/// Number of float parameters of a module, without the running statistics of its norms, which `num_params` counts too.
///
/// ```
/// use burn::{module::Module, nn::BatchNormConfig, tensor::Device};
/// use stairs_zoo::pretrained::parameters;
/// let norm = BatchNormConfig::new(4).init(&Device::flex());
/// assert_eq!((parameters(&norm), norm.num_params()), (8, 16));
/// ```
pub fn parameters<M: Module>(module: &M) -> usize {
    walk::parameters(module).iter().filter(|p| !p.name().starts_with("running_")).map(Parameter::count).sum()
}
