//! Addresses elsewhere: does somebody answer? On request only, for it needs a network.

use std::{collections::BTreeMap, time::Duration};

use anyhow::{Result, bail};
use ureq::Agent;

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
    let agent = Agent::new_with_config(Agent::config_builder().timeout_global(Some(Duration::from_secs(20))).build());
    let mut faults = Vec::new();
    for (address, place) in &addresses {
        match agent.get(*address).call() {
            Ok(_) | Err(ureq::Error::StatusCode(401 | 403 | 405 | 429)) => {}
            Err(error) => faults.push(format!("{place}: {address}: {error}")),
        }
    }
    if !faults.is_empty() {
        bail!("{} of {} addresses do not answer:\n  {}", faults.len(), addresses.len(), faults.join("\n  "));
    }
    println!("{} addresses answer", addresses.len());
    Ok(())
}
