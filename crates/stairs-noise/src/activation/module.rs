//! A regularised activation as a Burn module.
//!
//! Like a [`Stair`](crate::Stair), it has no clock: its [`Setting`] is a value that a plan replaces by path, and it smooths
//! only where Burn trains (an autodiff device, flag up). Everywhere else it is the hard function. Of the setting it takes
//! the laws; there is nothing to draw, so strategy and key are ignored.

use burn::config::Config;
use burn::module::{Flag, Param};
use burn::tensor::Tensor;

use super::{Activation, regularised_activation};
use crate::module::host::HostCell;
use crate::module::own::module_seen_as;
use crate::module::walk::ACTIVATION;
use crate::{Backward, Law, Laws, Setting};

/// φ_ν where φ stood: smooth during training, hard otherwise.
#[derive(Clone, Debug)]
pub struct SmoothActivation {
    pub(crate) setting: HostCell<Setting>,
    smoothing: Param<Flag>,
    function: Activation,
}

module_seen_as!(SmoothActivation, ACTIVATION, [setting, smoothing], skip function);

impl SmoothActivation {
    /// φ.
    pub fn function(&self) -> &Activation {
        &self.function
    }

    /// The laws now in force during training.
    pub fn setting(&self) -> &Setting {
        self.setting.get()
    }

    /// The activation of every element of `x` (any shape): regularised during training, hard otherwise.
    pub fn forward<const D: usize>(&self, x: Tensor<D>) -> Tensor<D> {
        let hard = Law::hard(crate::Noise::Uniform);
        if !(self.smoothing.is_enabled() && x.device().is_autodiff()) {
            return regularised_activation(x, &self.function, &hard, &hard);
        }
        let Laws { forward, backward } = self.setting.get().laws();
        match backward {
            Backward::Law(backward) => regularised_activation(x, &self.function, forward, backward),
            // The rules of quantisers are those of a stair, which this is not: what they scale is the identity.
            Backward::Identity | Backward::Dsq(_) | Backward::Ewgs(_) => {
                let y = regularised_activation(x.clone().detach(), &self.function, forward, &hard);
                let still = x.clone().detach();
                let infinite = still.clone().is_inf();
                y + (x - still).mask_fill(infinite, 0.0)
            }
        }
    }
}

/// Configuration of a [`SmoothActivation`].
///
/// ```
/// use burn::tensor::{Device, Tensor};
/// use stairs_noise::{Activation, Law, Laws, Noise, SmoothActivationConfig};
///
/// let laws = Laws::same(Law::new(Noise::Uniform, 0.0, 1.0)?);
/// let act = SmoothActivationConfig::new(Activation::Relu).with_laws(laws).init();
/// let smooth = act.forward(Tensor::<1>::from_floats([0.0], &Device::flex().autodiff()));
/// let hard = act.forward(Tensor::<1>::from_floats([0.0], &Device::flex()));
/// assert_eq!((smooth.into_scalar::<f32>(), hard.into_scalar::<f32>()), (0.25, 0.0));
/// # Ok::<(), stairs_noise::LawError>(())
/// ```
#[derive(Config, Debug, PartialEq)]
pub struct SmoothActivationConfig {
    /// The activation function.
    pub activation: Activation,
    /// Laws before a plan sets others: none, the hard function in both passes.
    #[config(default = "crate::Laws::hard()")]
    pub laws: Laws,
}

impl SmoothActivationConfig {
    /// The module; it has no parameters of its own, so there is nothing that can fail.
    pub fn init(&self) -> SmoothActivation {
        SmoothActivation {
            setting: HostCell::new(Setting::new(self.laws.clone())),
            smoothing: Param::from_bool(true),
            function: self.activation.clone(),
        }
    }
}
