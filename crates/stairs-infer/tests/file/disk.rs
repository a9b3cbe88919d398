//! Files on disk.

use std::fs;

use stairs_infer::{FileError, Program};

use crate::networks;

#[test]
fn files_are_replaced_whole() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("lenet.safetensors");
    let program = networks::lenet();
    fs::write(&path, "what was there before").expect("a file");
    program.write(&path).expect("writing");
    assert_eq!(Program::read(&path).expect("reading"), program);
    let names: Vec<_> =
        fs::read_dir(folder.path()).expect("a folder").map(|e| e.expect("an entry").file_name()).collect();
    assert_eq!(names, ["lenet.safetensors"], "nothing temporary is left");
}

#[test]
fn what_cannot_be_read_or_written_says_where() {
    let folder = tempfile::tempdir().expect("a folder");
    let missing = folder.path().join("no/such/file");
    for error in [
        Program::read(&missing).expect_err("no file"),
        Program::read(folder.path()).expect_err("a folder"),
        networks::lenet().write(&missing).expect_err("no folder"),
        networks::lenet().write("..").expect_err("no name"),
    ] {
        assert!(matches!(error, FileError::Io { .. }), "{error}");
    }
    let text = Program::read(&missing).expect_err("no file").to_string();
    assert!(text.starts_with("cannot read ") && text.ends_with("no/such/file"), "{text}");
}
