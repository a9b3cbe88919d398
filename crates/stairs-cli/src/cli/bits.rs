//! `stairs bits`

use std::path::PathBuf;

use anyhow::Context;
use clap::Args;
use serde_json::json;
use stairs::{
    network::{Allocation, Budget},
    quant::{Bits as Width, LayerQuantisers, Quantiser, ScalePolicy},
    train::{Edges, Features, Head, Init, Method, RunConfig, data::TrainData},
};
use stairs_study::bits::{BitsConfig, BitsFile, Effort, Losses, Rule, bits_table, plan_of};

use super::{
    json::{self, JsonOption},
    number::{REPEATS, SAMPLES, real, whole},
    options::{DataName, DataOption, data_name, model},
};

/// Choose bits for the weights of every layer under a budget of bit operations or flash
///
/// The plan is a small file, which `stairs train --bits-file` trains with. The allocation is exact for the losses of the rule: error (squared
/// error of the weights), hessian (that times the mean curvature of the loss, of a trained network), 2sed (excess of the effective dimension,
/// before training), uniform (the most bits that are the same for all) and random (bits at random that fill the budget, to compare with).
/// Features keep the bits that --quantiser and --features say.
#[derive(Debug, Args)]
pub(crate) struct Bits {
    /// Model with its sizes; `help` lists them [default: that of --from, else lenet]
    #[arg(long, value_parser = model, value_name = "NAME")]
    model: Option<String>,
    /// Data set by name, images (a folder at --data), or a table: FILE.csv [default: that of --from, else digits]
    #[arg(long, value_parser = data_name, value_name = "NAME")]
    dataset: Option<DataName>,
    /// The limit: bitops=N, flash=N (bytes of all parameters; also kB, KiB, MB), or mean=BITS (bit operations of so many bits for every
    /// weight)
    #[arg(long, value_name = "BUDGET")]
    budget: Budget,
    /// What bits are given by
    #[arg(long, help = format!("What bits are given by: {}", Rule::names()), default_value_t = Rule::Error, value_name = "RULE")]
    rule: Rule,
    /// Widths that a layer may have, each 2 to 8
    #[arg(long, value_delimiter = ',', default_value = "2,3,4,6,8", value_name = "BITS", value_parser = level)]
    levels: Vec<Width>,
    /// The run, or file of weights, that the training will start from: error and hessian look at its weights [default: initial weights]
    #[arg(long, value_name = "RUN_OR_FILE")]
    from: Option<PathBuf>,
    /// Quantiser whose family the bits are of and that features go with: int4, balanced4, … [default: that of a quantised --from, else int4]
    #[arg(long, value_name = "NAME")]
    quantiser: Option<Quantiser>,
    /// What stands in place of the activations, as in training [default: matching]
    #[arg(long, value_name = "NAME")]
    features: Option<Features>,
    /// First and last layer, as in training [default: last-float]
    #[arg(long, value_name = "POLICY")]
    edges: Option<Edges>,
    /// Quantum of each weight tensor, as in training
    #[arg(long, default_value_t = ScalePolicy::MseOptimal, value_name = "POLICY")]
    weight_scale: ScalePolicy,
    /// Training samples that hessian and 2sed look at, at least 1; all where there are fewer
    #[arg(long, default_value_t = Effort::default().samples, value_name = "N", value_parser = whole(1..=SAMPLES))]
    samples: usize,
    /// Probes of hessian, at least 2
    #[arg(long, default_value_t = Effort::default().probes, value_name = "N", value_parser = whole(2..=REPEATS))]
    probes: usize,
    /// Draws of 2sed, at least 1
    #[arg(long, default_value_t = Effort::default().draws, value_name = "M", value_parser = whole(1..=REPEATS))]
    draws: usize,
    /// Radius of 2sed, in (0, 1)
    #[arg(long, default_value_t = Effort::default().eps, value_name = "EPSILON", value_parser = real)]
    eps: f64,
    /// ζ of 2sed, in [2/3, 1)
    #[arg(long, default_value_t = Effort::default().zeta, value_name = "ZETA", value_parser = real)]
    zeta: f64,
    /// Seed of initial weights, samples, probes, draws and random bits
    #[arg(long, default_value_t = 1, value_name = "N")]
    seed: u64,
    #[command(flatten)]
    data: DataOption,
    /// The plan [default: it is printed alone]
    #[arg(long, value_name = "FILE.toml")]
    out: Option<PathBuf>,
    /// Replace another plan in that file
    #[arg(long, requires = "out")]
    force: bool,
    #[command(flatten)]
    pub(crate) json: JsonOption,
}

/// Reads a bit width.
fn level(text: &str) -> Result<Width, String> {
    let number = text.trim().parse::<u32>().map_err(|_| "expected a whole number of 2 to 8".to_owned())?;
    Width::new(number).map_err(|error| error.to_string())
}

impl Bits {
    /// The run that the plan is for.
    fn run_config(&self) -> anyhow::Result<RunConfig> {
        let init = self.from.as_ref().map(|path| Init::open(path, Head::Loaded)).transpose()?;
        let there = init.as_ref().and_then(Init::run_config);
        let quantised = there.as_ref().is_some_and(|there| there.method != Method::Float);
        let four = || Width::new(4).map_or(Quantiser::Ternary, Quantiser::Signed);
        let mut run = there.unwrap_or_else(|| RunConfig::new("lenet"));
        if !quantised {
            run = run.with_method(Method::Ste).with_quantiser(four());
        }
        let mut run = run.with_bits(None).with_weight_scale(self.weight_scale).with_seed(self.seed).with_init(init);
        let [model, dataset] = [self.model.clone(), self.dataset.as_ref().map(ToString::to_string)];
        run.model = model.unwrap_or(run.model);
        run.dataset = dataset.unwrap_or(run.dataset);
        run.quantiser = self.quantiser.unwrap_or(run.quantiser);
        run.features = self.features.unwrap_or(run.features);
        run.edges = self.edges.unwrap_or(run.edges);
        Ok(run)
    }

    fn config(&self) -> BitsConfig {
        let (samples, probes, draws) = (self.samples, self.probes, self.draws);
        let effort = Effort { samples, probes, draws, eps: self.eps, zeta: self.zeta };
        BitsConfig { levels: self.levels.clone(), effort, ..BitsConfig::new(self.rule, self.budget) }
    }

    pub(crate) fn run(self) -> anyhow::Result<()> {
        let (run, config) = (self.run_config()?, self.config());
        let name = &run.dataset;
        let data = TrainData::open(&run, &self.data.root()).with_context(|| format!("loading {name}"))?;
        let losses = Losses::measured(&config, &run, &data)?;
        let (allocation, plan) = plan_of(&config, &run, &data, &losses)?;
        if let Some(path) = &self.out {
            BitsFile::new(&config, &run, &allocation, plan.clone()).write(path, self.force)?;
        }
        if self.json.json {
            return json::print(&document(&config, &run, &allocation, &losses, &plan));
        }
        answer!("{} on {}, rule {}, {}\n", run.model, run.dataset, config.rule, config.budget);
        answer!("{}", bits_table(&config, &allocation, &losses));
        if let Some(path) = &self.out {
            println!("{}", path.display());
        }
        Ok(())
    }
}

/// The plan, and what it was made from, for a program.
fn document(
    config: &BitsConfig,
    run: &RunConfig,
    allocation: &Allocation,
    losses: &Losses,
    plan: &LayerQuantisers,
) -> serde_json::Value {
    let layers = allocation.bits.iter().map(|(layer, bits)| {
        json!({
            "path": layer.path,
            "weights": layer.count(),
            "macs": layer.macs,
            "sensitivity": losses.sensitivity(&layer.path),
            "bits": bits.get(),
            "quantiser": plan.of(&layer.path).map(|quantiser| quantiser.to_string()),
        })
    });
    json!({
        "model": run.model,
        "dataset": run.dataset,
        "rule": config.rule.to_string(),
        "budget": config.budget.to_string(),
        "unit": config.budget.unit(),
        "cost": allocation.cost,
        "limit": allocation.budget,
        "layers": layers.collect::<Vec<_>>(),
    })
}
