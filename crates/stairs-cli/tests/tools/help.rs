//! What the command says about itself.

use crate::program::{failure, stairs, stdout};

#[test]
fn the_models_are_listed_wherever_one_is_named() {
    for arguments in [
        &["train", "--model", "help"][..],
        &["diagnose", "--model", "help"],
        &["capacity", "--model", "help"],
        &["plan", "--model", "help"],
        &["reproduce", "--model", "help"],
        &["import", "torchvision", "x", "--model", "help"],
        &["summary", "help"],
    ] {
        let text = stdout(&stairs(arguments));
        assert_eq!(text, stairs::zoo::Architecture::help(), "{arguments:?}");
    }
    let error = failure(&stairs(&["train", "--model", "resnet19", "--out", "x"]), 2);
    assert!(error.contains("`help` lists them"), "{error}");
}

#[test]
fn shells_complete_the_command() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let script = stdout(&stairs(&["completions", shell]));
        assert!(script.contains("materialise") && script.contains("anneal-until"), "{shell}");
    }
    assert!(failure(&stairs(&["completions", "csh"]), 2).contains("bash"));
}

#[test]
fn a_path_that_is_something_else_names_the_command_for_it() {
    let directory = tempfile::tempdir().unwrap();
    let at = |name: &str| directory.path().join(name).display().to_string();
    std::fs::create_dir_all(at("images/train/cat")).unwrap();
    std::fs::write(at("weights.pth"), "").unwrap();
    std::fs::write(at("notes.txt"), "").unwrap();
    for (arguments, expected) in [
        (vec!["eval", "weights.pth"], "stairs import torchvision"),
        (vec!["eval", "nowhere"], "there is no run"),
        (vec!["eval", "images"], "--dataset images"),
        (vec!["certify", "nowhere"], "there is no run"),
        (vec!["certify", "weights.pth"], "stairs import torchvision"),
        (vec!["report", "notes.txt"], "is a file, and a folder belongs here"),
        (vec!["report", "nowhere"], "nowhere"),
        (vec!["figures", "notes.txt"], "is a file, and a folder belongs here"),
        (vec!["capacity", "--out", "notes.txt"], "is a file, and a folder belongs here"),
    ] {
        let last = at(arguments.last().unwrap());
        let arguments: Vec<&str> = arguments[..arguments.len() - 1].iter().copied().chain([last.as_str()]).collect();
        let error = failure(&stairs(&arguments), 1);
        assert!(error.contains(expected) && error.contains(&last), "{arguments:?}: {error}");
    }
}
