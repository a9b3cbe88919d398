//! Files that torch has written, into a module of one's own and into models of the zoo.

mod weights;

use burn::module::{Module, Param};
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::{BatchNorm, BatchNormConfig, Linear, LinearConfig, LinearLayout};
use burn::tensor::{Device, Tensor};
use stairs_zoo::Architecture;
use stairs_zoo::pretrained::{Head, KeyMap, PretrainedError, WeightFile, load, torchvision};
use weights::{fixture, fixture_path, header, safetensors, values};

#[derive(Module, Debug)]
struct Small {
    conv: Conv2d,
    norm: BatchNorm,
    output: Linear,
}

fn small() -> Small {
    let device = Device::flex();
    Small {
        conv: Conv2dConfig::new([3, 4], [3, 3]).with_bias(false).init(&device),
        norm: BatchNormConfig::new(4).init(&device),
        output: LinearConfig::new(4, 5).init(&device),
    }
}

fn keys() -> KeyMap {
    KeyMap::new().with_layer("conv", "0").with_layer("norm", "1").with_layer("output", "2")
}

/// The fixtures' numbers, rounded to `bits` of mantissa.
fn close(found: &[f32], key: &str, shape: &[usize], bits: i32) {
    for (found, expected) in found.iter().zip(values(key, shape, 4.0)) {
        assert!((found - expected).abs() <= expected.abs() * 2f32.powi(-bits), "{key}: {found} {expected}");
    }
}

#[test]
fn every_form_torch_writes_is_read() {
    for (name, bits) in
        [("zip", 24), ("legacy", 24), ("checkpoint", 24), ("parameters", 24), ("half", 11), ("bfloat16", 8)]
    {
        let file = WeightFile::open(fixture_path(&format!("{name}.pth"))).unwrap();
        let model = load(small(), &keys(), &file).unwrap();
        close(&model.conv.weight.val().into_data().try_to_vec::<f32>().unwrap(), "0.weight", &[4, 3, 3, 3], bits);
        close(&model.norm.gamma.val().into_data().try_to_vec::<f32>().unwrap(), "1.weight", &[4], bits);
        close(&model.norm.beta.val().into_data().try_to_vec::<f32>().unwrap(), "1.bias", &[4], bits);
        close(&model.norm.running_mean.value().into_data().try_to_vec::<f32>().unwrap(), "1.running_mean", &[4], bits);
        close(&model.norm.running_var.value().into_data().try_to_vec::<f32>().unwrap(), "1.running_var", &[4], bits);
        let weight = model.output.weight.val().transpose().into_data().try_to_vec::<f32>().unwrap();
        close(&weight, "2.weight", &[5, 4], bits);
    }
}

#[test]
fn views_of_one_storage_are_gathered() {
    let file = WeightFile::open(fixture_path("views.pth")).unwrap();
    let read = |name| file.read(name).unwrap().unwrap();
    let all = read("all");
    assert_eq!(all, values("base", &[6, 4], 4.0));
    assert_eq!(read("rows"), all[8..20]);
    assert_eq!(file.shape("transposed"), Some(&[4, 6][..]));
    assert!(read("transposed").iter().enumerate().all(|(i, value)| *value == all[i % 6 * 4 + i / 6]));
    assert_eq!(file.read("none").unwrap(), None);
}

#[test]
fn the_names_of_data_parallel_training_lose_their_prefix() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.safetensors");
    std::fs::write(&path, safetensors(&header([("module.2.bias", &[2][..])]), &[0; 8])).unwrap();
    assert_eq!(WeightFile::open(&path).unwrap().shape("2.bias"), Some(&[2][..]));
}

/// Checkpoints of training programs, with what they keep beside the weights; nothing of it is run.
#[test]
fn the_state_dict_of_a_checkpoint_is_found_or_chosen() {
    let bias = |file: &str, key: Option<&str>| {
        let file = WeightFile::open_at(fixture_path(file), key)?;
        assert_eq!(file.shape("features.module.0.weight"), Some(&[2, 2][..]));
        assert_eq!(file.shape_within("features.0.weight"), Some(&[2, 2][..]));
        Ok::<_, PretrainedError>(file.read("fc.bias")?.unwrap())
    };
    let (weights, averages) = (vec![5.0, 6.0], vec![50.0, 60.0]);
    assert_eq!(bias("training.pth", None).unwrap(), weights);
    assert_eq!(bias("ema.pth", Some("model")).unwrap(), weights);
    assert_eq!(bias("ema.pth", Some("model_ema")).unwrap(), averages);
    assert_eq!(bias("gan.pth", Some("netD")).unwrap(), averages);
    for (file, names) in [("ema.pth", ["model", "model_ema"]), ("gan.pth", ["netG", "netD"])] {
        let error = WeightFile::open(fixture_path(file)).unwrap_err();
        assert!(error.to_string().contains("--key"), "{error}");
        let PretrainedError::StateDicts { keys, .. } = error else { panic!("{error}") };
        assert_eq!(keys, names);
    }
    let error = WeightFile::open_at(fixture_path("ema.pth"), Some("ema")).unwrap_err().to_string();
    assert!(error.contains("no state dict at `ema`") && error.contains("`model_ema`"), "{error}");
    let error = WeightFile::open_at(fixture_path("zip.pth"), Some("model")).unwrap_err().to_string();
    assert!(error.contains("its root"), "{error}");
}

#[test]
fn names_inside_wrappers_are_those_of_the_model() {
    let shapes = [
        ("0.weight", &[4, 3, 3, 3][..]),
        ("1.weight", &[4]),
        ("1.bias", &[4]),
        ("1.running_mean", &[4]),
        ("1.running_var", &[4]),
        ("2.weight", &[5, 4]),
        ("2.bias", &[5]),
    ];
    let count: usize = shapes.iter().map(|(_, shape)| shape.iter().product::<usize>()).sum();
    let data: Vec<u8> = (0..count).flat_map(|i| (i as f32).to_le_bytes()).collect();
    let file = |names: &dyn Fn(&str) -> String| {
        let names: Vec<String> = shapes.iter().map(|(name, _)| names(name)).collect();
        let text = header(names.iter().map(String::as_str).zip(shapes.iter().map(|(_, shape)| *shape)));
        WeightFile::from_bytes("weights", safetensors(&text, &data)).unwrap()
    };
    let bias =
        |file: &WeightFile| load(small(), &keys(), file).map(|model| model.output.bias.unwrap().val().into_data());
    let right = bias(&file(&str::to_owned)).unwrap();
    for prefix in [
        "module.",
        "_orig_mod.",
        "module._orig_mod.",
        "_orig_mod.module.",
        "model.",
        "net.",
        "module.model.",
        "model._orig_mod.net.",
    ] {
        assert_eq!(bias(&file(&|name| format!("{prefix}{name}"))).unwrap(), right, "{prefix}");
    }
    // Only the convolutions are wrapped, as by `features = DataParallel(features)`.
    let inner = |name: &str| name.replace("0.weight", "0.module.weight");
    assert_eq!(bias(&file(&inner)).unwrap(), right);

    let other = file(&|name| format!("encoder.{name}"));
    assert!(matches!(bias(&other), Err(PretrainedError::Mismatch { .. })));
    assert_eq!(bias(&other.renamed("encoder", "").unwrap()).unwrap(), right);
    let moved =
        |name: &str| if let Some(rest) = name.strip_prefix("2.") { format!("head.last.{rest}") } else { name.into() };
    assert_eq!(bias(&file(&moved).renamed("head.last", "2").unwrap()).unwrap(), right);
    for (from, to, reason) in [
        ("head", "2", "the first ones are 0.weight"),
        ("2.bia", "x", "the first ones"),
        ("", "x", "the first ones"),
        ("2", "1", "two tensors would be called `1.bias`"),
        ("2.bias", "", "nothing is left"),
    ] {
        let error = file(&str::to_owned).renamed(from, to).unwrap_err();
        assert!(matches!(error, PretrainedError::Rename { .. }) && error.to_string().contains(reason), "{error}");
    }
}

/// A model and its average side by side: neither is taken for the other.
#[test]
fn two_tensors_for_one_place_are_refused_until_one_is_chosen() {
    let names = ["model.fc.bias", "ema_model.fc.bias"];
    let bytes = safetensors(&header(names.map(|name| (name, &[1][..]))), &[0, 0, 0, 0, 0, 0, 0x80, 0x3F]);
    #[derive(Module, Debug)]
    struct Outer {
        layer: BiasOnly,
    }
    #[derive(Module, Debug)]
    struct BiasOnly {
        bias: Param<Tensor<1>>,
    }
    let module = || Outer { layer: BiasOnly { bias: Param::from_tensor(Tensor::zeros([1], &Device::flex())) } };
    let keys = KeyMap::new().with_layer("layer", "fc");
    let error = load(module(), &keys, &WeightFile::from_bytes("both", bytes.clone()).unwrap()).unwrap_err();
    assert!(matches!(&error, PretrainedError::Twice { name, .. } if name == "fc.bias"), "{error}");
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("both.safetensors");
    std::fs::write(&path, bytes).unwrap();
    let chosen = WeightFile::open_at(&path, Some("ema_model")).unwrap();
    let bias = load(module(), &keys, &chosen).unwrap().layer.bias.val().into_data().try_to_vec::<f32>().unwrap();
    assert_eq!(bias, [1.0]);
    assert!(matches!(WeightFile::open_at(&path, Some("ema")), Err(PretrainedError::NoStateDict { .. })));
}

/// A dense layer that keeps its weight by column computes what torch does, drawn before or not, square or not.
#[test]
fn dense_weights_kept_by_column_are_those_of_the_file() {
    let device = Device::flex();
    for (inputs, outputs) in [(3, 3), (2, 4)] {
        let count = inputs * outputs;
        let text = header([("fc.weight", &[outputs, inputs][..]), ("fc.bias", &[outputs][..])]);
        let data: Vec<u8> = (0..count + outputs).flat_map(|i| (i as f32).to_le_bytes()).collect();
        let file = WeightFile::from_bytes("fc", safetensors(&text, &data)).unwrap();
        let x: Vec<f32> = (1..=inputs).map(|i| i as f32).collect();
        // y = W x + b with W row by row, as torch has it.
        let expected: Vec<f32> = (0..outputs)
            .map(|o| (count + o) as f32 + (0..inputs).map(|i| (o * inputs + i) as f32 * x[i]).sum::<f32>())
            .collect();
        for layout in [LinearLayout::Row, LinearLayout::Col] {
            for drawn in [false, true] {
                let layer = vec![LinearConfig::new(inputs, outputs).with_layout(layout).init(&device)];
                if drawn {
                    let _ = layer[0].weight.val();
                }
                let layer = load(layer, &KeyMap::new().with_layer("0", "fc"), &file).unwrap();
                let input = Tensor::<1>::from_floats(x.as_slice(), &device).reshape([1, inputs]);
                let y = layer[0].forward(input).into_data().try_to_vec::<f32>().unwrap();
                assert_eq!(y, expected, "{inputs} {outputs} {layout:?} {drawn}");
            }
        }
    }
}

#[test]
fn numbers_that_are_no_weights_are_refused_with_their_tensor() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.safetensors");
    for (number, word) in [(f32::NAN, "NaN"), (f32::INFINITY, "inf")] {
        std::fs::write(&path, safetensors(&header([("w", &[1][..])]), &number.to_le_bytes())).unwrap();
        let error = WeightFile::open(&path).unwrap().read("w").unwrap_err().to_string();
        assert!(error.contains("`w`") && error.contains(word), "{error}");
    }
    let integers = r#"{"w":{"dtype":"I32","shape":[1],"data_offsets":[0,4]}}"#;
    std::fs::write(&path, safetensors(integers, &[0; 4])).unwrap();
    assert!(WeightFile::open(&path).unwrap().read("w").unwrap_err().to_string().contains("int32"));
}

/// A storage whose checksum is wrong stops the import, although names and shapes are right.
#[test]
fn a_wrong_checksum_is_found_while_loading() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.pth");
    let mut bytes = fixture("zip.pth");
    let at = bytes.windows(4).position(|window| window == values("2.bias", &[5], 4.0)[0].to_le_bytes()).unwrap();
    bytes[at] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    let error = load(small(), &keys(), &WeightFile::open(&path).unwrap()).unwrap_err();
    assert!(matches!(&error, PretrainedError::Format { reason, .. } if reason.contains("checksum")), "{error}");
}

#[test]
fn a_layer_without_name_or_of_other_shape_is_listed() {
    let file = WeightFile::open(fixture_path("zip.pth")).unwrap();
    let keys = KeyMap::new().with_layer("conv", "0").with_layer("norm", "1").with_layer("other", "2");
    let error = load(small(), &keys, &file).unwrap_err();
    let PretrainedError::Mismatch { missing, unexpected, misshapen, .. } = error else { panic!() };
    assert_eq!(missing, ["output.weight", "output.bias"]);
    assert_eq!(unexpected, ["2.bias", "2.weight"]);
    assert!(misshapen.is_empty());
}

/// The file's classifier has 5 classes and is passed over.
#[test]
fn a_fresh_head_has_classes_of_its_own() {
    let file = WeightFile::open(fixture_path("zip.pth")).unwrap();
    let wide = || Small { output: LinearConfig::new(4, 7).init(&Device::flex()), ..small() };
    let error = load(wide(), &keys(), &file).unwrap_err().to_string();
    assert!(error.contains("2.weight is [5, 4] in the file and [7, 4] in the model"), "{error}");
    let model = load(wide(), &keys().with_fresh_head(), &file).unwrap();
    assert_eq!(model.output.weight.dims(), [4, 7]);
    close(&model.norm.gamma.val().into_data().try_to_vec::<f32>().unwrap(), "1.weight", &[4], 24);
}

#[test]
fn models_torchvision_does_not_have_are_refused() {
    let file = WeightFile::open(fixture_path("zip.pth")).unwrap();
    for name in ["lenet", "resnet20", "alexnet-bn", "alexnet-small", "vgg8"] {
        let architecture: Architecture = name.parse().unwrap();
        let error = torchvision(&architecture, &file, Head::Kept, &Device::flex()).unwrap_err();
        assert!(matches!(error, PretrainedError::NoCounterpart { .. }), "{error}");
    }
    let architecture: Architecture = "resnet18".parse().unwrap();
    let error = torchvision(&architecture, &file, Head::Fresh { classes: 0 }, &Device::flex()).unwrap_err();
    assert!(matches!(error, PretrainedError::Model(_)), "{error}");
}

/// A file that declares an absurd classifier costs nothing: the parameters of the model are not made before all fits.
#[test]
fn an_absurd_number_of_classes_is_a_mismatch() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.safetensors");
    std::fs::write(&path, safetensors(&header([("fc.weight", &[1 << 40, 0][..])]), &[])).unwrap();
    let architecture: Architecture = "resnet18".parse().unwrap();
    let error = torchvision(&architecture, &WeightFile::open(&path).unwrap(), Head::Kept, &Device::flex()).unwrap_err();
    assert!(matches!(error, PretrainedError::Mismatch { .. }), "{error}");
}
