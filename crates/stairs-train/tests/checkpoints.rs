//! Damaged, foreign and missing checkpoints: a clear error each, or the checkpoint before.

mod support;

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};

use burn::tensor::Device;
use stairs_train::{Display, Fitted, Progress, RunDir, TrainError, Trainer};
use support::{Mine, bits, config, digits, train};

/// A finished run of two epochs without its record, as if it had been killed: there are two checkpoints.
fn unfinished() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    train(config(1, 2), dir.path(), false).unwrap();
    fs::remove_file(dir.path().join("record.json")).unwrap();
    dir
}

fn part(dir: &Path, epoch: usize, file: &str) -> PathBuf {
    dir.join(format!("checkpoints/checkpoint-{epoch}/{file}"))
}

fn truncate(path: &Path) {
    let bytes = fs::read(path).unwrap();
    fs::write(path, &bytes[..bytes.len() / 2]).unwrap();
}

/// Remembers notes.
#[derive(Clone, Default)]
struct Notes(Arc<Mutex<Vec<String>>>);

impl Progress for Notes {
    fn note(&mut self, message: &str) {
        self.0.lock().unwrap().push(message.into());
    }
}

fn resume_with_notes(dir: &Path) -> (Result<Fitted<Mine>, TrainError>, Vec<String>) {
    let notes = Notes::default();
    let model = Mine::ternary(1, 32, &Device::flex());
    let result = Trainer::new(config(1, 2), &digits(), dir)
        .display(Display::Custom(Box::new(notes.clone())))
        .resume(true)
        .fit(model);
    let notes = notes.0.lock().unwrap().clone();
    (result, notes)
}

#[test]
fn a_damaged_checkpoint_is_skipped_and_named() {
    let whole = tempfile::tempdir().unwrap();
    let expected = bits(&train(config(1, 2), whole.path(), false).unwrap().model);
    type Damage = (&'static str, fn(&Path), &'static str);
    let damages: [Damage; 4] = [
        ("model.bpk", truncate, "bytes instead of"),
        ("optimiser.bpk", |path| fs::remove_file(path).unwrap(), "cannot read"),
        ("manifest.json", truncate, "is damaged"),
        (
            "schedule.bpk",
            |path| {
                let mut bytes = fs::read(path).unwrap();
                *bytes.last_mut().unwrap() ^= 1;
                fs::write(path, bytes).unwrap();
            },
            "SHA-256",
        ),
    ];
    for (file, damage, message) in damages {
        let dir = unfinished();
        damage(&part(dir.path(), 2, file));
        let (result, notes) = resume_with_notes(dir.path());
        assert!(bits(&result.unwrap().model) == expected, "{file}: other weights");
        assert!(notes.iter().any(|n| n.contains(file) && n.contains(message)), "{notes:?}");
        assert_eq!(RunDir::new(dir.path()).metrics().unwrap().len(), 2);
    }
}

#[test]
fn without_a_whole_checkpoint_there_is_an_error() {
    let dir = unfinished();
    truncate(&part(dir.path(), 1, "model.bpk"));
    truncate(&part(dir.path(), 2, "manifest.json"));
    let error = train(config(1, 2), dir.path(), true).unwrap_err();
    assert!(matches!(error, TrainError::NoCheckpoint { .. }), "{error}");
    let message = error.to_string();
    assert!(message.contains("checkpoint-1") && message.contains("checkpoint-2"), "{message}");
}

#[test]
fn without_any_checkpoint_the_run_starts_again_and_says_so() {
    let dir = unfinished();
    fs::remove_dir_all(dir.path().join("checkpoints")).unwrap();
    let (result, notes) = resume_with_notes(dir.path());
    assert_eq!(result.unwrap().record.epochs.len(), 2);
    assert!(notes.iter().any(|n| n.contains("from the beginning")), "{notes:?}");
}

#[test]
fn another_configuration_is_refused_by_field() {
    let dir = unfinished();
    let mut other = config(1, 2);
    other.lr = 0.5;
    let error = train(other.clone(), dir.path(), true).unwrap_err();
    assert!(matches!(&error, TrainError::OtherRun { field, .. } if field == "lr"), "{error}");
    // The checkpoint itself is compared too, in case config.toml was edited.
    fs::write(dir.path().join("config.toml"), toml::to_string(&other).unwrap()).unwrap();
    let error = train(other, dir.path(), true).unwrap_err();
    let TrainError::OtherRun { path, field, found, expected } = &error else { panic!("{error}") };
    assert!(path.ends_with("manifest.json"));
    assert_eq!((field.as_str(), found.as_str(), expected.as_str()), ("lr", "0.01", "0.5"));
}

#[test]
fn a_checkpoint_of_another_model_is_refused() {
    let dir = unfinished();
    let wider = Mine::ternary(1, 48, &Device::flex());
    let trainer = Trainer::new(config(1, 2), &digits(), dir.path()).display(Display::Quiet).resume(true);
    let error = trainer.fit(wider).unwrap_err();
    assert!(matches!(error, TrainError::OtherModel { .. }), "{error}");
    assert!(error.to_string().contains("hidden.weight"), "{error}");
}

#[test]
fn two_processes_cannot_share_a_directory() {
    let dir = unfinished();
    let lock = fs::File::create(dir.path().join(".lock")).unwrap();
    lock.try_lock().unwrap();
    let error = train(config(1, 2), dir.path(), true).unwrap_err();
    assert!(matches!(error, TrainError::Busy { .. }), "{error}");
}

#[test]
fn remains_of_an_interrupted_write_are_removed() {
    let dir = unfinished();
    let remains = dir.path().join("checkpoints/.checkpoint-2.tmp");
    fs::create_dir(&remains).unwrap();
    fs::write(remains.join("model.bpk"), "half").unwrap();
    train(config(1, 2), dir.path(), true).unwrap();
    assert!(!remains.exists());
}
