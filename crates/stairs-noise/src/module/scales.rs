//! Where a quantiser's quantum ε and output scale α live: one pair on the host, one pair a channel, or learned.

use burn::module::{Module, Param};
use burn::tensor::Tensor;
use stairs_quant::Scales;

use super::host::{HostCell, HostValue};
use crate::{Backward, StairSpec, regularised_stair};

impl HostValue for Scales {
    fn encode(&self) -> Vec<f32> {
        vec![self.quantum as f32, self.output as f32]
    }

    fn decode(&self, numbers: &[f32]) -> Option<Self> {
        let [quantum, output] = numbers.try_into().ok()?;
        Scales::new(f64::from(quantum), f64::from(output)).ok()
    }

    fn describe(&self) -> String {
        format!("quantum {} output {}", self.quantum, self.output)
    }
}

/// Quantum and output scale of one quantiser.
#[derive(Module, Debug)]
pub(crate) enum ScaleState {
    /// One fixed pair: folded into the kernel, costs nothing.
    Fixed(HostCell<Scales>),
    /// One fixed pair a channel.
    Channel(ChannelScales),
    /// Step sizes learned with LSQ's gradient.
    Step(LearnedStep),
    /// A clip learned with PACT's gradient.
    Clip(LearnedClip),
}

/// Fixed scales along one axis.
#[derive(Module, Debug)]
pub(crate) struct ChannelScales {
    quantum: Param<Tensor<1>>,
    output: Param<Tensor<1>>,
    #[module(skip)]
    axis: usize,
}

/// LSQ: α = ε, learned, one or one a channel. Esser et al., *Learned Step Size Quantization*, ICLR 2020
/// (arXiv 1902.08153): the gradient with respect to ε is σ(x/ε) − (x/ε)·σ_ν′(x/ε), which is what differentiating
/// ε·σ_ν(x/ε) gives, scaled by 1/√(N·Q_P).
#[derive(Module, Debug)]
pub(crate) struct LearnedStep {
    step: Param<Tensor<1>>,
    #[module(skip)]
    axis: Option<usize>,
    #[module(skip)]
    batched: bool,
    #[module(skip)]
    highest: f64,
}

/// PACT: features clipped to [0, c], c learned, then quantised to the levels of the stair with an identity estimator.
/// Choi et al., *PACT*, 2018 (arXiv 1805.06085).
#[derive(Module, Debug)]
pub(crate) struct LearnedClip {
    clip: Param<Tensor<1>>,
    #[module(skip)]
    highest: f64,
}

/// A smallest step, so that a step size learned towards 0 stays a divisor.
const SMALLEST_STEP: f64 = 1e-8;

impl ScaleState {
    pub(crate) fn fixed(scales: Scales) -> Self {
        Self::Fixed(HostCell::new(scales))
    }

    pub(crate) fn channel(quantum: Tensor<1>, output: Tensor<1>, axis: usize) -> Self {
        let constant = |t: Tensor<1>| Param::from_tensor(t).set_require_grad(false);
        Self::Channel(ChannelScales { quantum: constant(quantum), output: constant(output), axis })
    }

    /// `axis` is the channel axis, `None` for one step; `batched` says that axis 0 counts samples.
    pub(crate) fn learned_step(step: Tensor<1>, axis: Option<usize>, batched: bool, highest: f64) -> Self {
        Self::Step(LearnedStep { step: Param::from_tensor(step), axis, batched, highest })
    }

    pub(crate) fn learned_clip(clip: Tensor<1>, highest: f64) -> Self {
        Self::Clip(LearnedClip { clip: Param::from_tensor(clip), highest })
    }

    /// α·σ_ν(x/ε) with this state's scales; `spec` has unit scales.
    pub(crate) fn forward<const D: usize>(&self, x: Tensor<D>, spec: StairSpec) -> Tensor<D> {
        match self {
            Self::Fixed(scales) => regularised_stair(x, &spec.with_scales(*scales.get())),
            Self::Channel(scales) => {
                let quantum = along(scales.quantum.val(), Some(scales.axis));
                regularised_stair(x / quantum, &spec) * along(scales.output.val(), Some(scales.axis))
            }
            Self::Step(learned) => {
                let step = learned.effective(&x);
                regularised_stair(x / step.clone(), &spec) * step
            }
            Self::Clip(learned) => {
                let clip = along(learned.clip.val().abs(), None);
                // min(max(x, 0), c), written so that c receives the gradient where x ≥ c.
                let clipped = clip.clone() - relu(clip.clone() - relu(x));
                let quantum = (clip / learned.highest).clamp_min(SMALLEST_STEP).detach();
                let mut spec = spec;
                if !spec.laws.is_hard() {
                    spec.laws.backward = Backward::Identity;
                }
                regularised_stair(clipped / quantum.clone(), &spec) * quantum
            }
        }
    }
}

impl LearnedStep {
    /// The step broadcast over x, its gradient scaled by 1/√(N·Q_P) with N the elements one step quantises.
    fn effective<const D: usize>(&self, x: &Tensor<D>) -> Tensor<D> {
        let dims = x.dims();
        let mut count: usize = dims.iter().product();
        if self.batched && D > 1 {
            count /= dims[0].max(1);
        }
        if let Some(axis) = self.axis {
            count /= dims[axis].max(1);
        }
        let factor = 1.0 / ((count.max(1) as f64) * self.highest).sqrt();
        let step = self.step.val().abs().clamp_min(SMALLEST_STEP);
        let scaled = step.clone() * factor;
        along(scaled.clone() + (step - scaled).detach(), self.axis)
    }
}

fn relu<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    burn::tensor::activation::relu(x)
}

/// A vector along `axis` of a rank-D tensor, or one value for all.
fn along<const D: usize>(values: Tensor<1>, axis: Option<usize>) -> Tensor<D> {
    let mut shape = [1; D];
    if let Some(axis) = axis {
        shape[axis] = values.dims()[0];
    }
    values.reshape(shape)
}
