//! Histograms of quantised weights: latent values and the levels they fall on.
//!
//! Burn shows a visitor the latent weight and, below its path, the parameters of the quantiser attached to it; the
//! effective weight is that of the materialised model. This works for every model whose weights `StairWeights` quantises, whatever
//! its scales are.

use std::collections::BTreeMap;

use burn::module::Module;
use stairs_noise::{
    walk::{Parameter, values},
    weight_scales,
};

use crate::WeightHistogram;

/// Equal bins of a histogram of latent values.
const BINS: usize = 64;

/// One histogram a quantised weight of `model`, in units of its quantum. Bins reach one quantum beyond the outermost
/// levels in use; levels are those in use.
pub fn weight_histograms<M: Module>(model: &M) -> Vec<WeightHistogram> {
    let model = model.valid();
    let (latent, scales) = (values(&model), weight_scales(&model));
    let effective: BTreeMap<_, _> =
        values(&model.materialize()).into_iter().map(|(parameter, values)| (parameter.path, values)).collect();
    let histogram = |(Parameter { path, .. }, values): &(Parameter, Vec<f32>)| {
        let scales = scales.get(path)?;
        let latent: Vec<f64> = values.iter().enumerate().map(|(i, w)| f64::from(*w) / scales.quantum(i)).collect();
        let levels = effective.get(path)?.iter().enumerate().map(|(i, w)| f64::from(*w) / scales.output(i));
        let quantised = tally(levels);
        let (low, high) = (quantised.first()?.0 - 1.0, quantised.last()?.0 + 1.0);
        Some(WeightHistogram { path: path.clone(), low, high, latent: bins(&latent, low, high), quantised })
    };
    latent.iter().filter_map(histogram).collect()
}

/// Counts in [`BINS`] equal bins of [low, high]; values outside go to the first or last bin.
fn bins(values: &[f64], low: f64, high: f64) -> Vec<u64> {
    let mut counts = vec![0; BINS];
    for value in values {
        let bin = ((value - low) / (high - low) * BINS as f64).floor();
        counts[bin.clamp(0.0, (BINS - 1) as f64) as usize] += 1;
    }
    counts
}

/// The distinct values, ascending, and how often each occurs. Values are told apart to a millionth, because they went
/// through single precision.
fn tally(values: impl Iterator<Item = f64>) -> Vec<(f64, u64)> {
    let mut counts: BTreeMap<i64, u64> = BTreeMap::new();
    for value in values {
        *counts.entry((value * 1e6).round() as i64).or_default() += 1;
    }
    counts.into_iter().map(|(millionths, count)| (millionths as f64 / 1e6, count)).collect()
}

#[cfg(test)]
mod tests {
    use burn::{
        nn::{LinearConfig, conv::ConvTranspose2dConfig},
        tensor::Device,
    };
    use stairs_noise::{StairWeights, WeightGranularity};
    use stairs_quant::ScalePolicy;

    use super::*;

    #[test]
    fn bins_and_levels_count_everything() {
        let counts = bins(&[-9.0, -1.0, 0.0, 0.999, 1.0, 9.0], -1.0, 1.0);
        assert_eq!(counts.iter().sum::<u64>(), 6);
        assert_eq!((counts[0], counts[BINS / 2], counts[BINS - 1]), (2, 1, 3));
        assert_eq!(tally([1.0, -1.0000001, 0.0, 1.0].into_iter()), [(-1.0, 1), (0.0, 1), (1.0, 2)]);
    }

    #[test]
    fn all_kinds_of_scales_give_the_levels_of_the_stair() {
        let device = Device::flex();
        let plain = StairWeights::ternary();
        let kinds = [
            plain.clone(),
            plain.clone().with_scale(ScalePolicy::Twn),
            plain.clone().with_granularity(WeightGranularity::OutputChannel),
            plain.clone().with_learned_scale(),
        ];
        for weights in kinds {
            let layer = weights.clone().quantise(LinearConfig::new(40, 5).init(&device)).unwrap();
            let [histogram] = &weight_histograms(&layer)[..] else { panic!("one weight is quantised") };
            assert_eq!(histogram.path, "weight");
            assert_eq!(histogram.latent.iter().sum::<u64>(), 200);
            let levels: Vec<f64> = histogram.quantised.iter().map(|(level, _)| *level).collect();
            assert_eq!(levels, [-1.0, 0.0, 1.0], "{weights:?}");
            assert_eq!((histogram.low, histogram.high), (-2.0, 2.0));
            assert_eq!(histogram.quantised.iter().map(|(_, n)| n).sum::<u64>(), 200);
        }
        assert!(weight_histograms(&LinearConfig::new(4, 5).init(&device)).is_empty());
    }

    /// Channels on the second axis, once a group: 6 quanta of a weight `[4, 3, 3, 3]`.
    #[test]
    fn channels_of_transposed_convolutions_have_their_own_quanta() {
        let weights = StairWeights::ternary().with_granularity(WeightGranularity::OutputChannel);
        let layer = ConvTranspose2dConfig::new([4, 6], [3, 3]).with_groups(2).init(&Device::flex());
        let histograms = weight_histograms(&weights.quantise(layer).unwrap());
        let levels: Vec<f64> = histograms[0].quantised.iter().map(|(level, _)| *level).collect();
        assert_eq!(levels, [-1.0, 0.0, 1.0]);
    }
}
