//! Reading and replacing the settings of a model's quantisers by path, from outside.
//!
//! A quantiser's path is the path of its [`Stair`](crate::Stair): `act1` for a feature quantiser in that field,
//! `conv1.weight.stair` for the quantiser of a weight.

use burn::module::{Module, Param, ParamId};
use burn::tensor::{Tensor, TensorData};
use thiserror::Error;

use super::host::{HostValue, host_device};
use super::setting::Setting;
use super::walk::{Change, Look, Place, UNREADABLE, change, look};
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

impl QuantiserInfo {
    /// The path of the weight that it quantises: `conv1.weight`; `None` for features.
    pub fn weight(&self) -> Option<&str> {
        let parent = self.path.rfind('.').map(|dot| &self.path[..dot]);
        parent.filter(|_| self.kind == QuantiserKind::Weight)
    }
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
    /// Numbers that a record or mapper brought and that are no law, scale or other value of where they are.
    #[error(
        "`{path}` holds {numbers:?}, which is no value for it: the numbers were changed, come from another version, or name a \
         tabulated law that the quantiser was not built with"
    )]
    Unreadable {
        /// Path of the host value: `act1.setting`.
        path: String,
        /// The numbers.
        numbers: Vec<f32>,
    },
    /// A factor on scales that is none, or that takes a scale out of the range of single precision.
    #[error(
        "quantiser `{path}`: a scale of {scale} times the factor {factor} is no scale: the factor must be positive and finite, and \
         their product a normal number of single precision"
    )]
    Factor {
        /// Path of the quantiser.
        path: String,
        /// The factor.
        factor: f64,
        /// The scale before.
        scale: f32,
    },
}

/// Makes sure that every host value of a model ([`HostCell`](crate::HostCell): settings and scales of quantisers, clocks) is what its
/// numbers say. Burn's loading cannot fail on the meaning of a number: after a record was loaded, this tells.
///
/// # Errors
/// [`SettingError::Unreadable`] for the first that kept its old value because the new numbers are none.
///
/// ```
/// use burn::{module::{Module, Param}, tensor::{Device, Tensor}};
/// use stairs_noise::{Quantiser, StairActivationConfig, check_hosts, walk::{Change, Place, change}};
///
/// struct Negative;
/// impl Change for Negative {
///     fn float<const D: usize>(&mut self, place: &Place, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
///         if place.scaled().is_some() { param.map(|scales| -scales) } else { param }
///     }
/// }
///
/// let stair = StairActivationConfig::new(Quantiser::Ternary).init(&Device::flex()).unwrap();
/// assert!(check_hosts(&stair).is_ok());
/// let error = check_hosts(&change(stair, Negative).0).unwrap_err().to_string();
/// assert!(error.starts_with("`scales.Fixed` holds [-1.0, -1.0], which is no value for it"));
/// ```
pub fn check_hosts<M: Module>(model: &M) -> Result<(), SettingError> {
    #[derive(Default)]
    struct Find {
        /// Whether the next parameter is unreadable.
        next: bool,
        found: Option<SettingError>,
    }

    impl Look for Find {
        fn enter(&mut self, place: &Place) {
            self.next |= place.owner() == UNREADABLE;
        }

        fn float<const D: usize>(&mut self, place: &Place, param: &Param<Tensor<D>>) {
            if std::mem::take(&mut self.next) && self.found.is_none() {
                let numbers = param.val().into_data().try_into_vec_as::<f32>().unwrap_or_default();
                self.found = Some(SettingError::Unreadable { path: place.path().to_owned(), numbers });
            }
        }
    }

    look(model, Find::default()).found.map_or(Ok(()), Err)
}

/// The quantisers of a model in the order in which Burn visits it: for a model whose fields are declared in the order of
/// its forward pass, the order of the network.
pub fn quantisers<M: Module>(model: &M) -> Vec<QuantiserInfo> {
    struct List(Vec<QuantiserInfo>);

    impl Look for List {
        fn float<const D: usize>(&mut self, place: &Place, _param: &Param<Tensor<D>>) {
            let info = |path: &str| QuantiserInfo { path: path.to_owned(), kind: place.kind() };
            self.0.extend(place.quantiser().map(info));
        }
    }

    look(model, List(Vec::new())).0
}

/// Paths of the regularised activations of a model ([`SmoothActivation`](crate::SmoothActivation)), in the order in which
/// Burn visits them. They are no quantisers: a plan that is to anneal them too is resolved with these paths added.
pub fn smooth_activations<M: Module>(model: &M) -> Vec<String> {
    struct List(Vec<String>);

    impl Look for List {
        fn float<const D: usize>(&mut self, place: &Place, _param: &Param<Tensor<D>>) {
            self.0.extend(place.activation().map(str::to_owned));
        }
    }

    look(model, List(Vec::new())).0
}

/// Replaces the setting of every quantiser and every regularised activation for which `setting` returns one. One pass over
/// the model, no device work.
///
/// # Errors
/// [`SettingError`] if a quantiser cannot take its new setting.
pub fn set_settings<M: Module>(model: M, setting: impl FnMut(&str) -> Option<Setting>) -> Result<M, SettingError> {
    struct Settings<F> {
        setting: F,
        /// Paths of settings with a tabulated law, and of what has them.
        tables: Vec<(String, String)>,
    }

    impl<F: FnMut(&str) -> Option<Setting>> Change for Settings<F> {
        fn float<const D: usize>(&mut self, place: &Place, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
            let Some(path) = place.quantiser().or_else(|| place.activation()) else { return param };
            let Some(setting) = (self.setting)(path) else { return param };
            if setting.has_table() {
                self.tables.push((place.path().to_owned(), path.to_owned()));
            }
            replace(param.id, &setting.encode()).unwrap_or(param)
        }
    }

    let (model, Settings { tables, .. }) = change(model, Settings { setting, tables: Vec::new() });
    let unknown = |setting: &str| tables.iter().find(|(path, _)| path == setting).map(|(_, holder)| holder.clone());
    match check_hosts(&model) {
        Err(SettingError::Unreadable { path, numbers }) => Err(match unknown(&path) {
            Some(path) => SettingError::UnknownTable { path },
            None => SettingError::Unreadable { path, numbers },
        }),
        checked => checked.map(|()| model),
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
/// path; `None` leaves the quantiser alone.
///
/// # Errors
/// [`SettingError::Factor`] for a factor that is not positive and finite, and for one whose product with a scale overflows or
/// vanishes.
///
/// ```
/// use burn::tensor::Device;
/// use stairs_noise::{StairActivationConfig, rescale_features};
/// use stairs_quant::Quantiser;
///
/// let stair = StairActivationConfig::new(Quantiser::Ternary).init(&Device::flex()).unwrap();
/// assert!(rescale_features(stair.clone(), |_| Some(1e300)).is_err());
/// let wider = rescale_features(stair, |_| Some(2.5)).unwrap();
/// assert_eq!(wider.scales().map(|scales| scales.quantum()), Some(2.5));
/// ```
pub fn rescale_features<M: Module>(model: M, factor: impl FnMut(&str) -> Option<f64>) -> Result<M, SettingError> {
    struct Rescale<F>(F, Option<SettingError>);

    impl<F: FnMut(&str) -> Option<f64>> Change for Rescale<F> {
        fn float<const D: usize>(&mut self, place: &Place, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
            if place.kind() == QuantiserKind::Weight {
                return param;
            }
            let Some((path, factor)) = place.scaled().and_then(|path| Some((path, self.0(path)?))) else {
                return param;
            };
            // Scales are few: looking at them costs nothing. A learned one may be negative or 0, its magnitude counts.
            let scales = param.base().into_data().try_into_vec_as::<f32>().unwrap_or_default();
            let is_factor = factor > 0.0 && factor.is_finite();
            let stays_scale = |scale: &f32| *scale == 0.0 || (*scale * factor as f32).is_normal();
            match scales.iter().find(|scale| !is_factor || !stays_scale(scale)) {
                None => param.map(|scales| scales * factor),
                Some(scale) => {
                    self.1.get_or_insert_with(|| SettingError::Factor { path: path.to_owned(), factor, scale: *scale });
                    param
                }
            }
        }
    }

    let (model, Rescale(_, wrong)) = change(model, Rescale(factor, None));
    wrong.map_or(Ok(model), Err)
}

/// A parameter of rank D with these numbers; `None` unless D = 1.
fn replace<const D: usize>(id: ParamId, numbers: &[f32]) -> Option<Param<Tensor<D>>> {
    let data = TensorData::new(numbers.to_vec(), [numbers.len()]);
    (D == 1).then(|| Param::initialized(id, Tensor::from_data(data, &host_device())))
}
