//! The validation part: training samples that are held out, so that epochs, rates and recipes can be chosen without a look at
//! the test part.
//!
//! Of the n_c training samples of class c, round(share·n_c) are held out, chosen by the run's seed; the others are trained on,
//! all of them or a subset. Same labels, share and seed: same parts.

use std::sync::Arc;

use rand::{SeedableRng, seq::SliceRandom};
use rand_chacha::ChaCha8Rng;

use super::{SampleError, Samples, subset};
use crate::{ConfigError, RunConfig, TrainError};

/// The stream of the run's seed that shuffles classes; epochs count from 1 and never come here.
const STREAM: u64 = u64::MAX;

/// Indices of the training samples of a run, by what they are for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Chosen {
    /// Those that are trained on, ascending.
    pub(crate) training: Vec<usize>,
    /// Those that are held out, ascending; `None` where the run has no validation part.
    pub(crate) validation: Option<Vec<usize>>,
}

impl Chosen {
    /// The parts that `config` asks for, of samples of `classes` classes.
    ///
    /// # Errors
    /// [`ConfigError::ValidationPart`] where a part would be empty, [`ConfigError::Subset`] for more samples than are left,
    /// [`ConfigError::Batch`]; [`TrainError::Sample`] where the class of a sample cannot be found out.
    pub(crate) fn of(config: &RunConfig, samples: &dyn Samples) -> Result<Self, TrainError> {
        let Some(share) = config.validation else {
            let all = 0..samples.len();
            let training =
                config.subset.map_or_else(|| all.collect(), |count| subset(config.seed, samples.len(), count));
            return Ok(Self { training, validation: None });
        };
        let label = |index| samples.label(index).map_err(|source| TrainError::Sample { index, source });
        let labels = (0..samples.len()).map(label).collect::<Result<Vec<_>, _>>()?;
        let (left, validation) = split(&labels, share, config.seed);
        if left.is_empty() || validation.is_empty() {
            return Err(ConfigError::ValidationPart { share, samples: samples.len() }.into());
        }
        let training = match config.subset {
            Some(subset) if subset > left.len() => {
                return Err(ConfigError::Subset { subset, samples: left.len() }.into());
            }
            Some(count) => subset(config.seed, left.len(), count).into_iter().map(|i| left[i]).collect(),
            None => left,
        };
        if config.batch > training.len() {
            return Err(ConfigError::Batch { batch: config.batch, samples: training.len() }.into());
        }
        Ok(Self { training, validation: Some(validation) })
    }
}

/// Number of samples that an epoch of `config` trains on: without those that are held out, and at most the subset.
///
/// # Errors
/// As the run: parts without samples, more samples or a larger batch than there are.
pub fn training_samples(config: &RunConfig, samples: &dyn Samples) -> Result<usize, TrainError> {
    Ok(Chosen::of(config, samples)?.training.len())
}

/// Samples left for training and samples held out.
fn split(labels: &[usize], share: f64, seed: u64) -> (Vec<usize>, Vec<usize>) {
    let mut classes = vec![Vec::new(); labels.iter().max().map_or(0, |label| label + 1)];
    labels.iter().enumerate().for_each(|(i, label)| classes[*label].push(i));
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(STREAM);
    let (mut left, mut held_out) = (Vec::new(), Vec::new());
    for mut class in classes {
        class.shuffle(&mut rng);
        let cut = (share * class.len() as f64).round() as usize;
        held_out.extend_from_slice(&class[..cut]);
        left.extend_from_slice(&class[cut..]);
    }
    left.sort_unstable();
    held_out.sort_unstable();
    (left, held_out)
}

/// Some of the samples of another source.
pub(crate) struct Selected {
    samples: Arc<dyn Samples>,
    indices: Vec<usize>,
}

impl Selected {
    /// Those at `indices`, in this order.
    pub(crate) fn samples(samples: Arc<dyn Samples>, indices: Vec<usize>) -> Arc<dyn Samples> {
        Arc::new(Self { samples, indices })
    }
}

impl Samples for Selected {
    fn shape(&self) -> [usize; 3] {
        self.samples.shape()
    }

    fn len(&self) -> usize {
        self.indices.len()
    }

    fn copy(&self, i: usize, out: &mut [f32]) -> Result<usize, SampleError> {
        self.samples.copy(self.indices[i], out)
    }

    fn targets(&self) -> usize {
        self.samples.targets()
    }

    fn copy_targets(&self, i: usize, out: &mut [f32]) -> Result<(), SampleError> {
        self.samples.copy_targets(self.indices[i], out)
    }

    fn label(&self, i: usize) -> Result<usize, SampleError> {
        self.samples.label(self.indices[i])
    }

    fn is_expensive(&self) -> bool {
        self.samples.is_expensive()
    }

    fn pixels(&self) -> Option<Vec<f32>> {
        self.samples.pixels()
    }

    fn skipped(&self) -> Vec<String> {
        // The source tells of them.
        Vec::new()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn value_stability() {
        let labels = [0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 2, 2];
        let (left, held_out) = split(&labels, 0.4, 1);
        assert_eq!((left.len(), held_out.len()), (7, 5));
        assert_eq!(split(&labels, 0.4, 1), (left, held_out.clone()));
        assert_ne!(split(&labels, 0.4, 2).1, held_out);
    }

    proptest! {
        #[test]
        fn parts_are_stratified(labels in prop::collection::vec(0usize..300, 0..400), share in 0.0f64..1.0, seed: u64) {
            let (left, held_out) = split(&labels, share, seed);
            let mut all: Vec<_> = left.iter().chain(&held_out).copied().collect();
            all.sort_unstable();
            prop_assert_eq!(all, (0..labels.len()).collect::<Vec<_>>());
            for class in 0..300 {
                let of = |part: &[usize]| part.iter().filter(|&&i| labels[i] == class).count();
                prop_assert!((of(&held_out) as f64 - share * (of(&left) + of(&held_out)) as f64).abs() <= 0.5 + 1e-9);
            }
        }
    }
}
