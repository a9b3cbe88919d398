//! Links inside: the file is there, the page has the heading, a chapter leads to chapters alone.

use std::path::{Component, Path, PathBuf};

use super::Page;

/// What is wrong with the links of the pages, a line each.
pub(crate) fn faults(root: &Path, pages: &[Page]) -> Vec<String> {
    let mut faults = Vec::new();
    for page in pages {
        for (line, target) in page.links.iter().filter(|(_, target)| !is_external(target)) {
            if let Some(fault) = fault(root, pages, page, target) {
                faults.push(format!("{}:{line}: {target}: {fault}", page.path.display()));
            }
        }
        let mute = page.mute.iter();
        faults.extend(mute.map(|line| format!("{}:{line}: a picture without words", page.path.display())));
    }
    faults
}

/// True for an address that is not part of the workspace.
pub(crate) fn is_external(target: &str) -> bool {
    ["http://", "https://", "mailto:"].iter().any(|scheme| target.starts_with(scheme))
}

fn fault(root: &Path, pages: &[Page], page: &Page, target: &str) -> Option<String> {
    let (file, anchor) = target.split_once('#').unwrap_or((target, ""));
    let folder = page.path.parent().unwrap_or(Path::new(""));
    let path = if file.is_empty() { page.path.clone() } else { resolved(&folder.join(file)) };
    if !root.join(&path).exists() {
        return Some(format!("there is no {}", path.display()));
    }
    let summary = page.path.ends_with("SUMMARY.md");
    if page.is_chapter() && !summary {
        if !path.starts_with(super::BOOK) {
            return Some("leads out of the book: name its address".into());
        }
        let listed =
            |summary: &Page| summary.links.iter().any(|(_, chapter)| Path::new(super::BOOK).join(chapter) == path);
        let chapter = path.extension().is_some_and(|extension| extension == "md");
        if chapter && !pages.iter().any(|page| page.path.ends_with("SUMMARY.md") && listed(page)) {
            return Some("is no chapter: SUMMARY.md does not list it".into());
        }
    }
    if anchor.is_empty() {
        return None;
    }
    match pages.iter().find(|page| page.path == path) {
        Some(page) if page.anchors.iter().any(|known| known == anchor) => None,
        Some(page) => Some(format!("has no heading #{anchor}; it has #{}", page.anchors.join(", #"))),
        None => Some("is no page, and has no headings".into()),
    }
}

/// The path without `.` and `..`.
fn resolved(path: &Path) -> PathBuf {
    let mut resolved = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir if resolved.pop() => {}
            part => resolved.push(part),
        }
    }
    resolved
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn what_leads_nowhere_is_named() {
        let root = tempfile::tempdir().unwrap();
        let book = root.path().join("docs/src");
        fs::create_dir_all(&book).unwrap();
        let a = "# A\n[1](b.md#b) [2](b.md#c) [3](c.md) [4](#a) [5](../../README.md) [6](https://x.y) [7](d.md)";
        let texts = [("SUMMARY.md", "[a](a.md) [b](b.md)"), ("a.md", a), ("b.md", "# B"), ("d.md", "# D")];
        for (name, text) in texts {
            fs::write(book.join(name), text).unwrap();
        }
        fs::write(root.path().join("README.md"), "[a](docs/src/a.md#a) [no](docs/src/no.md)").unwrap();
        let path = |name: &str| PathBuf::from("docs/src").join(name);
        let mut pages: Vec<Page> = texts.iter().map(|(name, text)| Page::parse(path(name), text)).collect();
        pages.push(Page::read(root.path(), "README.md".into()).unwrap());
        let faults = faults(root.path(), &pages);
        assert_eq!(
            faults,
            [
                "docs/src/a.md:2: b.md#c: has no heading #c; it has #b",
                "docs/src/a.md:2: c.md: there is no docs/src/c.md",
                "docs/src/a.md:2: ../../README.md: leads out of the book: name its address",
                "docs/src/a.md:2: d.md: is no chapter: SUMMARY.md does not list it",
                "README.md:1: docs/src/no.md: there is no docs/src/no.md",
            ]
        );
    }
}
