//! The `stairs` command from outside: what it prints, what it writes, how it fails.

use std::{
    path::Path,
    process::{Command, Output},
};

use stairs::{
    report::read_record,
    train::{RunDir, diagnose::Diagnosis},
};

fn stairs(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_stairs"))
        .args(arguments)
        .env_remove("STAIRS_DATA")
        .output()
        .expect("the command starts")
}

fn stdout(output: &Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout.clone()).expect("UTF-8")
}

/// The error text of a command that must fail with `code`.
fn failure(output: &Output, code: i32) -> String {
    assert_eq!(output.status.code(), Some(code), "{}", String::from_utf8_lossy(&output.stdout));
    let text = String::from_utf8(output.stderr.clone()).expect("UTF-8");
    assert!(text.starts_with("error: ") && !text.contains("RUST_BACKTRACE"), "{text}");
    text
}

fn last_line(text: &str) -> &str {
    text.trim_end().lines().last().unwrap_or_default()
}

fn path(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}

#[test]
fn training_ends_with_the_accuracy_and_leaves_a_record_that_evaluation_repeats() {
    let directory = tempfile::tempdir().unwrap();
    let run = directory.path().join("run");
    let arguments = ["train", "--model", "mlp", "--method", "ste", "--epochs", "2", "--seed", "3", "--out", path(&run)];

    let trained = stdout(&stairs(&arguments));
    let record = read_record(&run).unwrap();
    assert_eq!(last_line(&trained), format!("test accuracy {:.2} %", record.test_accuracy));
    assert_eq!(trained.lines().filter(|line| line.starts_with("epoch ")).count(), 2, "{trained}");
    assert!(record.test_accuracy > 50.0, "two epochs of the digits: {}", record.test_accuracy);
    assert_eq!((record.config.epochs, record.config.seed, record.epochs.len()), (2, 3, 2));
    assert_eq!(record.samples, (1438, 359));
    assert!(!record.weights.is_empty());
    assert_eq!(RunDir::new(&run).config().unwrap(), record.config);

    let evaluated = stdout(&stairs(&["eval", path(&run)]));
    assert_eq!(last_line(&evaluated), last_line(&trained));

    // A second run into the same directory is refused; a resumed one that is finished is not run again.
    let refused = failure(&stairs(&arguments), 1);
    assert!(refused.contains("already holds a run") && refused.contains("--resume"), "{refused}");
    let resumed = stdout(&stairs(&[&arguments[..], &["--resume"]].concat()));
    assert_eq!(last_line(&resumed), last_line(&trained));
    let other = [&["train", "--resume", "--seed", "4"], &arguments[1..7], &arguments[9..]].concat();
    let other = failure(&stairs(&other), 1);
    assert!(other.contains("seed") && other.contains("another run"), "{other}");

    let reported = stdout(&stairs(&["report", path(directory.path())]));
    assert!(reported.contains("MLP on digits") && reported.contains("STE"), "{reported}");
    let page = std::fs::read_to_string(directory.path().join("index.html")).unwrap();
    assert!(page.contains("<svg") && page.contains(&format!("{:.2}", record.test_accuracy)));
}

#[test]
fn an_experiment_is_run_kept_and_reported() {
    let directory = tempfile::tempdir().unwrap();
    let reproduce = |shard: &str| {
        let out = path(directory.path());
        stdout(&stairs(&["reproduce", "digits", "--out", out, "--seeds", "1", "--epochs", "1", "--shard", shard]))
    };
    let first = reproduce("1/2");
    assert!(first.contains("[1/2] float-seed1 trained") && first.contains("[2/2] ana-seed1 trained"), "{first}");
    let page = directory.path().join("index.html");
    assert!(std::fs::read_to_string(&page).unwrap().contains("1 of 3 trials not finished yet"));

    let second = reproduce("1/1");
    assert!(second.contains("float-seed1 was finished before") && second.contains("ste-seed1 trained"), "{second}");
    assert!(last_line(&second).ends_with("index.html"), "{second}");
    for method in ["float", "STE", "ANA"] {
        assert!(second.lines().any(|line| line.trim_start().starts_with(method)), "{second}");
    }
    let html = std::fs::read_to_string(&page).unwrap();
    assert!(!html.contains("not finished yet") && html.contains("cargo xtask reproduce --seeds 1 --epochs 1"));
    assert!(read_record(&directory.path().join("digits/ana-seed1")).is_ok());

    let out = path(directory.path());
    let other = stairs(&["reproduce", "--out", out, "--seeds", "1", "--epochs", "2"]);
    let other = failure(&other, 1);
    assert!(other.contains("epochs is 1 there and 2 here") && other.contains("--out"), "{other}");
}

#[test]
fn processes_share_a_directory() {
    let directory = tempfile::tempdir().unwrap();
    let start = || {
        Command::new(env!("CARGO_BIN_EXE_stairs"))
            .args(["reproduce", "--seeds", "2", "--epochs", "1", "--out", path(directory.path())])
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::piped())
            .spawn()
            .unwrap()
    };
    let outputs = [start(), start()].map(|process| stdout(&process.wait_with_output().unwrap()));
    let count = |what: &str| outputs.iter().map(|text| text.matches(what).count()).sum::<usize>();
    assert_eq!(count(" trained in "), 6, "every trial is trained once\n{}\n{}", outputs[0], outputs[1]);
    assert_eq!(count(" finished before") + count(" left to another process"), 6);
    assert_eq!(stairs::report::collect_records(directory.path()).unwrap().len(), 6);
}

#[test]
fn several_trials_run_at_a_time() {
    let directory = tempfile::tempdir().unwrap();
    let small = ["reproduce", "--seeds", "1", "--epochs", "1", "--jobs", "2", "--out", path(directory.path())];
    let text = stdout(&stairs(&small));
    assert_eq!(text.matches(" trained in ").count(), 3, "{text}");
    assert!(text.matches(" was finished before").count() >= 3, "the first process makes the report\n{text}");
    assert!(last_line(&text).ends_with("index.html"), "{text}");

    let error = failure(&stairs(&["reproduce", "mnist", "--jobs", "2", "--data", "/nowhere"]), 1);
    assert!(error.contains("a worker failed") && error.contains("/nowhere"), "{error}");
    let error = failure(&stairs(&["reproduce", "digits", "--period", "3"]), 1);
    assert!(error.contains("are for ana-grid"), "{error}");
}

#[test]
fn mistakes_are_explained() {
    let cases: [(&[&str], i32, &[&str]); 12] = [
        (&["train", "--out", "x", "--law", "cauchy"], 2, &["unknown noise law `cauchy`", "logistic"]),
        (&["train", "--out", "x", "--quantiser", "int9"], 2, &["int9", "--quantiser", "2 to 8"]),
        (&["train", "--out", "x", "--dataset", "cifar"], 2, &["unknown data set `cifar`", "cifar10"]),
        (&["train", "--out", "x", "--model", "vgg"], 2, &["vgg", "lenet"]),
        (&["train", "--out", "x", "--plan", "sometime"], 2, &["unknown policy `sometime`", "partition"]),
        (&["train", "--out", "x", "--device", "cuda"], 2, &["unknown device `cuda`", "flex"]),
        (&["train", "--out", "x", "--wrong"], 2, &["--wrong"]),
        (&["train"], 2, &["--out <DIR>"]),
        (&["train", "--out", "x", "--dataset", "mnist", "--data", "/nowhere"], 1, &["/nowhere", "mnist"]),
        (&["eval", "/nowhere"], 1, &["/nowhere"]),
        (&["report", "/nowhere"], 1, &["/nowhere"]),
        (&["reproduce", "everything"], 1, &["unknown experiment `everything`", "digits"]),
    ];
    let directory = tempfile::tempdir().unwrap();
    for (arguments, code, expected) in cases {
        let output = Command::new(env!("CARGO_BIN_EXE_stairs"))
            .args(arguments)
            .current_dir(directory.path())
            .env_remove("STAIRS_DATA")
            .output()
            .unwrap();
        let text = failure(&output, code);
        for part in expected {
            assert!(text.contains(part), "{arguments:?}: `{part}` is not in\n{text}");
        }
    }
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 0, "a refused command leaves nothing");
}

#[cfg(not(feature = "wgpu"))]
#[test]
fn a_device_that_is_not_compiled_in_names_its_feature() {
    let text = failure(&stairs(&["train", "--out", "x", "--device", "wgpu"]), 1);
    assert!(text.contains("--features wgpu"), "{text}");
}

#[test]
fn devices_are_listed() {
    let text = stdout(&stairs(&["devices"]));
    assert!(text.lines().next().unwrap().starts_with("flex (default)") && text.contains("ready: flex"), "{text}");
    assert_eq!(text.lines().count(), 4);
}

#[test]
fn plans_are_printed_and_drawn() {
    let directory = tempfile::tempdir().unwrap();
    let svg = directory.path().join("plan.svg");
    let text = stdout(&stairs(&[
        "plan",
        "partition",
        "--law",
        "uniform",
        "--epochs",
        "30",
        "--anneal-until",
        "1",
        "--svg",
        path(&svg),
    ]));
    // Three layers in turn, ten epochs each: the second one is untouched at 10 and half gone at 15.
    assert!(text.contains("dynamic-dynamic-partition-homogeneous") && text.contains("conv2"), "{text}");
    assert!(text.contains("-0.2500 ± 0.1250"), "{text}");
    assert!(std::fs::read_to_string(&svg).unwrap().starts_with("<svg"));
    let text = failure(&stairs(&["plan", "--anneal-until", "0", "--svg", path(&svg)]), 1);
    assert!(text.contains("--anneal-until must be in (0, 1]"), "{text}");
}

#[test]
fn capacity_is_measured_kept_and_drawn() {
    let directory = tempfile::tempdir().unwrap();
    let out = directory.path().join("capacity");
    let arguments = ["capacity", "--model", "mlp:8", "--draws", "3", "--samples", "10", "--out", path(&out)];
    let more = ["--eps", "1e-1,1e-3", "--zeta", "0.67,0.8", "--inner", "2", "--particles", "2"];
    let first = stdout(&stairs(&[&arguments[..], &more].concat()));
    assert!(first.contains("618 parameters, 3 draws, 10 samples"), "{first}");
    assert_eq!(first.lines().filter(|line| line.starts_with("zeta ")).count(), 4, "{first}");
    assert!(std::fs::read_to_string(out.join("capacity.svg")).unwrap().starts_with("<svg"));
    let json = std::fs::read_to_string(out.join("capacity.json")).unwrap();
    assert_eq!(std::fs::read_dir(out.join("draws")).unwrap().count(), 3);

    // Again: nothing is drawn anew, and nothing changes. Another configuration is refused.
    std::fs::remove_file(out.join("draws/0001.json")).unwrap();
    assert_eq!(stdout(&stairs(&[&arguments[..], &more].concat())), first);
    assert_eq!(std::fs::read_to_string(out.join("capacity.json")).unwrap(), json);
    let other = failure(&stairs(&arguments), 1);
    assert!(other.contains("already holds another measurement"), "{other}");

    let refused: [(&[&str], &str); 5] = [
        (&["--eps", "1"], "epsilon must be above 0 and below 1, got 1"),
        (&["--zeta", "0.5"], "zeta must be at least 2/3 and below 1, got 0.5"),
        (&["--draws", "0"], "the number of draws must be at least 1"),
        (&["--noise-variance", "0"], "noise variance must be positive and finite, got 0"),
        (&["--samples", "5000"], "5000 samples asked for, but the training part has 1438"),
    ];
    for (arguments, text) in refused {
        let out = directory.path().join("none");
        let error = failure(&stairs(&[&["capacity", "--out", path(&out)], arguments].concat()), 1);
        assert!(error.contains(text), "{error}");
        assert!(!out.exists(), "a refused command leaves nothing");
    }
}

#[test]
fn approximations_are_certified_measured_and_drawn() {
    let directory = tempfile::tempdir().unwrap();
    let svg = directory.path().join("ring.svg");
    for construction in ["cells", "corners"] {
        let arguments = ["expressivity", "ring", "--eta", "0.1", "--construction", construction, "--svg", path(&svg)];
        let text = stdout(&stairs(&arguments));
        let number = |line: &str, from: &str| -> f64 {
            let line = text.lines().find(|l| l.starts_with(line)).unwrap();
            line.split(from).nth(1).unwrap().split(' ').next().unwrap().parse().unwrap()
        };
        let (certified, measured) = (number("error", "<= "), number("measured", "measured "));
        assert!(certified <= 0.1 && measured <= certified && measured > 0.05, "{text}");
        assert!(text.contains(&format!("{construction} construction")), "{text}");
        assert!(std::fs::read_to_string(&svg).unwrap().starts_with("<svg"));
    }
    let refused: [(&[&str], i32, &str); 4] = [
        (&["cosine"], 2, "unknown function `cosine`"),
        (&["--construction", "squares"], 2, "expected cells or corners"),
        (&["--eta", "0"], 1, "eta must be positive and finite, got 0"),
        (&["sine", "--eta", "0.1", "--side", "5"], 1, "more than eta = 0.1"),
    ];
    for (arguments, code, text) in refused {
        let none = directory.path().join("none.svg");
        let error = failure(&stairs(&[&["expressivity", "--svg", path(&none)], arguments].concat()), code);
        assert!(error.contains(text), "{error}");
        assert!(!none.exists(), "a refused command leaves nothing");
    }
}

#[test]
fn a_diagnosis_is_printed_kept_and_drawn() {
    let directory = tempfile::tempdir().unwrap();
    let out = directory.path().join("diagnosis");
    let small = ["diagnose", "--model", "mlp:16-16", "--subset", "128", "--epochs", "2", "--out", path(&out)];
    let text = stdout(&stairs(&[&small[..], &["--every", "3", "--directions", "2", "--plan", "overlapped"]].concat()));
    let json = out.join("diagnosis.json");
    let diagnosis = Diagnosis::read(&json).unwrap();
    assert_eq!(diagnosis.records.iter().map(|record| record.step).collect::<Vec<_>>(), [0, 3, 6, 8]);
    assert_eq!((diagnosis.every, diagnosis.directions, diagnosis.config.epochs), (3, 2, 2));
    assert_eq!(last_line(&text), format!("test accuracy {:.2} %", diagnosis.evaluation.accuracy));
    assert!(!text.contains("NaN") && !text.contains("inf"), "{text}");
    for step in [" 0 ", " 3 ", " 8 "] {
        let of_layer = |line: &&str| line.starts_with("hidden.1.linear.weight") && line.contains(step);
        assert_eq!(text.lines().filter(of_layer).count(), 1, "{text}");
    }
    let svg = std::fs::read_to_string(out.join("diagnosis.svg")).unwrap();
    assert!(svg.contains("hidden.0.linear.weight") && svg.contains("Flips") && !svg.contains("NaN"));

    let refused: [(&[&str], &str); 3] = [
        (&["--method", "float"], "--method float quantises nothing"),
        (&["--every", "0"], "at least 1 step between records"),
        (&["--directions", "0"], "1 direction, got"),
    ];
    for (arguments, text) in refused {
        let error = failure(&stairs(&[&small[..], arguments].concat()), 1);
        assert!(error.contains(text), "{error}");
    }
}

#[test]
fn a_run_and_a_configuration_are_certified() {
    let directory = tempfile::tempdir().unwrap();
    let run = directory.path().join("run");
    // All means and scales dynamic, one layer after the other, gone after half of the epoch.
    let options = ["--plan", "partition", "--law", "triangular", "--anneal-until", "0.5", "--anneal-per", "step"];
    let train = ["train", "--model", "mlp", "--epochs", "1", "--batch", "64", "--subset", "640", "--out", path(&run)];
    stdout(&stairs(&[&train[..], &options].concat()));

    let text = stdout(&stairs(&["certify", path(&run), "--samples", "4", "--steps", "10"]));
    assert!(text.contains("mlp on digits, trained weights") && text.contains("4 test samples"), "{text}");
    assert!(text.contains("verdict: synchronised") && text.contains("hidden.0.linear"), "{text}");
    assert!(text.contains("(data)") && text.contains("(lattice)"), "{text}");
    assert!(text.contains("proved for every later time: from step 5 on"), "{text}");
    let svg = std::fs::read_to_string(run.join("certificate.svg")).unwrap();
    assert!(svg.starts_with("<svg") && svg.contains("hidden.1.linear"));
    let json = std::fs::read_to_string(run.join("certificate.json")).unwrap();
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    let steps = json["convergence"]["steps"].as_array().unwrap();
    assert_eq!((steps.len(), json["trained"].as_bool()), (11, Some(true)));
    for step in steps {
        for layer in step["layers"].as_array().unwrap() {
            let [measured, bound, window, gaps] =
                ["measured", "bound", "window_bound", "gap_bound"].map(|field| layer[field].as_f64().unwrap());
            assert!(measured <= bound && bound <= window && measured <= gaps, "{step}");
        }
    }
    assert_eq!(steps[10]["equal"].as_bool(), Some(true));
    // The run is still one.
    stdout(&stairs(&["eval", path(&run)]));

    // The configuration alone: the initial model, the result beside it or elsewhere.
    let config = directory.path().join("config.toml");
    std::fs::copy(run.join("config.toml"), &config).unwrap();
    let out = directory.path().join("out");
    let small = ["--samples", "1", "--steps", "3"];
    let text = stdout(&stairs(&[&["certify", path(&config), "--out", path(&out)][..], &small].concat()));
    assert!(text.contains("initial weights") && out.join("certificate.json").exists(), "{text}");
    stdout(&stairs(&[&["certify", path(&config)][..], &small].concat()));
    assert!(directory.path().join("certificate.svg").exists());

    let text = failure(&stairs(&["certify", path(&run), "--samples", "0"]), 1);
    assert!(text.contains("the number of samples must be between 1 and 359, got 0"), "{text}");
    let text = failure(&stairs(&["certify", path(directory.path()), "--best"]), 1);
    assert!(text.contains("best.bpk"), "{text}");
    std::fs::write(&config, "model = 3").unwrap();
    let text = failure(&stairs(&["certify", path(&config)]), 1);
    assert!(text.contains("is no configuration of a run"), "{text}");
    let text = failure(&stairs(&["certify", "/nowhere"]), 1);
    assert!(text.contains("/nowhere"), "{text}");
}

#[test]
fn figures_have_fixed_names() {
    let directory = tempfile::tempdir().unwrap();
    let text = stdout(&stairs(&["figures", path(directory.path())]));
    assert!(text.contains(" figures in "), "{text}");
    for name in [
        "law-uniform",
        "stair-ternary-logistic",
        "stair-int4-normal",
        "plan-partition-progressive",
        "estimator-approx-sign",
        "expressivity-cost",
    ] {
        assert!(directory.path().join(name).with_extension("svg").exists(), "{name}");
    }
}
