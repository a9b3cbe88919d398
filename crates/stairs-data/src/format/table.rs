//! Tables of numbers: one sample a line, comma-separated, no header, no quotes, the label last; plain or gzip.
//!
//! Blank lines at the end are passed over.
//!
//! Read line by line into one flat array. Lines have an upper length and files an upper number of lines, so that a small
//! gzip file cannot fill the memory (which a general CSV reader would let a single field do).

use std::{
    io::{BufRead, BufReader, Read},
    path::Path,
};

use crate::{DataError, source::Source};

/// Longest line in bytes, its end included.
pub const MAX_LINE: usize = 4096;
/// Most lines of a file.
pub const MAX_LINES: usize = 1_000_000;

/// What a line looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Columns {
    /// Numbers before the label, at least 1.
    pub features: usize,
    /// Label of the first class; labels are stored minus this.
    pub first_label: u8,
    /// Number of classes.
    pub classes: u8,
}

/// Reads features (N × F, all finite) and labels (0 to classes − 1), N ≥ 1.
///
/// # Errors
/// [`DataError::Io`], or [`DataError::Format`] naming the line and the column.
pub fn read(path: &Path, columns: Columns) -> Result<(Vec<f32>, Vec<u8>), DataError> {
    table(Source::open(path)?, columns)
}

pub(crate) fn table(mut source: Source, columns: Columns) -> Result<(Vec<f32>, Vec<u8>), DataError> {
    let (mut features, mut labels) = (Vec::new(), Vec::new());
    let mut reader = BufReader::with_capacity(1 << 16, source.take_reader());
    let mut line = Vec::with_capacity(256);
    let mut blank = false;
    loop {
        line.clear();
        let read = reader.by_ref().take(MAX_LINE as u64).read_until(b'\n', &mut line);
        let at = |column: Option<usize>| match column {
            None => format!("line {}", labels.len() + 1),
            Some(c) => format!("line {}, column {}", labels.len() + 1, c + 1),
        };
        match read {
            Err(e) => return Err(source.read_error(e)),
            Ok(0) => break,
            Ok(MAX_LINE) if line.last() != Some(&b'\n') => {
                return Err(source.error(at(None), format!("at most {MAX_LINE} bytes"), "more"));
            }
            Ok(_) if labels.len() == MAX_LINES && !line.trim_ascii().is_empty() => {
                return Err(source.error("length", format!("at most {MAX_LINES} lines"), "more"));
            }
            Ok(_) => {}
        }
        let text = line.trim_ascii_end();
        match (text.is_empty(), blank) {
            (true, _) => {
                blank = true;
                continue;
            }
            (false, true) => {
                return Err(source.error(at(None), format!("{} numbers", columns.features + 1), "a blank line"));
            }
            (false, false) => {}
        }
        let mut fields = text.split(|&b| b == b',');
        let wanted = columns.features.saturating_add(1);
        let count = text.iter().filter(|&&b| b == b',').count() + 1;
        if count != wanted {
            return Err(source.error(at(None), format!("{wanted} numbers"), count));
        }
        for (c, field) in fields.by_ref().take(columns.features).enumerate() {
            match number(field) {
                Some(x) => features.push(x),
                None => return Err(source.error(at(Some(c)), "a finite number", show(field))),
            }
        }
        let field = fields.next().unwrap_or_default();
        let last = u16::from(columns.first_label) + u16::from(columns.classes);
        match number(field) {
            Some(x) if x.fract() == 0.0 && x >= f32::from(columns.first_label) && x < f32::from(last) => {
                labels.push(x as u8 - columns.first_label);
            }
            _ => {
                let expected = format!("a label from {} to {}", columns.first_label, last.saturating_sub(1));
                return Err(source.error(at(Some(columns.features)), expected, show(field)));
            }
        }
    }
    if labels.is_empty() {
        return Err(source.error("length", "at least one line", "an empty file"));
    }
    Ok((features, labels))
}

/// A finite decimal number; whole numbers of up to seven digits, which is nearly all there is, without a general parser.
fn number(field: &[u8]) -> Option<f32> {
    let digits = field.strip_prefix(b"-").unwrap_or(field);
    if (1..=7).contains(&digits.len()) && digits.iter().all(u8::is_ascii_digit) {
        let n = digits.iter().fold(0i32, |n, b| 10 * n + i32::from(b - b'0')) as f32;
        return Some(if digits.len() == field.len() { n } else { -n });
    }
    let x: f32 = str::from_utf8(field).ok()?.trim().parse().ok()?;
    x.is_finite().then_some(x)
}

/// A field for an error message, shortened.
fn show(field: &[u8]) -> String {
    let text = String::from_utf8_lossy(&field[..field.len().min(40)]);
    format!("{text:?}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn numbers() {
        let cases: [(&str, Option<f32>); 10] = [
            ("0", Some(0.0)),
            ("-173", Some(-173.0)),
            ("9999999", Some(9_999_999.0)),
            ("16777217", Some(16_777_216.0)),
            (" 1.5e2", Some(150.0)),
            ("", None),
            ("-", None),
            ("1e99", None),
            ("NaN", None),
            ("1 2", None),
        ];
        for (text, wanted) in cases {
            assert_eq!(number(text.as_bytes()), wanted, "{text}");
        }
    }

    proptest! {
        #[test]
        fn numbers_as_the_standard_library_reads_them(x in prop_oneof![any::<i32>().prop_map(|i| i as f32), any::<f32>()]) {
            prop_assert_eq!(number(x.to_string().as_bytes()), x.is_finite().then_some(x));
        }
    }
}
