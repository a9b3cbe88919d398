//! Exports: whole or not at all, and with the labels they had.

use std::{fs, path::Path};

use stairs_data::{
    DataRoot, Dataset, DatasetName, SampleShape,
    images::{Export, ExportFormat, Exported, ImageError, ImageFolder, ImagesConfig},
    load,
};
use tempfile::tempdir;

const PNG: Export = Export { format: ExportFormat::Png, limit: Some(2), size: None };

fn names(path: &Path) -> Vec<String> {
    let mut names: Vec<_> =
        fs::read_dir(path).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// `classes` images of one pixel, one of each class.
fn pixels(classes: usize) -> Dataset {
    let shape = SampleShape::Image { channels: 1, height: 1, width: 1 };
    let part = || ((0..classes).map(|i| i as u8).collect::<Vec<_>>(), (0..classes).map(|i| i as u8).collect());
    Dataset::from_bytes("pixels", shape, classes, part(), part()).unwrap()
}

#[test]
fn a_stopped_export_leaves_nothing_and_a_whole_one_nothing_beside() {
    let dir = tempdir().unwrap();
    let out = dir.path().join("digits");
    let digits = load(DatasetName::Digits, &DataRoot::new(None, None, None)).unwrap();
    for stop_after in [0, 1, 25, 40] {
        let asked = std::cell::Cell::new(0);
        let stop = || asked.replace(asked.get() + 1) == stop_after;
        let error = PNG.write_unless(&digits, &digits.class_names, &out, &stop).unwrap_err();
        assert!(matches!(error, ImageError::Stopped(_)), "{error}");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0, "after {stop_after}");
    }
    let written = PNG.write(&digits, &digits.class_names, &out).unwrap();
    assert_eq!(written, Exported { train: 20, test: 20 });
    assert_eq!(names(dir.path()), ["digits"]);
    assert_eq!(names(&out), ["train", "val"]);
    // Again it is the same; what is something else is not overwritten.
    assert_eq!(PNG.write(&digits, &digits.class_names, &out).unwrap(), written);
    let jpeg = Export { format: ExportFormat::Jpeg(90), ..PNG };
    assert!(matches!(jpeg.write(&digits, &digits.class_names, &out), Err(ImageError::Exists(_))));
    let error = PNG.write(&digits, &digits.class_names, &out.join("train/0/00000.png/x")).unwrap_err();
    assert!(matches!(error, ImageError::Write { .. }), "{error}");
}

#[cfg(unix)]
#[test]
fn a_killed_export_is_cleaned_up_by_the_next_one() {
    let dir = tempdir().unwrap();
    let out = dir.path().join("digits");
    let digits = load(DatasetName::Digits, &DataRoot::new(None, None, None)).unwrap();
    // This test again, as a process that kills itself in the middle of its export.
    if let Some(out) = std::env::var_os("STAIRS_TEST_KILLED_EXPORT") {
        let asked = std::cell::Cell::new(0);
        let stop = || {
            if asked.replace(asked.get() + 1) == 30 {
                let pid = std::process::id().to_string();
                std::process::Command::new("kill").args(["-9", &pid]).status().unwrap();
                std::thread::sleep(std::time::Duration::from_secs(60));
            }
            false
        };
        PNG.write_unless(&digits, &digits.class_names, Path::new(&out), &stop).unwrap();
        return;
    }
    let killed = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["a_killed_export_is_cleaned_up_by_the_next_one", "--exact"])
        .env("STAIRS_TEST_KILLED_EXPORT", &out)
        .output()
        .unwrap();
    assert!(!killed.status.success());
    let left = names(dir.path());
    assert!(left.len() == 1 && left[0].starts_with(".stairs-export."), "{left:?}");
    assert!(!out.exists());
    PNG.write(&digits, &digits.class_names, &out).unwrap();
    assert_eq!(names(dir.path()), ["digits"]);
}

#[test]
fn labels_survive() {
    let dir = tempdir().unwrap();
    let config = ImagesConfig { size: 1, resize: Some(1), channels: 1, ..ImagesConfig::default() };
    let data = pixels(12);
    // `10` comes before `2`: read again, these labels would be others.
    let error = PNG.write(&data, &data.class_names, &dir.path().join("a")).unwrap_err().to_string();
    assert!(
        error.starts_with("class 10 cannot be exported to a folder named \"10\": names must be in byte order"),
        "{error}"
    );
    let padded: Vec<_> = (0..12).map(|class| format!("{class:02}")).collect();
    let out = dir.path().join("b");
    PNG.write(&data, &padded, &out).unwrap();
    let folder = ImageFolder::open(&out, &config).unwrap();
    assert_eq!(folder.classes, padded);
    assert_eq!((0..12).map(|i| folder.train.label(i)).collect::<Vec<_>>(), (0..12).collect::<Vec<_>>());
    // Not all named: labels stand in, in the same order.
    assert!(PNG.write(&pixels(3), &[], &dir.path().join("c")).is_ok());
}

#[test]
fn names_that_lead_elsewhere_are_refused() {
    let dir = tempdir().unwrap();
    for name in ["", ".", "..", "a/b", "/tmp/x", "../x", "a/", ".hidden", "a\\b", "a\0"] {
        let names = [name.to_owned(), "zzz".to_owned()];
        let error = PNG.write(&pixels(2), &names, &dir.path().join("out")).unwrap_err();
        assert!(matches!(error, ImageError::ClassFolder { class: 0, .. }), "{name:?}: {error}");
    }
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
    for size in [0, 4097, usize::MAX] {
        let error = Export { size: Some(size), ..PNG }.write(&pixels(2), &[], &dir.path().join("out")).unwrap_err();
        assert!(matches!(error, ImageError::Config { field: "size", .. }), "{error}");
    }
}
