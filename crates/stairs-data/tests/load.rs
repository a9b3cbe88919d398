//! Loading whole data sets: contents, folders, search order.

mod common;

use std::{fs, path::Path};

use stairs_data::{DataError, DataRoot, Dataset, DatasetName, SampleShape, load};
use tempfile::tempdir;

fn from(folder: &Path, name: DatasetName) -> Result<Dataset, DataError> {
    load(name, &DataRoot::new(Some(folder.to_owned()), None, None))
}

#[test]
fn digits_are_embedded_complete_and_stratified() {
    let digits = load(DatasetName::Digits, &DataRoot::new(None, None, None)).unwrap();
    assert_eq!((digits.classes, digits.source), (10, None));
    assert_eq!(digits.shape, SampleShape::Image { channels: 1, height: 8, width: 8 });
    let (train, test) = (digits.train.class_counts(10), digits.test.class_counts(10));
    // Known class sizes of the set; a fifth of each, rounded, is the test part.
    let all = [178, 182, 177, 183, 181, 182, 181, 179, 174, 180];
    assert_eq!(test, all.map(|n| (n as f64 * 0.2).round() as usize));
    assert_eq!(train, all.iter().zip(&test).map(|(n, t)| n - t).collect::<Vec<_>>());
    // Standardised: mean 0, variance 1 over the training part, and not by construction so over the test part.
    let values: Vec<f64> = (0..digits.train.len()).flat_map(|i| digits.train.sample(i).0).map(f64::from).collect();
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    let variance = values.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / values.len() as f64;
    assert!(mean.abs() < 1e-5 && (variance - 1.0).abs() < 1e-5, "{mean} {variance}");
    // The grey levels are back when the standardisation is undone.
    let s = digits.train.standardisation();
    let grey = digits.train.sample(0).0.iter().map(|x| x * s.sd()[0] + s.mean()[0]).collect::<Vec<_>>();
    assert!(grey.iter().all(|x| (x - x.round()).abs() < 1e-4 && (0.0..=16.0).contains(&x.round())));
}

#[test]
fn digits_value_stability() {
    let digits = load(DatasetName::Digits, &DataRoot::new(None, None, None)).unwrap();
    assert_eq!(digits.train.labels()[..12], [0, 1, 2, 3, 4, 5, 7, 8, 9, 0, 2, 3]);
    assert_eq!(digits.test.labels()[..12], [6, 1, 4, 7, 1, 5, 9, 5, 0, 2, 1, 6]);
}

#[test]
fn mnist_packed_and_unpacked() {
    for packed in [true, false] {
        let dir = tempdir().unwrap();
        common::write_mnist(&dir.path().join("mnist"), packed);
        let mnist = from(dir.path(), DatasetName::Mnist).unwrap();
        assert_eq!((mnist.train.len(), mnist.test.len(), mnist.classes), (20, 10, 10));
        assert_eq!(mnist.source, Some(dir.path().join("mnist")));
        assert_eq!(mnist.test.labels(), (0..10).collect::<Vec<_>>());
        let (s, (image, label)) = (mnist.test.standardisation(), mnist.test.sample(3));
        assert_eq!(label, 3);
        assert_eq!(image[5], s.apply(0, 8.0));
        assert_eq!(image[783], s.apply(0, ((3 + 783) % 256) as f32));
    }
}

#[test]
fn cifar_of_any_whole_number_of_records_in_every_layout() {
    for layout in ["cifar10", "cifar10/cifar-10-batches-bin", "cifar-10-batches-bin", ".", "cifar10-subset"] {
        let dir = tempdir().unwrap();
        common::write_cifar(&dir.path().join(layout), 3);
        let root = if layout == "cifar10-subset" { dir.path().join(layout) } else { dir.path().to_owned() };
        let cifar = from(&root, DatasetName::Cifar10).unwrap();
        assert_eq!((cifar.train.len(), cifar.test.len()), (15, 3));
        assert_eq!(cifar.train.labels()[..4], [1, 2, 3, 2]);
        let s = cifar.train.standardisation();
        // Red and green are constant and stay; blue is 0, 1, 2 in equal parts: mean 1, variance 2/3.
        assert_eq!((s.mean(), s.sd()), (&[0.0, 0.0, 1.0][..], &[1.0, 1.0, (2f32 / 3.0).sqrt()][..]));
        let image = cifar.train.sample(5).0;
        assert_eq!([image[0], image[1024], image[2048]], [1.0, 2.0, s.apply(2, 2.0)]);
    }
    // A part of it is found too, but never before the whole.
    let dir = tempdir().unwrap();
    common::write_cifar(&dir.path().join("cifar10-subset"), 3);
    assert_eq!(from(dir.path(), DatasetName::Cifar10).unwrap().train.len(), 15);
    common::write_cifar(&dir.path().join("cifar-10-batches-bin"), 6);
    assert_eq!(from(dir.path(), DatasetName::Cifar10).unwrap().train.len(), 30);
}

#[test]
fn covertype_whole() {
    let dir = tempdir().unwrap();
    let cycle: String = (0..700).map(|i| common::covertype_line(i % 100, 1 + i % 7)).collect();
    let rest: String = (0..12).map(|i| common::covertype_line(i % 100, 1 + i % 7)).collect();
    let text = cycle.repeat(830) + &rest; // 581,012 lines
    fs::write(dir.path().join("covtype.data.gz"), common::gzip(text.as_bytes())).unwrap();
    let data = from(dir.path(), DatasetName::Covertype).unwrap();
    assert_eq!(data.train.len() + data.test.len(), 581_012);
    assert_eq!(data.shape, SampleShape::Vector { features: 54 });
    let per_class = 581_012usize.div_ceil(7); // 83,002 of classes 0 to 5, 83,000 of class 6: a fifth is 16,600
    assert_eq!(data.test.class_counts(7), [(per_class as f64 * 0.2).round() as usize; 7]);
    let s = data.train.standardisation();
    assert!((s.mean()[0] - 49.5).abs() < 0.2 && (s.sd()[0] - 28.87).abs() < 0.1, "{:?}", &s.mean()[..10]);
    assert_eq!((&s.mean()[10..], &s.sd()[10..]), (&[0.0; 44][..], &[1.0; 44][..]));
    assert_eq!(data.train.sample(77).0[10..].iter().sum::<f32>(), 1.0);
}

#[test]
fn order_of_the_folders() {
    let dir = tempdir().unwrap();
    let [option, variable, cache] = ["option", "variable", "cache"].map(|f| dir.path().join(f));
    let find = || {
        let root = DataRoot::new(Some(option.clone()), Some(variable.clone()), Some(cache.clone()));
        root.locate(DatasetName::Mnist).map(|l| l.folder)
    };
    let no_folder = find().unwrap_err().to_string();
    assert!(no_folder.contains("--data") && no_folder.contains("option"), "{no_folder}");
    fs::create_dir(&option).unwrap();
    let no_folder = find().unwrap_err().to_string();
    assert!(no_folder.contains("STAIRS_DATA") && no_folder.contains("variable"), "{no_folder}");
    fs::create_dir(&variable).unwrap();
    let nothing = find().unwrap_err().to_string();
    for part in [
        "option/mnist",
        "variable/mnist",
        "cache/mnist",
        "t10k-labels-idx1-ubyte.gz",
        "yann.lecun.com",
        "download https://yann.lecun.com/exdb/mnist/train-images-idx3-ubyte.gz or https://",
        "put the files into ",
        "--data DIR or STAIRS_DATA",
        if cfg!(feature = "fetch") { "stairs data fetch mnist" } else { "cargo xtask data mnist" },
    ] {
        assert!(nothing.contains(part), "{part} in {nothing}");
    }
    assert!(nothing.contains(&format!("put the files into {}", option.join("mnist").display())), "{nothing}");
    let cifar = DataRoot::new(None, None, None).locate(DatasetName::Cifar10).unwrap_err().to_string();
    assert!(cifar.contains("https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz and unpack it"), "{cifar}");
    common::write_mnist(&cache.join("mnist"), true);
    assert_eq!(find().unwrap(), cache.join("mnist"));
    common::write_mnist(&variable, false);
    assert_eq!(find().unwrap(), variable);
    common::write_mnist(&option.join("mnist"), true);
    assert_eq!(find().unwrap(), option.join("mnist"));
    // A part of the files in a better place is an error, not passed over.
    fs::remove_file(option.join("mnist/t10k-images-idx3-ubyte.gz")).unwrap();
    let incomplete = find().unwrap_err();
    assert!(matches!(&incomplete, DataError::Incomplete { missing, .. } if missing == &["t10k-images-idx3-ubyte.gz"]));
    assert!(incomplete.to_string().contains("fetch it"), "{incomplete}");
}

#[test]
fn a_folder_named_after_another_data_set_is_not_taken_for_this_one() {
    let dir = tempdir().unwrap();
    common::write_mnist(&dir.path().join("mnist"), true);
    assert!(from(&dir.path().join("mnist"), DatasetName::Mnist).is_ok());
    assert!(matches!(from(&dir.path().join("mnist"), DatasetName::FashionMnist), Err(DataError::NotFound { .. })));
}

#[test]
fn download_folder_is_found_again() {
    let dir = tempdir().unwrap();
    let root = DataRoot::new(Some(dir.path().to_owned()), None, None);
    for name in [DatasetName::Mnist, DatasetName::FashionMnist] {
        common::write_mnist(&root.download_folder(name).unwrap(), true);
        assert_eq!(load(name, &root).unwrap().name, name.as_str());
    }
    assert_eq!(DataRoot::new(None, None, None).download_folder(DatasetName::Mnist), None);
}

#[test]
fn manifests_name_the_files_that_are_loaded() {
    use stairs_data::manifest::Packing;
    for name in DatasetName::ALL {
        let downloaded: Vec<String> = name
            .manifest()
            .files
            .into_iter()
            .flat_map(|f| match f.packing {
                Packing::Gzip { .. } => vec![f.name],
                Packing::TarGz { members, .. } => members.into_iter().map(|m| m.name).collect(),
            })
            .collect();
        assert_eq!(downloaded, name.files(), "{name}");
        for file in name.manifest().files {
            let (Packing::Gzip { sha256, .. } | Packing::TarGz { sha256, .. }) = file.packing;
            assert!(sha256.len() == 64 && sha256.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b)));
            assert!(!file.folders.is_empty() && file.folders.iter().all(|f| f.starts_with("http") && f.ends_with('/')));
        }
    }
}
