//! Weights of a module in a file, in Burn's format or as safetensors.

use std::path::Path;

use burn::{
    module::Module,
    store::{ModuleSnapshot, SafetensorsStore},
};

use crate::{TrainError, files};

/// Writes the weights of a module, atomically: as safetensors where `path` ends so, in Burn's format (`.bpk`) elsewhere. A
/// run that starts from weights reads either.
///
/// # Errors
/// [`TrainError::Write`], [`TrainError::DiskFull`]; the previous content of `path` is then intact.
///
/// ```
/// use burn::{nn::LinearConfig, tensor::Device};
/// let dir = tempfile::tempdir()?;
/// let path = dir.path().join("linear.safetensors");
/// stairs_train::write_weights(&LinearConfig::new(3, 2).init(&Device::flex()), &path)?;
/// assert!(path.exists());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn write_weights<M: Module>(module: &M, path: &Path) -> Result<(), TrainError> {
    let failed = |error: &dyn ToString| TrainError::Burn(error.to_string());
    if path.extension().is_some_and(|extension| extension == "safetensors") {
        let mut store = SafetensorsStore::from_bytes(None);
        let bytes = module.save_into(&mut store).and_then(|()| store.get_bytes()).map_err(|e| failed(&e))?;
        return files::write_atomic(path, &bytes);
    }
    let bytes = module.clone().into_record().into_bytes().map_err(|e| failed(&e))?;
    files::write_atomic(path, &bytes)
}
