//! The directory of checkpoints: writing one atomically, finding the newest that is whole, dropping old ones.

use std::{
    collections::BTreeMap,
    fs, io,
    ops::Deref,
    path::{Path, PathBuf},
};

use super::{MANIFEST_FORMAT, Manifest, PARTS, PartInfo, difference};
use crate::{RunConfig, TrainError, files};

/// Checkpoints that are kept.
const KEEP: usize = 2;
const PREFIX: &str = "checkpoint-";
const MANIFEST: &str = "manifest.json";

/// A verified checkpoint in memory.
pub(crate) struct Checkpoint {
    pub(crate) path: PathBuf,
    pub(crate) manifest: Manifest,
    pub(crate) parts: BTreeMap<&'static str, Vec<u8>>,
}

/// The directory `checkpoints/` of a run.
pub(crate) struct Store {
    dir: PathBuf,
}

impl Store {
    /// The store in `dir`, which is made if needed. Remains of an interrupted write are removed.
    pub(crate) fn open(dir: PathBuf) -> Result<Self, TrainError> {
        fs::create_dir_all(&dir).map_err(|e| TrainError::write(&dir, e))?;
        for entry in entries(&dir)? {
            if entry.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.')) {
                fs::remove_dir_all(&entry).map_err(|e| TrainError::write(&entry, e))?;
            }
        }
        Ok(Self { dir })
    }

    /// Writes a checkpoint and drops those older than the one before it.
    ///
    /// # Errors
    /// The file that could not be written; earlier checkpoints are then intact.
    pub(crate) fn save(
        &self,
        mut manifest: Manifest,
        parts: &BTreeMap<&'static str, impl Deref<Target = [u8]>>,
    ) -> Result<(), TrainError> {
        let name = name(&manifest);
        let (temporary, path) = (self.dir.join(format!(".{name}.tmp")), self.dir.join(&name));
        let mut write = || {
            fs::create_dir(&temporary).map_err(|e| TrainError::write(&path, e))?;
            for (part, bytes) in parts {
                files::write_synced(&temporary.join(part_file(part)), bytes)?;
                manifest.parts.insert(part.to_string(), PartInfo::of(bytes));
            }
            let json = serde_json::to_vec_pretty(&manifest).map_err(|e| TrainError::Burn(e.to_string()))?;
            files::write_synced(&temporary.join(MANIFEST), &json)?;
            files::sync_parent(&temporary.join(MANIFEST))?;
            // A damaged checkpoint of the same epoch may be in the way after a resume from the one before it.
            if path.exists() {
                fs::remove_dir_all(&path).map_err(|e| TrainError::write(&path, e))?;
            }
            fs::rename(&temporary, &path).map_err(|e| TrainError::write(&path, e))?;
            files::sync_parent(&path)
        };
        let done = write();
        if done.is_err() {
            fs::remove_dir_all(&temporary).ok();
        }
        done?;
        for (_, old) in self.candidates()?.into_iter().skip(KEEP) {
            fs::remove_dir_all(&old).map_err(|e| TrainError::write(&old, e))?;
        }
        Ok(())
    }

    /// The newest whole checkpoint of the run configured by `config`, `None` where there are none at all, and what was
    /// wrong with newer ones.
    ///
    /// # Errors
    /// [`TrainError::OtherRun`] where a checkpoint is of another configuration, [`TrainError::NoCheckpoint`] where
    /// there are checkpoints but each is damaged.
    pub(crate) fn newest(&self, config: &RunConfig) -> Result<(Option<Checkpoint>, Vec<String>), TrainError> {
        let mut faults = Vec::new();
        for (moment, path) in self.candidates()? {
            match load(&path, moment) {
                Ok(checkpoint) => {
                    if let Some((field, found, expected)) = difference("", &checkpoint.manifest.config, config) {
                        return Err(TrainError::OtherRun { path: path.join(MANIFEST), field, found, expected });
                    }
                    return Ok((Some(checkpoint), faults));
                }
                Err(fault) => faults.push(fault.to_string()),
            }
        }
        if faults.is_empty() {
            Ok((None, faults))
        } else {
            Err(TrainError::NoCheckpoint { dir: self.dir.clone(), reasons: faults.join("; ") })
        }
    }

    /// Moment and directory of every checkpoint, newest first.
    fn candidates(&self) -> Result<Vec<(Moment, PathBuf)>, TrainError> {
        let mut found: Vec<_> = entries(&self.dir)?
            .into_iter()
            .filter_map(|path| {
                let moment = moment(path.file_name()?.to_str()?)?;
                Some((moment, path))
            })
            .collect();
        found.sort_unstable_by(|a, b| b.cmp(a));
        Ok(found)
    }
}

/// Finished epochs, and steps done in the one after them.
type Moment = (usize, usize);

/// Name of a checkpoint's directory: `checkpoint-12`, or `checkpoint-12+40` after 40 steps of epoch 13.
fn name(manifest: &Manifest) -> String {
    match &manifest.partial {
        None => format!("{PREFIX}{}", manifest.epoch),
        Some(partial) => format!("{PREFIX}{}+{}", manifest.epoch, partial.steps),
    }
}

/// The moment in the name of a directory; `None` if it is no checkpoint's.
fn moment(name: &str) -> Option<Moment> {
    let (epoch, steps) = match name.strip_prefix(PREFIX)?.split_once('+') {
        None => (name.strip_prefix(PREFIX)?, "0"),
        Some(parts) => parts,
    };
    Some((epoch.parse().ok()?, steps.parse().ok()?))
}

fn part_file(part: &str) -> String {
    format!("{part}.bpk")
}

fn entries(dir: &Path) -> Result<Vec<PathBuf>, TrainError> {
    let read = || fs::read_dir(dir)?.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>();
    read().map_err(|e| TrainError::read(dir, e))
}

/// Reads and verifies a checkpoint.
fn load(path: &Path, (epoch, steps): Moment) -> Result<Checkpoint, TrainError> {
    let file = path.join(MANIFEST);
    let manifest: Manifest =
        serde_json::from_str(&files::read_text(&file)?).map_err(|e| TrainError::damaged(&file, e))?;
    if manifest.format > MANIFEST_FORMAT {
        let reason = format!("format {} is newer than the supported {MANIFEST_FORMAT}", manifest.format);
        return Err(TrainError::damaged(&file, reason));
    }
    if manifest.epoch != epoch || manifest.epochs.len() != epoch {
        return Err(TrainError::damaged(&file, format!("it is the manifest of epoch {}", manifest.epoch)));
    }
    let found = manifest.partial.as_ref().map_or(0, |partial| partial.steps);
    if found != steps {
        return Err(TrainError::damaged(&file, format!("it is the manifest of step {found} of its epoch")));
    }
    let mut parts = BTreeMap::new();
    for part in PARTS {
        let file = path.join(part_file(part));
        let info = manifest.parts.get(part).ok_or_else(|| TrainError::damaged(&file, "not in the manifest"))?;
        let bytes = fs::read(&file).map_err(|e| TrainError::read(&file, e))?;
        if let Some(fault) = info.fault(&bytes) {
            return Err(TrainError::damaged(&file, fault));
        }
        parts.insert(part, bytes);
    }
    Ok(Checkpoint { path: path.into(), manifest, parts })
}
