//! Code and figures that fit the column of the book: nothing to scroll on a desk, letters that can be read.
//!
//! The column is 920 CSS pixels wide (`docs/book.css`). In it 110 letters of code stand side by side, and a figure of 1,080
//! pixels has letters of 9.8 where they were drawn with 11.5.

use std::{fs, path::Path};

use super::Page;

/// Letters in a line of code.
const LETTERS: usize = 110;
/// Width of a figure in pixels.
const FIGURE: f64 = 1080.0;

/// What does not fit, a line each.
pub(crate) fn faults(root: &Path, pages: &[Page]) -> Vec<String> {
    let mut faults = Vec::new();
    for page in pages.iter().filter(|page| page.is_chapter()) {
        let long = page.code.iter().map(|(line, text)| (line, letters(text))).filter(|(_, n)| *n > LETTERS);
        let shown = page.path.display();
        faults.extend(long.map(|(line, letters)| {
            format!(
                "{shown}:{line}: a line of code of {letters} letters; {LETTERS} fit (`\\` goes on in the next line)"
            )
        }));
        let folder = page.path.parent().unwrap_or(Path::new(""));
        for (line, figure) in page.links.iter().filter(|(_, target)| target.ends_with(".svg")) {
            let width = fs::read_to_string(root.join(folder).join(figure)).ok().and_then(|svg| width(&svg));
            if let Some(width) = width.filter(|width| *width > FIGURE) {
                faults.push(format!(
                    "{shown}:{line}: {figure} is {width} pixels wide; letters are too small over {FIGURE}"
                ));
            }
        }
    }
    faults
}

/// Letters of a line that must be seen at once: not those of a remark behind a command, and none of a line of Rust that the
/// book hides.
fn letters(text: &str) -> usize {
    let command = text.strip_prefix("$ ").and_then(|command| command.split("  #").next());
    match command {
        Some(command) => 2 + command.trim_end().chars().count(),
        None if text.starts_with("# ") => 0,
        None => text.chars().count(),
    }
}

/// The width of an SVG document in pixels.
fn width(svg: &str) -> Option<f64> {
    let tag = svg.get(svg.find("<svg")?..)?.split('>').next()?;
    let value = tag.split_once(" width=\"")?.1.split('"').next()?;
    value.trim_end_matches("px").parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lines_and_wide_figures_are_named() {
        let root = tempfile::tempdir().unwrap();
        fs::write(root.path().join("f.svg"), "<svg xmlns=\"x\" width=\"1200\" height=\"2\">").unwrap();
        let lines = ["é".repeat(110), "a".repeat(111), format!("$ b  # {}", "c".repeat(110))];
        let text = format!("![f](f.svg)\n\n```console\n{}\n```\n", lines.join("\n"));
        fs::create_dir_all(root.path().join("docs/src")).unwrap();
        fs::rename(root.path().join("f.svg"), root.path().join("docs/src/f.svg")).unwrap();
        let faults = faults(root.path(), &[Page::parse("docs/src/p.md".into(), &text)]);
        assert_eq!(faults.len(), 2);
        assert!(faults[0].starts_with("docs/src/p.md:5: a line of code of 111 letters"), "{faults:?}");
        assert!(faults[1].contains("f.svg is 1200"), "{faults:?}");
        assert_eq!(width("<svg a=\"1\" width=\"20px\">"), Some(20.0));
        assert_eq!(width("<svg>").or(width("no")), None);
    }
}
