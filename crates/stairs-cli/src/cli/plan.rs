//! `stairs plan`

use std::path::PathBuf;

use anyhow::{Context, ensure};
use burn::tensor::Device;
use clap::Args;
use serde_json::json;
use stairs::{
    data::DatasetName,
    noise::{Noise, Policy, Strategy, TimeUnit},
    train::Method,
    zoo::Architecture,
};
use stairs_study::{
    experiments::{law, policy},
    plot::{plan_figure, write_svg},
};

use super::{
    json::{self, JsonOption},
    model_name::architecture,
    number::{EPOCHS, real, whole},
};

/// Print the noise laws of an annealing plan over time, and draw them
///
/// A policy is written [MEAN-SCALE-]INTERVAL[-DECAY]: MEAN and SCALE are static or dynamic (default dynamic), INTERVAL
/// is overlapped, same-start, same-end or partition, DECAY is homogeneous (default), progressive or linear.
#[derive(Debug, Args)]
pub(crate) struct Plan {
    /// Policy
    #[arg(default_value_t = policy(DatasetName::Digits, Method::Ana))]
    policy: Policy,
    /// Noise law
    #[arg(long, help = format!("Noise law: {}", Noise::names()), default_value_t = law(DatasetName::Digits, Method::Ana), value_name = "NAME")]
    law: Noise,
    /// Forward strategy: expectation, mode or random
    #[arg(long, default_value_t = Strategy::Expectation, value_name = "NAME")]
    strategy: Strategy,
    /// Epochs of training, 1 to 1000000
    #[arg(long, default_value_t = 30, value_name = "N", value_parser = whole(0..=EPOCHS))]
    epochs: usize,
    /// Share of the training after which all noise is gone, in (0, 1]
    #[arg(long, default_value_t = 0.95, value_name = "SHARE", value_parser = real)]
    anneal_until: f64,
    /// Model whose quantised layers the plan is for; `help` lists them
    #[arg(long, default_value = "lenet", value_name = "NAME", value_parser = architecture)]
    model: Architecture,
    /// Number of layers, instead of a model: 1 to 1000
    #[arg(long, conflicts_with = "model", value_name = "N", value_parser = whole(0..=1000))]
    layers: Option<usize>,
    /// Figure to write [default: none]
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) json: JsonOption,
}

impl Plan {
    pub(crate) fn run(self) -> anyhow::Result<()> {
        ensure!(self.epochs >= 1, "--epochs must be at least 1");
        ensure!(
            self.anneal_until > 0.0 && self.anneal_until <= 1.0,
            "--anneal-until must be in (0, 1], got {}",
            self.anneal_until
        );
        let names: Vec<String> = match self.layers {
            Some(count) => (1..=count).map(|layer| format!("layer{layer}")).collect(),
            None => self.model.layers(&Device::flex())?,
        };
        ensure!(self.layers != Some(0), "--layers must be at least 1");
        ensure!(!names.is_empty(), "`{}` has no layer with noise: its only layer stays float", self.model);
        let epochs = self.epochs as f64;
        let layers: Vec<Vec<String>> = names.into_iter().map(|name| vec![name]).collect();
        let span = self.anneal_until * epochs;
        let plan = self.policy.plan(self.law.clone(), self.strategy, &layers, span, TimeUnit::Epochs)?;

        let steps = self.epochs.min(4);
        let mut times: Vec<f64> = (0..=steps).map(|i| (epochs * i as f64 / steps as f64).round()).collect();
        times.dedup();
        if let Some(path) = &self.svg {
            let title = format!("{}, {} noise", self.policy, self.law);
            let svg = plan_figure(&title, &plan, epochs).svg()?;
            write_svg(path, &svg).with_context(|| format!("cannot write {}", path.display()))?;
        }
        if self.json.json {
            return json::print(&json!({
                "policy": self.policy.to_string(), "law": self.law.to_string(), "strategy": self.strategy.to_string(),
                "epochs": self.epochs, "anneal_until": self.anneal_until, "plan": plan,
            }));
        }
        answer!("{}\n", self.policy);
        answer!("{}", plan.table(&times));
        self.svg.iter().for_each(|path| println!("\nfigure {}", path.display()));
        Ok(())
    }
}
