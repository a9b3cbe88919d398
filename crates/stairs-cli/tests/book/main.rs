//! Every command of the book runs as it is written, twice in a row.
//!
//! `cargo xtask book` sets [`RUN`] and everything runs, page by page, each in an empty folder of its own. Without
//! it the commands are only sorted: each is one that can run here, or one of [`elsewhere`]'s with the reason why not.

mod fixture;
mod transcript;

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::Instant,
};

use transcript::{Written, commands, words};

/// The environment variable that has the commands run, not only sorted.
const RUN: &str = "STAIRS_BOOK";

/// Pages all of whose commands must run, but for those of [`elsewhere`] that no machine without a network can run.
const WHOLE: [&str; 5] =
    ["README.md", "docs/src/commands.md", "docs/src/qat.md", "docs/src/pretrained.md", "docs/src/images.md"];

/// Pages whose commands run once: the last of them adds epochs to the run of the first, which is another run then.
const ONCE: [&str; 1] = ["docs/src/checkpoints.md"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// README, chapters, READMEs of the crates.
fn pages() -> Vec<String> {
    let mut pages = vec!["README.md".to_owned()];
    for (folder, name) in [("docs/src", None), ("crates", Some("README.md"))] {
        for entry in fs::read_dir(root().join(folder)).unwrap() {
            let path = name.map_or_else(|| entry.as_ref().unwrap().path(), |n| entry.as_ref().unwrap().path().join(n));
            if path.extension().is_some_and(|e| e == "md") && path.is_file() {
                pages.push(path.strip_prefix(root()).unwrap().to_str().unwrap().to_owned());
            }
        }
    }
    pages.sort();
    pages
}

/// Why a command is not run here; `None` where it is.
fn elsewhere(command: &str) -> Option<&'static str> {
    const RULES: [(&str, &str); 16] = [
        ("cargo xtask test", "run by .ci/run"),
        ("cargo xtask reproduce", "the main job by .ci/run; the studies take hours"),
        ("stairs reproduce", "the main job by .ci/run"),
        ("cargo install", "builds another profile"),
        ("cargo add", "changes a manifest, see docs/src/dependencies.rs"),
        ("cargo binstall", "needs a network"),
        ("sbatch", "another program"),
        ("cargo run", "builds another profile or other features"),
        ("cargo test", "takes long"),
        ("cargo xtask", "takes long, or needs a device or a network"),
        ("python", "another program"),
        ("pip", "another program"),
        ("git", "another program"),
        ("rustup", "another program"),
        ("export", "a setting of the shell"),
        ("cargo +nightly", "another toolchain"),
    ];
    const DOWNLOADS: [&str; 3] = ["mnist", "cifar10", "covertype"];
    let words = words(command);
    let plain = words.iter().skip_while(|word| word.contains('=')).cloned().collect::<Vec<_>>().join(" ");
    let rule = RULES.iter().find(|(start, _)| plain == *start || plain.starts_with(&format!("{start} ")));
    let data = words.windows(2).any(|w| w[0] == "--dataset" && DOWNLOADS.iter().any(|d| w[1].contains(d)));
    match rule {
        _ if plain == "stairs reproduce --list" => None,
        Some((_, reason)) => Some(reason),
        None if data || plain.contains("DIR") => Some("needs a data set that is a download"),
        None if plain.contains("PLAN") => Some("a template"),
        None => None,
    }
}

#[test]
fn every_command_is_one_that_runs_or_says_why_not() {
    let mut count = BTreeMap::<_, usize>::new();
    for page in pages() {
        for Written { line, text } in commands(&root().join(&page)) {
            let reason = elsewhere(&text);
            assert!(reason.is_some() || text.starts_with("stairs "), "{page}:{line}: who runs this? {text}");
            let left = reason == Some("needs a data set that is a download") || reason == Some("a template");
            assert!(!left || !WHOLE.contains(&page.as_str()), "{page}:{line} must run without a download: {text}");
            *count.entry(reason.is_none()).or_default() += 1;
        }
    }
    assert!(count[&true] > 30, "{count:?}");
    let ci = fs::read_to_string(root().join(".ci/run")).unwrap();
    for command in ["cargo xtask test", "cargo xtask reproduce", "cargo xtask book"] {
        assert!(ci.lines().any(|line| line == command), ".ci/run does not run `{command}`");
    }
}

#[test]
fn every_command_runs_twice() {
    if std::env::var_os(RUN).is_none() {
        return;
    }
    let stairs = |folder: &Path, arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_stairs"));
        command.args(arguments).current_dir(folder).env_remove("STAIRS_DATA").output().unwrap()
    };
    let mut failures = Vec::new();
    for page in pages() {
        let folder = tempfile::tempdir().unwrap();
        let commands: Vec<_> =
            commands(&root().join(&page)).into_iter().filter(|c| elsewhere(&c.text).is_none()).collect();
        prepare(folder.path(), &commands, |arguments| {
            assert!(stairs(folder.path(), arguments).status.success(), "{arguments:?}");
        });
        let rounds = if ONCE.contains(&page.as_str()) { &["first"][..] } else { &["first", "second"] };
        for round in rounds {
            for Written { line, text } in &commands {
                let started = Instant::now();
                let words = words(text);
                let output = stairs(folder.path(), &words[1..].iter().map(String::as_str).collect::<Vec<_>>());
                let verdict = if output.status.success() { "ok" } else { "FAILED" };
                println!("{page}:{line} {round} {:.1} s {verdict}: {text}", started.elapsed().as_secs_f64());
                if !output.status.success() {
                    failures
                        .push(format!("{page}:{line} {round}: {text}\n{}", String::from_utf8_lossy(&output.stderr)));
                }
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// Makes what the commands take for given: files of weights, and folders of the reader's own images.
fn prepare(folder: &Path, commands: &[Written], stairs: impl Fn(&[&str])) {
    for words in commands.iter().map(|command| words(&command.text)) {
        if let Some(file) = words.iter().find(|word| word.ends_with(".pth")) {
            let model = value(&words, "--model").expect("the model of a file of weights");
            fixture::torch_file(&folder.join(file), model);
        }
        if let Some(file) = words.iter().find(|word| word.ends_with(".csv")) {
            fixture::table(&folder.join(file));
        }
        if let Some(records) = words.iter().find(|word| word.starts_with("docs/results/")) {
            fixture::records(folder, records);
        }
        if let Some(name) = value(&words, "--data")
            && !commands.iter().any(|other| other.text.starts_with("stairs data export") && other.text.contains(name))
            && !folder.join(name).exists()
        {
            fixture::image_folder(&stairs, &folder.join(name));
        }
    }
}

fn value<'a>(words: &'a [String], option: &str) -> Option<&'a str> {
    words.windows(2).find(|pair| pair[0] == option).map(|pair| pair[1].as_str())
}
