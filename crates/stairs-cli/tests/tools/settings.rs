//! `--config FILE` and `KEY=VALUE`.

use stairs::train::{Method, RunConfig, RunDir};

use crate::program::{failure, path, stairs, stdout};

#[test]
fn a_run_is_configured_by_a_file_by_options_and_by_settings() {
    let directory = tempfile::tempdir().unwrap();
    let (first, second) = (directory.path().join("first"), directory.path().join("second"));
    let train =
        ["-q", "train", "--model", "mlp:8", "--method", "ste", "--subset", "100", "--batch", "20", "--seed", "3"];
    stdout(&stairs(&[&train[..], &["--epochs", "1", "--out", path(&first)]].concat()));
    let config = |run| RunDir::new(run).config().unwrap();
    let there = config(&first);

    // Everything is the file's, but for what an option changes, and the setting that changes both.
    let file = first.join("config.toml");
    let more = ["epochs=2", "lr=0.01", "--method", "float", "--epochs", "9", "--out", path(&second)];
    stdout(&stairs(&[&["-q", "train", "--config", path(&file)][..], &more].concat()));
    let expected: RunConfig = there.with_epochs(2).with_lr(0.01).with_method(Method::Float);
    assert_eq!(config(&second), expected);
    // The same file is the same run.
    let again = stdout(&stairs(&["train", "--config", path(&second), "--out", path(&second)]));
    assert!(again.contains("nothing is trained"), "{again}");

    let refused = |arguments: &[&str], code: i32| {
        let elsewhere = directory.path().join("elsewhere");
        let error = failure(&stairs(&[&["train", "--out", path(&elsewhere)], arguments].concat()), code);
        assert!(!elsewhere.join("config.toml").exists());
        error
    };
    assert!(refused(&["epoch=2"], 1).contains("did you mean `epochs`?"));
    assert!(refused(&["epochs=two"], 1).contains("epochs=two: invalid type"));
    assert!(refused(&["epochs"], 2).contains("expected KEY=VALUE"));
    assert!(refused(&["--config", path(&file), "--recipe", "ana19"], 2).contains("cannot be used with"));
    assert!(refused(&["--config", "nowhere.toml"], 1).contains("cannot read nowhere.toml"));
    std::fs::write(directory.path().join("bad.toml"), "epoch = 3").unwrap();
    let bad = refused(&["--config", path(&directory.path().join("bad.toml"))], 1);
    assert!(bad.contains("bad.toml") && bad.contains("did you mean `epochs`?"), "{bad}");
}
