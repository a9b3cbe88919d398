//! The `stairs` program, for tests.
#![allow(dead_code)]

use std::{
    path::Path,
    process::{Command, Output},
};

pub(crate) fn stairs(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_stairs"))
        .args(arguments)
        .env_remove("STAIRS_DATA")
        .output()
        .expect("the command starts")
}

pub(crate) fn stdout(output: &Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout.clone()).expect("UTF-8")
}

/// The error text of a command that must fail with `code`.
pub(crate) fn failure(output: &Output, code: i32) -> String {
    assert_eq!(output.status.code(), Some(code), "{}", String::from_utf8_lossy(&output.stdout));
    let text = String::from_utf8(output.stderr.clone()).expect("UTF-8");
    assert!(text.starts_with("error: ") && !text.contains("RUST_BACKTRACE"), "{text}");
    text
}

pub(crate) fn last_line(text: &str) -> &str {
    text.trim_end().lines().last().unwrap_or_default()
}

pub(crate) fn path(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}
