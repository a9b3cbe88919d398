//! `stairs metrics` and `stairs man`.

use std::fs;

use crate::program::{failure, path, stairs, stdout};

#[test]
fn the_epochs_of_a_run_leave_as_csv_and_for_tensorboard() {
    let directory = tempfile::tempdir().unwrap();
    let (run, board) = (directory.path().join("run"), directory.path().join("board"));
    stdout(&stairs(&["-q", "train", "--model", "mlp:8", "--epochs", "2", "--subset", "100", "--out", path(&run)]));
    let lines = stdout(&stairs(&["metrics", path(&run)]));
    assert!(lines.lines().count() == 2 && lines.starts_with("epoch 1/2  train loss "), "{lines}");

    let table = stdout(&stairs(&["metrics", path(&run), "--csv"]));
    let rows: Vec<Vec<&str>> = table.lines().map(|line| line.split(',').collect()).collect();
    assert_eq!(rows[0][..6], ["epoch", "step", "train_loss", "train_accuracy", "test_loss", "test_accuracy"]);
    assert!(rows[0].iter().any(|column| column.starts_with("scale ")), "{table}");
    assert!(rows.len() == 3 && rows.iter().all(|row| row.len() == rows[0].len()), "{table}");
    let record = stairs_study::report::read_record(&run).unwrap();
    assert_eq!(rows[2][5].parse::<f64>().unwrap(), record.epochs[1].held_out_accuracy);

    // The file is read back by the tests of its module.
    for _ in 0..2 {
        let said = stdout(&stairs(&["metrics", path(&run), "--tensorboard", path(&board)]));
        let files: Vec<_> = fs::read_dir(&board).unwrap().map(|entry| entry.unwrap().path()).collect();
        assert!(
            files.len() == 1 && path(&files[0]).contains("tfevents") && said.contains("2 epochs"),
            "{files:?} {said}"
        );
        assert!(fs::read(&files[0]).unwrap().windows(13).any(|part| part == b"brain.Event:2"));
    }
    let nothing = failure(&stairs(&["metrics", path(directory.path())]), 1);
    assert!(nothing.contains("there is no run in"), "{nothing}");
}

#[test]
fn the_manual_has_a_page_for_every_command() {
    let directory = tempfile::tempdir().unwrap();
    let pages = directory.path().join("man1");
    stdout(&stairs(&["man", path(&pages)]));
    for page in ["stairs.1", "stairs-train.1", "stairs-data-fetch.1", "stairs-metrics.1"] {
        let text = fs::read_to_string(pages.join(page)).unwrap();
        assert!(text.contains(".TH") && text.len() > 300, "{page}");
    }
}
