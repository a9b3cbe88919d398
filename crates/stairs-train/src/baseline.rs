//! The published baselines as plans and scales: what a [`Method`] other than `ste` and `ana` changes in a straight-through
//! run.
//!
//! All of them start from the same latent weights and the same quanta as `ste` does, whatever their papers start from, and
//! share data order and budget. What is annealed has decayed after the configured share of the run.

use burn::module::Module;
use stairs_noise::{
    Envelope, Estimator, FeatureScale, QuantiserKind, RelaxationWindow, SigmoidWindow, Strategy,
    plan::{AnnealingPlan, BackwardSchedule, NoiseSchedule, QuantiserSchedule, TimeUnit},
    quantisers,
};
use stairs_quant::{Bits, Quantiser};
use stairs_zoo::StairsConfig;

use crate::{ConfigError, Features, Method, RunConfig, method::Learned};

/// α of DSQ, fixed: a choice of this project. The paper learns it from layer to layer.
pub(crate) const DSQ_ALPHA: f64 = 0.2;
/// δ of EWGS, for weights and features: the fixed factor of its authors' scripts. Their own results take δ from the trace of
/// the Hessian, which costs a second differentiation.
pub(crate) const EWGS_DELTA: f64 = 1e-3;
/// Steepness of PARQ's schedule: the default of its authors' code.
pub(crate) const PARQ_STEEPNESS: f64 = 10.0;
/// Growth of BinaryRelax's λ over its first phase: by 1.04 in each of 150 epochs in its authors' script.
pub(crate) const RELAX_GROWTH: f64 = 359.0;

/// The plan of a baseline over `span` units of time, `ste` the schedule of the straight-through estimator.
///
/// # Errors
/// [`ConfigError::Estimator`] where the rule means nothing on the configured quantiser.
pub(crate) fn plan<M: Module>(
    config: &RunConfig,
    model: &M,
    span: f64,
    unit: TimeUnit,
    ste: QuantiserSchedule,
) -> Result<AnnealingPlan, ConfigError> {
    let stairs = config.stairs();
    let planned: Vec<Quantiser> =
        stairs.layers.iter().flat_map(|layers| layers.iter()).map(|(_, quantiser)| quantiser).collect();
    let all = if planned.is_empty() { vec![stairs.weights] } else { planned };
    match config.method {
        Method::Dsq => {
            let rule = |quantiser: &Quantiser| Estimator::dsq(quantiser.stair(), DSQ_ALPHA);
            let rules = all.iter().map(rule).collect::<Result<Vec<_>, _>>()?;
            return Ok(AnnealingPlan::uniform(unit, rules[0].schedule()));
        }
        Method::Ewgs => {
            let rule = Estimator::ewgs(stairs.weights.stair(), EWGS_DELTA)?;
            return Ok(AnnealingPlan::uniform(unit, rule.schedule()));
        }
        Method::Parq | Method::BinaryRelax => {}
        _ => return Ok(AnnealingPlan::uniform(unit, ste)),
    }
    // What means nothing is said before a layer is looked for.
    all.iter().try_for_each(|quantiser| annealed(config.method, *quantiser, span).map(|_| ()))?;
    let of = |path: &str, kind| match kind {
        QuantiserKind::Weight => {
            let weight = path.strip_suffix(".stair").unwrap_or(path);
            let own = stairs.layers.as_ref().and_then(|layers| layers.of(weight)).unwrap_or(stairs.weights);
            annealed(config.method, own, span)
        }
        QuantiserKind::Feature => Ok(ste.clone()),
    };
    let entries = quantisers(model).into_iter().map(|info| {
        let schedule = of(&info.path, info.kind)?;
        Ok::<_, ConfigError>((info.path, schedule))
    });
    Ok(AnnealingPlan::new(unit, entries.collect::<Result<_, _>>()?)?)
}

/// The schedule of weights under PARQ or BinaryRelax.
fn annealed(method: Method, quantiser: Quantiser, span: f64) -> Result<QuantiserSchedule, ConfigError> {
    let stair = quantiser.stair();
    let weights = if method == Method::Parq {
        let envelope = Envelope::SigmoidWindow(SigmoidWindow::new(0.0, span, PARQ_STEEPNESS)?);
        let start = Estimator::parq(stair, 1.0)?.forward;
        QuantiserSchedule::new(NoiseSchedule::new(start, Envelope::Constant, envelope), Strategy::Expectation)
    } else {
        let envelope = Envelope::RelaxationWindow(RelaxationWindow::new(0.0, span, RELAX_GROWTH)?);
        let start = Estimator::binary_relax(stair, 1.0)?.forward;
        QuantiserSchedule::new(NoiseSchedule::new(start, Envelope::Constant, envelope), Strategy::Relaxed)
    };
    Ok(weights.with_backward(BackwardSchedule::Identity))
}

/// Learned scales where the method learns them, from where the fixed ones are.
pub(crate) fn scales(config: &RunConfig, stairs: StairsConfig) -> StairsConfig {
    match config.method.learned() {
        Learned::Nothing => stairs,
        Learned::Quanta => StairsConfig {
            learned_weight_scale: true,
            feature_scale: match stairs.feature_scale {
                FeatureScale::Fixed(quantum) => FeatureScale::LearnedStep(quantum),
                other => other,
            },
            ..stairs
        },
        Learned::Clips => {
            let stairs = rectified(config, stairs);
            let highest = stairs.features.map_or(1.0, |features| features.stair().highest_level());
            let feature_scale = match stairs.feature_scale {
                FeatureScale::Fixed(quantum) => FeatureScale::LearnedClip(quantum * highest),
                other => other,
            };
            StairsConfig { feature_scale, ..stairs }
        }
    }
}

/// PACT cuts all below 0 away: features that were not asked for by name are unsigned, of as many bits.
fn rectified(config: &RunConfig, stairs: StairsConfig) -> StairsConfig {
    let negative = |quantiser: Quantiser| quantiser.stair().lowest_level() < 0.0;
    match stairs.features {
        Some(features) if config.features == Features::Matching && negative(features) => {
            match Bits::new(features.bits().clamp(2, 8)) {
                Ok(bits) => stairs.with_features(Quantiser::Unsigned(bits)),
                Err(_) => stairs,
            }
        }
        _ => stairs,
    }
}
