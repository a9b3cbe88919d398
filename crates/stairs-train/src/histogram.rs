//! Histograms of quantised weights: latent values and the levels they fall on.

use std::collections::BTreeMap;

use burn::{
    module::{Module, ModuleVisitor, Param},
    tensor::Tensor,
};
use stairs_noise::Stair;

use crate::WeightHistogram;

/// Equal bins of a histogram of latent values.
const BINS: usize = 64;

/// One histogram per weight of `model` that a fixed-scale stair quantises, in units of its quantum. The bins reach one
/// quantum beyond the outermost thresholds. `model` is in evaluation mode, so that its weights are levels.
pub fn weight_histograms<M: Module>(model: &M) -> Vec<WeightHistogram> {
    #[derive(Default)]
    struct Visitor {
        path: Vec<String>,
        histograms: Vec<WeightHistogram>,
    }

    impl ModuleVisitor for Visitor {
        fn enter_module(&mut self, name: &str, _container_type: &str) {
            self.path.push(name.into());
        }

        fn exit_module(&mut self, _name: &str, _container_type: &str) {
            self.path.pop();
        }

        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            let Some(stair) = param.reparameterization::<Stair>() else { return };
            let Some(scales) = stair.scales() else { return };
            let values = |tensor: Tensor<D>| tensor.into_data().try_into_vec_as::<f32>().unwrap_or_default();
            let latent: Vec<f64> = values(param.base()).into_iter().map(|w| f64::from(w) / scales.quantum).collect();
            let levels = values(param.val()).into_iter().map(|w| f64::from(w) / scales.output);
            let function = stair.function();
            let (low, high) = match (function.thresholds().first(), function.thresholds().last()) {
                (Some(first), Some(last)) => (first - 1.0, last + 1.0),
                _ => (-1.0, 1.0),
            };
            self.histograms.push(WeightHistogram {
                path: self.path.join("."),
                low,
                high,
                latent: bins(&latent, low, high),
                quantised: tally(levels, function.levels()),
            });
        }
    }

    let mut visitor = Visitor::default();
    model.visit(&mut visitor);
    visitor.histograms
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

/// How many values are nearest to each of the levels, ascending.
fn tally(values: impl Iterator<Item = f64>, levels: &[f64]) -> Vec<(f64, u64)> {
    let mut sorted = levels.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.dedup();
    let mut counts: BTreeMap<usize, u64> = (0..sorted.len()).map(|i| (i, 0)).collect();
    for value in values {
        let nearest = sorted.iter().enumerate().min_by(|a, b| (a.1 - value).abs().total_cmp(&(b.1 - value).abs()));
        if let Some((i, _)) = nearest {
            *counts.entry(i).or_default() += 1;
        }
    }
    counts.into_iter().map(|(i, count)| (sorted[i], count)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bins_and_levels_count_everything() {
        let counts = bins(&[-9.0, -1.0, 0.0, 0.999, 1.0, 9.0], -1.0, 1.0);
        assert_eq!(counts.iter().sum::<u64>(), 6);
        assert_eq!((counts[0], counts[BINS / 2], counts[BINS - 1]), (2, 1, 3));
        let tallied = tally([1.0, -1.0000001, 0.0, 1.0].into_iter(), &[-1.0, 0.0, 1.0]);
        assert_eq!(tallied, [(-1.0, 1), (0.0, 1), (1.0, 2)]);
        assert_eq!(tally([1.0].into_iter(), &[1.0, 0.0, 1.0]), [(0.0, 0), (1.0, 1)]);
    }
}
