//! `stairs bits`, and what a run with its plan goes through.

use crate::program::{failure, last_line, path, stairs, stdout};

/// From a float run to a plan, a training, integers, and what says that they are those of the run.
#[test]
fn a_plan_is_trained_with_and_deployed() {
    let directory = tempfile::tempdir().unwrap();
    let at = |name: &str| directory.path().join(name);
    let (float, plan, run, net) = (at("float"), at("plan.toml"), at("run"), at("net.stairs"));
    let small = ["--model", "lenet:4-8-16", "--subset", "400", "--batch", "32", "--plain"];
    let train = |more: &[&str]| stdout(&stairs(&[&["train"], &small[..], more].concat()));
    train(&["--method", "float", "--epochs", "2", "--out", path(&float)]);

    let bits = |more: &[&str]| stairs(&[&["bits", "--budget", "mean=3", "--from", path(&float)], more].concat());
    for rule in ["error", "hessian", "2sed", "uniform", "random"] {
        let less = ["--rule", rule, "--samples", "20", "--probes", "2", "--draws", "1"];
        let text = stdout(&bits(&less));
        assert!(text.contains("lenet:4-8-16 on digits") && text.contains("fc1"), "{rule}: {text}");
        let json: serde_json::Value = serde_json::from_str(&stdout(&bits(&[&less[..], &["--json"]].concat()))).unwrap();
        assert!(json["cost"].as_u64() <= json["limit"].as_u64(), "{rule}: {json}");
        assert_eq!(json["layers"].as_array().unwrap().len(), 3);
    }
    // The same command again leaves the file; another plan does not replace it unasked.
    for _ in 0..2 {
        stdout(&bits(&["--out", path(&plan)]));
    }
    let other = ["--rule", "uniform", "--out", path(&plan)];
    assert!(failure(&bits(&other), 1).contains("holds another plan"));
    let text = std::fs::read_to_string(&plan).unwrap();
    assert!(text.contains("quantiser = \"int4\"") && text.contains("[weights]\nconv1 = \"int"), "{text}");
    // By hand: three widths in three layers.
    let by_hand = text.split("[weights]").next().unwrap().to_owned()
        + "[weights]\nconv1 = \"int8\"\nconv2 = \"int3\"\n\"fc1.weight\" = \"ternary\"\n";
    std::fs::write(&plan, by_hand).unwrap();

    let tuned = ["--method", "ste", "--init", path(&float), "--bits-file", path(&plan)];
    let trained = train(&[&tuned[..], &["--epochs", "1", "--out", path(&run)]].concat());
    let config = std::fs::read_to_string(run.join("config.toml")).unwrap();
    assert!(config.contains("[bits]\nconv1 = \"int8\"") && config.contains("quantiser = \"int4\""), "{config}");
    // The plan is the run's: it goes on, and another one starts from it with its quanta, by its configuration alone.
    let more = train(&[&tuned[..], &["--epochs", "2", "--resume", "--out", path(&run)]].concat());
    assert!(more.contains("epoch") && trained.contains("test accuracy"), "{more}");
    let next = at("again");
    let again = ["--config", path(&run), "--init", path(&run), "--epochs", "1", "--out", path(&next)];
    stdout(&stairs(&[&["train", "--plain"], &again[..]].concat()));
    let config = std::fs::read_to_string(next.join("config.toml")).unwrap();
    assert!(config.contains("quanta = \"loaded\"") && config.contains("fc1.weight"), "{config}");

    let accuracy = last_line(&more).to_owned();
    assert!(stdout(&stairs(&["eval", path(&run)])).contains(&accuracy));
    stdout(&stairs(&["export", path(&run), "--to", "packed", "--out", path(&net)]));
    let text = stdout(&stairs(&["verify", path(&run), path(&net), "--exact", "20"]));
    assert!(text.contains("labels that differ           0\n") && text.contains(" 0 of "), "{text}");
    assert_eq!(last_line(&stdout(&stairs(&["infer", path(&net), "--dataset", "digits"]))), accuracy);
    let text = stdout(&stairs(&["summary", path(&run), "--deployed"]));
    for layer in ["conv1", "conv2", "fc1"] {
        assert!(text.contains(layer), "{text}");
    }
    let summary = ["summary", "lenet:4-8-16", "--input", "1x8x8", "--bits-file", path(&plan)];
    let text = stdout(&stairs(&summary));
    let row = |name: &str| text.lines().find(|line| line.trim_start().starts_with(name)).unwrap_or_default().to_owned();
    let widths = ["conv1", "conv2", "fc1"].map(row);
    assert!(widths.iter().zip(["int8", "int3", "ternary"]).all(|(row, name)| row.contains(name)), "{text}");
    assert!(text.contains("bits of a plan"), "{text}");
    let weights = at("weights.safetensors");
    let text = stdout(&stairs(&["materialise", path(&run), "--out", path(&weights)]));
    assert!(text.contains("int8") && text.contains("int3") && text.contains("ternary"), "{text}");
    assert!(stairs(&["certify", path(&run)]).status.success());
}

#[test]
fn what_is_no_plan_is_refused_by_name() {
    let directory = tempfile::tempdir().unwrap();
    let plan = directory.path().join("plan.toml");
    let run = directory.path().join("run");
    let train =
        ["train", "--model", "lenet:4-8-16", "--method", "ste", "--out", path(&run), "--bits-file", path(&plan)];
    let layers = "conv1 = \"int4\"\nconv2 = \"int4\"\n";
    for (text, words) in [
        (
            format!("[weights]\n{layers}"),
            "leaves out `fc1`; the weights of these layers are quantised: conv1, conv2, fc1",
        ),
        (format!("[weights]\n{layers}fc1 = \"int4\"\nfc2 = \"int4\"\n"), "names `fc2`;"),
        (format!("[weights]\n{layers}fc3 = \"int4\"\n"), "names `fc3` and leaves out `fc1`"),
        (
            format!("[weights]\n{layers}fc1 = \"int4\"\n\"fc1.weight\" = \"int4\"\n"),
            "names both `fc1.weight` and `fc1`",
        ),
        (format!("[weights]\n{layers}fc1 = \"int9\"\n"), "bit width must be 2 to 8, got 9"),
        (format!("[weights]\n{layers}fc1 = 4\n"), "plan.toml is no plan of bits"),
        (format!("[bits]\n{layers}"), "bits"),
        ("format = 2\n[weights]\n".to_owned(), "format is 2, and this program reads format 1"),
        ("weights".to_owned(), "plan.toml is no plan of bits"),
    ] {
        std::fs::write(&plan, &text).unwrap();
        let error = failure(&stairs(&train), 1);
        assert!(error.contains(words), "{text}: {error}");
        assert!(!run.join("record.json").exists());
    }
    let bits = |more: &[&str]| stairs(&[&["bits", "--model", "lenet:4-8-16"], more].concat());
    let refused: [(&[&str], i32, &str); 8] = [
        (&[], 2, "--budget"),
        (&["--budget", "ram=5"], 2, "bitops=N"),
        (&["--budget", "flash=10"], 1, "a budget of 10 bytes is too small: the fewest bits cost"),
        (&["--budget", "mean=3", "--rule", "luck"], 2, "expected one of 2sed, hessian"),
        (&["--budget", "mean=3", "--rule", "hessian"], 1, "--from RUN"),
        (&["--budget", "mean=3", "--levels", "1,4"], 2, "bit width must be 2 to 8, got 1"),
        (&["--budget", "mean=3", "--rule", "2sed", "--eps", "2"], 1, "epsilon must be above 0 and below 1, got 2"),
        (&["--budget", "mean=3", "--weight-scale", "twn"], 1, "the weights of layer `conv1` at 2 bits"),
    ];
    for (arguments, code, text) in refused {
        let error = failure(&bits(arguments), code);
        assert!(error.contains(text), "{arguments:?}: {error}");
    }
    let residual = ["--model", "resnet20", "--budget", "mean=3", "--rule", "2sed", "--samples", "1"];
    assert!(failure(&stairs(&[&["bits"], &residual[..]].concat()), 1).contains("no chain of layers"));
}
