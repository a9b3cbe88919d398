//! `--json` and `--quiet`: what a program reads, and what nobody has to.

use std::process::Output;

use serde_json::Value;

use crate::program::{failure, path, stairs, stdout};

/// The whole of standard output, which must be one document.
fn document(output: &Output) -> Value {
    serde_json::from_str(&stdout(output)).unwrap_or_else(|error| panic!("{error}: {}", stdout(output)))
}

#[test]
fn every_command_with_json_prints_one_document() {
    let directory = tempfile::tempdir().unwrap();
    let at = |name: &str| directory.path().join(name).display().to_string();
    let (run, packed, capacity, grid) = (at("run"), at("net.stairs"), at("capacity"), at("grid"));

    let train = ["train", "--model", "mlp:8", "--epochs", "2", "--subset", "200", "--out", &run, "--json"];
    let output = stairs(&train);
    let trained = document(&output);
    assert_eq!((&trained["run"], &trained["epochs"]), (&run.as_str().into(), &2.into()));
    let accuracy = trained["test_accuracy"].as_f64().unwrap();
    assert!(String::from_utf8_lossy(&output.stderr).contains("epoch 2/2"), "progress is on standard error");
    // Again: nothing is trained, and the document is the same.
    assert_eq!(document(&stairs(&train)), trained);

    let evaluated = document(&stairs(&["eval", &run, "--json"]));
    assert_eq!((evaluated["test_accuracy"].as_f64(), &evaluated["samples"]), (Some(accuracy), &359.into()));
    let epochs = document(&stairs(&["metrics", &run, "--json"]));
    assert_eq!((epochs.as_array().unwrap().len(), &epochs[1]["epoch"]), (2, &2.into()));

    stdout(&stairs(&["export", &run, "--to", "packed", "--out", &packed]));
    let inferred = document(&stairs(&["infer", &packed, "--dataset", "digits", "--json"]));
    assert_eq!(inferred["accuracy"].as_f64(), Some(accuracy));
    let verified = document(&stairs(&["verify", &run, &packed, "--exact", "5", "--json"]));
    assert_eq!(verified["program"]["changes"].as_array().map(Vec::len), Some(0));

    let small = ["capacity", "--model", "mlp:2", "--draws", "2", "--samples", "4", "--out", &capacity, "--json"];
    assert_eq!(document(&stairs(&small))["config"]["draws"], 2);
    let summary = document(&stairs(&["summary", "lenet", "--json"]));
    assert!(summary["totals"]["parameters"].as_u64().unwrap() > 1000);
    let plan = document(&stairs(&["plan", "partition", "--layers", "2", "--json"]));
    assert_eq!(plan["policy"], "dynamic-dynamic-partition-homogeneous");

    let reproduce = ["reproduce", "--seeds", "1", "--epochs", "1", "--out", &grid, "--json"];
    let table = document(&stairs(&reproduce));
    assert_eq!((&table["experiment"], table["runs"].as_array().unwrap().len()), (&"digits".into(), 3));
    assert!(table["runs"][0]["test_accuracy"].as_f64().is_some());
    let experiments = document(&stairs(&["reproduce", "--list", "--json"]));
    assert!(experiments.as_array().unwrap().iter().any(|experiment| experiment["name"] == "digits"));

    let data = document(&stairs(&["data", "list", "--json"]));
    assert_eq!((&data[0]["name"], &data[0]["state"]), (&"digits".into(), &"embedded".into()));
    let devices = document(&stairs(&["devices", "--json"]));
    assert_eq!((&devices[0]["name"], &devices[0]["state"]), (&"flex".into(), &"ready".into()));
    // Errors are no documents.
    let output = stairs(&["eval", &at("nowhere"), "--json"]);
    assert!(output.stdout.is_empty() && failure(&output, 1).contains("nowhere"));
}

#[test]
fn a_quiet_command_prints_its_result_alone() {
    let directory = tempfile::tempdir().unwrap();
    let run = directory.path().join("run");
    let output = stairs(&["-q", "train", "--model", "mlp:8", "--epochs", "1", "--subset", "100", "--out", path(&run)]);
    let trained = stdout(&output);
    assert!(
        output.stderr.is_empty() && trained.lines().count() == 1 && trained.starts_with("test accuracy "),
        "{trained}"
    );
    assert_eq!(stdout(&stairs(&["eval", path(&run), "--quiet"])), trained);
    let table = stdout(&stairs(&["--quiet", "report", path(directory.path())]));
    assert!(table.contains("mlp:8 on digits") && !table.contains("index.html"), "{table}");
    let error = failure(&stairs(&["--quiet", "eval", "nowhere"]), 1);
    assert!(error.contains("nowhere"), "{error}");
}
