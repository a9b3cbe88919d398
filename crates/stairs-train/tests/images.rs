//! A folder of images as the data of a run: trained, resumed by name, and what becomes of files that are no images.

mod support;

use std::{fs, path::Path};

use burn::tensor::Device;
use stairs_data::{
    DataRoot, Dataset, DatasetName,
    images::{Export, ExportFormat, ImagesConfig, OnCorrupt},
    load,
};
use stairs_train::{
    Display, LrSchedule, Method, RunConfig, RunDir, TrainError, Trainer, Which, ZooModel,
    data::{IMAGES, Pass, TrainData},
};

/// The embedded digits as PNG files, eight of every class in each part.
fn folder(out: &Path) -> Dataset {
    let digits = load(DatasetName::Digits, &DataRoot::default()).unwrap();
    let names: Vec<String> = DatasetName::Digits.class_folders().iter().map(|&name| name.into()).collect();
    let export = Export { format: ExportFormat::Png, limit: Some(8), size: None };
    let written = export.write(&digits, &names, out).unwrap();
    assert_eq!((written.train, written.test), (80, 80));
    digits
}

fn config(on_corrupt: OnCorrupt) -> RunConfig {
    let images = ImagesConfig { size: 8, resize: Some(8), channels: 1, on_corrupt, ..ImagesConfig::default() };
    RunConfig::new("mlp:16")
        .with_dataset(IMAGES)
        .with_method(Method::Ste)
        .with_epochs(2)
        .with_batch(16)
        .with_lr_schedule(LrSchedule::Constant)
        .with_augment(true)
        .with_images(images)
}

fn open(config: &RunConfig, dir: &Path) -> TrainData {
    TrainData::open(config, &DataRoot::new(Some(dir.into()), None, None)).unwrap()
}

fn train(config: &RunConfig, data: &TrainData, out: &Path) -> Result<stairs_train::RunRecord, TrainError> {
    let (train, test) = (data.train.clone(), data.test.clone());
    Trainer::on_samples(config.clone(), train, test, data.classes, out).with_display(Display::Quiet).run()
}

#[test]
fn a_folder_is_trained_on_and_evaluated_again() {
    let dir = tempfile::tempdir().unwrap();
    let images = dir.path().join("images");
    let digits = folder(&images);
    let config = config(OnCorrupt::Fatal);
    let data = open(&config, &images);
    assert_eq!((data.classes, data.train.len(), data.train.shape()), (10, 80, [1, 8, 8]));

    // The files hold the digits: black is 0, the brightest of 16 is 255.
    let mut sample = vec![0.0; 64];
    assert_eq!(data.test.copy(0, &mut sample).unwrap(), 0);
    let first = (0..digits.test.len()).find(|&i| digits.test.labels()[i] == 0).unwrap();
    for (x, &byte) in sample.iter().zip(digits.test.bytes(first).unwrap()) {
        let expected = ((u32::from(byte) * 255 / 16) as f32 / 255.0 - 0.458) / 0.226;
        assert!((x - expected).abs() < 1e-6, "{x} {expected}");
    }

    let record = train(&config, &data, &dir.path().join("run")).unwrap();
    assert_eq!((record.samples, record.skipped.is_empty()), ((80, 80), true));
    let run = RunDir::new(dir.path().join("run"));
    assert_eq!(run.config().unwrap(), config);
    let data = open(&run.config().unwrap(), &images);
    let model = ZooModel::load_for(&run, &data, Which::Last, &Device::flex()).unwrap();
    let again = model.evaluate(data.test.clone(), &Device::flex()).unwrap();
    assert_eq!(again.accuracy, record.test_accuracy);
}

/// Class folders that were renamed, or whose files changed: refused on resume; an evaluation refuses other classes, and says
/// that files are others.
#[test]
fn a_folder_that_changed_is_not_taken_for_the_same() {
    let dir = tempfile::tempdir().unwrap();
    let (images, run) = (dir.path().join("images"), RunDir::new(dir.path().join("run")));
    folder(&images);
    let config = config(OnCorrupt::Fatal);
    let train = |resume: bool| {
        let data = open(&config, &images);
        Trainer::on_data(config.clone(), &data, run.path()).with_display(Display::Quiet).with_resume(resume).run()
    };
    let evaluated = || ZooModel::load_for(&run, &open(&config, &images), Which::Last, &Device::flex()).map(|_| ());
    let record = train(false).unwrap();
    assert_eq!(record.data.as_ref(), Some(&open(&config, &images).identity));
    assert_eq!(train(true).unwrap(), record);

    // `10` comes after `1`: what was class 2 is class 3 now.
    let rename = |from: &str, to: &str| {
        for part in ["train", "val"] {
            fs::rename(images.join(part).join(from), images.join(part).join(to)).unwrap();
        }
    };
    rename("9", "10");
    for result in [train(true).map(|_| ()), evaluated()] {
        let error = result.unwrap_err();
        assert!(matches!(error, TrainError::OtherData { .. }) && error.to_string().contains("`10`"), "{error}");
    }
    rename("10", "9");
    assert!(evaluated().is_ok());

    let file = fs::read_dir(images.join("val/3")).unwrap().next().unwrap().unwrap().path();
    fs::remove_file(file).unwrap();
    let error = train(true).unwrap_err().to_string();
    assert!(error.contains("class `3` had 8 samples and has now 7"), "{error}");
    assert!(evaluated().is_ok());
    let note = run.compare(&open(&config, &images).identity).unwrap().unwrap();
    assert!(note.contains("class `3` had 8 samples and has now 7"), "{note}");
}

#[test]
fn batches_do_not_depend_on_the_number_of_threads() {
    let dir = tempfile::tempdir().unwrap();
    folder(&dir.path().join("images"));
    let data = open(&config(OnCorrupt::Fatal), &dir.path().join("images"));
    let batches = |threads, augment| -> Vec<_> {
        let (samples, order) = (data.train.clone(), (0..80).rev().collect());
        Pass { samples, order, batch: 32, augment, threads }.start().map(Result::unwrap).collect()
    };
    let one = batches(1, Some((3, 1)));
    assert_eq!(one, batches(3, Some((3, 1))));
    assert_ne!(one, batches(1, Some((3, 2))), "another epoch, other crops");
    assert_ne!(one, batches(1, None));
}

#[test]
fn a_file_that_is_no_image_ends_the_run_or_is_skipped_and_counted() {
    let dir = tempfile::tempdir().unwrap();
    let images = dir.path().join("images");
    folder(&images);
    let mut files: Vec<_> = fs::read_dir(images.join("train/3")).unwrap().map(|e| e.unwrap().path()).collect();
    files.sort();
    let whole = fs::read(&files[2]).unwrap();
    fs::write(&files[2], &whole[..whole.len() / 2]).unwrap();
    let name = files[2].file_name().unwrap().to_str().unwrap().to_owned();

    let fatal = config(OnCorrupt::Fatal);
    let error = train(&fatal, &open(&fatal, &images), &dir.path().join("fatal")).unwrap_err();
    assert!(matches!(error, TrainError::Sample { index: 26, .. }), "{error}");
    assert!(error.to_string().contains(&name), "{error}");
    assert!(RunDir::new(dir.path().join("fatal")).record().is_err(), "half an epoch makes no record");

    let skip = config(OnCorrupt::Skip);
    let data = open(&skip, &images);
    let record = train(&skip, &data, &dir.path().join("skip")).unwrap();
    assert_eq!((record.skipped.train.count, record.skipped.test.count), (1, 0));
    assert!(record.skipped.train.first[0].contains(&name), "{:?}", record.skipped);
    // The next file of the class stands in for it.
    let (mut there, mut next) = (vec![0.0; 64], vec![1.0; 64]);
    assert_eq!(data.train.copy(26, &mut there).unwrap(), 3);
    data.train.copy(27, &mut next).unwrap();
    assert_eq!(there, next);

    // In the test part.
    let file = fs::read_dir(images.join("val/9")).unwrap().next().unwrap().unwrap().path();
    fs::write(&file, b"no image").unwrap();
    let error = train(&fatal, &open(&fatal, &images), &dir.path().join("test")).unwrap_err();
    assert!(error.to_string().contains("sample 26"), "the training part is read first: {error}");
    fs::write(&files[2], &whole).unwrap();
    let error = train(&fatal, &open(&fatal, &images), &dir.path().join("test2")).unwrap_err();
    assert!(error.to_string().contains(file.file_name().unwrap().to_str().unwrap()), "{error}");
}

#[test]
fn folders_that_cannot_be_used_are_explained() {
    let dir = tempfile::tempdir().unwrap();
    let images = dir.path().join("images");
    let config = config(OnCorrupt::Fatal);
    let refused = |folder: &Path| {
        TrainData::open(&config, &DataRoot::new(Some(folder.into()), None, None)).err().unwrap().to_string()
    };
    assert!(refused(dir.path()).contains("no image folder found"));
    folder(&images);
    fs::rename(images.join("val/9"), images.join("val/nine")).unwrap();
    let error = refused(&images);
    assert!(error.contains("class `9` is in") && error.contains("val"), "{error}");
    fs::remove_dir_all(images.join("val/nine")).unwrap();
    fs::create_dir(images.join("val/9")).unwrap();
    assert!(refused(&images).contains("holds no .jpg"));
    fs::remove_dir_all(images.join("val")).unwrap();
    assert!(refused(&images).contains("has no val or test"));
}
