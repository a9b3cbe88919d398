//! Labelled samples as the training loop wants them.

use std::sync::Arc;

use stairs_data::{Augment, Dataset, DatasetName, SampleShape, Split};

/// Why a sample cannot be made; says which file it comes from.
pub type SampleError = Box<dyn std::error::Error + Send + Sync>;

/// Labelled samples of one shape. Implemented for the parts of a [`stairs_data::Dataset`]; implement it for data of
/// your own.
pub trait Samples: Send + Sync + 'static {
    /// Channels, height and width of every sample; `[features, 1, 1]` for tables.
    fn shape(&self) -> [usize; 3];

    /// Number of samples.
    fn len(&self) -> usize;

    /// True without samples.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Writes sample `i < len`, standardised, in row-major order of [`shape`](Self::shape), and returns its class,
    /// counted from 0 and below the number of the model's classes; 0 for another task than classes.
    ///
    /// # Errors
    /// Where the sample cannot be made; the run ends with [`TrainError::Sample`](crate::TrainError::Sample).
    fn copy(&self, i: usize, out: &mut [f32]) -> Result<usize, SampleError>;

    /// The same for a randomly changed version of the sample, a pure function of (`seed`, `epoch`, `i`); by default
    /// the sample itself.
    ///
    /// # Errors
    /// As [`copy`](Self::copy).
    fn copy_augmented(&self, i: usize, seed: u64, epoch: usize, out: &mut [f32]) -> Result<usize, SampleError> {
        let _ = (seed, epoch);
        self.copy(i, out)
    }

    /// Number of values that are to be predicted for a sample; 0, the default, for classes alone.
    fn targets(&self) -> usize {
        0
    }

    /// Writes the [`targets`](Self::targets) values that are to be predicted for sample `i < len`; the same for its
    /// changed versions. Called where there are some.
    ///
    /// # Errors
    /// As [`copy`](Self::copy).
    fn copy_targets(&self, i: usize, out: &mut [f32]) -> Result<(), SampleError> {
        let _ = (i, out);
        Ok(())
    }

    /// Class of sample `i < len`; by default the sample is made for it.
    ///
    /// # Errors
    /// As [`copy`](Self::copy).
    fn label(&self, i: usize) -> Result<usize, SampleError> {
        let mut sample = vec![0.0; self.shape().iter().product()];
        self.copy(i, &mut sample)
    }

    /// True where a sample takes so long to make (some 100 µs) that several threads should share out a batch.
    fn is_expensive(&self) -> bool {
        false
    }

    /// What each of the 256 values of a byte stands for in every channel, `[channels, 256]`, where samples are images of bytes.
    fn pixels(&self) -> Option<Vec<f32>> {
        None
    }

    /// Samples that others stood in for so far, each with its reason; they are counted in the run's record.
    fn skipped(&self) -> Vec<String> {
        Vec::new()
    }
}

/// A part of a data set with the changes its training images may undergo.
struct Part {
    split: Split,
    augment: Augment,
}

impl Samples for Part {
    fn shape(&self) -> [usize; 3] {
        match self.split.shape() {
            SampleShape::Image { channels, height, width } => [channels, height, width],
            SampleShape::Vector { features } => [features, 1, 1],
        }
    }

    fn len(&self) -> usize {
        self.split.len()
    }

    fn copy(&self, i: usize, out: &mut [f32]) -> Result<usize, SampleError> {
        Ok(self.split.copy_sample(i, out).into())
    }

    fn copy_augmented(&self, i: usize, seed: u64, epoch: usize, out: &mut [f32]) -> Result<usize, SampleError> {
        Ok(self.split.copy_augmented(i, self.augment, seed, epoch as u64, out).into())
    }

    fn label(&self, i: usize) -> Result<usize, SampleError> {
        Ok(self.split.labels()[i].into())
    }

    fn pixels(&self) -> Option<Vec<f32>> {
        let SampleShape::Image { channels, .. } = self.split.shape() else { return None };
        let of = |channel| (0..256).map(move |byte| self.split.standardisation().apply(channel, byte as f32));
        let bytes = !self.split.is_empty() && self.split.bytes(0).is_some();
        bytes.then(|| (0..channels).flat_map(of).collect())
    }
}

/// Training and test part of a data set. A known data set brings the augmentation that suits it; of others, images are
/// mirrored and moved by up to an eighth of their height.
pub fn parts(dataset: &Dataset) -> (Arc<dyn Samples>, Arc<dyn Samples>) {
    let augment = match (dataset.name.parse::<DatasetName>(), dataset.shape) {
        (Ok(name), _) => name.augment(),
        (_, SampleShape::Image { height, .. }) => Augment { flip: true, pad: height / 8 },
        (_, SampleShape::Vector { .. }) => Augment::default(),
    };
    let part = |split: &Split| -> Arc<dyn Samples> { Arc::new(Part { split: split.clone(), augment }) };
    (part(&dataset.train), part(&dataset.test))
}
