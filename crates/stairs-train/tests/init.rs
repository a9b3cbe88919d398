//! Fine-tuning: a run that starts from a float model.

mod support;

use std::{fs, path::Path};

use burn::tensor::Device;
use stairs_data::Dataset;
use stairs_quant::ScalePolicy;
use stairs_train::{Display, Head, Init, Method, RunConfig, RunDir, RunRecord, TrainError, Trainer, Which, ZooModel};
use stairs_zoo::Model;
use support::{bits, digits};

fn float() -> RunConfig {
    let model = "lenet:4-8-16".into();
    RunConfig { model, method: Method::Float, epochs: 4, lr: 1e-2, subset: Some(400), ..RunConfig::default() }
}

fn quantised(init: Init) -> RunConfig {
    RunConfig {
        method: Method::Ste,
        weight_scale: ScalePolicy::MseOptimal,
        epochs: 1,
        lr: 1e-3,
        init: Some(init),
        ..float()
    }
}

fn train(config: RunConfig, dataset: &Dataset, dir: &Path) -> Result<RunRecord, TrainError> {
    Trainer::new(config, dataset, dir).display(Display::Quiet).run()
}

/// Parameters by path.
fn parameters(model: ZooModel) -> Vec<(String, Vec<u8>)> {
    match model {
        ZooModel(Model::LeNet(model)) => bits(&model),
        _ => panic!("a LeNet was trained"),
    }
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
        let by = |weight_scale| initial(&RunConfig { weight_scale, ..config.clone() }, 10).unwrap();
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
    let scratch = train(RunConfig { init: None, ..config.clone() }, &digits(), &dir.path().join("scratch")).unwrap();
    assert!(tuned.test_accuracy > scratch.test_accuracy, "{} {}", tuned.test_accuracy, scratch.test_accuracy);

    // A finished run is loaded without the file, a run is not resumed with another one.
    fs::rename(&source, dir.path().join("moved")).unwrap();
    assert!(ZooModel::load(&RunDir::new(&run), &digits(), Which::Last, &device).is_ok());
    let other = RunConfig { init: Some(Init { sha256: "0".repeat(64), ..config.init.clone().unwrap() }), ..config };
    fs::rename(dir.path().join("moved"), &source).unwrap();
    let error = train(other.clone(), &digits(), &dir.path().join("other")).unwrap_err();
    assert!(matches!(error, TrainError::InitChanged { .. }), "{error}");
    let model = ZooModel::new(&other, [1, 8, 8], 10, &device).unwrap();
    let ZooModel(Model::LeNet(model)) = model else { panic!("a LeNet") };
    let resumed = Trainer::new(other, &digits(), &run).display(Display::Quiet).resume(true).fit(model);
    let error = resumed.map(|_| ()).unwrap_err();
    assert!(matches!(&error, TrainError::OtherRun { field, .. } if field == "init.sha256"), "{error}");
}

#[test]
fn what_does_not_fit_is_named() {
    let dir = tempfile::tempdir().unwrap();
    train(RunConfig { epochs: 1, ..float() }, &digits(), dir.path()).unwrap();
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
    let other = RunConfig { model: "mlp:16".into(), ..init(Head::Loaded) };
    let names = match ZooModel::initial(&other, [1, 8, 8], 10, &Device::flex()) {
        Err(TrainError::InitMismatch { reason, .. }) => reason,
        other => panic!("{:?}", other.map(|_| ())),
    };
    assert!(names.contains("not in the file: hidden.0") && names.contains("not in the model: conv1.weight"), "{names}");

    // Of a quantised run.
    let quantised_run = dir.path().join("quantised");
    train(init(Head::Loaded), &digits(), &quantised_run).unwrap();
    let second = quantised(Init::open(&quantised_run, Head::Loaded).unwrap());
    assert!(reason(&second, 10).contains("conv1.weight.stair"));

    // No file, and no model.
    assert!(matches!(Init::open(dir.path().join("none.bpk"), Head::Loaded), Err(TrainError::Read { .. })));
    fs::write(dir.path().join("bad.bpk"), b"nothing").unwrap();
    let bad = quantised(Init::open(dir.path().join("bad.bpk"), Head::Loaded).unwrap());
    assert!(matches!(initial(&bad, 10), Err(TrainError::Damaged { .. })));
}
