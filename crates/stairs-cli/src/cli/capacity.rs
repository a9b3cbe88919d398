//! `stairs capacity`

use std::path::PathBuf;

use anyhow::Context;
use clap::Args;
use stairs::{
    capacity::radius,
    data::{DatasetName, load},
    device::DeviceName,
    noise::Noise,
    quant::Quantiser,
    zoo::Architecture,
};
use stairs_study::{
    measure::{FactorisedConfig, MeasureConfig, Measurement, measure},
    plot::{capacity_figure, write_svg},
};

use super::{
    json::{self, JsonOption},
    model_name::architecture,
    number::{REPEATS, SAMPLES, real, whole},
    options::{self, DataOption, DeviceOption, bar, dataset},
    paths,
};

/// Measure the capacity of a network before training: its two-scale effective dimension (2sED)
///
/// The directory holds the configuration (config.json), one file per draw (draws/), the result with standard errors
/// (capacity.json) and its figure (capacity.svg). The same command on the same directory goes on where it was stopped.
#[derive(Debug, Args)]
pub(crate) struct Capacity {
    /// Model with its sizes: mlp[:256-256], lenet[:32-64-128], cnn[:16-32-64]; plain-mlp and plain-cnn are without batch
    /// normalisation; residual and depthwise ones are measured by their gradients, without hidden noise; `help` lists all models
    #[arg(long, default_value = "mlp:64", value_name = "NAME", value_parser = architecture)]
    model: Architecture,
    /// Data set
    #[arg(long, help = format!("Data set: {}", DatasetName::names()), default_value = "digits", value_parser = dataset, value_name = "NAME")]
    dataset: DatasetName,
    /// Draws of the parameters, 1 to 1000000; a directory with fewer of them goes on
    #[arg(long, default_value_t = 100, value_name = "M", value_parser = whole(0..=REPEATS))]
    draws: usize,
    /// Draws of the last layer for each of them, at least 1: more than 1 for the bound with the last layer exact
    #[arg(long, default_value_t = 1, value_name = "B", value_parser = whole(0..=REPEATS))]
    inner: usize,
    /// Input samples, at most as many as the training part has
    #[arg(long, default_value_t = 100, value_name = "N", value_parser = whole(0..=SAMPLES))]
    samples: usize,
    /// Values of ζ, in [2/3, 1) [default: 2/3]
    #[arg(long, value_delimiter = ',', value_name = "ZETAS", value_parser = real)]
    zeta: Option<Vec<f64>>,
    /// Values of ε, in (0, 1) [default: 21 from 1e-1 to 1e-6]
    #[arg(long, value_delimiter = ',', value_name = "EPSILONS", value_parser = real)]
    eps: Option<Vec<f64>>,
    /// One ε instead of a list: that of N training samples, sqrt(2 pi ln N / N), N at least 19 [default of N: as many as the
    /// training part has]
    #[arg(long, value_name = "N", num_args = 0..=1, conflicts_with = "eps", value_parser = whole(0..=SAMPLES))]
    eps_from_samples: Option<Option<usize>>,
    /// Variance of the noise added to the output of every hidden layer, positive
    #[arg(long, default_value_t = 1.0, value_name = "VARIANCE", value_parser = real)]
    noise_variance: f64,
    /// Draw parameters from a uniform box of this half-width, positive, instead of the initialiser
    #[arg(long, value_name = "RADIUS", value_parser = real)]
    cube: Option<f64>,
    /// Measure the network with weights and features quantised by this quantiser under noise [default: float]
    #[arg(long, value_name = "NAME")]
    quantiser: Option<Quantiser>,
    /// Law of that noise
    #[arg(long, help = format!("Law of that noise: {}", Noise::names()), default_value_t = Noise::Uniform, value_name = "NAME", requires = "quantiser")]
    law: Noise,
    /// Scale of that noise, in units of the quantum: not negative
    #[arg(long, default_value_t = 0.5, value_name = "SCALE", requires = "quantiser", value_parser = real)]
    noise_scale: f64,
    /// Particles of sequential Monte Carlo, for one more lower bound, at most 1000000; 0 leaves it out
    #[arg(long, default_value_t = 0, value_name = "P", value_parser = whole(0..=REPEATS))]
    particles: usize,
    /// Draws of every unit for the unit-factorised lower bound, the tightest, at most 1000000; 0 leaves it out
    #[arg(long, default_value_t = 0, value_name = "M", value_parser = whole(0..=REPEATS))]
    unit_draws: usize,
    /// Particles of that bound, 1 to 1000000: the first layer averages over M times as many draws
    #[arg(long, default_value_t = 16, value_name = "P", requires = "unit_draws", value_parser = whole(0..=REPEATS))]
    unit_particles: usize,
    /// Seed of samples, parameters and noise
    #[arg(long, default_value_t = 1, value_name = "N")]
    seed: u64,
    #[command(flatten)]
    device: DeviceOption,
    #[command(flatten)]
    data: DataOption,
    /// Directory of the result
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    #[command(flatten)]
    pub(crate) json: JsonOption,
}

impl Capacity {
    /// ε by the number of samples, if that was asked for, with the number.
    fn eps_of_samples(&self, training: usize) -> anyhow::Result<Option<(f64, usize)>> {
        let Some(asked) = self.eps_from_samples else { return Ok(None) };
        let samples = asked.unwrap_or(training);
        let eps = radius(samples, 1.0)
            .with_context(|| format!("--eps-from-samples needs at least 19 samples, got {samples}"))?;
        Ok(Some((eps, samples)))
    }

    fn config(&self, eps: Option<f64>) -> anyhow::Result<MeasureConfig> {
        let defaults = MeasureConfig::new(self.model.clone(), self.dataset.as_str());
        let law = MeasureConfig::law(self.law.clone(), self.noise_scale)?;
        Ok(MeasureConfig {
            quantiser: self.quantiser.map(|quantiser| (quantiser, law)),
            cube: self.cube,
            samples: self.samples,
            draws: self.draws,
            inner: self.inner,
            noise_variance: self.noise_variance,
            eps: eps.map(|eps| vec![eps]).or_else(|| self.eps.clone()).unwrap_or(defaults.eps),
            zeta: self.zeta.clone().unwrap_or(defaults.zeta),
            particles: self.particles,
            factorised: (self.unit_draws > 0).then(|| FactorisedConfig {
                draws: self.unit_draws,
                last_draws: self.inner,
                particles: self.unit_particles,
                eps: Vec::new(),
            }),
            seed: self.seed,
            ..defaults
        })
    }

    pub(crate) fn run(self) -> anyhow::Result<()> {
        // The device must exist; the eigenproblems are solved on the processor in f64 all the same.
        let _ = self.device.device.open()?;
        if self.device.device != DeviceName::Flex {
            eprintln!("note: the capacity is computed on the processor in f64, whatever the device");
        }
        paths::folder(&self.out)?;
        let data = load(self.dataset, &self.data.root()).with_context(|| format!("loading {}", self.dataset))?;
        let of_samples = self.eps_of_samples(data.train.len())?;
        let config = self.config(of_samples.map(|(eps, _)| eps))?;
        let bar = bar("draws", config.draws);
        let measurement = measure(&config, &data, &self.out, |done, _| bar.set_position(done as u64));
        bar.finish_and_clear();
        let measurement = measurement?;
        let title = format!("{} on {}, d = {}", self.model, self.dataset, measurement.dimension);
        let svg = self.out.join("capacity.svg");
        let figure = capacity_figure(title, &measurement).svg()?;
        write_svg(&svg, &figure).with_context(|| format!("cannot write {}", svg.display()))?;
        if self.json.json {
            json::print(&measurement)?;
        } else {
            print(&measurement);
            if let Some((eps, samples)) = of_samples {
                answer!("eps {eps:.2e} is sqrt(2 pi ln n / n) for n = {samples} samples");
            }
        }
        println!("{}\n{}", self.out.join("capacity.json").display(), svg.display());
        Ok(())
    }
}

/// The result at both ends of every curve, warnings last.
fn print(measurement: &Measurement) {
    answer!(
        "{} parameters, {} draws, {} samples",
        measurement.dimension,
        measurement.config.draws,
        measurement.config.samples
    );
    let error = |error: Option<f64>| error.map_or_else(String::new, |error| format!(" ± {error:.2}"));
    let count = measurement.config.eps.len();
    for curve in measurement.points.chunks(count) {
        for point in [&curve[0], &curve[count - 1]].into_iter().take(count) {
            let (two, jensen) = (point.two_scale, point.jensen);
            answer!(
                "zeta {:.3}  eps {:<8.2e}  2sED {:.2}{}  lower {:.2}{}",
                point.zeta,
                point.eps,
                two.value,
                error(two.standard_error()),
                jensen.value,
                error(jensen.standard_error())
            );
            let factorised = measurement.factorised.iter();
            for at in factorised.filter(|at| at.eps == point.eps && at.zeta == point.zeta) {
                answer!(
                    "{:27} lower {:.2}{} factorised by units; the fewest effective draws of a unit: {:.1}",
                    "",
                    at.lower.value,
                    error(at.lower.standard_error()),
                    at.unit_sample_size
                );
            }
        }
    }
    options::warn(&measurement.warnings);
}
