//! `stairs import`.

use crate::program::{failure, path, stairs, stdout};

/// A model torchvision has, so narrow that its file is small: written under torchvision's names, imported, and read back.
#[test]
fn weights_of_torchvision_are_imported() {
    let directory = tempfile::tempdir().unwrap();
    let (file, out) = (directory.path().join("narrow.safetensors"), directory.path().join("imported"));
    std::fs::write(&file, narrow_mobilenet(3)).unwrap();
    let import = |more: &[&str]| {
        let model = ["--model", "mobilenet-v2:0.01", "--out", path(&out)];
        stairs(&[&["import", "torchvision", path(&file)][..], &model, more].concat())
    };
    let text = stdout(&import(&[]));
    assert!(text.contains("mobilenet-v2:0.01, 3 classes"), "{text}");
    let record = std::fs::read_to_string(out.join("mobilenet-v2.json")).unwrap();
    let record: stairs_study::import::ImportRecord = serde_json::from_str(&record).unwrap();
    assert_eq!((record.source.as_str(), record.classes, record.fresh_head), ("narrow.safetensors", 3, false));
    // What was written is a file of weights itself, under Burn's names; the stem's gamma is what its file says.
    let written = stairs::zoo::pretrained::WeightFile::open(out.join("mobilenet-v2.safetensors")).unwrap();
    assert!(written.read("stem.norm.gamma").unwrap().unwrap().iter().all(|gamma| *gamma == 0.5));
    assert!(failure(&import(&["--classes", "7"]), 1).contains("has 3 classes: for 7"));
    stdout(&import(&["--classes", "7", "--head", "fresh"]));
    std::fs::write(&file, narrow_mobilenet(3).split_off(1)).unwrap();
    assert!(failure(&import(&[]), 1).contains("narrow.safetensors is no file of weights"));
}

#[test]
fn the_same_import_writes_the_same_bytes() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("narrow.safetensors");
    std::fs::write(&file, narrow_mobilenet(3)).unwrap();
    for name in ["out.safetensors", "out.bpk"] {
        let out = directory.path().join(name);
        let import = || {
            let model = ["--model", "mobilenet-v2:0.01", "--classes", "7", "--head", "fresh", "--out", path(&out)];
            stdout(&stairs(&[&["import", "torchvision", path(&file)][..], &model].concat()));
            [std::fs::read(&out).unwrap(), std::fs::read(out.with_extension("json")).unwrap()]
        };
        let first = import();
        assert!((0..3).all(|_| import() == first), "{name}");
    }
}

/// Names as wrappers leave them, and as nobody could guess.
#[test]
fn names_are_unwrapped_and_renamed() {
    let directory = tempfile::tempdir().unwrap();
    let (file, out) = (directory.path().join("narrow.safetensors"), directory.path().join("out.safetensors"));
    let import = |prefix: &str, inner: &str, more: &[&str]| {
        let text = |name: &str| format!("{prefix}{}", name.replacen("features.", &format!("features.{inner}"), 1));
        std::fs::write(&file, narrow_mobilenet_as(3, text)).unwrap();
        stairs(
            &[&["import", "torchvision", path(&file), "--model", "mobilenet-v2:0.01", "--out", path(&out)], more]
                .concat(),
        )
    };
    stdout(&import("", "", &[]));
    let tensors = || -> Vec<(String, Vec<f32>)> {
        let file = stairs::zoo::pretrained::WeightFile::open(&out).unwrap();
        let names: Vec<String> = file.tensors().map(|(name, _)| name.to_owned()).collect();
        names.into_iter().map(|name| (name.clone(), file.read(&name).unwrap().unwrap())).collect()
    };
    let right = tensors();
    for (prefix, inner, more) in [
        ("module.", "", &[][..]),
        ("", "module.", &[]),
        ("module._orig_mod.", "", &[]),
        ("model.", "module.", &[]),
        ("net._orig_mod.", "_orig_mod.", &[]),
        ("encoder.", "", &["--rename", "encoder="]),
        ("a.b.", "c.", &["--rename", "a.b.features.c=features", "--rename", "a.b="]),
        ("ema_2.", "", &["--key", "ema_2"]),
    ] {
        std::fs::remove_file(&out).unwrap();
        stdout(&import(prefix, inner, more));
        assert!(tensors() == right, "{prefix} {inner}");
    }
    let record = stairs_study::import::ImportRecord::read(&out.with_extension("json")).unwrap();
    assert_eq!(record.key.as_deref(), Some("ema_2"));
    for (prefix, more, code, expected) in [
        ("encoder.", &[][..], 1, "missing"),
        ("", &["--rename", "encoder=x"], 1, "no tensor is called so"),
        ("", &["--rename", "classifier.1.bias=classifier.1.weight"], 1, "two tensors would be called"),
        ("", &["--rename", "features"], 2, "FROM=TO"),
        ("", &["--rename", "=x"], 2, "FROM=TO"),
        ("", &["--key", "ema"], 1, "no state dict at `ema`"),
    ] {
        let error = failure(&import(prefix, "", more), code);
        assert!(error.contains(expected), "{more:?}: {error}");
    }
}

#[test]
fn what_is_no_import_is_refused_and_writes_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let at = |name: &str| directory.path().join(name);
    std::fs::write(at("narrow.safetensors"), narrow_mobilenet(3)).unwrap();
    let mut broken = narrow_mobilenet(3);
    let last = broken.len() - 4;
    broken[last..].copy_from_slice(&f32::NAN.to_le_bytes());
    std::fs::write(at("nan.safetensors"), broken).unwrap();
    std::fs::write(at("burn.bpk"), b"NRUB....").unwrap();
    std::fs::create_dir(at("folder")).unwrap();
    std::fs::create_dir(at("run")).unwrap();
    std::fs::write(at("run/config.toml"), "").unwrap();
    std::fs::write(at("package.json"), "{}").unwrap();
    let before = std::fs::read_dir(directory.path()).unwrap().count();
    for (file, out, expected) in [
        ("narrow.safetensors", "x.pth", "such as"),
        ("narrow.safetensors", "x.onnx", "weights are written as .safetensors or .bpk"),
        ("narrow.safetensors", "burn.bpk/x", "cannot make"),
        ("narrow.safetensors", "package.safetensors", "package.json exists and is no record of an import"),
        ("nan.safetensors", "x.safetensors", "tensor `classifier.1.bias` of"),
        ("burn.bpk", "x.safetensors", "stairs train --init"),
        ("run", "x.safetensors", "stairs train --init"),
        ("folder", "x.safetensors", "is a folder"),
        ("nowhere.pth", "x.safetensors", "nowhere.pth"),
    ] {
        let arguments = ["--model", "mobilenet-v2:0.01", "--out"];
        let (file, out) = (at(file), at(out));
        let output = stairs(&[&["import", "torchvision", path(&file)][..], &arguments, &[path(&out)]].concat());
        let error = failure(&output, 1);
        assert!(error.contains(expected), "{error}");
    }
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), before);
}

fn narrow_mobilenet(classes: usize) -> Vec<u8> {
    narrow_mobilenet_as(classes, str::to_owned)
}

/// A safetensors file of a MobileNetV2 of width 0.01, every number of which is a half, under names of choice.
fn narrow_mobilenet_as(classes: usize, name: impl Fn(&str) -> String) -> Vec<u8> {
    let mut tensors: Vec<(String, Vec<usize>)> = Vec::new();
    let mut conv = |conv: String, norm: String, shape: [usize; 4]| {
        tensors.push((format!("{conv}.weight"), shape.to_vec()));
        for name in ["weight", "bias", "running_mean", "running_var"] {
            tensors.push((format!("{norm}.{name}"), vec![shape[0]]));
        }
    };
    conv("features.0.0".into(), "features.0.1".into(), [8, 3, 3, 3]);
    for block in 1..=17 {
        let (parent, inner) = (format!("features.{block}.conv"), if block == 1 { 8 } else { 48 });
        let depthwise = usize::from(block > 1);
        if block > 1 {
            conv(format!("{parent}.0.0"), format!("{parent}.0.1"), [inner, 8, 1, 1]);
        }
        conv(format!("{parent}.{depthwise}.0"), format!("{parent}.{depthwise}.1"), [inner, 1, 3, 3]);
        conv(format!("{parent}.{}", depthwise + 1), format!("{parent}.{}", depthwise + 2), [8, inner, 1, 1]);
    }
    conv("features.18.0".into(), "features.18.1".into(), [1280, 8, 1, 1]);
    tensors.extend([("classifier.1.weight".into(), vec![classes, 1280]), ("classifier.1.bias".into(), vec![classes])]);
    tensors.iter_mut().for_each(|(tensor, _)| *tensor = name(tensor));
    let mut at = 0;
    let entry = |(name, shape): &(String, Vec<usize>)| {
        let (start, end) = (at, at + 4 * shape.iter().product::<usize>());
        at = end;
        format!(r#""{name}":{{"dtype":"F32","shape":{shape:?},"data_offsets":[{start},{end}]}}"#)
    };
    let header = format!("{{{}}}", tensors.iter().map(entry).collect::<Vec<_>>().join(","));
    let data = 0.5f32.to_le_bytes().repeat(at / 4);
    [&(header.len() as u64).to_le_bytes(), header.as_bytes(), &data].concat()
}
