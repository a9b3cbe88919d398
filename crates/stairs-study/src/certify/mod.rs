//! Certificates of runs: how far the network a plan trains is from the one it ends with, step by step.
//!
//! A run's network is taken out of Burn ([`network`]) and certified under the run's own plan
//! ([`certify`]) by [`stairs_noise::certificate`]. Its weights are frozen: they are those of the model given, a finished one or
//! a fresh one, at every step of the plan.

mod error;
mod network;
mod table;

use std::path::{Path, PathBuf};

use serde::Serialize;
use stairs_noise::certificate::{Certificate, Convergence};
use stairs_noise::{Strategy, TimeUnit};
use stairs_train::{AnnealPer, Method, RunConfig, Samples, TrainError, ZooModel, data::steps_per_epoch};

pub use error::CertifyError;
pub use network::network;
pub use table::convergence_table;

use crate::files::write_atomically;

/// Most steps a certificate has.
const MOST_STEPS: usize = 10_000;

/// The certificate of one run.
#[derive(Clone, Debug, Serialize)]
pub struct RunCertificate {
    /// The configuration.
    pub config: RunConfig,
    /// Whether the weights are those of a trained model, or initial ones.
    pub trained: bool,
    /// What times count.
    pub unit: TimeUnit,
    /// Strategy of the plan; the certificate is about the expectation.
    pub strategy: Strategy,
    /// The plan over time.
    pub convergence: Convergence,
}

/// Certifies the plan of `config` for `model` on the first `samples` of `test`, at `steps` equal steps of the training
/// (rounded to optimiser steps where the plan counts those) and at its end; `train` is the number of samples an epoch trains on, see
/// [`training_samples`](stairs_train::data::training_samples).
///
/// # Errors
/// [`CertifyError`].
pub fn certify(
    config: &RunConfig,
    model: &ZooModel,
    test: &dyn Samples,
    train: usize,
    samples: usize,
    steps: usize,
) -> Result<RunCertificate, CertifyError> {
    for (what, most, got) in
        [("the number of samples", test.len(), samples), ("the number of steps", MOST_STEPS, steps)]
    {
        if !(1..=most).contains(&got) {
            return Err(CertifyError::Count { what, most, got });
        }
    }
    let network = network(model, config, test.shape())?;
    let steps_per_epoch = steps_per_epoch(train, config.batch);
    let plan = model.plan(config, steps_per_epoch)?.ok_or(CertifyError::NoQuantisers("float"))?;
    let end = match config.anneal_per {
        AnnealPer::Epoch => config.epochs as f64,
        AnnealPer::Step => (config.epochs * steps_per_epoch) as f64,
    };
    let mut times: Vec<f64> = (0..=steps).map(|i| end * i as f64 / steps as f64).collect();
    if config.anneal_per == AnnealPer::Step {
        times.iter_mut().for_each(|time| *time = time.round());
        times.dedup();
    }
    let certificate = Certificate::new(network, (0..samples).map(|i| sample(test, i)).collect::<Result<_, _>>()?)?;
    let convergence = certificate.run(&plan, &times)?;
    Ok(RunCertificate {
        config: config.clone(),
        trained: false,
        unit: plan.unit(),
        strategy: if config.method == Method::Ana { config.strategy } else { Strategy::Expectation },
        convergence,
    })
}

fn sample(samples: &dyn Samples, index: usize) -> Result<Vec<f64>, CertifyError> {
    let mut values = vec![0.0f32; samples.shape().iter().product()];
    samples.copy(index, &mut values).map_err(|source| TrainError::Sample { index, source })?;
    Ok(values.into_iter().map(f64::from).collect())
}

impl RunCertificate {
    /// Writes `certificate.json` and `certificate.svg` into `dir` and returns their paths.
    ///
    /// # Errors
    /// [`CertifyError::Write`].
    pub fn write(&self, dir: &Path) -> Result<[PathBuf; 2], CertifyError> {
        let paths = ["certificate.json", "certificate.svg"].map(|name| dir.join(name));
        let failed = |path: &Path, source| CertifyError::Write { path: path.to_owned(), source };
        let json = serde_json::to_vec_pretty(self).map_err(|error| failed(&paths[0], error.into()))?;
        let svg = crate::plot::certificate_figure(&self.title(), self.unit, &self.convergence).svg();
        let svg = svg.map_err(|error| failed(&paths[1], std::io::Error::other(error)))?;
        for (path, contents) in paths.iter().zip([json, svg.into_bytes()]) {
            write_atomically(path, &contents).map_err(|source| failed(path, source))?;
        }
        Ok(paths)
    }

    /// What was certified, in a line.
    pub fn title(&self) -> String {
        let weights = if self.trained { "trained weights" } else { "initial weights" };
        let plan = match self.config.method {
            Method::Ana => format!("{}, {} noise", self.config.policy, self.config.law),
            Method::Ste => "straight-through".to_owned(),
            method => method.label().to_owned(),
        };
        format!("{} on {}, {weights}: {plan}", self.config.model, self.config.dataset)
    }
}
