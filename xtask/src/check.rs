//! `cargo xtask check`: everything a change must pass, cheapest first, stopping at the first failure.
//!
//! `typos` and `cargo-deny` are separate programs. One that is not installed is skipped and named at the end, with the
//! command that installs it; with `--strict` (for machines that must have them) its absence is a failure.

use std::{
    env,
    process::Command,
    time::{Duration, Instant},
};

use anyhow::{Result, bail};

use crate::process::{cargo, root, run, works};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Fail if typos or cargo-deny is not installed, instead of skipping it.
    #[arg(long)]
    strict: bool,
}

struct Step {
    name: &'static str,
    command: Command,
    /// For a separate program: how to ask whether it is there, and how to install it.
    program: Option<(Command, &'static str)>,
}

fn program(name: &str, args: &[&str]) -> Command {
    let mut command = Command::new(name);
    command.args(args);
    command
}

fn steps() -> Vec<Step> {
    let step = |name, command| Step { name, command, program: None };
    let deny = ["deny", "--workspace", "check", "advisories", "bans", "licenses", "sources"];
    let mut docs = cargo(&["doc", "--workspace", "--no-deps"]);
    let flags = env::var("RUSTDOCFLAGS").unwrap_or_default();
    docs.env("RUSTDOCFLAGS", format!("{flags} -D warnings").trim());
    vec![
        step("format", cargo(&["fmt", "--all", "--check"])),
        Step {
            name: "spelling",
            command: Command::new("typos"),
            program: Some((program("typos", &["--version"]), "cargo install --locked typos-cli")),
        },
        Step {
            name: "licences and advisories",
            command: cargo(&deny),
            program: Some((cargo(&["deny", "--version"]), "cargo install --locked cargo-deny")),
        },
        step("clippy", cargo(&["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"])),
        step("docs", docs),
        step("tests", cargo(&["test", "--workspace"])),
    ]
}

impl Args {
    pub(crate) fn run(self) -> Result<()> {
        let mut lines = Vec::new();
        let mut missing = 0;
        for Step { name, mut command, program } in steps() {
            if let Some((mut there, install)) = program
                && !works(&mut there)
            {
                missing += 1;
                lines.push(format!("  NOT CHECKED  {name}: to install what it needs: {install}"));
                continue;
            }
            let start = Instant::now();
            run(command.current_dir(root()))?;
            lines.push(format!("  ok           {name} ({})", seconds(start.elapsed())));
        }
        println!("\ncheck:\n{}", lines.join("\n"));
        if missing > 0 && self.strict {
            bail!("{missing} of the checks could not be made (--strict)");
        }
        match missing {
            0 => println!("all checks passed"),
            n => println!("WARNING: {n} of the checks could not be made, the others passed"),
        }
        Ok(())
    }
}

pub(crate) fn seconds(time: Duration) -> String {
    format!("{:.0} s", time.as_secs_f64())
}
