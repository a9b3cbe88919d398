//! The directory of a measurement: `config.json`, a file a draw in `draws`, `capacity.json`, and their checksums, see [`SealedDir`].

use serde::{Serialize, de::DeserializeOwned};
use stairs_train::{SealedDir, TrainError};

/// File of the configuration.
pub(super) const CONFIG: &str = "config.json";
/// File of the result.
pub(super) const RESULT: &str = "capacity.json";

/// Name of the file of a draw.
pub(super) fn draw_name(index: usize) -> String {
    format!("draws/{index:04}.json")
}

/// Takes the files of an earlier version, which have no checksums, as they are, and says so.
pub(super) fn adopt(sealed: &SealedDir, draws: usize) -> Result<Option<String>, TrainError> {
    if sealed.is_sealed() || !sealed.path().join(CONFIG).exists() {
        return Ok(None);
    }
    let names: Vec<String> = [CONFIG, RESULT].map(String::from).into_iter().chain((0..draws).map(draw_name)).collect();
    sealed.adopt(&names)?;
    Ok(Some("the draws that were there had no checksums (SHA256SUMS): they were taken as they were".into()))
}

/// Writes a file.
pub(super) fn write(sealed: &SealedDir, name: &str, value: &impl Serialize) -> Result<(), TrainError> {
    sealed.write(name, &serde_json::to_vec(value).map_err(|error| TrainError::Burn(error.into()))?)
}

/// Reads a file that has not changed since it was written.
pub(super) fn read<T: DeserializeOwned>(sealed: &SealedDir, name: &str) -> Result<T, TrainError> {
    let path = sealed.path().join(name);
    serde_json::from_slice(&sealed.read(name)?).map_err(|error| TrainError::Damaged { path, reason: error.to_string() })
}
