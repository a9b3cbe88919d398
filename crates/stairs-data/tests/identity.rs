//! What a data set was, and how another one differs from it.

mod common;

use std::{fs, path::Path};

use stairs_data::{
    Change, DataIdentity, DataRoot, Dataset, DatasetName, PartKind, SampleShape,
    images::{Export, ExportFormat, ImageFolder, ImagesConfig},
    load,
};
use tempfile::{TempDir, tempdir};

const PAIR: SampleShape = SampleShape::Vector { features: 2 };

fn arrays(train: [f32; 4], labels: [u8; 2]) -> DataIdentity {
    Dataset::from_floats("mine", PAIR, 3, (train.to_vec(), labels.to_vec()), (vec![0.5, 1.0], vec![0]))
        .unwrap()
        .with_class_names(["ant", "bee", "cow"])
        .unwrap()
        .identity()
}

/// What `change` makes of the identity, in words.
fn words(change: impl FnOnce(&mut DataIdentity)) -> String {
    let then = arrays([1.0, 2.0, 3.0, 4.0], [0, 1]);
    let mut now = then.clone();
    change(&mut now);
    then.difference(&now).map_or_else(|| "none".into(), |difference| difference.to_string())
}

#[test]
fn values_labels_order_shape_and_kind_count() {
    let then = arrays([1.0, 2.0, 3.0, 4.0], [0, 1]);
    assert_eq!(then, arrays([1.0, 2.0, 3.0, 4.0], [0, 1]));
    let others = [
        arrays([1.0, 2.0, 3.0, 4.5], [0, 1]),
        arrays([3.0, 4.0, 1.0, 2.0], [1, 0]),
        arrays([1.0, 2.0, 3.0, 4.0], [1, 0]),
    ];
    for now in others {
        let difference = then.difference(&now).unwrap();
        assert_eq!(difference.changes(), [Change::Contents { part: PartKind::Train }]);
        assert!(difference.concerns_samples_of(PartKind::Train) && !difference.concerns_samples_of(PartKind::Test));
        assert!(!difference.concerns_labels_or_shape());
        assert_eq!(difference.to_string(), "training part: samples, labels or their order are not the same");
    }
    let of = |shape, values: Vec<u8>| Dataset::from_bytes("b", shape, 1, (values, vec![0]), (vec![], vec![])).unwrap();
    let image = |height, width| of(SampleShape::Image { channels: 1, height, width }, vec![1, 2, 3, 4]).identity();
    assert_ne!(image(2, 2).train.sha256, image(1, 4).train.sha256);
    let words = image(2, 2).difference(&image(1, 4)).unwrap().to_string();
    assert!(words.starts_with("samples were 1x2x2 and are now 1x1x4; "), "{words}");
}

#[test]
fn value_stability() {
    // Independent: python3, hashlib.sha256(b"stairs arrays 1 bytes" + struct.pack("<4Q", 1, 1, 2, 2) + bytes([0, 7, 8,
    // 1, 9, 10])).hexdigest()
    let shape = SampleShape::Image { channels: 1, height: 1, width: 2 };
    let data = Dataset::from_bytes("b", shape, 2, (vec![7, 8, 9, 10], vec![0, 1]), (vec![], vec![])).unwrap();
    assert_eq!(data.identity().train.sha256, "22839dc4b678c20ddd319ada84b04b6d51112638eb2536df211f4b93a024b962");
    // b"stairs arrays 1 floats" + struct.pack("<4Q", 1, 0, 0, 1) + bytes([0]) + struct.pack("<f", 1.5)
    let one = SampleShape::Vector { features: 1 };
    let data = Dataset::from_floats("f", one, 1, (vec![1.5], vec![0]), (vec![], vec![])).unwrap();
    assert_eq!(data.identity().train.sha256, "397d63ea0e8a0e6b33bfd84c41ce21f4c365eeedf0e76be67120dbc459ce656a");
}

#[test]
fn a_selection_is_hashed_in_its_own_order() {
    let data = load(DatasetName::Digits, &DataRoot::new(None, None, None)).unwrap();
    let mut part = data.clone();
    part.train = data.train.select(&(0..700).rev().collect::<Vec<_>>());
    assert_eq!(part.identity().train.samples(), 700);
    let difference = data.identity().difference(&part.identity()).unwrap();
    assert!(
        difference.to_string().starts_with("training part: class `0` had 142 samples and has now "),
        "{difference}"
    );
    assert!(difference.to_string().ends_with(" and 7 more"), "{difference}");
}

#[test]
fn every_kind_of_change_has_words() {
    assert_eq!(words(|_| {}), "none");
    assert_eq!(words(|now| now.name = "yours".into()), "none");
    assert_eq!(words(|now| now.classes[1] = "bear".into()), "class 1 was `bee` and is now `bear`");
    assert_eq!(words(|now| now.classes.swap(0, 2)), "the classes are in another order: `ant` was class 0 and is now 2");
    assert_eq!(words(|now| now.classes.push("dog".into())), "class `dog` is new");
    assert_eq!(
        words(|now| drop(now.classes.remove(0))),
        "class `ant` is not there any more; the classes are in another order: `bee` was class 1 and is now 0"
    );
    // A name that sorts elsewhere: gone, new, and the others moved.
    assert_eq!(
        words(|now| now.classes = ["bee", "cow", "zebra"].map(Into::into).into()),
        "class `ant` is not there any more; class `zebra` is new; the classes are in another order: `bee` was class 1 \
         and is now 0"
    );
    assert_eq!(words(|now| now.test.counts[0] = 1200), "test part: class `ant` had 1 samples and has now 1,200");
    assert_eq!(
        words(|now| {
            now.name = "yours".into();
            now.train.sha256 = "0".repeat(64);
        }),
        "the data set was \"mine\" and is now \"yours\"; training part: samples, labels or their order are not the same"
    );
    assert_eq!(
        words(|now| now.classes[0] = "a\u{1b}[2Jnt\n".into()),
        "class 0 was `ant` and is now `a\\u{1b}[2Jnt\\n`"
    );
    let mut then = arrays([0.0; 4], [0, 1]);
    then.classes[0] = "caf\u{e9}".into();
    let mut now = then.clone();
    now.classes[0] = "cafe\u{301}".into();
    let words = then.difference(&now).unwrap().to_string();
    assert!(words.ends_with("(the names differ in their Unicode form only)"), "{words}");
}

#[test]
fn written_and_read_again() {
    let digits = load(DatasetName::Digits, &DataRoot::new(None, None, None)).unwrap().identity();
    let text = serde_json::to_string(&digits).unwrap();
    assert_eq!(serde_json::from_str::<DataIdentity>(&text).unwrap(), digits);
    assert_eq!(digits.classes, ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"]);
    // Lists of another length than the names are differences, no panics.
    let odd = text.replacen("\"counts\":[142,", "\"counts\":[", 1);
    assert_ne!(odd, text);
    assert!(digits.difference(&serde_json::from_str(&odd).unwrap()).is_some());
}

#[test]
fn built_in_sets_know_their_classes() {
    let dir = tempdir().unwrap();
    common::write_cifar(dir.path(), 3);
    let cifar = load(DatasetName::Cifar10, &DataRoot::new(Some(dir.path().to_owned()), None, None)).unwrap();
    assert_eq!(cifar.identity().classes[..3], ["airplane", "automobile", "bird"]);
    assert_eq!(cifar.identity().to_string(), "cifar10: 15 + 3 samples, 10 classes, 3x32x32");
}

#[test]
fn names_of_classes_are_checked() {
    let data = || Dataset::from_floats("mine", PAIR, 2, (vec![0.0; 4], vec![0, 1]), (vec![], vec![])).unwrap();
    let message = |names: &[&str]| data().with_class_names(names.iter().copied()).unwrap_err().to_string();
    assert_eq!(message(&["a"]), "data set `mine`: names of the classes: expected 2, got 1");
    assert_eq!(message(&["a", "b", "c"]), "data set `mine`: names of the classes: expected 2, got more");
    assert!(data().with_class_names(std::iter::repeat("a")).is_err());
    assert_eq!(
        message(&["a", "a"]),
        "data set `mine`: name of class 1: expected a name that no other class has, got \"a\""
    );
    assert!(message(&["", "a"]).contains("name of class 0"));
}

/// Digits as an image folder of PNG files, 6 of a class.
fn folder() -> (TempDir, std::path::PathBuf) {
    let dir = tempdir().unwrap();
    let digits = load(DatasetName::Digits, &DataRoot::new(None, None, None)).unwrap();
    let out = dir.path().join("digits");
    let export = Export { format: ExportFormat::Png, limit: Some(6), size: None };
    export.write(&digits, &digits.class_names, &out).unwrap();
    (dir, out)
}

fn config() -> ImagesConfig {
    ImagesConfig { size: 8, resize: Some(8), channels: 1, ..ImagesConfig::default() }
}

fn identity(folder: &Path) -> DataIdentity {
    ImageFolder::open(folder, &config()).unwrap().identity().unwrap()
}

fn first_file(class: &Path) -> std::path::PathBuf {
    let mut files: Vec<_> = fs::read_dir(class).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files.remove(0)
}

#[test]
fn image_folders_keep_their_identity_when_they_move() {
    let (dir, out) = folder();
    let then = identity(&out);
    assert_eq!(then.to_string(), "images: 60 + 60 samples, 10 classes, 1x8x8");
    let moved = dir.path().join("moved");
    fs::rename(&out, &moved).unwrap();
    let file = first_file(&moved.join("train/3"));
    let bytes = fs::read(&file).unwrap();
    fs::remove_file(&file).unwrap();
    fs::write(&file, bytes).unwrap();
    assert_eq!(then.difference(&identity(&moved)), None);
}

#[test]
fn image_folders_that_changed_are_told_apart() {
    let change = |change: &dyn Fn(&Path)| {
        let (_dir, out) = folder();
        let then = identity(&out);
        change(&out);
        then.difference(&identity(&out)).map_or_else(|| "none".into(), |difference| difference.to_string())
    };
    let rename = |out: &Path, from: &str, to: &str| {
        ["train", "val"]
            .iter()
            .for_each(|part| fs::rename(out.join(part).join(from), out.join(part).join(to)).unwrap());
    };
    assert_eq!(change(&|_| {}), "none");
    assert_eq!(change(&|out| rename(out, "3", "3-three")), "class 3 was `3` and is now `3-three`");
    let swapped = change(&|out| {
        rename(out, "3", "x");
        rename(out, "4", "3");
        rename(out, "x", "4");
    });
    assert_eq!(
        swapped,
        "training part: samples, labels or their order are not the same, test part: samples, labels or their order are \
         not the same"
    );
    let removed = change(&|out| fs::remove_file(first_file(&out.join("val/7"))).unwrap());
    assert_eq!(removed, "test part: class `7` had 6 samples and has now 5");
    let contents = "training part: samples, labels or their order are not the same";
    let renamed = change(&|out| {
        let file = first_file(&out.join("train/7"));
        fs::rename(&file, file.with_file_name("zzz.png")).unwrap();
    });
    assert_eq!(renamed, contents);
    let same_size = change(&|out| {
        let file = first_file(&out.join("train/7"));
        let mut bytes = fs::read(&file).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        fs::write(&file, bytes).unwrap();
    });
    assert_eq!(same_size, contents);
}

#[test]
fn either_end_of_a_long_file_counts() {
    let (_dir, out) = folder();
    let file = out.join("train/7/long.png");
    let write = |at: Option<usize>| {
        let mut bytes = vec![7u8; 100_000];
        at.into_iter().for_each(|at| bytes[at] = 8);
        fs::write(&file, bytes).unwrap();
        identity(&out).train.sha256
    };
    let then = write(None);
    assert_ne!(write(Some(10)), then);
    assert_ne!(write(Some(99_990)), then);
    assert_eq!(write(None), then);
}
