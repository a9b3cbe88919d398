//! A page of Markdown: its headings, links and lines of code.
//!
//! Read line by line, as far as the pages of this workspace need it: fenced code, headings with `#`, links and pictures written
//! `[words](target)` on one line.

use std::{
    collections::HashSet,
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};

/// What is checked of a page.
#[derive(Clone, Debug, Default)]
pub(crate) struct Page {
    /// Relative to the root of the workspace.
    pub(crate) path: PathBuf,
    /// Anchors of the headings, as mdBook and GitHub make them.
    pub(crate) anchors: Vec<String>,
    /// Targets of links and pictures, with their lines.
    pub(crate) links: Vec<(usize, String)>,
    /// Pictures without words for those who do not see them.
    pub(crate) mute: Vec<usize>,
    /// Lines inside blocks of code.
    pub(crate) code: Vec<(usize, String)>,
}

impl Page {
    pub(crate) fn read(root: &Path, path: PathBuf) -> Result<Self> {
        let text = fs::read_to_string(root.join(&path)).with_context(|| format!("cannot read {}", path.display()))?;
        Ok(Self::parse(path, &text))
    }

    pub(crate) fn parse(path: PathBuf, text: &str) -> Self {
        let mut page = Page { path, ..Page::default() };
        let (mut seen, mut fenced) = (HashSet::new(), false);
        for (line, text) in (1..).zip(text.lines()) {
            if text.trim_start().starts_with("```") {
                fenced = !fenced;
            } else if fenced {
                page.code.push((line, text.to_owned()));
            } else {
                let plain = without_code(text);
                page.anchors.extend(heading(text).map(|heading| anchor(&shown(heading), &mut seen)));
                page.read_links(line, &plain);
            }
        }
        page
    }

    /// Links and pictures of a line, a link around a picture included.
    fn read_links(&mut self, line: usize, text: &str) {
        for (at, _) in text.match_indices("](") {
            let rest = &text[at + 2..];
            let target = rest[..rest.find(')').unwrap_or(rest.len())].trim_matches(['<', '>']);
            self.links.push((line, target.split(" \"").next().unwrap_or_default().to_owned()));
            if text[..at].ends_with("![") {
                self.mute.push(line);
            }
        }
    }

    /// True for a chapter of the book.
    pub(crate) fn is_chapter(&self) -> bool {
        self.path.starts_with(super::BOOK)
    }
}

/// The words of a heading.
fn heading(line: &str) -> Option<&str> {
    let words = line.trim_start_matches('#');
    (words.len() < line.len()).then_some(words).filter(|words| words.starts_with(' ')).map(str::trim)
}

/// The line with `x` for what stands between backticks.
fn without_code(line: &str) -> String {
    let pieces = line.split('`').enumerate();
    let pieces = pieces.map(|(i, piece)| if i % 2 == 0 { piece.to_owned() } else { "x".repeat(piece.chars().count()) });
    pieces.collect::<Vec<_>>().join("`")
}

/// The words of a heading as a reader sees them: of links the words alone.
fn shown(heading: &str) -> String {
    let mut shown = String::new();
    let mut rest = heading;
    while let Some((before, after)) = rest.split_once("](") {
        shown.push_str(before);
        rest = after.split_once(')').map_or("", |(_, rest)| rest);
    }
    shown + rest
}

/// The anchor of a heading: letters, digits, `_` and `-` in lower case, `-` for a space; the second of its name has `-1`.
fn anchor(heading: &str, seen: &mut HashSet<String>) -> String {
    let letter = |c: char| match c {
        c if c.is_alphanumeric() || c == '_' || c == '-' => Some(c),
        c if c.is_whitespace() => Some('-'),
        _ => None,
    };
    let name: String = heading.trim().to_lowercase().chars().filter_map(letter).collect();
    let mut names = std::iter::once(name.clone()).chain((1..).map(|count| format!("{name}-{count}")));
    names.find(|name| seen.insert(name.clone())).unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_read_as_it_is_shown() {
        let text = "# A `b`: [c](y.md), d!\n\n[x](y.md#z) `[n](m)`\n![](p.svg)\n\n## Two\n\n## Two\n\n\
                    ```rust\nlet [a](b) = c;\n\n# last\n```\n#no\n";
        let page = Page::parse("a.md".into(), text);
        assert_eq!(page.anchors, ["a-b-c-d", "two", "two-1"]);
        let links = [(1, "y.md"), (3, "y.md#z"), (4, "p.svg")];
        assert_eq!(page.links, links.map(|(line, target)| (line, target.to_owned())));
        assert_eq!(page.mute, [4]);
        let code = [(11, "let [a](b) = c;"), (12, ""), (13, "# last")];
        assert_eq!(page.code, code.map(|(line, text)| (line, text.to_owned())));
    }
}
