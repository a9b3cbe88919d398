//! The directory of checkpoints: writing one atomically, finding the newest that is whole, dropping old ones.

use std::{
    collections::BTreeMap,
    fs, io,
    ops::Deref,
    path::{Path, PathBuf},
};

use super::{MANIFEST_FORMAT, Manifest, PARTS, PartInfo};
use crate::{
    RunConfig, SealedDir, TrainError,
    extension::difference_of_runs,
    files,
    record::format_of,
    sealed::{SUMS, sums},
};

/// Checkpoints that are kept.
const KEEP: usize = 2;
const PREFIX: &str = "checkpoint-";
const MANIFEST: &str = "manifest.json";
/// The first format that has a list of checksums.
const SEALED: u32 = 2;

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
        files::own_directory(&dir)?;
        for entry in entries(&dir)? {
            let name = entry.file_name().and_then(|name| name.to_str());
            if name.and_then(|name| moment_of(name.strip_prefix('.')?.strip_suffix(".tmp")?)).is_some() {
                remove(&entry)?;
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
        let name = name(manifest.moment());
        let (temporary, path) = (self.dir.join(format!(".{name}.tmp")), self.dir.join(&name));
        let mut write = || {
            fs::create_dir(&temporary).map_err(|e| TrainError::write(&path, e))?;
            for (part, bytes) in parts {
                files::write_synced(&temporary.join(part_file(part)), bytes)?;
                manifest.parts.insert(part.to_string(), PartInfo::of(bytes));
            }
            let json = serde_json::to_vec_pretty(&manifest).map_err(|e| TrainError::Burn(e.into()))?;
            files::write_synced(&temporary.join(MANIFEST), &json)?;
            let names: Vec<String> = parts.keys().map(|part| part_file(part)).collect();
            let contents = names.iter().map(String::as_str).zip(parts.values().map(|bytes| &**bytes));
            let list = sums(contents.chain([(MANIFEST, &json[..])]));
            files::write_synced(&temporary.join(SUMS), list.as_bytes())?;
            files::sync_parent(&temporary.join(MANIFEST))?;
            // A damaged checkpoint of the same epoch may be in the way after a resume from the one before it.
            if files::is_own_directory(&path) {
                remove(&path)?;
            }
            fs::rename(&temporary, &path).map_err(|e| TrainError::write(&path, e))?;
            files::sync_parent(&path)
        };
        let done = write();
        if done.is_err() {
            remove(&temporary).ok();
        }
        done?;
        self.candidates()?.into_iter().skip(KEEP).try_for_each(|(_, old)| remove(&old))
    }

    /// The newest whole checkpoint of the run configured by `config`, `None` where there are none at all, and what was
    /// wrong with newer ones. With `extend` it may be of a run of fewer epochs.
    ///
    /// # Errors
    /// [`TrainError::OtherRun`] where a checkpoint is of another configuration, [`TrainError::Newer`] where it is of a
    /// newer format, [`TrainError::NoCheckpoint`] where there are checkpoints but each is damaged.
    pub(crate) fn newest(
        &self,
        config: &RunConfig,
        extend: bool,
    ) -> Result<(Option<Checkpoint>, Vec<String>), TrainError> {
        let mut faults = Vec::new();
        for (moment, path) in self.candidates()? {
            match load(&path, moment) {
                Ok(checkpoint) => {
                    let found = &checkpoint.manifest.config;
                    if let Some((field, found, expected)) = difference_of_runs(found, config, extend) {
                        return Err(TrainError::OtherRun { path: path.join(MANIFEST), field, found, expected });
                    }
                    return Ok((Some(checkpoint), faults));
                }
                // Not damaged: going on with the one before it would lose what a newer program did.
                Err(newer @ TrainError::Newer { .. }) => return Err(newer),
                Err(fault) => faults.push(fault.to_string()),
            }
        }
        if faults.is_empty() {
            Ok((None, faults))
        } else {
            Err(TrainError::NoCheckpoint { dir: self.dir.clone(), reasons: faults.join("; ") })
        }
    }

    /// The model of the checkpoint after `epoch`, if there is one that is whole.
    pub(crate) fn model_of(&self, epoch: usize) -> Option<Vec<u8>> {
        load(&self.dir.join(format!("{PREFIX}{epoch}")), (epoch, 0)).ok()?.parts.remove("model")
    }

    /// Moment and directory of every checkpoint, newest first.
    fn candidates(&self) -> Result<Vec<(Moment, PathBuf)>, TrainError> {
        let mut found: Vec<_> = entries(&self.dir)?
            .into_iter()
            .filter_map(|path| {
                let moment = moment_of(path.file_name()?.to_str()?)?;
                files::is_own_directory(&path).then_some((moment, path))
            })
            .collect();
        found.sort_unstable_by(|a, b| b.cmp(a));
        Ok(found)
    }
}

/// Finished epochs, and steps done in the one after them.
type Moment = (usize, usize);

/// Name of the directory of a moment's checkpoint: `checkpoint-12`, or `checkpoint-12+40` after 40 steps of epoch 13.
fn name((epoch, steps): Moment) -> String {
    if steps == 0 { format!("{PREFIX}{epoch}") } else { format!("{PREFIX}{epoch}+{steps}") }
}

/// The moment of a checkpoint, if `name` is that of one.
fn moment_of(name: &str) -> Option<Moment> {
    let (epoch, steps) = match name.strip_prefix(PREFIX)?.split_once('+') {
        None => (name.strip_prefix(PREFIX)?, "0"),
        Some(parts) => parts,
    };
    let moment = (epoch.parse().ok()?, steps.parse().ok()?);
    (name == self::name(moment)).then_some(moment)
}

/// Removes what [`Store::save`] wrote into a directory, and the directory unless something else is in it.
fn remove(dir: &Path) -> Result<(), TrainError> {
    if !files::is_own_directory(dir) {
        return Ok(());
    }
    let names = PARTS.map(part_file).into_iter().chain([MANIFEST, SUMS].map(String::from));
    for path in names.map(|name| dir.join(name)) {
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(TrainError::write(path, error)),
            _ => {}
        }
    }
    match fs::remove_dir(dir) {
        Err(error) if error.kind() != io::ErrorKind::DirectoryNotEmpty => Err(TrainError::write(dir, error)),
        _ => Ok(()),
    }
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
    let sealed = SealedDir::new(path);
    let bytes = sealed.read(MANIFEST)?;
    let format = format_of(&bytes).map_err(|reason| TrainError::damaged(&file, reason))?;
    if format > MANIFEST_FORMAT {
        return Err(TrainError::Newer { path: file, found: format, supported: MANIFEST_FORMAT });
    }
    if format >= SEALED && !sealed.is_sealed() {
        return Err(TrainError::damaged(path.join(SUMS), "it is not there"));
    }
    let manifest: Manifest = serde_json::from_slice(&bytes).map_err(|e| TrainError::damaged(&file, e))?;
    if manifest.epoch != epoch || manifest.epochs.len() != epoch {
        return Err(TrainError::damaged(&file, format!("it is the manifest of epoch {}", manifest.epoch)));
    }
    let (_, found) = manifest.moment();
    if found != steps {
        return Err(TrainError::damaged(&file, format!("it is the manifest of step {found} of its epoch")));
    }
    let mut parts = BTreeMap::new();
    for part in PARTS {
        let file = path.join(part_file(part));
        let info = manifest.parts.get(part).ok_or_else(|| TrainError::damaged(&file, "not in the manifest"))?;
        let bytes = files::read(&file)?;
        if let Some(fault) = info.fault(&bytes) {
            return Err(TrainError::damaged(&file, fault));
        }
        parts.insert(part, bytes);
    }
    Ok(Checkpoint { path: path.into(), manifest, parts })
}
