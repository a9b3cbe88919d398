//! A page of Markdown: its headings, links and lines of code.

use std::{
    collections::HashSet,
    fs,
    ops::Range,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};
use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

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
        let mut seen = HashSet::new();
        let (mut heading, mut code, mut picture) = (None::<String>, false, None::<(usize, String)>);
        let options = Options::ENABLE_TABLES | Options::ENABLE_FOOTNOTES | Options::ENABLE_STRIKETHROUGH;
        for (event, Range { start, .. }) in Parser::new_ext(text, options).into_offset_iter() {
            let line = || 1 + text[..start].matches('\n').count();
            match event {
                Event::Start(Tag::Heading { .. }) => heading = Some(String::new()),
                Event::End(TagEnd::Heading(_)) => page.anchors.extend(heading.take().map(|h| anchor(&h, &mut seen))),
                Event::Start(Tag::CodeBlock(_)) => code = true,
                Event::End(TagEnd::CodeBlock) => code = false,
                Event::Start(Tag::Link { dest_url, .. }) => page.links.push((line(), dest_url.to_string())),
                Event::Start(Tag::Image { dest_url, .. }) => {
                    page.links.push((line(), dest_url.to_string()));
                    picture = Some((line(), String::new()));
                }
                Event::End(TagEnd::Image) => {
                    page.mute.extend(picture.take().filter(|(_, words)| words.trim().is_empty()).map(|(line, _)| line));
                }
                Event::Text(words) if code => {
                    let lines = words.lines().map(str::to_owned);
                    page.code.extend((line()..).zip(lines));
                }
                Event::Text(words) | Event::Code(words) => {
                    for text in heading.iter_mut().chain(picture.as_mut().map(|(_, text)| text)) {
                        text.push_str(&words);
                    }
                }
                _ => {}
            }
        }
        page
    }

    /// True for a chapter of the book.
    pub(crate) fn is_chapter(&self) -> bool {
        self.path.starts_with(super::BOOK)
    }
}

/// The anchor of a heading: letters, digits, `_` and `-` in lower case, `-` for a space; the second of its name has `-1`.
fn anchor(heading: &str, seen: &mut HashSet<String>) -> String {
    let letter = |c: char| match c {
        c if c.is_alphanumeric() || c == '_' || c == '-' => Some(c),
        c if c.is_whitespace() => Some('-'),
        _ => None,
    };
    let name: String = heading.trim().to_lowercase().chars().filter_map(letter).collect();
    let names = std::iter::once(name.clone()).chain((1..).map(|count| format!("{name}-{count}")));
    names.into_iter().find(|name| seen.insert(name.clone())).unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_read_as_it_is_shown() {
        let text = "# A `b`: c, d!\n\n[x](y.md#z)\n![](p.svg)\n\n## Two\n\n## Two\n\n```rust\nlet [a](b) = c;\n\nlast\n```\n\n`[n](m)`\n";
        let page = Page::parse("a.md".into(), text);
        assert_eq!(page.anchors, ["a-b-c-d", "two", "two-1"]);
        assert_eq!(page.links, [(3, "y.md#z".to_owned()), (4, "p.svg".to_owned())]);
        assert_eq!(page.mute, [4]);
        let code = [(11, "let [a](b) = c;".to_owned()), (12, String::new()), (13, "last".to_owned())];
        assert_eq!(page.code, code);
    }
}
