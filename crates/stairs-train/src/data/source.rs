//! The data of a run, found by its name: a known data set, a folder of images, or a table.

use std::{path::PathBuf, sync::Arc};

use stairs_data::{
    DataIdentity, DataRoot, Dataset, DatasetName,
    images::{ImageFolder, ImagePart, LeftOut},
    is_table, load,
};

use super::{SampleError, Samples, parts};
use crate::{RunConfig, TrainError};

/// Name of the data set that is a folder of images.
pub const IMAGES: &str = "images";

/// Both parts of a data set, as samples.
#[derive(Clone)]
pub struct TrainData {
    /// Name, as in the configuration.
    pub name: String,
    /// Training part.
    pub train: Arc<dyn Samples>,
    /// Test part.
    pub test: Arc<dyn Samples>,
    /// Number of classes.
    pub classes: usize,
    /// What the data is: names of the classes, numbers of samples, checksums.
    pub identity: DataIdentity,
    /// The folder or file it was read from; `None` for embedded data and arrays.
    pub folder: Option<PathBuf>,
    /// What is in a folder of images and is no sample as it is; empty for other data.
    pub left_out: LeftOut,
}

impl TrainData {
    /// What `config` names: [`IMAGES`], described by `config.images`, a table, described by `config.table`, or a known data
    /// set.
    ///
    /// # Errors
    /// [`TrainError::Data`] and [`TrainError::Images`].
    pub fn open(config: &RunConfig, root: &DataRoot) -> Result<Self, TrainError> {
        if is_table(&config.dataset) {
            let table = Dataset::from_table(&config.dataset, &config.table.clone().unwrap_or_default())?;
            return Ok(Self { name: config.dataset.clone(), ..Self::of(&table) });
        }
        if config.dataset != IMAGES {
            return Ok(Self::of(&load(config.dataset.parse::<DatasetName>()?, root)?));
        }
        let folder = ImageFolder::open(&ImageFolder::find(root)?, &config.images.clone().unwrap_or_default())?;
        let part = |part: Arc<ImagePart>| -> Arc<dyn Samples> { Arc::new(Files(part)) };
        let (classes, survey) = (folder.classes.len(), folder.survey()?);
        let (train, test, folder) = (part(folder.train), part(folder.test), Some(folder.folder));
        let (identity, left_out) = (survey.identity, survey.left_out);
        Ok(Self { name: IMAGES.into(), train, test, classes, identity, folder, left_out })
    }

    /// The parts of a data set.
    pub fn of(dataset: &Dataset) -> Self {
        let (train, test) = parts(dataset);
        Self {
            name: dataset.name.clone(),
            train,
            test,
            classes: dataset.classes,
            identity: dataset.identity(),
            folder: dataset.source.clone(),
            left_out: LeftOut::default(),
        }
    }
}

/// Image files as samples.
struct Files(Arc<ImagePart>);

impl Samples for Files {
    fn shape(&self) -> [usize; 3] {
        self.0.shape()
    }

    fn len(&self) -> usize {
        self.0.len()
    }

    fn copy(&self, i: usize, out: &mut [f32]) -> Result<usize, SampleError> {
        Ok(self.0.copy(i, out)?)
    }

    fn copy_augmented(&self, i: usize, seed: u64, epoch: usize, out: &mut [f32]) -> Result<usize, SampleError> {
        Ok(self.0.copy_augmented(i, seed, epoch as u64, out)?)
    }

    fn label(&self, i: usize) -> Result<usize, SampleError> {
        Ok(self.0.label(i))
    }

    fn is_expensive(&self) -> bool {
        true
    }

    fn pixels(&self) -> Option<Vec<f32>> {
        let of = |channel| (0..=255).map(move |byte| self.0.normalise().value(channel, byte));
        Some((0..self.0.shape()[0]).flat_map(of).collect())
    }

    fn skipped(&self) -> Vec<String> {
        self.0.skipped().into_iter().map(|file| format!("{}: {}", file.path.display(), file.reason)).collect()
    }
}
