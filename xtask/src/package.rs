//! Packing every crate that is published, and looking at what is in the packages.
//!
//! A package must hold its README and both licences, which the root has: `crates/NAME/LICENSE-…` are links to those, and Cargo packs
//! what a link leads to.

use std::{collections::BTreeMap, fs};

use anyhow::{Context, Result, bail};

use crate::process::{captured, cargo, root, run};

/// What every package must hold.
const FILES: [&str; 4] = ["Cargo.toml", "README.md", "LICENSE-MIT", "LICENSE-APACHE"];

/// Names of the crates that are published: all in `crates`.
pub(crate) fn published() -> Result<Vec<String>> {
    let entries = fs::read_dir(root().join("crates")).context("cannot read crates")?;
    let mut names = Vec::new();
    for entry in entries {
        let entry = entry.context("cannot read crates")?;
        if entry.path().join("Cargo.toml").is_file() {
            names.push(entry.file_name().to_string_lossy().into_owned());
        }
    }
    names.sort();
    Ok(names)
}

/// Packs all of them without building them again, and checks what they hold.
pub(crate) fn all() -> Result<()> {
    let names = published()?;
    let packages: Vec<&str> = names.iter().flat_map(|name| ["-p", name]).collect();
    let mut pack = cargo(&["package", "--quiet", "--no-verify", "--allow-dirty"]);
    run(pack.args(&packages).current_dir(root()))?;
    let mut missing = BTreeMap::<&str, Vec<&str>>::new();
    for name in &names {
        let list = ["package", "--quiet", "--allow-dirty", "--list", "-p", name];
        let (listed, listing) = captured(cargo(&list).current_dir(root()))?;
        if !listing {
            bail!("cannot list what the package {name} holds");
        }
        let holds = |file: &&&str| !listed.lines().any(|line| line == **file);
        let absent: Vec<&str> = FILES.iter().filter(holds).copied().collect();
        if !absent.is_empty() {
            missing.insert(name, absent);
        }
    }
    if !missing.is_empty() {
        bail!("packages without a file that all must hold: {missing:?}");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_crate_has_what_its_package_must_hold() {
        let names = published().unwrap();
        assert!(names.len() > 10 && names.contains(&"stairs-quant".to_owned()));
        for name in names {
            let folder = root().join("crates").join(&name);
            for file in FILES {
                assert!(folder.join(file).is_file(), "{name}/{file}");
            }
            for licence in &FILES[2..] {
                assert_eq!(fs::read(folder.join(licence)).unwrap(), fs::read(root().join(licence)).unwrap(), "{name}");
            }
            let manifest = fs::read_to_string(folder.join("Cargo.toml")).unwrap();
            assert!(manifest.contains("[package.metadata.docs.rs]"), "{name} does not say what docs.rs is to document");
            // A list of what is packed must not leave the licences out.
            let listed = manifest.lines().find(|line| line.starts_with("include = "));
            assert!(listed.is_none_or(|line| line.contains("\"LICENSE-*\"")), "{name}");
        }
    }
}
