//! Files that torch has written, into a module of one's own and into models of the zoo.

mod weights;

use burn::module::Module;
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::{BatchNorm, BatchNormConfig, Linear, LinearConfig};
use burn::tensor::Device;
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
    KeyMap::new().layer("conv", "0").layer("norm", "1").layer("output", "2")
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
    let keys = KeyMap::new().layer("conv", "0").layer("norm", "1").layer("other", "2");
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
