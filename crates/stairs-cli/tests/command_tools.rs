//! The `stairs` command from outside: plans, figures, capacity, certificates, diagnoses, approximations.

mod damage;
mod program;
mod tools;

use program::{failure, last_line, path, stairs, stdout};
use stairs::train::diagnose::Diagnosis;

#[test]
fn devices_are_listed() {
    let text = stdout(&stairs(&["devices"]));
    assert!(text.lines().next().unwrap().starts_with("flex (default)") && text.contains("ready: flex"), "{text}");
    assert_eq!(text.lines().count(), 5);
}

#[test]
fn models_are_summarised() {
    let text = stdout(&stairs(&["summary", "resnet18"]));
    assert!(text.starts_with("resnet18:1, 3×224×224, 1000 classes, ternary\n"), "{text}");
    assert!(text.contains("11,689,512 parameters, 1.81 G multiply-accumulates"), "{text}");
    let row = |name: &str| text.lines().find(|line| line.trim_start().starts_with(name)).unwrap_or_default().to_owned();
    assert!(row("blocks.0.inner.0.conv").contains("conv 3×3"), "{text}");
    // 32·32 times the multiply-accumulates.
    assert!(row("float32").contains("1.86 T") && row("float32").contains("46.8 MB"), "{text}");
    assert!(!text.contains("batch norm"), "{text}");
    assert!(stdout(&stairs(&["summary", "resnet18", "--layers"])).contains("batch norm"));

    let small = stdout(&stairs(&["summary", "lenet", "--input", "1x28x28", "--float", "--json"]));
    let json: serde_json::Value = serde_json::from_str(&small).unwrap();
    assert_eq!((&json["model"], &json["precision"]), (&"lenet:32-64-128".into(), &"float32".into()));
    assert_eq!(json["totals"]["parameters"], 421_866);
    assert_eq!(json["layers"][0]["output"], serde_json::json!([32, 28, 28]));
    assert_eq!(json["precisions"].as_array().unwrap().len(), 5);

    let table = stdout(&stairs(&["summary", "all", "--markdown"]));
    assert!(table.contains("| `mobilenet-v2` | 3,504,872 |") && table.contains("| `resnet56` | 853,018 |"), "{table}");

    let refused: [(&[&str], i32, &str); 4] = [
        (&["summary", "resnet19"], 2, "`resnet19` is no model"),
        (&["summary", "lenet", "--input", "28x28"], 2, "such as 3x224x224"),
        (&["summary", "vgg16-bn", "--input", "3x16x16"], 1, "input height = 16"),
        (&["summary", "lenet", "--float", "--quantiser", "int4"], 2, "cannot be used with"),
    ];
    for (arguments, code, text) in refused {
        let error = failure(&stairs(arguments), code);
        assert!(error.contains(text), "{error}");
    }
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
    let text = failure(&stairs(&["plan", "--model", "linear", "--svg", path(&svg)]), 1);
    assert!(text.contains("`linear` has no layer with noise"), "{text}");
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
    let other = failure(&stairs(&[&arguments[..], &more, &["--seed", "9"]].concat()), 1);
    assert!(other.contains("already holds another measurement (seed is 1 there and 9 here)"), "{other}");
    // More draws go on from those there are.
    let grown = stdout(&stairs(&[&arguments[..3], &["--draws", "4"], &arguments[5..], &more].concat()));
    assert!(grown.contains("618 parameters, 4 draws"), "{grown}");

    // ε by the number of training samples, or by one that is given.
    for (arguments, line) in [
        (&["--eps-from-samples"][..], "eps 1.78e-1 is sqrt(2 pi ln n / n) for n = 1438 samples"),
        (&["--eps-from-samples", "1000000"], "eps 9.32e-3 is sqrt(2 pi ln n / n) for n = 1000000 samples"),
    ] {
        let out = directory.path().join(arguments.len().to_string());
        let same = ["capacity", "--model", "mlp:8", "--draws", "2", "--samples", "10", "--out", path(&out)];
        let text = stdout(&stairs(&[&same[..], arguments].concat()));
        assert!(text.contains(line) && text.lines().filter(|line| line.starts_with("zeta ")).count() == 1, "{text}");
    }

    let refused: [(&[&str], &str); 6] = [
        (&["--eps-from-samples", "18"], "--eps-from-samples needs at least 19 samples, got 18"),
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
    let everywhere =
        ["--forward-noise", "everywhere", "--backward", "annealed", "--weight-scale", "max-abs", "--lr", "0.003"];
    let options = [&options[..], &everywhere].concat();
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
