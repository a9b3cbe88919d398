//! Fine-tuning: a run that starts from a float model.

mod support;

use std::{fs, path::Path};

use burn::tensor::Device;
use stairs_data::Dataset;
use stairs_quant::ScalePolicy;
use stairs_train::{
    Display, Head, Init, Method, Quanta, RunConfig, RunDir, RunRecord, TrainError, Trainer, Which, ZooModel,
};
use support::{bits, digits};

fn float() -> RunConfig {
    RunConfig::new("lenet:4-8-16").with_method(Method::Float).with_epochs(4).with_lr(1e-2).with_subset(400)
}

fn quantised(init: Init) -> RunConfig {
    float()
        .with_method(Method::Ste)
        .with_weight_scale(ScalePolicy::MseOptimal)
        .with_epochs(1)
        .with_lr(1e-3)
        .with_init(init)
}

fn train(config: RunConfig, dataset: &Dataset, dir: &Path) -> Result<RunRecord, TrainError> {
    Trainer::new(config, dataset, dir).with_display(Display::Quiet).run()
}

/// Parameters by path.
fn parameters(model: ZooModel) -> Vec<(String, Vec<u8>)> {
    bits(&model.0)
}

fn initial(config: &RunConfig, classes: usize) -> Result<Vec<(String, Vec<u8>)>, TrainError> {
    ZooModel::initial(config, [1, 8, 8], classes, &Device::flex()).map(parameters)
}

#[test]
fn a_quantised_run_starts_from_the_float_weights() {
    let dir = tempfile::tempdir().unwrap();
    let source = dir.path().join("float");
    train(float(), &digits(), &source).unwrap();
    let device = Device::flex();
    let float = parameters(ZooModel::load(&RunDir::new(&source), &digits(), Which::Last, &device).unwrap());

    for file in [source.clone(), source.join("last.bpk"), source.join("last.safetensors")] {
        let config = quantised(Init::open(&file, Head::Loaded).unwrap());
        let start = initial(&config, 10).unwrap();
        for parameter in &float {
            assert!(start.contains(parameter), "{}: {} was not loaded", file.display(), parameter.0);
        }
        // The quantum is that of the loaded weights: by another policy it is another one.
        let by = |weight_scale| initial(&config.clone().with_weight_scale(weight_scale), 10).unwrap();
        let scale = |start: &[(String, Vec<u8>)]| -> (f32, f32) {
            let (_, bytes) = start.iter().find(|(path, _)| path == "conv1.weight.stair.scales.Fixed").unwrap();
            let number = |i: usize| f32::from_le_bytes(bytes[4 * i..4 * i + 4].try_into().unwrap());
            (number(0), number(1))
        };
        let weights = &float.iter().find(|(path, _)| path == "conv1.weight").unwrap().1;
        let largest =
            weights.chunks_exact(4).map(|b| f32::from_le_bytes(b.try_into().unwrap()).abs()).fold(0.0, f32::max);
        assert_eq!(scale(&by(ScalePolicy::MaxAbs)).0, largest);
        assert!(scale(&start).0 < largest);
    }

    let config = quantised(Init::open(&source, Head::Loaded).unwrap());
    let run = dir.path().join("tuned");
    let tuned = train(config.clone(), &digits(), &run).unwrap();
    let scratch = train(config.clone().with_init(None), &digits(), &dir.path().join("scratch")).unwrap();
    assert!(tuned.test_accuracy > scratch.test_accuracy, "{} {}", tuned.test_accuracy, scratch.test_accuracy);

    // A finished run is loaded without the file, a run is not resumed with another one.
    fs::rename(&source, dir.path().join("moved")).unwrap();
    assert!(ZooModel::load(&RunDir::new(&run), &digits(), Which::Last, &device).is_ok());
    let init = Init { sha256: "0".repeat(64), ..config.init.clone().unwrap() };
    let other = config.with_init(init);
    fs::rename(dir.path().join("moved"), &source).unwrap();
    let error = train(other.clone(), &digits(), &dir.path().join("other")).unwrap_err();
    assert!(matches!(error, TrainError::InitChanged { .. }), "{error}");
    let model = ZooModel::new(&other, [1, 8, 8], 10, &device).unwrap();
    let ZooModel(model) = model;
    let resumed = Trainer::new(other, &digits(), &run).with_display(Display::Quiet).with_resume(true).fit(model);
    let error = resumed.map(|_| ()).unwrap_err();
    assert!(matches!(&error, TrainError::OtherRun { field, .. } if field == "init.sha256"), "{error}");
}

#[test]
fn what_does_not_fit_is_named() {
    let dir = tempfile::tempdir().unwrap();
    train(float().with_epochs(1), &digits(), dir.path()).unwrap();
    let init = |head| quantised(Init::open(dir.path(), head).unwrap());
    let reason = |config: &RunConfig, classes| match initial(config, classes) {
        Err(TrainError::InitMismatch { reason, .. }) => reason,
        other => panic!("{:?}", other.map(|_| ())),
    };

    // Another number of classes.
    let wrong = reason(&init(Head::Loaded), 7);
    assert!(wrong.contains("fc2.weight ([16, 7] in the model, [16, 10] in the file)"), "{wrong}");
    assert!(wrong.contains("fc2.bias") && wrong.contains("--init-head fresh"), "{wrong}");
    assert!(!wrong.contains("conv1"), "{wrong}");
    let fresh = initial(&init(Head::Fresh), 7).unwrap();
    let head = |start: &[(String, Vec<u8>)]| start.iter().find(|(path, _)| path == "fc2.weight").unwrap().1.clone();
    assert_eq!(head(&fresh).len(), 4 * 16 * 7);
    let [loaded, fresh] = [Head::Loaded, Head::Fresh].map(|head| initial(&init(head), 10).unwrap());
    assert!(head(&loaded) != head(&fresh), "a fresh last layer of the same shape was loaded");

    // Another model.
    let other = init(Head::Loaded).with_model("mlp:16");
    let names = match ZooModel::initial(&other, [1, 8, 8], 10, &Device::flex()) {
        Err(TrainError::InitMismatch { reason, .. }) => reason,
        other => panic!("{:?}", other.map(|_| ())),
    };
    assert!(names.contains("not in the file: hidden.0") && names.contains("not in the model: conv1.weight"), "{names}");

    // No file, and no model.
    assert!(matches!(Init::open(dir.path().join("none.bpk"), Head::Loaded), Err(TrainError::Read { .. })));
    fs::write(dir.path().join("bad.bpk"), b"nothing").unwrap();
    let bad = quantised(Init::open(dir.path().join("bad.bpk"), Head::Loaded).unwrap());
    assert!(matches!(initial(&bad, 10), Err(TrainError::Damaged { .. })));
}

/// From a quantised run: the latent weights always, quanta and clips where the quantisers are the same.
#[test]
fn a_run_starts_from_a_quantised_one() {
    let dir = tempfile::tempdir().unwrap();
    let source = dir.path().join("source");
    let first = quantised_from_nothing().with_init(None).with_weight_scale(ScalePolicy::Lsq);
    train(first.clone(), &digits(), &source).unwrap();
    let device = Device::flex();
    let there = parameters(ZooModel::load(&RunDir::new(&source), &digits(), Which::Last, &device).unwrap());
    let of_quantiser = |path: &str| path.contains(".scales.") || path.ends_with(".setting");

    for file in [source.clone(), source.join("last.bpk"), source.join("last.safetensors")] {
        let init = Init::open(&file, Head::Loaded).unwrap().for_run(&first);
        assert_eq!(init.quanta, Quanta::Loaded);
        let same = initial(&first.clone().with_init(init.clone()), 10).unwrap();
        for (path, bytes) in there.iter().filter(|(path, _)| !path.ends_with(".setting")) {
            assert!(
                same.iter().any(|(p, b)| p == path && b == bytes),
                "{}: {path} was not carried over",
                file.display()
            );
        }
        // Another quantiser, and none: the latent weights only.
        let int4 = first.clone().with_quantiser("int4".parse().unwrap());
        for other in [int4, first.clone().with_method(Method::Float)] {
            let init = init.clone().for_run(&other);
            assert_eq!(init.quanta, Quanta::Fresh);
            let start = initial(&other.with_init(init), 10).unwrap();
            for (path, bytes) in there.iter().filter(|(path, _)| !of_quantiser(path)) {
                assert!(start.iter().any(|(p, b)| p == path && b == bytes), "{}: {path}", file.display());
            }
        }
    }
    let init = Init::open(&source, Head::Loaded).unwrap().for_run(&first);
    let record = train(first.with_init(init), &digits(), &dir.path().join("second")).unwrap();
    assert_eq!(record.config.init.unwrap().quanta, Quanta::Loaded);
}

fn quantised_from_nothing() -> RunConfig {
    float().with_method(Method::Ste).with_epochs(1).with_subset(64)
}

#[test]
fn files_that_are_no_good_are_named() {
    let dir = tempfile::tempdir().unwrap();
    train(float().with_epochs(1).with_subset(64), &digits(), dir.path()).unwrap();
    let config = |init: Init| quantised_from_nothing().with_init(init);

    // Changed after the run wrote it.
    for name in ["last.bpk", "last.safetensors"] {
        let path = dir.path().join(name);
        let mut bytes = fs::read(&path).unwrap();
        *bytes.last_mut().unwrap() ^= 1;
        fs::write(&path, &bytes).unwrap();
        let error = Init::open(&path, Head::Loaded).unwrap_err().to_string();
        assert!(error.contains("SHA256SUMS"), "{error}");
        // Elsewhere, nobody knows what it was; a value that is no number is seen all the same.
        let elsewhere = dir.path().join("copies").join(name);
        fs::create_dir_all(elsewhere.parent().unwrap()).unwrap();
        let end = bytes.len();
        bytes[end - 4..].copy_from_slice(&f32::NAN.to_le_bytes());
        fs::write(&elsewhere, &bytes).unwrap();
        let init = Init::open(&elsewhere, Head::Loaded).unwrap();
        let error = initial(&config(init), 10).unwrap_err().to_string();
        assert!(error.contains("holds NaN") && error.contains(name), "{error}");
    }
    let torch = dir.path().join("model.pth");
    fs::write(&torch, b"PK\x03\x04rest").unwrap();
    let error = initial(&config(Init::open(&torch, Head::Loaded).unwrap()), 10).unwrap_err().to_string();
    assert!(error.contains("stairs import"), "{error}");
}

/// A last layer is not carried over to classes of other names.
#[test]
fn a_last_layer_belongs_to_its_classes() {
    let dir = tempfile::tempdir().unwrap();
    let small = || float().with_epochs(1).with_subset(64);
    train(small(), &digits(), &dir.path().join("source")).unwrap();
    let renamed = digits().with_class_names("abcdefghij".chars()).unwrap();
    for (head, accepted) in [(Head::Loaded, false), (Head::Fresh, true)] {
        let init = Init::open(dir.path().join("source"), head).unwrap();
        let run = dir.path().join(format!("{head:?}"));
        match train(small().with_init(init), &renamed, &run) {
            Ok(_) => assert!(accepted),
            Err(error) => assert!(!accepted && error.to_string().contains("--init-head fresh"), "{error}"),
        }
    }
}
