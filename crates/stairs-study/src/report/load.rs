//! Reading records: one file, or every `record.json` of a directory tree.

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde_json::Value;
use stairs_data::files::read_regular;
use stairs_train::{RECORD_FORMAT, RunRecord, SealedDir, TrainError};

use super::ReportError;

/// File name of a record in its run directory.
const RECORD: &str = "record.json";
/// How deep [`collect_records`] descends.
const DEPTH: usize = 8;
/// Records are a few hundred kilobytes; nothing beyond this size is read.
const LARGEST: u64 = 256 << 20;

/// Reads one record. `path` is the file or its run directory.
///
/// # Errors
/// [`ReportError::Read`], [`ReportError::Invalid`] or [`ReportError::Format`], each naming the file.
pub fn read_record(path: &Path) -> Result<RunRecord, ReportError> {
    let path = if path.is_dir() { path.join(RECORD) } else { path.to_path_buf() };
    let invalid = |message: String| ReportError::Invalid { path: path.clone(), message };
    let read = |source| ReportError::Read { path: path.clone(), source };
    if fs::metadata(&path).map_err(read)?.len() > LARGEST {
        return Err(invalid(format!("larger than {} MB", LARGEST >> 20)));
    }
    // In the directory of a run its checksum is known.
    let sealed = SealedDir::new(path.parent().unwrap_or(Path::new("")));
    let text = if path.file_name().is_some_and(|name| name == RECORD) {
        sealed.read(RECORD).map_err(|error| match error {
            TrainError::Read { source, .. } => ReportError::Read { path: path.clone(), source },
            TrainError::Damaged { reason, .. } => invalid(reason),
            other => invalid(other.to_string()),
        })?
    } else {
        read_regular(&path, LARGEST).map_err(read)?
    };
    // The format is looked at first: a newer record may have fields this version does not know.
    let value: Value = serde_json::from_slice(&text).map_err(|e| invalid(e.to_string()))?;
    let found = value
        .get("format")
        .ok_or_else(|| invalid("it has no field `format`".into()))?
        .as_u64()
        .ok_or_else(|| invalid("its `format` is not a whole number".into()))?;
    if found != u64::from(RECORD_FORMAT) {
        let hint = if found > u64::from(RECORD_FORMAT) {
            "it was written by a newer version of stairs; use that version"
        } else {
            "it was written by an older version of stairs; run the training again"
        };
        return Err(ReportError::Format { path, found, expected: RECORD_FORMAT, hint });
    }
    let record: RunRecord = serde_json::from_slice(&text).map_err(|e| invalid(e.to_string()))?;
    if record.epochs.is_empty() {
        return Err(invalid("it has no epoch".into()));
    }
    record.check().map_err(invalid)?;
    Ok(record)
}

/// Reads every `record.json` below `directory` (at most 8 levels deep), in the order of their paths. Runs for another task
/// than classes are left out: reports compare accuracies.
///
/// # Errors
/// [`ReportError::Nothing`] if there is none; otherwise the first error of [`read_record`].
pub fn collect_records(directory: &Path) -> Result<Vec<RunRecord>, ReportError> {
    let mut paths = Vec::new();
    find(directory, DEPTH, &mut paths)?;
    if paths.is_empty() {
        return Err(ReportError::Nothing(directory.to_path_buf()));
    }
    paths.sort();
    let records = paths.iter().map(|path| read_record(path)).collect::<Result<Vec<_>, _>>()?;
    Ok(records.into_iter().filter(|record| record.config.task.is_none()).collect())
}

fn find(directory: &Path, depth: usize, paths: &mut Vec<PathBuf>) -> Result<(), ReportError> {
    let read = |source| ReportError::Read { path: directory.to_path_buf(), source };
    for entry in fs::read_dir(directory).map_err(read)? {
        let entry = entry.map_err(read)?;
        let kind = entry.file_type().map_err(read)?;
        if kind.is_dir() && depth > 0 {
            find(&entry.path(), depth - 1, paths)?;
        } else if entry.file_name() == RECORD {
            paths.push(entry.path());
        }
    }
    Ok(())
}
