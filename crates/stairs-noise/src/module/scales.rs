//! Where a quantiser's quantum ε and output scale α live: one pair on the host, one pair a channel, or learned.

use burn::module::{Module, Param};
use burn::tensor::Tensor;
use stairs_quant::Scales;

use super::axes::WeightAxes;
use super::host::{HostCell, HostValue};
use crate::{Backward, StairSpec, regularised_stair};

impl HostValue for Scales {
    fn encode(&self) -> Vec<f32> {
        vec![self.quantum() as f32, self.output() as f32]
    }

    fn decode(&self, numbers: &[f32]) -> Option<Self> {
        let [quantum, output] = numbers.try_into().ok()?;
        Scales::new(f64::from(quantum), f64::from(output)).ok()
    }

    fn describe(&self) -> String {
        format!("quantum {} output {}", self.quantum(), self.output())
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
    channels: Channels,
}

/// Where a weight has its output channels, see [`WeightAxes`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct Channels {
    axis: usize,
    groups: usize,
}

/// LSQ: α = ε, learned, one or one a channel. Esser et al., *Learned Step Size Quantization*, ICLR 2020
/// (arXiv 1902.08153): the gradient with respect to ε is σ(x/ε) − (x/ε)·σ_ν′(x/ε), which is what differentiating
/// ε·σ_ν(x/ε) gives, scaled by 1/√(N·Q_P).
#[derive(Module, Debug)]
pub(crate) struct LearnedStep {
    step: Param<Tensor<1>>,
    #[module(skip)]
    channels: Option<Channels>,
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
pub(crate) const SMALLEST_STEP: f64 = 1e-8;

impl ScaleState {
    pub(crate) fn fixed(scales: Scales) -> Self {
        Self::Fixed(HostCell::new(scales))
    }

    pub(crate) fn channel(quantum: Tensor<1>, output: Tensor<1>, channels: Channels) -> Self {
        let constant = |t: Tensor<1>| Param::from_tensor(t).set_require_grad(false);
        Self::Channel(ChannelScales { quantum: constant(quantum), output: constant(output), channels })
    }

    /// No `channels` for one step; `batched` says that axis 0 counts samples.
    pub(crate) fn learned_step(step: Tensor<1>, channels: Option<Channels>, batched: bool, highest: f64) -> Self {
        Self::Step(LearnedStep { step: Param::from_tensor(step), channels, batched, highest })
    }

    pub(crate) fn learned_clip(clip: Tensor<1>, highest: f64) -> Self {
        Self::Clip(LearnedClip { clip: Param::from_tensor(clip), highest })
    }

    /// α·σ_ν(x/ε) with this state's scales; `spec` has unit scales.
    pub(crate) fn forward<const D: usize>(&self, x: Tensor<D>, spec: StairSpec) -> Tensor<D> {
        match self {
            Self::Fixed(scales) => regularised_stair(x, &spec.with_scales(*scales.get())),
            Self::Channel(scales) => {
                let [quantum, output] =
                    [&scales.quantum, &scales.output].map(|s| scales.channels.along(s.val(), x.dims()));
                regularised_stair(x / quantum, &spec) * output
            }
            Self::Step(learned) => {
                let step = learned.effective(&x);
                regularised_stair(x / step.clone(), &spec) * step
            }
            Self::Clip(learned) => {
                let clip = single(learned.clip.val().abs());
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
        if let Some(channels) = self.channels {
            count /= (dims[channels.axis] * channels.groups).max(1);
        }
        let factor = 1.0 / ((count.max(1) as f64) * self.highest).sqrt();
        let step = self.step.val().abs().clamp_min(SMALLEST_STEP);
        let scaled = step.clone() * factor;
        let step = scaled.clone() + (step - scaled).detach();
        match self.channels {
            Some(channels) => channels.along(step, dims),
            None => single(step),
        }
    }
}

fn relu<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    burn::tensor::activation::relu(x)
}

/// One value for all of a rank-D tensor.
fn single<const D: usize>(value: Tensor<1>) -> Tensor<D> {
    value.reshape([1; D])
}

impl Channels {
    pub(crate) fn of(axes: &WeightAxes) -> Self {
        Self { axis: axes.outputs(), groups: axes.groups() }
    }

    /// One value a channel, broadcast over a tensor of these dimensions. Groups are blocks of its first axis.
    fn along<const D: usize>(self, values: Tensor<1>, dims: [usize; D]) -> Tensor<D> {
        let mut shape = [1; D];
        shape[self.axis] = dims[self.axis];
        if self.groups == 1 {
            return values.reshape(shape);
        }
        shape[0] = dims[0];
        let blocks = values.reshape([self.groups, 1, dims[self.axis]]);
        blocks.repeat_dim(1, dims[0] / self.groups).reshape(shape)
    }
}
