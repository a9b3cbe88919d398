//! Where in a result a number is, as expressions of C.

use super::text::{plus, times};

/// One number of a result.
#[derive(Clone, Debug)]
pub(super) struct Spot {
    /// Its index in the order of the program.
    pub at: String,
    /// Its channel: the index of the first axis.
    pub channel: String,
    /// Number of channels.
    pub channels: usize,
    /// Its bit if the result is stored as planes.
    pub bit: String,
}

impl Spot {
    /// Of an image of these channels, rows and columns.
    pub(super) fn image(c: &str, y: &str, x: &str, [channels, height, width]: [usize; 3]) -> Self {
        let at = plus(&times(&plus(&times(c, height), y), width), x);
        let bit = plus(&times(&plus(&times(y, width), x), channels), c);
        Self { at, channel: c.to_owned(), channels, bit }
    }

    /// Output `o` of `outputs` of row `row` of a dense layer, whose result has so many channels and numbers.
    pub(super) fn row(row: &str, o: &str, outputs: usize, channels: usize, numbers: usize) -> Self {
        let at = plus(&times(row, outputs), o);
        if channels == numbers {
            return Self { channel: at.clone(), channels, bit: at.clone(), at };
        }
        let plane = numbers / channels;
        let channel = format!("({at}) / {plane}");
        let bit = format!("({at}) % {plane} * {channels} + ({at}) / {plane}");
        Self { at, channel, channels, bit }
    }
}
