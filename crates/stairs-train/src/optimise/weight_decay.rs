//! Weight decay, and which parameters it spares.
//!
//! Decay acts on what the optimiser holds: the *latent* weights. It pulls them towards 0, which for a ternary weight is
//! the middle of the level 0 and for a binary one the threshold itself; the quantised weight only changes where a latent
//! one crosses a threshold. Under a fixed quantum, decay therefore makes ternary weights sparser and binary ones
//! undecided, and where a batch normalisation follows it also makes the same gradient turn the weight faster.
//!
//! Spared by default: parameters of rank 0 and 1, which are biases and the γ and β of normalisations. Learned scales of
//! quantisers never decay: a quantum that is pulled towards 0 is no regularisation.

use burn::{
    module::{Module, Param},
    tensor::Tensor,
};
use serde::{Deserialize, Serialize};
use stairs_noise::{
    plan::Pattern,
    walk::{Look, Place, look},
};

use crate::ConfigError;

/// Weight decay of a run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WeightDecay {
    /// λ in [0, 1]: 0 is none.
    pub rate: f64,
    /// True if biases and normalisations decay too, as in the published runs of AlexNet and ResNet.
    #[serde(default)]
    pub vectors: bool,
    /// Paths, prefixes or globs of further parameters that do not decay.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub except: Vec<Pattern>,
}

impl WeightDecay {
    /// Decay at `rate` of everything but vectors and quantisers.
    pub fn new(rate: f64) -> Self {
        Self { rate, ..Self::default() }
    }

    pub(crate) fn validate(&self) -> Result<(), ConfigError> {
        if (0.0..=1.0).contains(&self.rate) {
            Ok(())
        } else {
            Err(ConfigError::Range { field: "weight decay", value: self.rate, needs: "must be in [0, 1]" })
        }
    }

    /// Paths of the trainable parameters of `model` that do not decay.
    ///
    /// # Errors
    /// [`ConfigError::NoParameter`] for a pattern that matches no trainable parameter.
    pub(crate) fn spared<M: Module>(&self, model: &M) -> Result<Vec<String>, ConfigError> {
        let Trainable(all) = look(model, Trainable(Vec::new()));
        for pattern in &self.except {
            if !all.iter().any(|parameter| pattern.matches(&parameter.path)) {
                let known: Vec<_> = all.iter().map(|parameter| parameter.path.as_str()).collect();
                return Err(ConfigError::NoParameter { pattern: pattern.to_string(), known: known.join(", ") });
            }
        }
        let spares = |p: &Parameter| {
            p.is_of_quantiser
                || (p.rank < 2 && !self.vectors)
                || self.except.iter().any(|pattern| pattern.matches(&p.path))
        };
        Ok(all.into_iter().filter(spares).map(|parameter| parameter.path).collect())
    }
}

struct Parameter {
    path: String,
    rank: usize,
    is_of_quantiser: bool,
}

/// Collects the trainable parameters.
struct Trainable(Vec<Parameter>);

impl Look for Trainable {
    fn float<const D: usize>(&mut self, place: &Place, param: &Param<Tensor<D>>) {
        if param.base().is_require_grad() {
            let (path, is_of_quantiser) = (place.path().to_owned(), place.is_in_quantiser());
            self.0.push(Parameter { path, rank: D, is_of_quantiser });
        }
    }
}

#[cfg(test)]
mod tests {
    use burn::{
        nn::{BatchNorm, BatchNormConfig, Linear, LinearConfig},
        tensor::Device,
    };
    use stairs_noise::{FeatureScale, StairActivation, StairActivationConfig, StairWeights};
    use stairs_quant::Quantiser;

    use super::*;

    #[derive(Module, Debug)]
    struct Net {
        first: Linear,
        norm: BatchNorm,
        act: StairActivation,
        last: Linear,
    }

    fn net() -> Net {
        let device = Device::flex().autodiff();
        let act = StairActivationConfig::new(Quantiser::Ternary).with_scale(FeatureScale::LearnedStep(1.0));
        let net = Net {
            first: LinearConfig::new(3, 2).init(&device),
            norm: BatchNormConfig::new(2).init(&device),
            act: act.init(&device).unwrap(),
            last: LinearConfig::new(2, 2).init(&device),
        };
        StairWeights::ternary().with_learned_scale().with_except_last().quantise(net).unwrap()
    }

    fn spared(decay: &WeightDecay) -> Vec<String> {
        let mut spared = decay.spared(&net()).unwrap();
        spared.sort();
        spared
    }

    #[test]
    fn vectors_and_quantisers_are_spared_by_default() {
        let scales = ["act.scales.Step.step", "first.weight.stair.scales.Step.step"];
        let vectors = ["first.bias", "last.bias", "norm.beta", "norm.gamma"];
        let mut expected = [&scales[..], &vectors[..]].concat();
        expected.sort_unstable();
        assert_eq!(spared(&WeightDecay::new(0.1)), expected);
        assert_eq!(spared(&WeightDecay { vectors: true, ..WeightDecay::new(0.1) }), scales);
    }

    /// A user's module with the name of our quantiser.
    #[derive(Module, Debug)]
    struct Stair {
        scales: Linear,
    }

    #[test]
    fn a_look_alike_of_a_quantiser_decays() {
        let model = Stair { scales: LinearConfig::new(3, 2).init(&Device::flex().autodiff()) };
        assert_eq!(WeightDecay::new(0.1).spared(&model).unwrap(), ["scales.bias"]);
    }

    #[test]
    fn patterns_spare_more_and_must_match() {
        let with = |pattern| WeightDecay { vectors: true, except: vec![Pattern::new(pattern).unwrap()], rate: 0.1 };
        let found = spared(&with("last"));
        assert_eq!(found, ["act.scales.Step.step", "first.weight.stair.scales.Step.step", "last.bias", "last.weight"]);
        let error = with("lst.*").spared(&net()).unwrap_err();
        assert!(matches!(&error, ConfigError::NoParameter { pattern, .. } if pattern == "lst.*"), "{error}");
        assert!(error.to_string().contains("first.weight"), "{error}");
    }
}
