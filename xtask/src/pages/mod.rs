//! The pages that people read, book and READMEs: do their links lead somewhere, does their code fit?
//!
//! | file | is checked |
//! |---|---|
//! | `links` | links inside: files, chapters, headings, figures |
//! | `external` | addresses elsewhere, on request |
//! | `fit` | code and figures no wider than the column that shows them |
//! | `built` | the book as mdBook built it has the headings that links name |

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail};

pub(crate) mod built;
pub(crate) mod external;
pub(crate) mod fit;
pub(crate) mod links;
mod markdown;

pub(crate) use markdown::Page;

/// Folder of the chapters.
const BOOK: &str = "docs/src";

/// All pages of the workspace at `root`: Markdown at its root, chapters, kept results, READMEs of the crates. The changelog is
/// not one: it names what has gone.
pub(crate) fn all(root: &Path) -> Result<Vec<Page>> {
    let mut paths = Vec::new();
    for folder in [PathBuf::new(), BOOK.into(), "docs/results".into()] {
        paths.extend(markdown_files(root, &folder)?);
    }
    for entry in entries(&root.join("crates"))? {
        let readme = entry.join("README.md");
        if readme.is_file() {
            paths.push(readme.strip_prefix(root).unwrap_or(&readme).to_path_buf());
        }
    }
    paths.retain(|path| !path.ends_with("CHANGELOG.md"));
    paths.sort();
    paths.into_iter().map(|path| Page::read(root, path)).collect()
}

fn markdown_files(root: &Path, folder: &Path) -> Result<Vec<PathBuf>> {
    let found = entries(&root.join(folder))?;
    let names = found.iter().filter(|path| path.is_file() && path.extension().is_some_and(|e| e == "md"));
    Ok(names.filter_map(|path| Some(folder.join(path.file_name()?))).collect())
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    entries.map(|entry| Ok(entry?.path())).collect()
}

/// Checks all that needs neither a network nor a browser.
pub(crate) fn check(root: &Path) -> Result<()> {
    let pages = all(root)?;
    let mut faults = links::faults(root, &pages);
    faults.extend(fit::faults(root, &pages));
    if !faults.is_empty() {
        bail!("{} faults in the pages:\n  {}", faults.len(), faults.join("\n  "));
    }
    let links: usize = pages.iter().map(|page| page.links.len()).sum();
    println!("pages: {} with {links} links, all of which lead somewhere; code and figures fit", pages.len());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process::root;

    #[test]
    fn links_lead_somewhere_and_code_fits() {
        let pages = all(&root()).unwrap();
        assert!(pages.len() > 40 && pages.iter().map(|page| page.links.len()).sum::<usize>() > 300);
        check(&root()).unwrap();
    }
}
