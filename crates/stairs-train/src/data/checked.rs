//! Samples that are looked at as they are made: a class that is none, or a value that is no number, is an error that
//! names the sample, before it reaches a device.

use std::sync::Arc;

use sha2::{Digest, Sha256};
use stairs_data::{DataDifference, DataIdentity, PartIdentity, SampleShape};

use super::{SampleError, Samples};
use crate::TrainError;

/// The samples of `inner`, of which every class must be below `classes`.
pub(crate) struct Checked {
    inner: Arc<dyn Samples>,
    classes: usize,
}

impl Checked {
    pub(crate) fn samples(inner: Arc<dyn Samples>, classes: usize) -> Arc<dyn Samples> {
        Arc::new(Self { inner, classes })
    }

    fn check(&self, class: usize, values: &[f32]) -> Result<usize, SampleError> {
        if class >= self.classes {
            return Err(format!("its class is {class}, and there are {} classes, counted from 0", self.classes).into());
        }
        match values.iter().position(|value| !value.is_finite()) {
            Some(i) => Err(format!("its value {i} is {}: every value must be a number", values[i]).into()),
            None => Ok(class),
        }
    }
}

impl Samples for Checked {
    fn targets(&self) -> usize {
        self.inner.targets()
    }

    fn copy_targets(&self, i: usize, out: &mut [f32]) -> Result<(), SampleError> {
        self.inner.copy_targets(i, out)?;
        match out.iter().position(|value| !value.is_finite()) {
            Some(target) => Err(format!("its target {target} is {}: every one must be a number", out[target]).into()),
            None => Ok(()),
        }
    }

    fn shape(&self) -> [usize; 3] {
        self.inner.shape()
    }

    fn len(&self) -> usize {
        self.inner.len()
    }

    fn copy(&self, i: usize, out: &mut [f32]) -> Result<usize, SampleError> {
        self.check(self.inner.copy(i, out)?, out)
    }

    fn copy_augmented(&self, i: usize, seed: u64, epoch: usize, out: &mut [f32]) -> Result<usize, SampleError> {
        self.check(self.inner.copy_augmented(i, seed, epoch, out)?, out)
    }

    fn label(&self, i: usize) -> Result<usize, SampleError> {
        self.check(self.inner.label(i)?, &[])
    }

    fn is_expensive(&self) -> bool {
        self.inner.is_expensive()
    }

    fn pixels(&self) -> Option<Vec<f32>> {
        self.inner.pixels()
    }

    fn skipped(&self) -> Vec<String> {
        self.inner.skipped()
    }
}

/// Begins the checksum of samples that were read one by one: it cannot be compared with that of arrays or files.
const ONE_BY_ONE: &str = "samples:";

/// What is different in `now`. The same data may have been handed over as a data set and as samples of one's own: what
/// only one of the two knows, checksums and names of classes, is then not compared.
pub(crate) fn difference(then: &DataIdentity, now: &DataIdentity) -> Option<DataDifference> {
    let surveyed = |data: &DataIdentity| data.train.sha256.starts_with(ONE_BY_ONE);
    if surveyed(then) == surveyed(now) {
        return then.difference(now);
    }
    let mut then = then.clone();
    if then.classes.len() == now.classes.len() {
        then.classes.clone_from(&now.classes);
    }
    then.train.sha256.clone_from(&now.train.sha256);
    then.test.sha256.clone_from(&now.test.sha256);
    then.difference(now)
}

/// What samples of one's own are: `None` where making all of them would take long. Reads every sample once, so that a
/// class that is none is found before training.
///
/// # Errors
/// [`TrainError::Sample`].
pub(crate) fn survey(
    name: &str,
    train: &Arc<dyn Samples>,
    test: &Arc<dyn Samples>,
    classes: usize,
) -> Result<Option<DataIdentity>, TrainError> {
    if train.is_expensive() || test.is_expensive() {
        return Ok(None);
    }
    let part = |samples: &Arc<dyn Samples>| {
        let samples = Checked::samples(samples.clone(), classes);
        let mut values = vec![0.0; samples.shape().iter().product()];
        let mut targets = vec![0.0; samples.targets()];
        let mut bytes = Vec::with_capacity(4 * values.len());
        let (mut counts, mut hash) = (vec![0; classes], Sha256::new());
        hash.update(b"stairs samples 1");
        for index in 0..samples.len() {
            let class = samples.copy(index, &mut values).map_err(|source| TrainError::Sample { index, source })?;
            counts[class] += 1;
            bytes.clear();
            if !targets.is_empty() {
                samples.copy_targets(index, &mut targets).map_err(|source| TrainError::Sample { index, source })?;
            }
            values.iter().chain(&targets).for_each(|value| bytes.extend(value.to_le_bytes()));
            hash.update((class as u64).to_le_bytes());
            hash.update(&bytes);
        }
        let sum: String = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        let sha256 = format!("{ONE_BY_ONE}{sum}");
        Ok::<_, TrainError>(PartIdentity { counts, sha256 })
    };
    let shape = match train.shape() {
        [features, 1, 1] => SampleShape::Vector { features },
        [channels, height, width] => SampleShape::Image { channels, height, width },
    };
    let classes = (0..classes).map(|class| class.to_string()).collect();
    Ok(Some(DataIdentity { name: name.into(), classes, shape, train: part(train)?, test: part(test)? }))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sample i is the value at i, its class i.
    struct Few(Vec<f32>);

    impl Samples for Few {
        fn shape(&self) -> [usize; 3] {
            [1, 1, 1]
        }

        fn len(&self) -> usize {
            self.0.len()
        }

        fn copy(&self, i: usize, out: &mut [f32]) -> Result<usize, SampleError> {
            out[0] = self.0[i];
            Ok(i)
        }
    }

    #[test]
    fn classes_and_values_are_checked_and_samples_counted() {
        let few = |values: &[f32]| -> Arc<dyn Samples> { Arc::new(Few(values.to_vec())) };
        let survey = |train: &[f32], classes| survey("few", &few(train), &few(&[0.5]), classes);
        let identity = survey(&[1.0, 2.0], 2).unwrap().unwrap();
        assert_eq!((identity.train.counts.clone(), identity.test.counts.clone()), (vec![1, 1], vec![1, 0]));
        let other = survey(&[1.0, 2.5], 2).unwrap().unwrap();
        assert!(identity.difference(&other).is_some_and(|difference| !difference.concerns_labels_or_shape()));
        for (values, message) in [
            ([1.0, 2.0, 3.0], "sample 2: its class is 2, and there are 2 classes"),
            ([1.0, f32::NAN, 3.0], "sample 1: its value 0 is NaN"),
        ] {
            let error = survey(&values, 2).unwrap_err().to_string();
            assert!(error.starts_with(message), "{error}");
        }
    }
}
