//! Taking in the finished trials of other folders: what shards left that ran on machines of their own.
//!
//! A folder is that of the experiment, or one that holds it under its name. What is taken must be of the configuration of its trial; a
//! trial that is finished here too must have given the same numbers. A trial's directory is copied beside its place, read again, and
//! renamed, so that nothing half copied is ever taken for a trial.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use stairs_train::{RunRecord, SealedDir};

use super::{Defined, Definition, ExperimentError, Finished, Trial, finished::finished};

/// How deep the directory of a trial is.
const DEPTH: usize = 4;

/// What was found in a folder.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Merged {
    /// Trials that were taken in.
    pub taken: usize,
    /// Finished trials that were finished here too, with the same numbers.
    pub equal: usize,
}

/// The folder of the experiment called `name` at `path`: `path` itself, or what it holds under that name.
///
/// # Errors
/// [`ExperimentError::Merge`] where neither is a folder.
pub fn folder_of(path: &Path, name: &str) -> Result<PathBuf, ExperimentError> {
    let inside = path.join(name);
    match (Definition::path(path).exists(), inside.is_dir(), path.is_dir()) {
        (false, true, _) => Ok(inside),
        (_, _, true) => Ok(path.to_path_buf()),
        _ => Err(ExperimentError::Merge { path: path.to_path_buf(), problem: "it is no folder".into() }),
    }
}

impl Defined {
    /// Takes the finished trials of the folder `from` into the folder `into`.
    ///
    /// # Errors
    /// [`ExperimentError::Contradiction`] and [`ExperimentError::Different`] for another configuration,
    /// [`ExperimentError::Unequal`] for other numbers, [`ExperimentError::Merge`] for a folder without finished trials and for what cannot
    /// be copied, and those of damaged records. What was taken before stays.
    pub fn merge(&self, from: &Path, into: &Path) -> Result<Merged, ExperimentError> {
        let wrong = |path: &Path, problem: String| ExperimentError::Merge { path: path.to_path_buf(), problem };
        if let (Ok(a), Ok(b)) = (from.canonicalize(), into.canonicalize())
            && a == b
        {
            return Err(wrong(from, "it is the folder that it was to be taken into".into()));
        }
        self.check(from)?;
        let mut merged = Merged::default();
        for trial in self.experiment.trials(self.scale) {
            let Some(theirs) = finished(&from.join(&trial.id), &trial)? else { continue };
            match finished(&into.join(&trial.id), &trial)? {
                Some(ours) => {
                    same_numbers(&trial, from, &theirs, &ours)?;
                    merged.equal += 1;
                }
                None => {
                    take(&trial, from, into).map_err(|error| wrong(&from.join(&trial.id), error.to_string()))?;
                    merged.taken += 1;
                }
            }
        }
        if merged == Merged::default() {
            let problem = format!("it holds no finished trial of {}", self.experiment.name);
            return Err(wrong(from, problem));
        }
        Ok(merged)
    }
}

/// Copies the directory of a trial; where an unfinished one is in its place, it is replaced.
fn take(trial: &Trial, from: &Path, into: &Path) -> Result<(), Box<dyn std::error::Error>> {
    fs::create_dir_all(into)?;
    let staged = tempfile::Builder::new().prefix(".merging-").tempdir_in(into)?;
    let copy = staged.path().join(&trial.id);
    copy_tree(&from.join(&trial.id), &copy, DEPTH)?;
    if finished(&copy, trial)?.is_none() {
        return Err("it changed while it was copied".into());
    }
    let place = into.join(&trial.id);
    // Held until the place has changed: nobody begins the trial meanwhile.
    let _lock = match place.exists() {
        true => Some(SealedDir::new(&place).lock()?.ok_or("another process is at this trial here")?),
        false => None,
    };
    if place.exists() {
        fs::rename(&place, staged.path().join("unfinished"))?;
    }
    fs::rename(&copy, &place)?;
    Ok(())
}

/// Copies plain files and folders; locks are not copied, and links are none of ours.
fn copy_tree(from: &Path, to: &Path, depth: usize) -> io::Result<()> {
    fs::create_dir(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let (kind, target) = (entry.file_type()?, to.join(entry.file_name()));
        if kind.is_dir() && depth > 0 {
            copy_tree(&entry.path(), &target, depth - 1)?;
        } else if kind.is_file() && entry.file_name() != ".lock" {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}

/// Refuses two records of a trial that differ in more than what a clock says and where files lay.
fn same_numbers(trial: &Trial, from: &Path, theirs: &Finished, ours: &Finished) -> Result<(), ExperimentError> {
    let difference = match (theirs, ours) {
        (Finished::Run(theirs), Finished::Run(ours)) => {
            stairs_train::difference("", &numbers(theirs, ours), &numbers(ours, ours))
        }
        (Finished::Measurement(theirs), Finished::Measurement(ours)) => stairs_train::difference("", theirs, ours),
        (Finished::Bound(theirs), Finished::Bound(ours)) => stairs_train::difference("", theirs, ours),
        (Finished::Diverged(theirs), Finished::Diverged(ours)) => {
            let at = |diverged: &super::Diverged| (diverged.epoch, diverged.step);
            stairs_train::difference("", &at(theirs), &at(ours))
        }
        (theirs, ours) => Some(("its end".into(), theirs.what().into(), ours.what().into())),
    };
    match difference {
        None => Ok(()),
        Some((field, there, here)) => {
            Err(ExperimentError::Unequal { trial: trial.id.clone(), from: from.to_path_buf(), field, there, here })
        }
    }
}

/// The record without what does not count: times, versions, who computed it, and where the network lay that it started from.
fn numbers(record: &RunRecord, like: &RunRecord) -> RunRecord {
    let RunRecord { versions, device, instruction_set, notes, .. } = like.clone();
    let record = RunRecord { versions, device, instruction_set, notes, ..record.clone() };
    let mut record = RunRecord { wall_seconds: 0.0, cpu_seconds: None, ..record };
    record.epochs.iter_mut().for_each(|epoch| epoch.seconds = 0.0);
    record.config.init = None;
    record
}
