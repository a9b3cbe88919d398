//! Parameters as torch counts them.

use burn::{
    module::{Module, ModuleVisitor, Param},
    tensor::Tensor,
};

/// Number of float parameters of a module, without the running statistics of its norms, which `num_params` counts too.
///
/// ```
/// use burn::{module::Module, nn::BatchNormConfig, tensor::Device};
/// use stairs_zoo::pretrained::parameters;
/// let norm = BatchNormConfig::new(4).init(&Device::flex());
/// assert_eq!((parameters(&norm), norm.num_params()), (8, 16));
/// ```
pub fn parameters<M: Module>(module: &M) -> usize {
    let mut count = Count { names: Vec::new(), count: 0 };
    module.visit(&mut count);
    count.count
}

struct Count {
    names: Vec<String>,
    count: usize,
}

impl ModuleVisitor for Count {
    fn enter_module(&mut self, name: &str, _: &str) {
        self.names.push(name.to_owned());
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.names.pop();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let is_statistic = self.names.last().is_some_and(|name| name.starts_with("running_"));
        if !is_statistic {
            self.count += param.lazy_shape().num_elements();
        }
    }
}
