//! Experiments in parts: options that are given once, shards that say what is missing, folders that are merged.

use std::{fs, path::Path};

use crate::program::{failure, last_line, path, stairs, stdout};

/// The smallest share of the digits that trains something: one seed, one epoch, three trials.
fn shard(out: &Path, shard: &str) -> String {
    let size = ["--seeds", "1", "--epochs", "1", "--shard", shard];
    stdout(&stairs(&[&["reproduce", "digits", "--out", path(out)][..], &size].concat()))
}

#[test]
fn options_are_given_once_and_a_shard_says_what_is_missing() {
    let out = tempfile::tempdir().unwrap();
    let folder = out.path().join("digits");
    let first = shard(out.path(), "1/3");
    for words in ["2 of 3 trials not finished yet", "shard 2/3: 1 (ste-seed1)", "shard 3/3: 1 (ana-seed1)"] {
        assert!(first.contains(words), "{first}");
    }
    assert!(!first.contains("test accuracy, %"), "no table of a part: {first}");
    let page = fs::read_to_string(out.path().join("index.html")).unwrap();
    assert!(page.contains("shard 2/3: 1 (ste-seed1)") && !page.contains("class=\"headline\""), "{page}");

    let go_on = |more: &[&str]| stairs(&[&["reproduce", path(&folder)][..], more].concat());
    let second = stdout(&go_on(&["--shard", "2/3", "--epochs", "1"]));
    assert!(
        second.contains("stairs reproduce --seeds 1 --epochs 1") && second.contains("ste-seed1 trained"),
        "{second}"
    );
    for (more, words) in [
        (&["--epochs", "2"][..], "epochs is 1 there and 2 here"),
        (&["--seeds", "3"], "seeds is 1 there and 3 here"),
        (&["--device", "wgpu"], "device is flex there and wgpu here"),
        (&["--out", "elsewhere"], "leave --out out"),
    ] {
        let error = failure(&go_on(more), 1);
        assert!(error.contains(words), "{error}");
    }
    let part = stdout(&go_on(&["--report-only", "--shard", "1/3"]));
    assert!(part.contains("test accuracy, %") && part.contains("shard 3/3: 1 (ana-seed1)"), "{part}");
    assert!(!folder.join("ana-seed1").exists(), "nothing is run");
    let whole = stdout(&go_on(&[]));
    assert!(whole.contains("ana-seed1 trained") && whole.contains("test accuracy, %"), "{whole}");
    assert!(last_line(&whole).ends_with("index.html") && !whole.contains("not finished"), "{whole}");
    let page = fs::read_to_string(out.path().join("index.html")).unwrap();
    assert!(page.contains("class=\"headline\"") && !page.contains("not finished"), "{page}");

    let nothing = failure(&stairs(&["reproduce", path(out.path())]), 1);
    assert!(nothing.contains("has no experiment.toml"), "{nothing}");
    fs::write(folder.join("experiment.toml"), "format = 1\nexperiment = \"digits\"\nseeds = 1e9\n").unwrap();
    let damaged = failure(&go_on(&["--report-only"]), 1);
    assert!(damaged.contains("experiment.toml") && damaged.contains("seeds"), "{damaged}");
}

#[test]
fn folders_are_merged() {
    let parts = [(); 2].map(|()| tempfile::tempdir().unwrap());
    shard(parts[0].path(), "1/2");
    shard(parts[1].path(), "2/2");
    let out = tempfile::tempdir().unwrap();
    let merge = |folders: &[&Path], more: &[&str]| {
        let from: Vec<&str> = folders.iter().map(|folder| path(folder)).collect();
        stairs(&[&["reproduce", "digits", "--out", path(out.path())][..], more, &["--merge"], &from].concat())
    };
    // Options come from the folders, which are given as they are or by what holds them; what is here already must be equal.
    let [first, second] = [parts[0].path(), parts[1].path()];
    let text = stdout(&merge(&[first], &[]));
    assert!(text.contains("2 trials taken in, 0 were here") && text.contains("1 of 3 trials not finished"), "{text}");
    let text = stdout(&merge(&[&first.join("digits"), second], &[]));
    assert!(text.contains("0 trials taken in, 2 were here") && text.contains("1 trials taken in"), "{text}");
    let names = |folder: &Path| {
        let mut names: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        names
    };
    assert_eq!(names(&out.path().join("digits")), ["ana-seed1", "experiment.toml", "float-seed1", "ste-seed1"]);
    // What was merged is a run like any other.
    let again = stdout(&stairs(&["reproduce", path(&out.path().join("digits"))]));
    assert_eq!(again.matches(" was finished before").count(), 3, "{again}");
    let run = path(&out.path().join("digits/ana-seed1")).to_owned();
    assert!(stdout(&stairs(&["eval", &run])).contains('%'));

    let refused = |folders: &[&Path], more: &[&str], words: &str| {
        let error = failure(&merge(folders, more), 1);
        assert!(error.contains(words), "{error}");
    };
    refused(&[first], &["--epochs", "2"], "epochs is 1 there and 2 here");
    refused(&[out.path()], &[], "it is the folder that it was to be taken into");
    refused(&[&first.join("nothing")], &[], "it is no folder");
    let empty = tempfile::tempdir().unwrap();
    refused(&[empty.path()], &[], "no finished trial of digits");
    let other = tempfile::tempdir().unwrap();
    stdout(&stairs(&["reproduce", "--out", path(other.path()), "--seeds", "1", "--epochs", "2", "--shard", "1/3"]));
    refused(&[other.path()], &[], "epochs is 2 there and 1 here");

    // Another result of the same trial: one number changed by hand, without the list of checksums that would tell.
    let record = first.join("digits/float-seed1/record.json");
    let text = fs::read_to_string(&record).unwrap();
    let mut value: serde_json::Value = serde_json::from_str(&text).unwrap();
    value["epochs"][0]["train_loss"] = 7.5.into();
    fs::write(&record, value.to_string()).unwrap();
    refused(&[first], &[], "SHA-256");
    fs::remove_file(record.with_file_name("SHA256SUMS")).unwrap();
    refused(&[first], &[], "trial float-seed1 is in both folders with different results: epochs is");
}
