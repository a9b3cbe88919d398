//! `stairs export`, `infer`, `verify` and `summary --deployed`.

use crate::program::{failure, last_line, path, stairs, stdout};

#[test]
fn a_run_leaves_in_every_format_and_says_what_it_said() {
    let directory = tempfile::tempdir().unwrap();
    let at = |name: &str| directory.path().join(name);
    let run = at("run");
    let small = ["--model", "lenet:4-8-16", "--epochs", "3", "--subset", "600", "--batch", "32", "--plain"];
    let trained = stdout(&stairs(&[&["train", "--out", path(&run)][..], &small].concat()));
    let before = std::fs::read(run.join("last.bpk")).unwrap();

    let formats = [
        ("packed", "net.stairs"),
        ("onnx", "net.onnx"),
        ("qonnx", "net.qonnx.onnx"),
        ("c", "net.c"),
        ("rust", "net.rs"),
    ];
    for (format, name) in formats {
        let file = at(name);
        let text = stdout(&stairs(&["export", path(&run), "--to", format, "--out", path(&file)]));
        assert!(text.contains("float: `fc2` has float weights") && text.contains("B written to"), "{text}");
        assert!(std::fs::metadata(&file).unwrap().len() > 500, "{format}");
        // Nothing is overwritten unasked.
        let text = failure(&stairs(&["export", path(&run), "--to", format, "--out", path(&file)]), 1);
        assert!(text.contains("cannot write"), "{text}");
        stdout(&stairs(&["export", path(&run), "--to", format, "--out", path(&file), "--force"]));
    }
    assert!(std::fs::read_to_string(at("net.h")).unwrap().contains("net_run"));

    // The engine has the accuracy of the run, whatever the batch, the threads and the kernels.
    let accuracy = last_line(&trained);
    assert!(accuracy.starts_with("test accuracy "), "{trained}");
    let infer =
        |more: &[&str]| stdout(&stairs(&[&["infer", path(&at("net.stairs")), "--dataset", "digits"], more].concat()));
    for more in [&[][..], &["--batch", "1", "--threads", "2"], &["--level", "portable", "--batch", "7"]] {
        assert_eq!(last_line(&infer(more)), accuracy);
    }
    let json: serde_json::Value = serde_json::from_str(&infer(&["--json", "--samples", "50"])).unwrap();
    assert_eq!(json["samples"], 50);

    let text = stdout(&stairs(&["verify", path(&run), path(&at("net.stairs")), "--exact", "20"]));
    assert!(text.contains("labels that differ           0\n") && text.contains(" 0 of "), "{text}");
    let text = stdout(&stairs(&["summary", path(&run), "--deployed", "--picture", path(&at("w.svg"))]));
    assert!(text.contains("conv2") && text.contains("packed file"), "{text}");
    assert!(std::fs::read_to_string(at("w.svg")).unwrap().contains("conv2: 8 outputs of 36 weights"));

    // The run is what it was.
    assert_eq!(std::fs::read(run.join("last.bpk")).unwrap(), before);
    assert!(stdout(&stairs(&["eval", path(&run)])).contains(accuracy));

    let (net, broken) = (at("net.stairs"), at("broken.stairs"));
    std::fs::write(&broken, "no program").unwrap();
    let refused: [(&[&str], &str); 5] = [
        (&["export", path(&run), "--to", "c", "--out", "net.onnx"], "ends in .c"),
        (&["export", path(&run), "--to", "packed", "--integer-only", "--out", "x.stairs"], "`fc2` has float weights"),
        (&["infer", path(&net), "--dataset", "nothing"], "nothing"),
        (&["infer", path(&broken), "--dataset", "digits"], "broken.stairs"),
        (&["summary", path(&run)], "--deployed"),
    ];
    for (arguments, text) in refused {
        let error = failure(&stairs(arguments), 1);
        assert!(error.contains(text), "{error}");
    }
}
