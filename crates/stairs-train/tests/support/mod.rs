//! A small model that is not in the zoo, and short runs of it.
#![allow(dead_code)]

use std::path::Path;

use burn::{
    module::{Module, Param},
    nn::{BatchNorm, BatchNormConfig, Linear, LinearConfig, LinearLayout},
    tensor::{Device, Int, Tensor},
};
use stairs_data::{DataRoot, Dataset, DatasetName, load};
use stairs_noise::{
    StairActivation, StairActivationConfig, StairWeights, Strategy, WeightInit,
    plan::Pattern,
    walk::{Look, Place, look},
};
use stairs_quant::Quantiser;
use stairs_train::{
    AnnealPer, Classifier, Clip, Display, Fitted, LrSchedule, Method, Optimiser, RunConfig, TrainError, Trainer,
    WarmUp, WeightDecay, seeded,
};

/// 64 – 32 – 10 with batch normalisation and a ternary activation.
#[derive(Module, Debug)]
pub(crate) struct Mine {
    hidden: Linear,
    norm: BatchNorm,
    act: StairActivation,
    last: Linear,
}

impl Mine {
    /// Float weights.
    pub(crate) fn new(width: usize, device: &Device) -> Self {
        Self {
            hidden: LinearConfig::new(64, width).init(device),
            norm: BatchNormConfig::new(width).init(device),
            act: StairActivationConfig::new(Quantiser::Ternary).init(device).unwrap(),
            last: LinearConfig::new(width, 10).init(device),
        }
    }

    /// The same as [`ternary`](Self::ternary) with dense layers in column layout.
    pub(crate) fn by_column(seed: u64, width: usize, device: &Device) -> Self {
        let weights = StairWeights::ternary().with_init(WeightInit::InsideSupport { seed }).with_except_last();
        let columns = |inputs, outputs| LinearConfig::new(inputs, outputs).with_layout(LinearLayout::Col).init(device);
        let mine = || Self { hidden: columns(64, width), last: columns(width, 10), ..Self::new(width, device) };
        seeded(seed, device, || weights.quantise(mine()).unwrap())
    }

    /// Ternary weights but for the last layer.
    pub(crate) fn ternary(seed: u64, width: usize, device: &Device) -> Self {
        let weights = StairWeights::ternary().with_init(WeightInit::InsideSupport { seed }).with_except_last();
        seeded(seed, device, || weights.quantise(Self::new(width, device)).unwrap())
    }
}

impl Classifier for Mine {
    fn logits(&self, x: Tensor<4>) -> Tensor<2> {
        let x = self.norm.forward(self.hidden.forward(x.flatten::<2>(1, 3)));
        self.last.forward(self.act.forward(x))
    }
}

/// The embedded digits.
pub(crate) fn digits() -> Dataset {
    load(DatasetName::Digits, &DataRoot::default()).unwrap()
}

/// A short run with everything random in it: sampled noise, augmentation, a cosine schedule.
pub(crate) fn config(seed: u64, epochs: usize) -> RunConfig {
    RunConfig::new("mine")
        .with_method(Method::Ana)
        .with_strategy(Strategy::Random)
        .with_anneal_per(AnnealPer::Step)
        .with_epochs(epochs)
        .with_batch(128)
        .with_lr(1e-2)
        .with_lr_schedule(LrSchedule::Cosine { floor: 0.1 })
        .with_seed(seed)
        .with_augment(true)
        .with_subset(512)
}

/// The same run with every choice of the optimisation that has a state or changes a gradient.
pub(crate) fn everything(seed: u64, epochs: usize) -> RunConfig {
    config(seed, epochs)
        .with_optimiser(Optimiser::Sgd { momentum: 0.9, nesterov: true })
        .with_weight_decay(WeightDecay { except: vec![Pattern::new("last").unwrap()], ..WeightDecay::new(1e-3) })
        .with_lr(0.1)
        .with_lr_schedule(LrSchedule::Milestones { at: vec![0.4, 0.7], factor: 0.5 })
        .with_warm_up(WarmUp { share: 0.3, start: 0.1 })
        .with_label_smoothing(0.1)
        .with_clip(Clip::Norm(1.0))
        .with_accumulate(2)
        .with_average(0.9)
}

/// Trains [`Mine`] in `dir` on Flex.
pub(crate) fn train(config: RunConfig, dir: &Path, resume: bool) -> Result<Fitted<Mine>, TrainError> {
    let model = Mine::ternary(config.seed, 32, &Device::flex());
    Trainer::new(config, &digits(), dir).with_display(Display::Quiet).with_resume(resume).fit(model)
}

/// Every parameter of a model as bytes, in order, with its path: float parameters by their latent values.
pub(crate) fn bits<M: Module>(model: &M) -> Vec<(String, Vec<u8>)> {
    struct Bits(Vec<(String, Vec<u8>)>);

    impl Look for Bits {
        fn float<const D: usize>(&mut self, place: &Place, param: &Param<Tensor<D>>) {
            self.0.push((place.path().to_owned(), param.base().into_data().as_bytes().to_vec()));
        }

        fn int<const D: usize>(&mut self, place: &Place, param: &Param<Tensor<D, Int>>) {
            self.0.push((place.path().to_owned(), param.val().into_data().as_bytes().to_vec()));
        }
    }

    look(model, Bits(Vec::new())).0
}
