//! Colours by role, and the themes that give them values.
//!
//! The drawing library writes fixed colours, so every role has its own RGB value (the one of the light theme) and
//! [`themed`] replaces each by `var(--ink-…, #rrggbb)`. All that is read, lines and words alike, keeps a contrast of at
//! least 4.5:1 on both papers (WCAG 2.2, 1.4.3). The categorical colours are distinguishable under the common forms of
//! colour blindness (an Okabe–Ito relative); the depth ramp orders layers by hue, from violet for the first to amber
//! for the last, in the light theme getting lighter on the way.

use std::fmt::Write as _;

use plotters::style::RGBColor;

/// Number of steps of the depth ramp.
const RAMP: usize = 8;

/// The role of a colour in a figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Ink {
    /// Titles and values.
    Text,
    /// Axis labels, ticks, the axis itself.
    Muted,
    /// Grid lines.
    Grid,
    /// The background of a figure that stands alone.
    Paper,
    /// Baselines.
    Grey,
    /// The main subject.
    Blue,
    /// First comparison.
    Orange,
    /// Second comparison.
    Green,
    /// Third comparison.
    Purple,
    /// Fourth comparison.
    Red,
    /// Step 0..8 of the depth ramp; larger values are taken as the last step.
    Depth(u8),
}

impl Ink {
    /// The categorical colours, in the order in which series take them.
    pub const CATEGORICAL: [Ink; 5] = [Ink::Blue, Ink::Orange, Ink::Green, Ink::Purple, Ink::Red];

    /// Colour of item `index` of `count` ordered items, spread over the depth ramp.
    pub fn depth(index: usize, count: usize) -> Ink {
        let last = count.saturating_sub(1).max(1);
        Ink::Depth((index.min(last) * (RAMP - 1) / last) as u8)
    }

    fn all() -> impl Iterator<Item = Ink> {
        use Ink::*;
        [Text, Muted, Grid, Paper, Grey, Blue, Orange, Green, Purple, Red].into_iter().chain((0..RAMP as u8).map(Depth))
    }

    /// Name of the CSS variable without the `--ink-` prefix.
    fn name(self) -> String {
        match self {
            Ink::Text => "text".into(),
            Ink::Muted => "muted".into(),
            Ink::Grid => "grid".into(),
            Ink::Paper => "paper".into(),
            Ink::Grey => "grey".into(),
            Ink::Blue => "blue".into(),
            Ink::Orange => "orange".into(),
            Ink::Green => "green".into(),
            Ink::Purple => "purple".into(),
            Ink::Red => "red".into(),
            Ink::Depth(step) => format!("depth{}", step.min(RAMP as u8 - 1)),
        }
    }

    /// Values in the light and in the dark theme.
    fn values(self) -> (u32, u32) {
        const LIGHT: [u32; RAMP] = [0x3b1a66, 0x41479a, 0x2a69a3, 0x0f7478, 0x157a4d, 0x4f7a12, 0x8a6d00, 0xb35900];
        const DARK: [u32; RAMP] = [0xb79bf2, 0x93a4f4, 0x6cbcee, 0x55cdcd, 0x66d8a4, 0xa5dc76, 0xdad65c, 0xf5b95f];
        match self {
            Ink::Text => (0x1d2430, 0xe8ebf0),
            Ink::Muted => (0x5d6878, 0x9ba6b5),
            Ink::Grid => (0xe3e7ec, 0x2d3540),
            Ink::Paper => (0xffffff, 0x151a21),
            Ink::Grey => (0x6b7480, 0x98a2b0),
            Ink::Blue => (0x1466b0, 0x66b1f5),
            Ink::Orange => (0xbf5208, 0xf29a55),
            Ink::Green => (0x0e8365, 0x4acca2),
            Ink::Purple => (0x94489a, 0xd796dc),
            Ink::Red => (0xb3263f, 0xf08093),
            Ink::Depth(step) => {
                let step = usize::from(step).min(RAMP - 1);
                (LIGHT[step], DARK[step])
            }
        }
    }

    /// The colour the drawing library is given.
    pub(super) fn rgb(self) -> RGBColor {
        let value = self.values().0;
        RGBColor((value >> 16) as u8, (value >> 8) as u8, value as u8)
    }

    /// The CSS value of this role: a variable, with the light value where the page defines none.
    pub fn css(self) -> String {
        format!("var(--ink-{},#{:06x})", self.name(), self.values().0)
    }
}

/// CSS that gives the variables their values on `selector`: the light theme, and the dark one where the reader's
/// system asks for it.
pub fn theme_css(selector: &str) -> String {
    let mut light = String::new();
    let mut dark = String::new();
    for ink in Ink::all() {
        let (day, night) = ink.values();
        let _ = write!(light, "--ink-{}:#{day:06x};", ink.name());
        let _ = write!(dark, "--ink-{}:#{night:06x};", ink.name());
    }
    format!("{selector}{{{light}}}@media (prefers-color-scheme:dark){{{selector}{{{dark}}}}}")
}

/// Replaces every fixed colour of a drawn figure by its variable.
pub(super) fn themed(svg: &str) -> String {
    let mut out = svg.to_string();
    for ink in Ink::all() {
        out = out.replace(&format!("\"#{:06X}\"", ink.values().0), &format!("\"{}\"", ink.css()));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// WCAG relative luminance.
    fn luminance(value: u32) -> f64 {
        let channel = |shift: u32| {
            let c = f64::from((value >> shift) & 0xff) / 255.0;
            if c <= 0.03928 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * channel(16) + 0.7152 * channel(8) + 0.0722 * channel(0)
    }

    fn contrast(a: u32, b: u32) -> f64 {
        let (a, b) = (luminance(a), luminance(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    #[test]
    fn inks_have_distinct_values() {
        let all: Vec<_> = Ink::all().map(|ink| ink.values().0).collect();
        let distinct: std::collections::HashSet<_> = all.iter().collect();
        assert_eq!(all.len(), distinct.len());
    }

    #[test]
    fn inks_are_readable_on_both_papers() {
        let paper = Ink::Paper.values();
        for ink in Ink::all().filter(|ink| !matches!(ink, Ink::Grid | Ink::Paper)) {
            let (light, dark) = ink.values();
            assert!(contrast(light, paper.0) >= 4.5, "{ink:?} on light: {}", contrast(light, paper.0));
            assert!(contrast(dark, paper.1) >= 4.5, "{ink:?} on dark: {}", contrast(dark, paper.1));
        }
    }

    #[test]
    fn depth_spreads_over_the_ramp() {
        assert_eq!(Ink::depth(0, 3), Ink::Depth(0));
        assert_eq!(Ink::depth(1, 3), Ink::Depth(3));
        assert_eq!(Ink::depth(2, 3), Ink::Depth(7));
        assert_eq!(Ink::depth(0, 1), Ink::Depth(0));
    }
}
