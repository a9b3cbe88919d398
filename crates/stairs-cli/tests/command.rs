//! The `stairs` command from outside: training, evaluation, experiments; what it prints, what it writes, how it fails.

mod program;
mod shards;
#[cfg(unix)]
mod stopping;

use program::{failure, last_line, path, stairs, stdout};
use stairs::train::RunDir;
use stairs_study::report::read_record;
use std::process::Command;

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

    // The same command again trains nothing, resumed or not; another run into the same directory is refused.
    for again in [&[][..], &["--resume"]] {
        let read = stdout(&stairs(&[&arguments[..], again].concat()));
        assert_eq!(last_line(&read), last_line(&trained));
        assert!(read.contains("nothing is trained") && !read.contains("epoch 1"), "{read}");
    }
    let refused = failure(&stairs(&[&arguments[..], &["--lr", "0.01"]].concat()), 1);
    assert!(refused.contains("already holds a run") && refused.contains("--resume"), "{refused}");
    let other = [&["train", "--resume", "--seed", "4"], &arguments[1..7], &arguments[9..]].concat();
    let other = failure(&stairs(&other), 1);
    assert!(other.contains("seed") && other.contains("another run"), "{other}");

    let reported = stdout(&stairs(&["report", path(directory.path())]));
    assert!(reported.contains("MLP on digits") && reported.contains("STE"), "{reported}");
    let page = std::fs::read_to_string(directory.path().join("index.html")).unwrap();
    assert!(page.contains("<svg") && page.contains(&format!("{:.2}", record.test_accuracy)));
}

#[test]
fn data_and_idle_settings_are_told_and_epochs_are_added() {
    let directory = tempfile::tempdir().unwrap();
    let run = directory.path().join("run");
    let train = |epochs: &str, more: &[&str]| {
        let fixed = [
            "train",
            "--model",
            "mlp:8",
            "--method",
            "float",
            "--subset",
            "20",
            "--epochs",
            epochs,
            "--out",
            path(&run),
        ];
        stairs(&[&fixed[..], more].concat())
    };
    let idle = ["--quantiser", "int4", "--plan", "partition", "--edges", "last-float"];
    let text = stdout(&train("1", &idle));
    for line in [
        "digits: 1,438 + 359 samples, 10 classes, 1x8x8",
        "note: --method float quantises nothing: without effect are --edges, --plan",
        "note: method float quantises nothing: without effect are quantiser",
        "note: there are 20 training samples: the batch is 20 instead of 32",
    ] {
        assert!(text.lines().any(|found| found == line), "{line}: {text}");
    }
    assert_eq!(read_record(&run).unwrap().notes.len(), 3);

    let text = stdout(&train("2", &[&idle[..], &["--resume"]].concat()));
    assert!(text.contains("note: the run of 1 epochs, of which 1 were done, goes on to 2"), "{text}");
    let record = read_record(&run).unwrap();
    assert_eq!((record.epochs.len(), record.extended.len()), (2, 1));
    assert!(!record.instruction_set.is_empty() && record.data.is_some());
    let fewer = failure(&train("1", &[&idle[..], &["--resume"]].concat()), 1);
    assert!(fewer.contains("epochs is 2 there and 1 here"), "{fewer}");

    // What a kill at the end leaves: the best model can be evaluated, the last is not there yet.
    for name in ["record.json", "last.bpk"] {
        std::fs::remove_file(run.join(name)).unwrap();
    }
    let unfinished = failure(&stairs(&["eval", path(&run)]), 1);
    assert!(unfinished.contains("the run has not ended") && unfinished.contains("--best"), "{unfinished}");
    assert!(stdout(&stairs(&["eval", path(&run), "--best"])).starts_with("digits: 1,438 + 359 samples"));

    let elsewhere = directory.path().join("elsewhere");
    let refused = |options: &[&str]| {
        let fixed = ["train", "--subset", "20", "--out", path(&elsewhere)];
        let text = failure(&stairs(&[&fixed[..], options].concat()), 1);
        assert!(!elsewhere.join("config.toml").exists());
        text
    };
    let long = refused(&["--warm-up-epochs", "5", "--epochs", "2"]);
    assert!(long.contains("--warm-up-epochs 5") && long.contains("the run of 2 epochs"), "{long}");
    assert!(refused(&["--batch", "64"]).contains("got 64"));
    assert!(refused(&["--batch", "1"]).contains("one sample at a time"));
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
    assert_eq!(stairs_study::report::collect_records(directory.path()).unwrap().len(), 6);
    let page = std::fs::read_to_string(directory.path().join("index.html")).unwrap();
    assert!(!page.contains("not finished yet"), "whoever is last leaves the whole page");
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
    assert!(error.contains("period is 3") && error.contains("ana-grid"), "{error}");
}

#[test]
fn mistakes_are_explained() {
    let cases: [(&[&str], i32, &[&str]); 12] = [
        (&["train", "--out", "x", "--law", "cauchy"], 2, &["unknown noise law `cauchy`", "logistic"]),
        (&["train", "--out", "x", "--quantiser", "int9"], 2, &["int9", "--quantiser", "2 to 8"]),
        (&["train", "--out", "x", "--dataset", "cifar"], 2, &["unknown data set `cifar`", "cifar10"]),
        (&["train", "--out", "x", "--model", "vgg"], 2, &["vgg", "lenet"]),
        (&["train", "--out", "x", "--plan", "sometime"], 2, &["unknown policy `sometime`", "partition"]),
        (&["train", "--out", "x", "--device", "tpu"], 2, &["unknown device `tpu`", "flex"]),
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
