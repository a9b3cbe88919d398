//! The parameters of a module as its hard network has them.

use burn::{
    module::{Module, ModuleVisitor, Param},
    tensor::Tensor,
};

/// A parameter: its path, the type of the module it belongs to, shape and values.
pub(super) struct Parameter {
    pub(super) path: String,
    pub(super) owner: String,
    pub(super) shape: Vec<usize>,
    pub(super) values: Vec<f32>,
}

/// The type of a quantiser: what is inside is no parameter of the hard network.
const QUANTISER: &str = "Struct:Stair";

/// All parameters of the hard network but those of quantisers.
pub(super) fn parameters<M: Module>(module: &M) -> Vec<Parameter> {
    #[derive(Default)]
    struct Visitor {
        names: Vec<String>,
        owners: Vec<String>,
        found: Vec<Parameter>,
    }

    impl ModuleVisitor for Visitor {
        fn enter_module(&mut self, name: &str, owner: &str) {
            self.names.push(name.into());
            self.owners.push(owner.into());
        }

        fn exit_module(&mut self, _: &str, _: &str) {
            self.names.pop();
            self.owners.pop();
        }

        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            if self.owners.iter().any(|owner| owner == QUANTISER) {
                return;
            }
            let values = param.val().into_data().try_into_vec_as::<f32>().unwrap_or_default();
            let (path, owner) = (self.names.join("."), self.owners.last().cloned().unwrap_or_default());
            self.found.push(Parameter { path, owner, shape: param.lazy_shape().to_vec(), values });
        }
    }

    let mut visitor = Visitor::default();
    module.valid().materialize().visit(&mut visitor);
    visitor.found
}
