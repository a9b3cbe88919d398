//! Damaged, foreign and missing checkpoints: a clear error each, or the checkpoint before.

mod support;

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};

use burn::tensor::Device;
use stairs_train::{Display, Fitted, LrSchedule, Progress, RunDir, SealedDir, TrainError, Trainer};
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
        .with_display(Display::Custom(Box::new(notes.clone())))
        .with_resume(true)
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
    // An edited configuration is refused. The checkpoint itself is compared too, in case its checksum is removed.
    fs::write(dir.path().join("config.toml"), toml::to_string(&other).unwrap()).unwrap();
    let error = train(other.clone(), dir.path(), true).unwrap_err();
    assert!(matches!(&error, TrainError::Damaged { path, .. } if path.ends_with("config.toml")), "{error}");
    fs::remove_file(dir.path().join("SHA256SUMS")).unwrap();
    let error = train(other, dir.path(), true).unwrap_err();
    let TrainError::OtherRun { path, field, found, expected } = &error else { panic!("{error}") };
    assert!(path.ends_with("manifest.json"));
    assert_eq!((field.as_str(), found.as_str(), expected.as_str()), ("lr", "0.01", "0.5"));
}

#[test]
fn a_checkpoint_of_another_model_is_refused() {
    let dir = unfinished();
    let wider = Mine::ternary(1, 48, &Device::flex());
    let trainer = Trainer::new(config(1, 2), &digits(), dir.path()).with_display(Display::Quiet).with_resume(true);
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

/// A run directory belongs to whoever made it: what others put there stays, and links lead nowhere.
#[cfg(unix)]
#[test]
fn what_others_put_there_is_neither_removed_nor_written_through() {
    use std::os::unix::fs::symlink;
    let (dir, theirs) = (unfinished(), tempfile::tempdir().unwrap());
    let precious = theirs.path().join("precious");
    fs::write(&precious, "mine").unwrap();
    let checkpoints = dir.path().join("checkpoints");
    fs::create_dir(checkpoints.join(".notes")).unwrap();
    fs::write(checkpoints.join(".notes/a"), "mine").unwrap();
    fs::write(checkpoints.join("checkpoint-1/notes"), "mine").unwrap();
    symlink(theirs.path(), checkpoints.join(".checkpoint-9.tmp")).unwrap();
    symlink(theirs.path(), checkpoints.join("checkpoint-9")).unwrap();
    for name in [".last.bpk.tmp", ".SHA256SUMS.tmp", ".record.json.tmp"] {
        symlink(&precious, dir.path().join(name)).unwrap();
    }
    train(config(1, 2), dir.path(), true).unwrap();
    for path in [checkpoints.join(".notes/a"), checkpoints.join("checkpoint-1/notes"), precious.clone()] {
        assert_eq!(fs::read_to_string(&path).unwrap(), "mine", "{}", path.display());
    }
    assert!(fs::symlink_metadata(checkpoints.join("checkpoint-9")).is_ok());

    // A lock or a folder of checkpoints that leads elsewhere is refused.
    fs::remove_file(dir.path().join(".lock")).unwrap();
    symlink(&precious, dir.path().join(".lock")).unwrap();
    assert!(matches!(train(config(1, 2), dir.path(), true), Err(TrainError::Write { .. })));
    let other = tempfile::tempdir().unwrap();
    symlink(theirs.path(), other.path().join("checkpoints")).unwrap();
    let error = train(config(1, 2), other.path(), true).unwrap_err();
    assert!(error.to_string().contains("not a directory"), "{error}");
    assert_eq!(fs::read_to_string(precious).unwrap(), "mine");
    assert_eq!(fs::read_dir(theirs.path()).unwrap().count(), 1);
}

/// Replaces a file and its line in the list: what a newer or another program would have written.
fn rewrite(dir: &Path, name: &str, change: impl Fn(&str) -> String) {
    let text = fs::read_to_string(dir.join(name)).unwrap();
    SealedDir::new(dir).write(name, change(&text).as_bytes()).unwrap();
}

#[test]
fn files_of_a_newer_format_are_refused_and_left_as_they_are() {
    let dir = tempfile::tempdir().unwrap();
    train(config(1, 2), dir.path(), false).unwrap();
    let newer = |text: &str| text.replacen("\"format\": ", "\"format\": 9", 1).replacen("\"config\"", "\"what\"", 1);
    for (folder, name) in [("checkpoints/checkpoint-2", "manifest.json"), ("", "record.json")] {
        let folder = dir.path().join(folder);
        rewrite(&folder, name, newer);
        if name == "manifest.json" {
            fs::rename(dir.path().join("record.json"), dir.path().join("kept")).unwrap();
        }
        let before = fs::read(folder.join(name)).unwrap();
        let error = train(config(1, 2), dir.path(), true).unwrap_err();
        assert!(matches!(&error, TrainError::Newer { path, .. } if path.ends_with(name)), "{error}");
        assert_eq!(fs::read(folder.join(name)).unwrap(), before);
        if name == "manifest.json" {
            fs::rename(dir.path().join("kept"), dir.path().join("record.json")).unwrap();
        }
    }
}

/// Whatever final file is damaged or lost, a resumption makes it again; without a checkpoint it says what is wrong.
#[test]
fn damaged_final_files_are_made_again() {
    let dir = tempfile::tempdir().unwrap();
    train(config(1, 2), dir.path(), false).unwrap();
    let names = ["record.json", "last.bpk", "best.bpk", "last.safetensors", "best.safetensors", "metrics.jsonl"];
    let files = || names.map(|name| fs::read(dir.path().join(name)).unwrap());
    let whole = files();
    let damages: [fn(&Path); 2] = [truncate, |path| fs::remove_file(path).unwrap()];
    for name in &names[..5] {
        for damage in damages {
            damage(&dir.path().join(name));
            let (result, notes) = resume_with_notes(dir.path());
            assert_eq!(result.unwrap().record.epochs.len(), 2);
            assert!(files() == whole, "{name} is not as it was");
            let lost = !notes.iter().any(|note| note.contains(name));
            assert!(!lost || *name == "record.json", "{name}: {notes:?}");
        }
    }
    fs::remove_dir_all(dir.path().join("checkpoints")).unwrap();
    truncate(&dir.path().join("record.json"));
    let error = train(config(1, 2), dir.path(), true).unwrap_err();
    assert!(matches!(&error, TrainError::Damaged { path, .. } if path.ends_with("record.json")), "{error}");
}

/// The best model of a run that goes on is lost, and is in no checkpoint: the run ends all the same, and says so.
#[test]
fn a_lost_best_model_does_not_block_a_run() {
    let dir = tempfile::tempdir().unwrap();
    let mut config = config(1, 6);
    // The rate falls so far that the first epoch or so stays the best.
    (config.lr, config.lr_schedule) = (0.5, LrSchedule::Constant);
    train(config.clone(), dir.path(), false).unwrap();
    let record = RunDir::new(dir.path()).record().unwrap();
    let best = record.epochs.iter().find(|epoch| epoch.held_out_accuracy == record.best_test_accuracy).unwrap().epoch;
    for name in ["record.json", "best.bpk", "best.safetensors"] {
        fs::remove_file(dir.path().join(name)).unwrap();
    }
    for epoch in 5..=6 {
        if best == epoch {
            fs::remove_dir_all(dir.path().join(format!("checkpoints/checkpoint-{epoch}"))).unwrap();
        }
    }
    let again = train(config, dir.path(), true).unwrap().record;
    assert_eq!(again.test_accuracy, record.test_accuracy);
    let there = dir.path().join("best.bpk").exists();
    assert_eq!(there, !again.notes.iter().any(|note| note.contains("best epoch is lost")), "{:?}", again.notes);
}

#[test]
fn a_run_of_an_earlier_version_is_resumed_and_says_what_it_does_not_know() {
    let dir = unfinished();
    for name in
        ["SHA256SUMS", "data.json", "checkpoints/checkpoint-1/SHA256SUMS", "checkpoints/checkpoint-2/SHA256SUMS"]
    {
        fs::remove_file(dir.path().join(name)).unwrap();
    }
    for epoch in 1..=2 {
        let manifest = part(dir.path(), epoch, "manifest.json");
        let text = fs::read_to_string(&manifest).unwrap().replacen("\"format\": 2", "\"format\": 1", 1);
        fs::write(manifest, text).unwrap();
    }
    let (result, notes) = resume_with_notes(dir.path());
    result.unwrap();
    for expected in ["had no SHA256SUMS", "did not record what its data was"] {
        assert_eq!(notes.iter().filter(|note| note.contains(expected)).count(), 1, "{notes:?}");
    }
    let (_, notes) = resume_with_notes(dir.path());
    assert!(notes.is_empty(), "{notes:?}");
    assert!(RunDir::new(dir.path()).data().unwrap().is_some());
}
