//! `stairs materialise`.

use std::{collections::BTreeMap, path::Path};

use burn::{
    module::{Module, Param},
    tensor::{Device, Tensor, TensorData},
};
use safetensors::SafeTensors;
use stairs::{
    data::{DataRoot, DatasetName, load},
    noise::walk::{Change, Place, change},
    train::{RunDir, Which, ZooModel, data::TrainData},
};
use stairs_study::{materialise::Description, report::read_record};

use crate::program::{failure, path, stairs, stdout};

type Tensors = BTreeMap<String, (Vec<usize>, Vec<f32>)>;

fn read(path: &Path) -> (Description, Tensors) {
    let bytes = std::fs::read(path).unwrap();
    let (_, metadata) = SafeTensors::read_metadata(&bytes).unwrap();
    let description = serde_json::from_str(&metadata.metadata().as_ref().unwrap()["stairs"]).unwrap();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let number = |bytes: &[u8]| f32::from_le_bytes(bytes.try_into().unwrap());
    let tensor = |(name, view): (String, safetensors::tensor::TensorView<'_>)| {
        (name, (view.shape().to_vec(), view.data().chunks(4).map(number).collect()))
    };
    (description, file.tensors().into_iter().map(tensor).collect())
}

/// Puts tensors where a module has parameters of their names.
struct Put<'a>(&'a Tensors, usize);

impl Change for Put<'_> {
    fn float<const D: usize>(&mut self, place: &Place, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let Some((shape, values)) = self.0.get(place.path()) else { return param };
        self.1 += 1;
        param.map(|tensor| Tensor::from_data(TensorData::new(values.clone(), shape.clone()), &tensor.device()))
    }
}

#[test]
fn the_weights_written_are_levels_times_a_scale_and_classify_as_the_run_does() {
    let directory = tempfile::tempdir().unwrap();
    let at = |name: &str| directory.path().join(name);
    let run = at("run");
    let small = [
        "train",
        "--model",
        "lenet:4-8-16",
        "--quantiser",
        "int3",
        "--epochs",
        "2",
        "--subset",
        "400",
        "--batch",
        "32",
    ];
    stdout(&stairs(&[&small[..], &["--weight-scale", "mse", "--plain", "--out", path(&run)]].concat()));

    let file = at("out/weights.safetensors");
    let materialise = |more: &[&str]| stairs(&[&["materialise", path(&run), "--out", path(&file)], more].concat());
    let text = stdout(&materialise(&[]));
    assert!(text.contains("conv2.weight") && text.contains("of 8") && text.contains("written to"), "{text}");
    let (description, tensors) = read(&file);
    let names = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(
        description.weights.keys().cloned().collect::<Vec<_>>(),
        names(&["conv1.weight", "conv2.weight", "fc1.weight"])
    );
    assert_eq!(description.features.len(), 3);
    assert_eq!((description.model.as_str(), description.dataset.as_str()), ("lenet:4-8-16", "digits"));
    assert_eq!(description.sha256, stairs_study::import::sha256(&run.join("last.bpk")).unwrap());
    for (name, quantised) in &description.weights {
        assert_eq!((quantised.quantiser.as_str(), quantised.levels.len()), ("int3", 8));
        let (_, values) = &tensors[name];
        let levels: Vec<f32> = quantised.levels.iter().map(|level| (level * quantised.scale) as f32).collect();
        assert!(values.iter().all(|value| levels.contains(value)), "{name}");
    }

    // In the place of the run's own parameters they give its accuracy.
    let digits = TrainData::of(&load(DatasetName::Digits, &DataRoot::default()).unwrap());
    let device = Device::flex();
    let ZooModel(model) = ZooModel::load_for(&RunDir::new(&run), &digits, Which::Last, &device).unwrap();
    let (model, Put(_, count)) = change(model.materialize(), Put(&tensors, 0));
    assert_eq!(count, tensors.len());
    let model = ZooModel(model);
    let accuracy = model.evaluate(digits.test.clone(), &device).unwrap().accuracy;
    assert_eq!(accuracy, read_record(&run).unwrap().test_accuracy);

    // The same run gives the same bytes; another file is replaced on demand only.
    let bytes = std::fs::read(&file).unwrap();
    stdout(&materialise(&[]));
    assert!(std::fs::read(&file).unwrap() == bytes);
    let torch = materialise(&["--layout", "torch"]);
    assert!(failure(&torch, 1).contains("--force"));
    assert!(std::fs::read(&file).unwrap() == bytes);
    stdout(&materialise(&["--layout", "torch", "--force"]));
    let (_, turned) = read(&file);
    let (fc1, fc1_turned) = (&tensors["fc1.weight"], &turned["fc1.weight"]);
    let [inputs, outputs] = fc1.0[..] else { panic!("a matrix") };
    assert_eq!(fc1_turned.0, [outputs, inputs]);
    assert!((0..inputs * outputs).all(|i| fc1_turned.1[i % outputs * inputs + i / outputs] == fc1.1[i]));
    stdout(&materialise(&["--best", "--force"]));

    for (arguments, expected) in [
        (["materialise", path(&run), "--out", path(&run.join("last.safetensors"))], "a file of the run itself"),
        (["materialise", path(&run), "--out", path(&at("x.pth"))], "must end in .safetensors"),
        (["materialise", path(directory.path()), "--out", path(&at("x.safetensors"))], "give one of the 1 runs"),
        (["materialise", path(&run.join("last.bpk")), "--out", path(&at("x.safetensors"))], "it lies in the run"),
        (["materialise", path(&at("nowhere")), "--out", path(&at("x.safetensors"))], "there is no run"),
    ] {
        let error = failure(&stairs(&arguments), 1);
        assert!(error.contains(expected), "{error}");
    }
    let float = at("float");
    stdout(&stairs(&[
        "train",
        "--model",
        "mlp:4",
        "--method",
        "float",
        "--epochs",
        "1",
        "--plain",
        "--out",
        path(&float),
    ]));
    let error = failure(&stairs(&["materialise", path(&float), "--out", path(&at("x.safetensors"))]), 1);
    assert!(error.contains("no quantised weights"), "{error}");
    assert!(!at("x.safetensors").exists() && !at("x.pth").exists());
}
