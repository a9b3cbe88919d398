//! `cargo xtask check`: everything a change must pass, cheapest first, stopping at the first failure.
//!
//! | check | program | what |
//! |---|---|---|
//! | `format` | rustfmt | |
//! | `spelling` | typos | British in Markdown |
//! | `licences` | cargo-deny | licences, bans and sources of all dependencies |
//! | `advisories` | cargo-deny | known weaknesses; fetches the database |
//! | `unused` | cargo-machete | dependencies that nothing uses |
//! | `packages` | | every crate packs with its README and licences; what is packed is not built again (`--no-verify`) |
//! | `features` | cargo-hack | every set of features of the crates without a tensor library |
//! | `clippy` | clippy | all targets, no warning |
//! | `docs` | rustdoc | no warning |
//! | `tests` | | `cargo test --workspace` |
//!
//! A program that is not installed is named with the command that installs it, and the check has failed; with `--skip-missing` it is
//! left out and named at the end.

use std::{
    collections::BTreeSet,
    env,
    process::Command,
    time::{Duration, Instant},
};

use anyhow::{Result, bail};
use clap::ValueEnum;

use crate::{
    package,
    process::{cargo, root, run, works},
};

/// Crates without a tensor library: quick to build in every set of their features.
const SMALL: [&str; 7] = [
    "stairs-quant",
    "stairs-laws",
    "stairs-certificate",
    "stairs-network",
    "stairs-infer",
    "stairs-deploy",
    "stairs-data",
];

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Leave these checks out.
    #[arg(long, value_delimiter = ',', value_name = "CHECKS")]
    skip: Vec<Check>,
    /// Leave out what needs a program (or a network) that is not here, instead of failing.
    #[arg(long)]
    skip_missing: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
enum Check {
    /// rustfmt
    Format,
    /// typos
    Spelling,
    /// cargo-deny: licences, bans, sources
    Licences,
    /// cargo-deny: advisories, from a database that is fetched
    Advisories,
    /// cargo-machete
    Unused,
    /// cargo package, and what is in every package
    Packages,
    /// cargo-hack on the crates without a tensor library
    Features,
    /// clippy on all targets
    Clippy,
    /// rustdoc
    Docs,
    /// The tests of the workspace
    Tests,
}

fn program(name: &str, args: &[&str]) -> Command {
    let mut command = Command::new(name);
    command.args(args);
    command
}

impl Check {
    /// For what needs a program of its own: how to ask whether it is there, and how to install it.
    fn needs(self) -> Option<(Command, &'static str)> {
        let deny = "cargo install --locked cargo-deny";
        Some(match self {
            Self::Spelling => (program("typos", &["--version"]), "cargo install --locked typos-cli"),
            Self::Licences => (cargo(&["deny", "--version"]), deny),
            Self::Advisories => {
                let fetched = "a network, from which it fetches its database, and cargo install --locked cargo-deny";
                (cargo(&["deny", "fetch", "db"]), fetched)
            }
            Self::Unused => (program("cargo-machete", &["--version"]), "cargo install --locked cargo-machete"),
            Self::Features => (cargo(&["hack", "--version"]), "cargo install --locked cargo-hack"),
            _ => return None,
        })
    }

    fn run(self) -> Result<()> {
        let mut command = match self {
            Self::Format => cargo(&["fmt", "--all", "--check"]),
            Self::Spelling => Command::new("typos"),
            Self::Licences => cargo(&["deny", "--workspace", "check", "bans", "licenses", "sources"]),
            Self::Advisories => cargo(&["deny", "--workspace", "check", "--disable-fetch", "advisories"]),
            Self::Unused => program("cargo-machete", &["crates", "examples", "benches", "docs", "first", "xtask"]),
            Self::Packages => return package::all(),
            Self::Features => {
                // `cube` of stairs-laws builds the compiler of GPU kernels; the backend tests switch it on.
                let mut command = cargo(&["hack", "check", "--feature-powerset", "--exclude-features", "cube"]);
                command.args(SMALL.iter().flat_map(|name| ["-p", name]));
                command
            }
            Self::Clippy => cargo(&["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]),
            Self::Docs => {
                let mut docs = cargo(&["doc", "--workspace", "--no-deps"]);
                let flags = env::var("RUSTDOCFLAGS").unwrap_or_default();
                docs.env("RUSTDOCFLAGS", format!("{flags} -D warnings").trim());
                docs
            }
            Self::Tests => cargo(&["test", "--workspace"]),
        };
        run(command.current_dir(root()))
    }

    fn name(self) -> String {
        self.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned())
    }
}

impl Args {
    pub(crate) fn run(self) -> Result<()> {
        let skipped: BTreeSet<Check> = self.skip.into_iter().collect();
        let mut lines = Vec::new();
        let mut missing = 0;
        for check in Check::value_variants().iter().filter(|check| !skipped.contains(check)) {
            let name = check.name();
            if let Some((mut there, install)) = check.needs()
                && !works(there.current_dir(root()))
            {
                if !self.skip_missing {
                    bail!("{name} needs what is not here: {install}; or leave it out: --skip {name}, --skip-missing");
                }
                missing += 1;
                lines.push(format!("  NOT CHECKED  {name}: it needs {install}"));
                continue;
            }
            let start = Instant::now();
            check.run()?;
            lines.push(format!("  ok           {name} ({})", seconds(start.elapsed())));
        }
        lines.extend(skipped.iter().map(|check| format!("  left out     {}", check.name())));
        println!("\ncheck:\n{}", lines.join("\n"));
        match missing {
            0 => println!("all of these checks passed"),
            n => println!("WARNING: {n} of the checks could not be made, the others passed"),
        }
        Ok(())
    }
}

pub(crate) fn seconds(time: Duration) -> String {
    format!("{:.0} s", time.as_secs_f64())
}
