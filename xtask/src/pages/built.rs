//! The book as mdBook built it: every chapter is there and has the anchors that `markdown` gives its headings, so that what the
//! check of the links says holds for what is published.

use std::{fs, path::Path};

use anyhow::{Context, Result, bail};

use super::Page;

/// Compares chapters with the pages in `folder`.
pub(crate) fn check(folder: &Path, pages: &[Page]) -> Result<()> {
    let mut faults = Vec::new();
    let chapters = pages.iter().filter(|page| page.is_chapter() && !page.path.ends_with("SUMMARY.md"));
    for chapter in chapters {
        let name = chapter.path.file_name().map(Path::new).unwrap_or(&chapter.path).with_extension("html");
        let path = folder.join(&name);
        let html = fs::read_to_string(&path).with_context(|| format!("mdBook left no {}", path.display()))?;
        let missing = chapter.anchors.iter().filter(|anchor| !html.contains(&format!("id=\"{anchor}\"")));
        faults.extend(missing.map(|anchor| format!("{}: #{anchor}", name.display())));
    }
    if !faults.is_empty() {
        bail!("headings that mdBook names otherwise:\n  {}", faults.join("\n  "));
    }
    Ok(())
}
