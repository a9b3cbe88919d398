//! Reading and replacing the settings of a model's quantisers by path, from outside.
//!
//! A quantiser's path is the path of its [`Stair`](crate::Stair): `act1` for a feature quantiser in that field,
//! `conv1.weight.stair` for the quantiser of a weight.

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param, ParamId};
use burn::tensor::{Tensor, TensorData};
use thiserror::Error;

use super::host::{HostValue, host_device};
use super::setting::Setting;
use crate::plan::ResolvedPlan;

/// What a quantiser quantises.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QuantiserKind {
    /// A parameter, through Burn's reparameterisation.
    Weight,
    /// The output of a layer.
    Feature,
}

/// One quantiser of a model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuantiserInfo {
    /// Its path, e.g. `conv1.weight.stair` or `act1`.
    pub path: String,
    /// What it quantises.
    pub kind: QuantiserKind,
}

/// A setting that a quantiser cannot take.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum SettingError {
    /// A tabulated law that the quantiser was not built with.
    #[error(
        "quantiser `{path}` does not know this tabulated law: give it the law when it is built (`with_laws`), since \
         records and mappers carry a table's fingerprint only"
    )]
    UnknownTable {
        /// Path of the quantiser.
        path: String,
    },
}

/// Name of the field that holds a setting.
const FIELD: &str = "setting";
/// The struct of a quantiser, [`Stair`](crate::Stair).
const STAIR: &str = "Struct:Stair";
/// The struct of a [`SmoothActivation`](crate::SmoothActivation).
const ACTIVATION: &str = "Struct:SmoothActivation";

/// Where a walk through a model is: names of modules with the types that hold them.
#[derive(Default)]
pub(super) struct Path(Vec<(String, String)>);

impl Path {
    pub(super) fn enter(&mut self, name: &str, container: &str) {
        self.0.push((name.to_string(), container.to_string()));
    }

    pub(super) fn exit(&mut self) {
        self.0.pop();
    }

    /// The path of the outermost module of one of these types.
    pub(super) fn outermost(&self, types: &[&str]) -> Option<String> {
        let depth = self.0.iter().position(|(_, container)| types.contains(&container.as_str()))?;
        Some(self.upto(depth))
    }

    fn upto(&self, depth: usize) -> String {
        self.0[..depth].iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(".")
    }

    /// The quantiser's path if the innermost module is its setting.
    pub(super) fn quantiser(&self) -> Option<String> {
        self.of(STAIR)
    }

    /// The path of a regularised activation if the innermost module is its setting.
    fn activation(&self) -> Option<String> {
        self.of(ACTIVATION)
    }

    /// The path of whatever has the innermost module as its setting.
    fn holder(&self) -> Option<String> {
        self.quantiser().or_else(|| self.activation())
    }

    fn of(&self, holder: &str) -> Option<String> {
        let ((name, container), parents) = self.0.split_last()?;
        (name == FIELD && container == holder)
            .then(|| parents.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join("."))
    }

    /// The path of the quantiser whose scales hold the innermost module.
    fn scaled(&self) -> Option<String> {
        let depth = self.0.iter().rposition(|(name, container)| name == "scales" && container == STAIR)?;
        Some(self.upto(depth))
    }

    pub(super) fn kind(&self) -> QuantiserKind {
        let reparameterised = self.0.iter().any(|(_, container)| container == "Reparameterization");
        if reparameterised { QuantiserKind::Weight } else { QuantiserKind::Feature }
    }
}

/// The quantisers of a model in the order in which Burn visits it: for a model whose fields are declared in the order of
/// its forward pass, the order of the network.
pub fn quantisers<M: Module>(model: &M) -> Vec<QuantiserInfo> {
    #[derive(Default)]
    struct Visitor(Path, Vec<QuantiserInfo>);

    impl ModuleVisitor for Visitor {
        fn enter_module(&mut self, name: &str, container_type: &str) {
            self.0.enter(name, container_type);
        }

        fn exit_module(&mut self, _name: &str, _container_type: &str) {
            self.0.exit();
        }

        fn visit_float<const D: usize>(&mut self, _param: &Param<Tensor<D>>) {
            if let Some(path) = self.0.quantiser() {
                self.1.push(QuantiserInfo { path, kind: self.0.kind() });
            }
        }
    }

    let mut visitor = Visitor::default();
    model.visit(&mut visitor);
    visitor.1
}

/// Paths of the regularised activations of a model ([`SmoothActivation`](crate::SmoothActivation)), in the order in which
/// Burn visits them. They are no quantisers: a plan that is to anneal them too is resolved with these paths added.
pub fn smooth_activations<M: Module>(model: &M) -> Vec<String> {
    #[derive(Default)]
    struct Visitor(Path, Vec<String>);

    impl ModuleVisitor for Visitor {
        fn enter_module(&mut self, name: &str, container_type: &str) {
            self.0.enter(name, container_type);
        }

        fn exit_module(&mut self, _name: &str, _container_type: &str) {
            self.0.exit();
        }

        fn visit_float<const D: usize>(&mut self, _param: &Param<Tensor<D>>) {
            self.1.extend(self.0.activation());
        }
    }

    let mut visitor = Visitor::default();
    model.visit(&mut visitor);
    visitor.1
}

/// Replaces the setting of every quantiser and every regularised activation for which `setting` returns one. One pass over
/// the model, no device work.
///
/// # Errors
/// [`SettingError`] if a quantiser cannot take its new setting.
pub fn set_settings<M: Module>(model: M, setting: impl FnMut(&str) -> Option<Setting>) -> Result<M, SettingError> {
    struct Mapper<F>(Path, F, Vec<(String, Vec<f32>)>);

    impl<F: FnMut(&str) -> Option<Setting>> ModuleMapper for Mapper<F> {
        fn enter_module(&mut self, name: &str, container_type: &str) {
            self.0.enter(name, container_type);
        }

        fn exit_module(&mut self, _name: &str, _container_type: &str) {
            self.0.exit();
        }

        fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
            let Some(path) = self.0.holder() else { return param };
            let Some(setting) = (self.1)(&path) else { return param };
            let numbers = setting.encode();
            let value = replace(param.id, &numbers);
            if setting.has_table() {
                self.2.push((path, numbers));
            }
            value.unwrap_or(param)
        }
    }

    let mut mapper = Mapper(Path::default(), setting, Vec::new());
    let model = model.map(&mut mapper);
    match mapper.2.into_iter().find(|(path, numbers)| current(&model, path).as_ref() != Some(numbers)) {
        Some((path, _)) => Err(SettingError::UnknownTable { path }),
        None => Ok(model),
    }
}

/// Sets every quantiser, and every regularised activation the plan covers, to its laws and strategy of `plan` at time `t`; `key` gives the key of the random draws by path.
///
/// # Errors
/// As [`set_settings`].
pub fn apply_plan<M: Module>(
    model: M,
    plan: &ResolvedPlan,
    t: f64,
    key: impl Fn(&str) -> u64,
) -> Result<M, SettingError> {
    set_settings(model, |path| {
        let schedule = plan.schedule(path)?;
        Some(Setting::new(schedule.laws_at(t)).with_strategy(schedule.strategy).with_key(key(path)))
    })
}

/// Multiplies quantum and output scale of every feature quantiser, fixed or learned, by the factor that `factor` gives for its
/// path; factors must be positive and finite, others leave the quantiser alone.
///
/// ```
/// use burn::tensor::Device;
/// use stairs_noise::{StairActivationConfig, rescale_features};
/// use stairs_quant::Quantiser;
///
/// let stair = StairActivationConfig::new(Quantiser::Ternary).init(&Device::flex()).unwrap();
/// let wider = rescale_features(stair, |_| Some(2.5));
/// assert_eq!(wider.scales().map(|scales| scales.quantum), Some(2.5));
/// ```
pub fn rescale_features<M: Module>(model: M, factor: impl FnMut(&str) -> Option<f64>) -> M {
    struct Mapper<F>(Path, F);

    impl<F: FnMut(&str) -> Option<f64>> ModuleMapper for Mapper<F> {
        fn enter_module(&mut self, name: &str, container_type: &str) {
            self.0.enter(name, container_type);
        }

        fn exit_module(&mut self, _name: &str, _container_type: &str) {
            self.0.exit();
        }

        fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
            if self.0.kind() == QuantiserKind::Weight {
                return param;
            }
            let factor = self.0.scaled().and_then(|path| (self.1)(&path)).filter(|f| *f > 0.0 && f.is_finite());
            match factor {
                Some(factor) => param.map(|scales| scales * factor),
                None => param,
            }
        }
    }

    model.map(&mut Mapper(Path::default(), factor))
}

/// A parameter of rank D with these numbers; `None` unless D = 1.
fn replace<const D: usize>(id: ParamId, numbers: &[f32]) -> Option<Param<Tensor<D>>> {
    let data = TensorData::new(numbers.to_vec(), [numbers.len()]);
    (D == 1).then(|| Param::initialized(id, Tensor::from_data(data, &host_device())))
}

/// The numbers the setting of the quantiser at `path` shows.
fn current<M: Module>(model: &M, path: &str) -> Option<Vec<f32>> {
    struct Visitor<'a>(Path, &'a str, Option<Vec<f32>>);

    impl ModuleVisitor for Visitor<'_> {
        fn enter_module(&mut self, name: &str, container_type: &str) {
            self.0.enter(name, container_type);
        }

        fn exit_module(&mut self, _name: &str, _container_type: &str) {
            self.0.exit();
        }

        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            if self.0.holder().as_deref() == Some(self.1) {
                self.2 = param.val().into_data().try_into_vec_as::<f32>().ok();
            }
        }
    }

    let mut visitor = Visitor(Path::default(), path, None);
    model.visit(&mut visitor);
    visitor.2
}
