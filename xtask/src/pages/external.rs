//! Addresses elsewhere: does somebody answer? On request only, for it needs a network and `curl`.

use std::{collections::BTreeMap, process::Command};

use anyhow::{Context, Result, bail};

use super::{Page, links::is_external};

/// Asks every address once and names those that do not answer. One that refuses programs (401, 403, 405, 429) is there.
pub(crate) fn check(pages: &[Page]) -> Result<()> {
    let mut addresses = BTreeMap::<&str, String>::new();
    for page in pages {
        for (line, target) in page.links.iter().filter(|(_, target)| is_external(target) && target.starts_with("http"))
        {
            let address = target.split('#').next().unwrap_or(target);
            addresses.entry(address).or_insert_with(|| format!("{}:{line}", page.path.display()));
        }
    }
    let mut faults = Vec::new();
    for (address, place) in &addresses {
        let answer = status(address)?;
        if !matches!(answer.as_str(), "200" | "401" | "403" | "405" | "429") {
            faults.push(format!("{place}: {address}: {answer}"));
        }
    }
    if !faults.is_empty() {
        bail!("{} of {} addresses do not answer:\n  {}", faults.len(), addresses.len(), faults.join("\n  "));
    }
    println!("{} addresses answer", addresses.len());
    Ok(())
}

/// The status with which an address answers in the end; 000 where nobody does.
fn status(address: &str) -> Result<String> {
    let arguments = ["--silent", "--location", "--max-time", "20", "--output", "-", "--write-out", "\n%{http_code}"];
    let output = Command::new("curl").args(arguments).arg(address).output().context("--external needs curl")?;
    let text = String::from_utf8_lossy(&output.stdout);
    Ok(text.lines().last().unwrap_or("000").to_owned())
}
