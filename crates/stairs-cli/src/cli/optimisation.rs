//! The options of `train` and `diagnose` that say how weights move; the chapter "Optimisation" of the book explains them.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use stairs::{
    noise::plan::Pattern,
    quant::ScalePolicy,
    train::{Clip, Head, Init, Loss, LrSchedule, Method, Optimiser, Quanta, RunConfig, TrainError, WarmUp},
};

use super::number::{REPEATS, real, whole};

/// Optimisers by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum OptimiserName {
    /// Adam
    Adam,
    /// Adam with decoupled weight decay
    Adamw,
    /// Stochastic gradient descent with momentum
    Sgd,
}

/// What happens to the last layer of a model that starts from a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum HeadName {
    /// Load it too
    Loaded,
    /// Start it afresh: the number of classes may differ
    Fresh,
}

/// Momentum of `sgd` if none is given.
const MOMENTUM: f64 = 0.9;
/// Factor at milestones if none is given.
const FACTOR: f64 = 0.1;
/// Share of the rate in the first step of a warm-up if none is given.
const WARM_UP_START: f64 = 0.1;

/// How weights move.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Optimisation")]
pub(crate) struct OptimisationOptions {
    /// Optimiser of the latent weights [default: what trains well on the data set]
    #[arg(long, value_enum, value_name = "NAME")]
    optimiser: Option<OptimiserName>,
    /// Momentum of sgd, in [0, 1) [default: 0.9]
    #[arg(long, value_name = "M", value_parser = real)]
    momentum: Option<f64>,
    /// Nesterov's momentum for sgd
    #[arg(long)]
    nesterov: bool,
    /// Weight decay of the latent weights, in [0, 1] [default: 0]
    #[arg(long, value_name = "RATE", value_parser = real)]
    weight_decay: Option<f64>,
    /// Let biases and normalisations decay too
    #[arg(long)]
    decay_vectors: bool,
    /// Parameters that do not decay: a path, a prefix or a glob; may be repeated
    #[arg(long, value_name = "PATTERN", value_parser = |text: &str| Pattern::new(text).map_err(|e| e.to_string()))]
    no_decay: Vec<Pattern>,
    /// Multiply the learning rate by --lr-factor at these shares of the run, increasing and in (0, 1), e.g. 0.33,0.67
    /// [default: a cosine]
    #[arg(long, value_name = "SHARES", value_delimiter = ',', conflicts_with = "constant_lr", value_parser = real)]
    milestones: Vec<f64>,
    /// Factor at each milestone, in (0, 1] [default: 0.1]
    #[arg(long, value_name = "FACTOR", requires = "milestones", value_parser = real)]
    lr_factor: Option<f64>,
    /// Let the learning rate rise over this share of the run, in (0, 1] [default: no rise]
    #[arg(long, value_name = "SHARE", value_parser = real)]
    warm_up: Option<f64>,
    /// The same in epochs, at most as many as the run has
    #[arg(long, value_name = "EPOCHS", conflicts_with = "warm_up", value_parser = real)]
    warm_up_epochs: Option<f64>,
    /// Share of the learning rate in the first step of the warm-up, in (0, 1] [default: 0.1]
    #[arg(long, value_name = "FACTOR", value_parser = real)]
    warm_up_start: Option<f64>,
    /// Loss: cross-entropy or squared-hinge [default: cross-entropy]
    #[arg(long, value_name = "NAME")]
    loss: Option<Loss>,
    /// Share of the uniform distribution in the training targets, in [0, 1) [default: 0]
    #[arg(long, value_name = "SHARE", value_parser = real)]
    label_smoothing: Option<f64>,
    /// Largest norm of all gradients together, positive [default: no limit]
    #[arg(long, value_name = "NORM", conflicts_with = "clip_value", value_parser = real)]
    clip_norm: Option<f64>,
    /// Largest magnitude of each number of a gradient, positive [default: no limit]
    #[arg(long, value_name = "VALUE", value_parser = real)]
    clip_value: Option<f64>,
    /// Compute every step in this many parts, one after the other, at most one a sample: for batches that do not fit into
    /// memory [default: 1]
    #[arg(long, value_name = "PARTS", value_parser = whole(0..=REPEATS))]
    accumulate: Option<usize>,
    /// Decay, in [0, 1), of an exponential moving average of the weights, which is then what is tested and saved [default: none]
    #[arg(long, value_name = "DECAY", value_parser = real)]
    average: Option<f64>,
    /// Start from the weights of another run, or of a .bpk or .safetensors file of one; quanta are carried over from a run
    /// with the same quantisers [default: random weights]
    #[arg(long, value_name = "RUN_OR_FILE")]
    init: Option<PathBuf>,
    /// What happens to the last layer under --init
    #[arg(long, value_enum, value_name = "WHAT", default_value = "loaded", requires = "init")]
    init_head: HeadName,
}

impl OptimisationOptions {
    /// `recipe` with what the options change. `scale` says that the policy of the weights' quanta was chosen: pretrained
    /// weights get the quantum of least squared error otherwise.
    pub(crate) fn change(&self, mut recipe: RunConfig, scale: bool) -> anyhow::Result<RunConfig> {
        let sgd = self.optimiser == Some(OptimiserName::Sgd);
        anyhow::ensure!(sgd || self.momentum.is_none(), "--momentum needs --optimiser sgd");
        anyhow::ensure!(sgd || !self.nesterov, "--nesterov needs --optimiser sgd");
        let nesterov = self.nesterov;
        match self.optimiser {
            None => {}
            Some(OptimiserName::Adam) => recipe.optimiser = Optimiser::Adam,
            Some(OptimiserName::Adamw) => recipe.optimiser = Optimiser::AdamW,
            Some(OptimiserName::Sgd) => {
                recipe.optimiser = Optimiser::Sgd { momentum: self.momentum.unwrap_or(MOMENTUM), nesterov };
            }
        }
        let decay = &mut recipe.weight_decay;
        decay.rate = self.weight_decay.unwrap_or(decay.rate);
        decay.vectors |= self.decay_vectors;
        decay.except.extend(self.no_decay.iter().cloned());
        if !self.milestones.is_empty() {
            let factor = self.lr_factor.unwrap_or(FACTOR);
            recipe.lr_schedule = LrSchedule::Milestones { at: self.milestones.clone(), factor };
        }
        if let Some(epochs) = self.warm_up_epochs {
            let run = recipe.epochs;
            anyhow::ensure!(
                epochs > 0.0 && epochs <= run as f64,
                "--warm-up-epochs {epochs} must be above 0 and no longer than the run of {run} epochs"
            );
        }
        let share = self.warm_up.or(self.warm_up_epochs.map(|epochs| epochs / recipe.epochs as f64));
        anyhow::ensure!(share.is_some() || self.warm_up_start.is_none(), "--warm-up-start needs a warm-up");
        if let Some(share) = share {
            recipe.warm_up = Some(WarmUp { share, start: self.warm_up_start.unwrap_or(WARM_UP_START) });
        }
        recipe.loss = self.loss.unwrap_or(recipe.loss);
        recipe.label_smoothing = self.label_smoothing.unwrap_or(recipe.label_smoothing);
        recipe.clip = self.clip_norm.map(Clip::Norm).or(self.clip_value.map(Clip::Value)).or(recipe.clip);
        recipe.accumulate = self.accumulate.unwrap_or(recipe.accumulate);
        recipe.average = self.average.or(recipe.average);
        if let Some(init) = self.init()? {
            if !scale {
                // Quanta that are carried over are of the kind they were.
                let there = init.run_config().filter(|there| there.method != Method::Float);
                let carried =
                    recipe.clone().with_weight_scale(there.map_or(ScalePolicy::MseOptimal, |there| there.weight_scale));
                let loaded = init.clone().for_run(&carried).quanta == Quanta::Loaded;
                recipe.weight_scale = if loaded { carried.weight_scale } else { ScalePolicy::MseOptimal };
            }
            recipe.init = Some(init.for_run(&recipe));
        }
        Ok(recipe)
    }

    fn init(&self) -> Result<Option<Init>, TrainError> {
        let head = match self.init_head {
            HeadName::Loaded => Head::Loaded,
            HeadName::Fresh => Head::Fresh,
        };
        self.init.as_ref().map(|path| Init::open(path, head)).transpose()
    }
}
