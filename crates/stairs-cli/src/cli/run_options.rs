//! The options that make a training run, for every subcommand that trains one.

use std::path::PathBuf;

use anyhow::Context;
use clap::Args;
use stairs::{
    data::{DatasetName, SampleShape, TableOptions as Table, images::ImagesConfig, is_table},
    noise::{Noise, Policy, Strategy},
    quant::{Quantiser, ScalePolicy},
    train::{
        AnnealPer, BackwardLaw, Edges, Features, ForwardNoise, LrSchedule, Method, Recipe, RunConfig, Start,
        data::{IMAGES, TrainData},
    },
};
use stairs_study::{
    bits::BitsFile,
    experiments::{images_recipe, recipe, table_recipe},
};

use super::{
    config_file::{self, Change, change},
    image_options::ImageOptions,
    number::{EPOCHS, SAMPLES, real, whole},
    optimisation::OptimisationOptions,
    options::{DataName, DataOption, Method as MethodName, data_name, model},
    table_options::TableOptions,
};

/// A run; what is not given is chosen to train well on the data set.
#[derive(Clone, Debug, Args)]
pub(crate) struct RunOptions {
    /// Settings by their names in a config.toml, such as epochs=5, lr=0.01 or weight_decay.rate=1e-4; they go before everything
    /// else, and KEY= alone leaves out what may be left out
    #[arg(value_name = "KEY=VALUE", value_parser = change)]
    changes: Vec<Change>,
    /// The configuration of another run: its config.toml, or its folder; options change it [default: what trains well on the
    /// data set]
    #[arg(long, value_name = "FILE", conflicts_with = "recipe")]
    config: Option<PathBuf>,
    /// Data set by name, images, or a table of your own
    #[arg(long, help = format!("Data set: {}, images (a folder at --data), or a table of your own: FILE.csv [default: digits]", DatasetName::names()), value_parser = data_name, value_name = "NAME")]
    pub(crate) dataset: Option<DataName>,
    /// Model with its sizes, e.g. lenet, mlp:256-256, vgg8:0.25, mobilenet-v2-small:0.35, resnet20; `help` lists them
    /// [default: lenet; mlp for samples that are no images]
    #[arg(long, value_parser = model, value_name = "NAME")]
    model: Option<String>,
    /// Method of training [default: ana]
    #[arg(long, value_enum)]
    pub(crate) method: Option<MethodName>,
    /// A published configuration, whatever trains well on the data set: ana19 or ana22; other options change it
    /// [default: none]
    #[arg(long, value_name = "NAME")]
    pub(crate) recipe: Option<Recipe>,
    /// Quantiser of weights, and of the features that go with them: binary, ternary, int2 … int8 (binary: weights −1, 1 and
    /// features 0, 1) [default: ternary]
    #[arg(long, value_name = "NAME")]
    pub(crate) quantiser: Option<Quantiser>,
    /// A plan of bits for every layer, from `stairs bits` or written by hand: quantisers of the weights in place of --quantiser's; that and
    /// --features and --edges are as the plan says where they are not given [default: --quantiser for all]
    #[arg(long, value_name = "FILE.toml")]
    pub(crate) bits_file: Option<PathBuf>,
    /// What stands in place of the activations: matching (the quantiser that goes with --quantiser), float (only weights are
    /// quantised) or the name of a quantiser [default: matching]
    #[arg(long, value_name = "NAME")]
    pub(crate) features: Option<Features>,
    /// First and last layer: last-float (all weights but the last layer's are quantised), both-float or quantised;
    /// branches quantises only the residual branches of mobilenet-v2 [default: last-float]
    #[arg(long, value_name = "POLICY")]
    pub(crate) edges: Option<Edges>,
    /// Quantum of each weight tensor: max-abs, fixed:Q, percentile:P, mse, twn, sawb or lsq [default: what trains well on
    /// the data set; mse under --init]
    #[arg(long, value_name = "POLICY")]
    pub(crate) weight_scale: Option<ScalePolicy>,
    /// Noise law of ana, surrogate of ste
    #[arg(long, value_name = "NAME", help = law_help())]
    pub(crate) law: Option<Noise>,
    /// Forward strategy of ana: expectation, mode or random [default: expectation]
    #[arg(long, value_name = "NAME")]
    pub(crate) strategy: Option<Strategy>,
    /// Annealing policy of ana: [MEAN-SCALE-]INTERVAL[-DECAY], see `stairs plan --help` [default: what trains well on
    /// the data set]
    #[arg(long, value_name = "POLICY")]
    pub(crate) plan: Option<Policy>,
    /// Backward law of ana: annealed like the forward one, static, or freeze (static until the forward noise is gone, then
    /// none) [default: what trains well on the data set]
    #[arg(long, value_parser = ["annealed", "static", "freeze"], value_name = "LAW")]
    pub(crate) backward: Option<String>,
    /// Which quantisers have forward noise under ana: everywhere, or weights (features are hard from the first step)
    /// [default: everywhere]
    #[arg(long, value_parser = ["everywhere", "weights"], value_name = "WHERE")]
    pub(crate) forward_noise: Option<String>,
    /// Let latent weights and batch norms follow the mean of the noise under ana
    #[arg(long)]
    pub(crate) follow_mean: bool,
    /// Where latent weights start: thresholds (next to a random threshold) or layers (as in a float network)
    /// [default: thresholds]
    #[arg(long, value_parser = ["thresholds", "layers"], value_name = "WHERE")]
    pub(crate) start: Option<String>,
    /// Share of the training after which all noise is gone, in (0, 1] [default: what trains well on the data set]
    #[arg(long, value_name = "SHARE", value_parser = real)]
    pub(crate) anneal_until: Option<f64>,
    /// What the annealing counts [default: what trains well on the data set]
    #[arg(long, value_parser = ["epoch", "step"], value_name = "UNIT")]
    pub(crate) anneal_per: Option<String>,
    /// Passes over the training set, 1 to 1000000 [default: what trains well on the data set]
    #[arg(long, value_name = "N", value_parser = whole(0..=EPOCHS))]
    pub(crate) epochs: Option<usize>,
    /// Samples per optimiser step, at most as many as there are [default: what trains well on the data set]
    #[arg(long, value_name = "N", value_parser = whole(0..=SAMPLES))]
    pub(crate) batch: Option<usize>,
    /// Initial learning rate, in (0, 1] [default: what trains well on the data set]
    #[arg(long, value_name = "RATE", value_parser = real)]
    pub(crate) lr: Option<f64>,
    /// Keep the learning rate constant instead of letting it fall along a cosine
    #[arg(long)]
    pub(crate) constant_lr: bool,
    /// Seed of initial weights, data order, augmentation and noise, below 2^63 [default: 1]
    #[arg(long, value_name = "N")]
    pub(crate) seed: Option<u64>,
    /// Hold out this share of the training samples, in (0, 1), the same of every class: the best epoch is chosen there and the
    /// test part is read once, at the end [default: none, epochs are tested on the test part]
    #[arg(long, value_name = "SHARE", value_parser = real)]
    pub(crate) validation: Option<f64>,
    /// At the end measure the statistics of batch norms again, over this many training batches, 1 to 1000000, with hard
    /// quantisers [default: keep those of the training]
    #[arg(long, value_name = "N", value_parser = whole(0..=EPOCHS))]
    pub(crate) reestimate_norms: Option<usize>,
    /// Use only this many training samples, at least 1 [default: all]
    #[arg(long, value_name = "N", value_parser = whole(0..=SAMPLES))]
    pub(crate) subset: Option<usize>,
    #[command(flatten)]
    pub(crate) images: ImageOptions,
    #[command(flatten)]
    pub(crate) table: TableOptions,
    #[command(flatten)]
    pub(crate) optimisation: OptimisationOptions,
}

/// A run that is ready to be started.
pub(crate) struct Prepared {
    pub(crate) config: RunConfig,
    pub(crate) data: TrainData,
    /// What should be known about the options.
    pub(crate) notes: Vec<String>,
}

impl RunOptions {
    /// The data of the run and its configuration. A batch that was not chosen is no larger than the training part.
    pub(crate) fn prepare(&self, data: &DataOption) -> anyhow::Result<Prepared> {
        let mut config = self.config()?;
        self.images.check(config.dataset == IMAGES)?;
        self.table.check(is_table(&config.dataset))?;
        let data = TrainData::open(&config, &data.root()).with_context(|| format!("loading {}", config.dataset))?;
        let mut notes: Vec<String> = self.without_effect(config.method).into_iter().collect();
        let samples = config.subset.unwrap_or(data.train.len()).min(data.train.len());
        let chosen = self.batch.is_some() || self.config.is_some() || self.changes.iter().any(|c| c.key == "batch");
        if !chosen && samples > 0 && samples < config.batch {
            notes.push(format!(
                "there are {samples} training samples: the batch is {samples} instead of {}",
                config.batch
            ));
            config.batch = samples;
        }
        Ok(Prepared { config, data, notes })
    }

    /// The options that were given and say nothing under the method, but for those that the configuration shows: the
    /// trainer tells of them.
    fn without_effect(&self, method: Method) -> Option<String> {
        let noise = [
            (self.strategy.is_some(), "--strategy"),
            (self.plan.is_some(), "--plan"),
            (self.backward.is_some(), "--backward"),
            (self.forward_noise.is_some(), "--forward-noise"),
            (self.follow_mean, "--follow-mean"),
        ];
        let schedule = [(self.anneal_until.is_some(), "--anneal-until"), (self.anneal_per.is_some(), "--anneal-per")];
        let quantisers = [
            (self.quantiser == Some(Quantiser::Ternary), "--quantiser"),
            (self.features == Some(Features::default()), "--features"),
            (self.edges == Some(Edges::default()), "--edges"),
            (self.weight_scale.is_some(), "--weight-scale"),
            (self.law.is_some(), "--law"),
            (self.start.is_some(), "--start"),
        ];
        let law = [(self.law.is_some(), "--law")];
        let (idle, why): (Vec<_>, _) = match method {
            Method::Float => (quantisers.into_iter().chain(noise).chain(schedule).collect(), "quantises nothing"),
            Method::Ana => (Vec::new(), ""),
            Method::Parq | Method::BinaryRelax => (noise.into(), "anneals by a rule of its own"),
            Method::Dsq | Method::Ewgs => {
                (law.into_iter().chain(noise).chain(schedule).collect(), "has a rule of its own and anneals nothing")
            }
            _ => (noise.into_iter().chain(schedule).collect(), "anneals nothing"),
        };
        let idle: Vec<_> = idle.into_iter().filter(|(given, _)| *given).map(|(_, name)| name).collect();
        (!idle.is_empty()).then(|| format!("--method {method} {why}: without effect are {}", idle.join(", ")))
    }

    /// What the options change: the configuration of a file, or what trains well on the data set.
    fn base(&self) -> anyhow::Result<RunConfig> {
        if let Some(path) = &self.config {
            let mut config = config_file::read(path)?;
            put(&mut config.dataset, self.dataset.as_ref().map(ToString::to_string));
            put(&mut config.model, self.model.clone());
            put(&mut config.method, self.method.map(Into::into));
            if self.images != ImageOptions::default() {
                config.images = Some(self.images.config(config.images.unwrap_or_default()));
            }
            if self.table != TableOptions::default() {
                config.table = Some(self.table.config(config.table.unwrap_or_default())?);
            }
            return Ok(config);
        }
        let dataset = self.dataset.as_ref().unwrap_or(&DataName::Known(DatasetName::Digits));
        let vectors = match dataset {
            DataName::Known(name) => matches!(name.shape(), SampleShape::Vector { .. }),
            DataName::Table(_) => true,
            DataName::Images => false,
        };
        let model = self.model.as_deref().unwrap_or(if vectors { "mlp" } else { "lenet" });
        let method = self.method.unwrap_or(MethodName::Ana).into();
        let recipe = match dataset {
            DataName::Known(name) => recipe(*name, model, method),
            DataName::Images => images_recipe(model, method, self.images.config(ImagesConfig::default())),
            DataName::Table(path) => table_recipe(path, model, method, self.table.config(Table::default())?),
        };
        // A method that is named too is the recipe's without its noise.
        Ok(match self.recipe {
            Some(published) => {
                let published = published.applied(recipe);
                let method = self.method.map_or(published.method, Into::into);
                published.with_method(method)
            }
            None => recipe,
        })
    }

    /// The configuration they make.
    pub(crate) fn config(&self) -> anyhow::Result<RunConfig> {
        let mut config = self.base()?;
        put(&mut config.backward, self.backward.as_deref().map(backward));
        put(&mut config.forward_noise, self.forward_noise.as_deref().map(forward_noise));
        put(&mut config.start, self.start.as_deref().map(start));
        put(&mut config.anneal_per, self.anneal_per.as_deref().map(anneal_per));
        put(&mut config.follow_mean, self.follow_mean.then_some(true));
        if let Some(path) = &self.bits_file {
            let plan = BitsFile::read(path)?;
            put(&mut config.quantiser, plan.quantiser);
            put(&mut config.features, plan.features);
            put(&mut config.edges, plan.edges);
            config.bits = Some(plan.weights);
        }
        put(&mut config.quantiser, self.quantiser);
        put(&mut config.features, self.features);
        put(&mut config.edges, self.edges);
        put(&mut config.weight_scale, self.weight_scale);
        put(&mut config.law, self.law.clone());
        put(&mut config.strategy, self.strategy);
        put(&mut config.policy, self.plan);
        put(&mut config.anneal_until, self.anneal_until);
        put(&mut config.epochs, self.epochs);
        put(&mut config.batch, self.batch);
        put(&mut config.lr, self.lr);
        put(&mut config.lr_schedule, self.constant_lr.then_some(LrSchedule::Constant));
        put(&mut config.seed, self.seed);
        config.subset = self.subset.or(config.subset);
        config.validation = self.validation.or(config.validation);
        config.reestimate_norms = self.reestimate_norms.or(config.reestimate_norms);
        let config = self.optimisation.change(config, self.weight_scale.is_some() || self.config.is_some())?;
        config_file::changed(config, &self.changes)
    }
}

/// Replaces a field where an option was given.
fn put<T>(field: &mut T, given: Option<T>) {
    if let Some(value) = given {
        *field = value;
    }
}

fn backward(name: &str) -> BackwardLaw {
    match name {
        "annealed" => BackwardLaw::Annealed,
        "static" => BackwardLaw::Static,
        _ => BackwardLaw::Freeze,
    }
}

fn forward_noise(name: &str) -> ForwardNoise {
    if name == "weights" { ForwardNoise::Weights } else { ForwardNoise::Everywhere }
}

fn start(name: &str) -> Start {
    if name == "layers" { Start::Layers } else { Start::Thresholds }
}

fn anneal_per(name: &str) -> AnnealPer {
    if name == "epoch" { AnnealPer::Epoch } else { AnnealPer::Step }
}

/// What `--help` says of `--law`.
fn law_help() -> String {
    format!(
        "Noise law of ana, surrogate of ste: {} [default: what trains well on the data set; uniform (the clipped identity) \
         for ste]",
        Noise::names()
    )
}
