//! Letters: styles, widths, lines of words.
//!
//! Nobody knows which font a reader's system has, so widths are estimates, made for the wide ones.

use plotters::{
    prelude::{IntoFont, TextStyle},
    style::{
        Color, FontFamily, FontStyle,
        text_anchor::{HPos, Pos, VPos},
    },
};

use super::{Ink, draw::UNIT};

const FAMILY: FontFamily<'static> =
    FontFamily::Name("system-ui,-apple-system,Segoe UI,Roboto,Helvetica,Arial,sans-serif");
/// Sizes in pixels: of labels, titles of panels, titles of figures.
pub(super) const SMALL: f64 = 11.5;
pub(super) const HEADING: f64 = 13.0;
pub(super) const TITLE: f64 = 16.0;

/// Estimated width of text in pixels.
pub(super) fn text_width(text: &str, size: f64) -> f64 {
    0.6 * size * text.chars().count() as f64
}

pub(super) fn text(size: f64, bold: bool, ink: Ink, h: HPos, v: VPos) -> TextStyle<'static> {
    let style = if bold { FontStyle::Bold } else { FontStyle::Normal };
    // The SVG backend divides font sizes by 1.24.
    let font = (FAMILY, size * UNIT * 1.24, style).into_font();
    TextStyle { font, color: ink.rgb().to_backend_color(), pos: Pos::new(h, v) }
}

/// Text broken between words into lines of this width; a word that is longer stays whole. No line of no text.
pub(super) fn wrap(text: &str, size: f64, width: f64) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if text_width(line, size) + text_width(word, size) + 0.6 * size <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

/// True if centred labels at these pixels would touch one another.
pub(super) fn crowded(at: &[f64], labels: &[String]) -> bool {
    let half = |i: usize| 0.5 * text_width(&labels[i], SMALL);
    (1..at.len().min(labels.len())).any(|i| (at[i] - at[i - 1]).abs() < half(i) + half(i - 1) + 4.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_broken_into_lines_that_fit() {
        assert_eq!(wrap("one two  three", 10.0, 48.0), ["one two", "three"]);
        assert_eq!(wrap("incomprehensibility", 10.0, 48.0), ["incomprehensibility"]);
        assert!(wrap("", 10.0, 48.0).is_empty());
    }

    #[test]
    fn names_that_would_touch_are_crowded() {
        let names = ["overlapped".to_owned(), "same-start".to_owned()];
        assert!(crowded(&[0.0, 70.0], &names) && !crowded(&[0.0, 80.0], &names));
        assert!(!crowded(&[], &[]));
    }
}
