//! Data of one's own on the command line: a table, and a folder with files that are no pictures.

use std::fs;

use crate::program::{failure, last_line, path, stairs, stdout};

#[test]
fn a_table_is_trained_on_and_evaluated() {
    let folder = tempfile::tempdir().unwrap();
    let (table, run) = (folder.path().join("flowers.csv"), folder.path().join("run"));
    let row = |i: usize| format!("{},{},{}\n", i % 2, i % 5, ["rose", "iris"][i % 2]);
    fs::write(&table, format!("length,width,kind\n{}", (0..50).map(row).collect::<String>())).unwrap();
    let train = ["train", "--dataset", path(&table), "--epochs", "5", "--lr", "0.01", "--out", path(&run)];
    let trained = stdout(&stairs(&train));
    assert!(trained.starts_with("flowers.csv: 40 + 10 samples, 2 classes, 2 features: iris, rose, from "), "{trained}");
    let evaluated = stdout(&stairs(&["eval", path(&run)]));
    assert_eq!(last_line(&evaluated), last_line(&trained));
    // Another test part is another run; an option of tables is none of the digits.
    let other = failure(&stairs(&[&train[..], &["--test-share", "0.3", "--resume"]].concat()), 1);
    assert!(other.contains("table.test_share"), "{other}");
    let digits = failure(&stairs(&["train", "--label", "first", "--out", path(&folder.path().join("other"))]), 1);
    assert!(digits.contains("--dataset FILE.csv"), "{digits}");
    fs::write(&table, "length,width,kind\n1,NaN,rose\n2,1,iris\n").unwrap();
    let damaged = failure(&stairs(&["eval", path(&run)]), 1);
    assert!(damaged.contains("flowers.csv") && damaged.contains("line 2"), "{damaged}");
}

#[test]
fn what_is_no_picture_is_told_before_training() {
    let folder = tempfile::tempdir().unwrap();
    let (pictures, run) = (folder.path().join("pictures"), folder.path().join("run"));
    stdout(&stairs(&["data", "export", "--dataset", "digits", "--limit", "2", "--out", path(&pictures)]));
    fs::write(pictures.join("train/3/photo.webp"), b"RIFF\x10\0\0\0WEBPVP8 ").unwrap();
    fs::create_dir(pictures.join("val/4/.ipynb_checkpoints")).unwrap();
    let size = ["--image-size", "8", "--image-resize", "8", "--image-channels", "1"];
    let train = ["train", "--dataset", "images", "--data", path(&pictures), "--epochs", "1", "--batch", "10", "--out"];
    let trained = stdout(&stairs(&[&train[..], &[path(&run)], &size].concat()));
    assert!(trained.starts_with("images: 20 + 20 samples, 10 classes, 1x8x8"), "{trained}");
    let told: Vec<&str> = trained.lines().filter(|line| line.starts_with("not read: ")).collect();
    assert_eq!(told.len(), 1, "{trained}");
    assert!(told[0].contains("train/3/photo.webp") && told[0].contains("val/4/.ipynb_checkpoints"), "{trained}");
}
