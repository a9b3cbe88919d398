//! Numbers on the command line. Every one has bounds, which the error names; what a value means within them is checked where it
//! is used.

use std::ops::RangeInclusive;

use clap::builder::RangedU64ValueParser;

/// Most epochs of a run.
pub(crate) const EPOCHS: u64 = 1_000_000;
/// Most samples that are counted anywhere.
pub(crate) const SAMPLES: u64 = 1 << 30;
/// Most draws, records or passes of anything that is repeated.
pub(crate) const REPEATS: u64 = 1_000_000;
/// Most threads, processes or devices.
pub(crate) const WORKERS: u64 = 256;
/// Most classes.
pub(crate) const CLASSES: u64 = 1_000_000;

/// A whole number in a range.
pub(crate) fn whole(range: RangeInclusive<u64>) -> RangedU64ValueParser<usize> {
    RangedU64ValueParser::new().range(range)
}

/// A number whose magnitude is at most 1e9: neither NaN nor an infinity.
pub(crate) fn real(text: &str) -> Result<f64, String> {
    let value: f64 = text.trim().parse().map_err(|_| "expected a number, such as 0.5 or 1e-3".to_owned())?;
    if value.abs() <= 1e9 { Ok(value) } else { Err(format!("expected a number from -1e9 to 1e9, got {value}")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_numbers_of_a_sane_size_are_read() {
        for (text, value) in [("0.5", 0.5), ("-1", -1.0), ("1e9", 1e9), ("1e-320", 1e-320), (" 2 ", 2.0)] {
            assert_eq!(real(text), Ok(value), "{text}");
        }
        for text in ["", "x", "nan", "NaN", "inf", "-inf", "infinity", "1e10", "-1e300", "1e999", "1,5", "0x10"] {
            assert!(real(text).is_err(), "{text}");
        }
    }
}
