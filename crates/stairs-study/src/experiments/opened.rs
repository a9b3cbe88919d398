//! The data of trials, opened once for neighbours that share it.

use stairs_data::{DataRoot, Dataset, DatasetName, images::ImagesConfig, load};
use stairs_train::{
    RunConfig, TrainError,
    data::{IMAGES, TrainData},
};

use super::ExperimentError;

/// What was opened last.
pub(super) struct Opened<'a> {
    root: &'a DataRoot,
    dataset: Option<Dataset>,
    folder: Option<(Option<ImagesConfig>, TrainData)>,
}

impl<'a> Opened<'a> {
    /// Nothing yet; data is looked for in `root`.
    pub(super) fn nothing(root: &'a DataRoot) -> Self {
        Self { root, dataset: None, folder: None }
    }

    /// A known data set.
    pub(super) fn dataset(&mut self, name: &str) -> Result<&Dataset, ExperimentError> {
        if self.dataset.as_ref().is_none_or(|data| data.name != name) {
            // Two at a time would need twice the memory.
            self.dataset = None;
        }
        match &mut self.dataset {
            Some(data) => Ok(data),
            none => Ok(none.insert(load(name.parse::<DatasetName>()?, self.root)?)),
        }
    }

    /// The data of a training: a known data set, or a folder of images.
    pub(super) fn training(
        &mut self,
        config: &RunConfig,
        failed: impl FnOnce(TrainError) -> ExperimentError,
    ) -> Result<TrainData, ExperimentError> {
        if config.dataset != IMAGES {
            return Ok(TrainData::of(self.dataset(&config.dataset)?));
        }
        match &self.folder {
            Some((images, data)) if *images == config.images => Ok(data.clone()),
            _ => {
                let data = TrainData::open(config, self.root).map_err(failed)?;
                self.folder = Some((config.images.clone(), data.clone()));
                Ok(data)
            }
        }
    }
}
