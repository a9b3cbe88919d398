//! From a float parameter to its latent value and its quantiser.

use std::collections::BTreeMap;

use burn::module::{Param, Reparameterizer};
use burn::tensor::{Device, Tensor, TensorData};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use stairs_quant::{Granularity, ScaleError, ScalePolicy, Scales, StairFunction};

use super::{StairWeights, WeightGranularity, WeightInit, WeightsError};
use crate::derive_seed;
use crate::module::axes::WeightAxes;
use crate::module::scales::{Channels, SMALLEST_STEP, ScaleState};
use crate::module::setting::Setting;
use crate::module::stair::Stair;

/// Share of a law's support in which weights start: its edges, where the density ends, are left to rounding.
const INSIDE: f64 = 0.999;

/// One [`StairWeights::quantise`]: Burn's walk cannot fail, so it remembers the first failure.
pub(super) struct Session<'a> {
    pub(super) weights: &'a StairWeights,
    /// Axes of the selected parameters, by path.
    pub(super) selected: BTreeMap<String, WeightAxes>,
    pub(super) failure: Option<WeightsError>,
}

impl Reparameterizer for &mut Session<'_> {
    type Reparam = Stair;

    fn reparameterize<const D: usize>(
        &mut self,
        path: &str,
        param: Param<Tensor<D>>,
    ) -> (Param<Tensor<D>>, Option<Stair>) {
        let Some(axes) = self.selected.get(path).filter(|_| self.failure.is_none()) else { return (param, None) };
        match self.weights.of_layer(path).attach(path, param.clone(), axes) {
            Ok((param, stair)) => (param, Some(stair)),
            Err(error) => {
                self.failure = Some(error);
                (param, None)
            }
        }
    }
}

impl StairWeights {
    /// The latent parameter and its quantiser.
    fn attach<const D: usize>(
        &self,
        path: &str,
        param: Param<Tensor<D>>,
        axes: &WeightAxes,
    ) -> Result<(Param<Tensor<D>>, Stair), WeightsError> {
        let failed = |source| WeightsError::Scale { path: path.to_string(), source };
        let shape = param.shape().to_vec();
        let values = param.val().into_data().try_into_vec_as::<f32>().unwrap_or_default();
        check(&values).map_err(failed)?;
        let scales = self.scales(&values, &shape, axes).map_err(failed)?;
        let param = match self.init {
            WeightInit::Keep => {
                self.check_sides(path, &values)?;
                param
            }
            WeightInit::InsideSupport { seed } => {
                let quantum = |i: usize| scales[if scales.len() == 1 { 0 } else { axes.channel(i, &shape) }].quantum();
                let values =
                    self.inside_support(derive_seed(seed, path, 0), values.len(), axes.fan_in(&shape), quantum);
                param.map(|old| {
                    let new = Tensor::from_data(TensorData::new(values, shape.clone()), &old.device());
                    new.set_require_grad(old.is_require_grad())
                })
            }
        };
        let state = self.state(&scales, axes, &param.lazy_device());
        Ok((param, Stair::new(self.function.clone(), Setting::new(self.laws.clone()), state)))
    }

    /// One pair of scales, or one an output channel.
    fn scales(&self, values: &[f32], shape: &[usize], axes: &WeightAxes) -> Result<Vec<Scales>, ScaleError> {
        let scales = match self.granularity {
            WeightGranularity::Tensor => vec![self.policy.scales(values, &self.function)?],
            WeightGranularity::OutputChannel => per_channel(self.policy, values, shape, axes, &self.function)?,
        };
        let checked = |(channel, scales): (usize, Scales)| {
            let found = scales.in_single_precision(&self.function).and_then(|scales| match self.learned {
                true if scales.quantum() < SMALLEST_STEP => Err(smallest("learned step", scales.quantum())),
                _ => Ok(scales),
            });
            found.map_err(|source| match self.granularity {
                WeightGranularity::Tensor => source,
                WeightGranularity::OutputChannel => ScaleError::Channel { channel, source: Box::new(source) },
            })
        };
        scales.into_iter().enumerate().map(checked).collect()
    }

    /// Weights that stay where they are need a level of their sign.
    fn check_sides(&self, path: &str, values: &[f32]) -> Result<(), WeightsError> {
        let count = |outside: fn(&f32) -> bool| values.iter().filter(|value| outside(value)).count();
        let (count, side) = match (self.function.lowest_level() < 0.0, self.function.highest_level() > 0.0) {
            (false, _) => (count(|value| *value < 0.0), "below"),
            (_, false) => (count(|value| *value > 0.0), "above"),
            _ => return Ok(()),
        };
        if count == 0 {
            return Ok(());
        }
        let (path, stair) = (path.to_string(), self.function.to_string());
        Err(WeightsError::OneSided { path, count, of: values.len(), side, stair })
    }

    fn state(&self, scales: &[Scales], axes: &WeightAxes, device: &Device) -> ScaleState {
        let vector = |of: fn(&Scales) -> f64| {
            let values: Vec<f32> = scales.iter().map(|scales| of(scales) as f32).collect();
            Tensor::<1>::from_floats(values.as_slice(), device)
        };
        let channels = match self.granularity {
            WeightGranularity::Tensor => None,
            WeightGranularity::OutputChannel => Some(Channels::of(axes)),
        };
        match (self.learned, channels) {
            (true, channels) => {
                ScaleState::learned_step(vector(|s| s.quantum()), channels, false, self.function.highest_level())
            }
            (false, None) => ScaleState::fixed(scales[0]),
            (false, Some(channels)) => ScaleState::channel(vector(|s| s.quantum()), vector(|s| s.output()), channels),
        }
    }

    /// ε·(a random threshold ± U(radius) + m), the radius 1/√fan_in or what the support of the backward law holds.
    fn inside_support(&self, seed: u64, count: usize, fan_in: usize, quantum: impl Fn(usize) -> f64) -> Vec<f32> {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let thresholds = self.function.thresholds();
        let support = INSIDE * self.laws.backward.reach(&self.function);
        let radius = (1.0 / (fan_in.max(1) as f64).sqrt()).min(support);
        let mean = self.laws.forward.mean();
        (0..count)
            .map(|i| {
                let threshold = thresholds[rng.random_range(0..thresholds.len())];
                (quantum(i) * (threshold + rng.random_range(-radius..=radius) + mean)) as f32
            })
            .collect()
    }
}

/// A learned start below the smallest step.
pub(crate) fn smallest(name: &'static str, value: f64) -> ScaleError {
    ScaleError::Range { name, value, low: SMALLEST_STEP, high: Scales::SINGLE_PRECISION.1 }
}

/// At least one value, all finite, whatever the policy looks at.
fn check(values: &[f32]) -> Result<(), ScaleError> {
    if values.is_empty() {
        return Err(ScaleError::Empty);
    }
    match values.iter().position(|value| !value.is_finite()) {
        Some(index) => Err(ScaleError::NotFinite { index, value: values[index] }),
        None => Ok(()),
    }
}

/// Scales of every output channel: the groups of a transposed convolution are blocks of its first axis.
fn per_channel(
    policy: ScalePolicy,
    values: &[f32],
    shape: &[usize],
    axes: &WeightAxes,
    stair: &StairFunction,
) -> Result<Vec<Scales>, ScaleError> {
    let granularity = Granularity::Axis(axes.outputs());
    let mut block = shape.to_vec();
    block[0] /= axes.groups();
    let of_group = block[axes.outputs()];
    let mut all = Vec::new();
    for (group, values) in values.chunks(values.len() / axes.groups()).enumerate() {
        let scales = policy.scales_per_channel(values, &block, granularity, stair);
        all.extend(scales.map_err(|error| match error {
            ScaleError::Channel { channel, source } => {
                ScaleError::Channel { channel: group * of_group + channel, source }
            }
            other => other,
        })?);
    }
    Ok(all)
}
