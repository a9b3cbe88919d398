//! The quantiser as a Burn module: in place of an activation, or attached to a weight.
//!
//! ```text
//! y = α·σ_ν(x/ε)      training: ν as last set from outside (by an annealing plan)      evaluation: ν = 0
//! ```
//!
//! A [`Stair`] has no clock and no randomness of its own: its [`Setting`] is a value that
//! [`apply`](crate::module::apply) replaces by path. It smooths only where Burn trains: on an autodiff device, with its
//! flag up ([`valid`](burn::module::Module::valid) and [`freeze`](burn::module::Module::freeze) take it down). Everywhere else it is the hard stair.

use std::sync::Arc;

use burn::config::Config;
use burn::module::{Flag, Param, Reparameterization};
use burn::tensor::{Device, Tensor};
use stairs_quant::{Quantiser, Requirement, ScaleError, Scales, StairFunction};

use super::host::HostCell;
use super::own::module_seen_as;
use super::scales::{SMALLEST_STEP, ScaleState};
use super::setting::Setting;
use super::walk::STAIR;
use super::weights::smallest;
use crate::{Laws, StairSpec};

/// A quantiser of features or weights.
#[derive(Clone, Debug)]
pub struct Stair {
    pub(crate) setting: HostCell<Setting>,
    pub(crate) scales: ScaleState,
    smoothing: Param<Flag>,
    function: Arc<StairFunction>,
}

module_seen_as!(Stair, STAIR, [setting, scales, smoothing], skip function);

/// A [`Stair`] where an activation function stood.
pub type StairActivation = Stair;

impl Stair {
    pub(crate) fn new(function: Arc<StairFunction>, setting: Setting, scales: ScaleState) -> Self {
        Self { setting: HostCell::new(setting), scales, smoothing: Param::from_bool(true), function }
    }

    /// The stair function σ, in units of the quantum.
    pub fn function(&self) -> &StairFunction {
        &self.function
    }

    /// Laws, strategy and key now in force during training.
    pub fn setting(&self) -> &Setting {
        self.setting.get()
    }

    /// The fixed quantum and output scale, `None` where they are per channel or learned.
    pub fn scales(&self) -> Option<Scales> {
        match &self.scales {
            ScaleState::Fixed(cell) => Some(*cell.get()),
            _ => None,
        }
    }

    /// Quantises `x` (any shape): smoothed during training, hard otherwise.
    pub fn forward<const D: usize>(&self, x: Tensor<D>) -> Tensor<D> {
        let spec = if self.smoothing.is_enabled() && x.device().is_autodiff() {
            let setting = self.setting.get();
            let spec = StairSpec::new(self.function.clone(), setting.laws().clone());
            spec.with_strategy(setting.strategy()).with_key(setting.key())
        } else {
            // A hard stair draws nothing: its key says which quantiser a recorded operation belongs to.
            StairSpec::hard(self.function.clone()).with_key(self.setting.id().val())
        };
        self.scales.forward(x, spec)
    }
}

impl Reparameterization for Stair {
    const NAME: &'static str = "stair";

    fn apply<const D: usize>(&self, base: Tensor<D>) -> Tensor<D> {
        self.forward(base)
    }
}

/// How the scale of a feature quantiser is found.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FeatureScale {
    /// This quantum, fixed; positive and finite. 1 suits features that come out of a normalisation.
    Fixed(f64),
    /// A step size learned by LSQ from this start; positive and finite.
    LearnedStep(f64),
    /// A clip learned by PACT from this start; positive and finite. For levels 0, …, n alone: it clips all below 0 away.
    LearnedClip(f64),
}

/// Configuration of a [`StairActivation`].
///
/// ```
/// use burn::tensor::{Device, Tensor};
/// use stairs_noise::StairActivationConfig;
/// use stairs_quant::Quantiser;
///
/// let device = Device::flex();
/// let activation = StairActivationConfig::new(Quantiser::Ternary).init(&device).unwrap();
/// let y = activation.forward(Tensor::<2>::from_floats([[-2.0, 0.1, 0.9]], &device));
/// assert_eq!(y.to_data().to_vec::<f32>().unwrap(), [-1.0, 0.0, 1.0]);
/// ```
#[derive(Config, Debug, PartialEq)]
pub struct StairActivationConfig {
    /// The stair function.
    pub quantiser: Quantiser,
    /// Laws before a plan sets others: uniform noise of half-width ½, the clipped identity's.
    #[config(default = "crate::module::stair::default_laws()")]
    pub laws: Laws,
    /// How the quantum is found.
    #[config(default = "FeatureScale::Fixed(1.0)")]
    pub scale: FeatureScale,
}

/// Hard forward, clipped-identity backward: the plain straight-through estimator.
pub(crate) fn default_laws() -> Laws {
    let clipped = crate::Law::new(crate::Noise::Uniform, 0.0, 0.5);
    match clipped {
        Ok(law) => Laws::new(crate::Law::hard(crate::Noise::Uniform), law),
        Err(_) => Laws::hard(),
    }
}

impl StairActivationConfig {
    /// The module, with any learned scale on `device`.
    ///
    /// # Errors
    /// [`ScaleError`] for a scale that is not positive and finite, that single precision cannot compute with, or that has no
    /// meaning on the levels of the quantiser, see [`Requirement`]: a learned clip cuts all below 0 away.
    pub fn init(&self, device: &Device) -> Result<StairActivation, ScaleError> {
        let function = self.quantiser.stair();
        let highest = function.highest_level();
        let start = |name: &'static str, value: f64, step: f64| {
            Scales::equal(value)?.in_single_precision(&function)?;
            if step < SMALLEST_STEP {
                return Err(smallest(name, value));
            }
            Ok(Tensor::<1>::from_floats([value as f32], device))
        };
        let scales = match self.scale {
            FeatureScale::Fixed(quantum) => {
                Requirement::TwoLevels.check("fixed", &function)?;
                ScaleState::fixed(Scales::equal(quantum)?.in_single_precision(&function)?)
            }
            FeatureScale::LearnedStep(value) => {
                Requirement::PositiveLevel.check("learned step", &function)?;
                ScaleState::learned_step(start("learned step", value, value)?, None, true, highest)
            }
            FeatureScale::LearnedClip(value) => {
                Requirement::FromZero.check("pact", &function)?;
                ScaleState::learned_clip(start("learned clip", value, value / highest)?, highest)
            }
        };
        Ok(Stair::new(Arc::new(function), Setting::new(self.laws.clone()), scales))
    }
}
