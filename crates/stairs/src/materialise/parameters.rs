//! The parameters of a module as its hard network has them, and the scales of its quantisers.

use std::collections::BTreeMap;

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

/// What a walk through a module finds.
pub(super) struct Parameters {
    /// Quantum and scale by the path of the quantiser; of those that have one fixed pair.
    pub(super) scales: BTreeMap<String, (f64, f64)>,
    /// All parameters but those of quantisers.
    pub(super) tensors: Vec<Parameter>,
}

/// Where a quantiser shows its fixed pair, and its laws.
const FIXED: &str = ".scales.Fixed";
const QUANTISER: &str = "Struct:Stair";

impl Parameters {
    pub(super) fn of<M: Module>(module: &M) -> Self {
        let module = module.valid();
        let pair = |parameter: &Parameter| match (parameter.path.strip_suffix(FIXED), parameter.values.as_slice()) {
            (Some(path), [quantum, scale]) => Some((path.to_owned(), (f64::from(*quantum), f64::from(*scale)))),
            _ => None,
        };
        let scales = visited(&module).0.iter().filter_map(pair).collect();
        let tensors = visited(&module.materialize()).1;
        Self { scales, tensors }
    }
}

/// Parameters of quantisers, and all others.
fn visited<M: Module>(module: &M) -> (Vec<Parameter>, Vec<Parameter>) {
    #[derive(Default)]
    struct Visitor {
        names: Vec<String>,
        owners: Vec<String>,
        quantisers: Vec<Parameter>,
        others: Vec<Parameter>,
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
            let values = param.val().into_data().try_into_vec_as::<f32>().unwrap_or_default();
            let (path, owner) = (self.names.join("."), self.owners.last().cloned().unwrap_or_default());
            let parameter = Parameter { path, owner, shape: param.lazy_shape().to_vec(), values };
            let of_quantiser = self.owners.iter().any(|owner| owner == QUANTISER);
            if of_quantiser { self.quantisers.push(parameter) } else { self.others.push(parameter) }
        }
    }

    let mut visitor = Visitor::default();
    module.visit(&mut visitor);
    (visitor.quantisers, visitor.others)
}
