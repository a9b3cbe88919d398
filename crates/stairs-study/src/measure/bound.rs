//! The unit-factorised bound of a measurement, which may be asked for when all draws are made.

use std::time::Instant;

use stairs_capacity::{FactorisedOptions, FactorisedPoint};

use super::{MeasureConfig, MeasureError, Measurement, source::Source};

/// Whether two configurations differ in the unit-factorised bound at most.
pub(crate) fn is_for(there: &MeasureConfig, config: &MeasureConfig) -> bool {
    MeasureConfig { factorised: config.factorised.clone(), ..there.clone() } == *config
}

/// A finished measurement with the unit-factorised bound of another configuration.
pub(super) fn with_bound(
    config: &MeasureConfig,
    before: Measurement,
    source: &Source,
) -> Result<Measurement, MeasureError> {
    let log_scale = match before.mean_trace {
        0.0 => f64::NEG_INFINITY,
        trace => (before.dimension as f64).ln() - trace.ln(),
    };
    let (factorised, factorised_seconds) = factorised(config, source, log_scale)?;
    Ok(Measurement { config: config.clone(), factorised, factorised_seconds, ..before })
}

/// The unit-factorised bound at every ζ and its own ε, and its seconds where measures are timed.
pub(super) fn factorised(
    config: &MeasureConfig,
    source: &Source,
    log_scale: f64,
) -> Result<(Vec<FactorisedPoint>, Option<f64>), MeasureError> {
    let Some(own) = &config.factorised else { return Ok((Vec::new(), None)) };
    let start = Instant::now();
    let eps = if own.eps.is_empty() { &config.eps } else { &own.eps };
    let points: Vec<(f64, f64)> = config.zeta.iter().flat_map(|zeta| eps.iter().map(|eps| (*eps, *zeta))).collect();
    let options = FactorisedOptions {
        draws: own.draws,
        last_draws: own.last_draws,
        particles: own.particles,
        seed: config.seed,
        ..FactorisedOptions::default()
    };
    let found = source.factorised(log_scale, &points, &options)?;
    Ok((found, (config.baselines > 0).then(|| start.elapsed().as_secs_f64())))
}
