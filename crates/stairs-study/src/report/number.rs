//! How numbers and names read in tables and text. What is not finite reads as a dash.

use stairs_data::DatasetName;
use stairs_zoo::Architecture;

/// The sign of numbers that are not there.
pub(super) const NONE: &str = "–";

/// `value` with `decimals` digits and a true minus sign.
pub(crate) fn fixed(value: f64, decimals: usize) -> String {
    if !value.is_finite() {
        return NONE.into();
    }
    let text = format!("{value:.decimals$}");
    match text.strip_prefix('-') {
        Some(zero) if zero.bytes().all(|b| b == b'0' || b == b'.') => zero.to_string(),
        Some(digits) => format!("−{digits}"),
        None => text,
    }
}

/// As [`fixed`], with a plus sign before positive numbers.
pub(crate) fn signed(value: f64, decimals: usize) -> String {
    let text = fixed(value, decimals);
    if value > 0.0 && text.bytes().any(|b| (b'1'..=b'9').contains(&b)) { format!("+{text}") } else { text }
}

/// Seconds as `12.3 s`, `4 min 05 s` or `1 h 02 min`.
pub(crate) fn duration(seconds: f64) -> String {
    if !seconds.is_finite() || seconds < 0.0 {
        return NONE.into();
    }
    let whole = seconds.round() as u64;
    match whole {
        0..60 => format!("{seconds:.1} s"),
        60..3600 => format!("{} min {:02} s", whole / 60, whole % 60),
        _ => format!("{} h {:02} min", whole / 3600, whole % 3600 / 60),
    }
}

/// `1 seed`, `3 seeds`.
pub(crate) fn count(n: usize, noun: &str) -> String {
    format!("{n} {noun}{}", if n == 1 { "" } else { "s" })
}

/// How people write the name of a model or data set; unknown names stay as they are.
pub(super) fn display_name(name: &str) -> &str {
    let model = Architecture::names().into_iter().find(|family| family.name == name).map(|family| family.title);
    let dataset = || DatasetName::ALL.into_iter().find(|dataset| dataset.as_str() == name).map(DatasetName::title);
    model.or_else(dataset).unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        assert_eq!(fixed(-0.314, 2), "−0.31");
        assert_eq!(fixed(-0.001, 2), "0.00");
        assert_eq!(fixed(f64::NAN, 2), "–");
        assert_eq!(signed(0.25, 2), "+0.25");
        assert_eq!(signed(0.001, 2), "0.00");
        assert_eq!(duration(12.34), "12.3 s");
        assert_eq!(duration(245.0), "4 min 05 s");
        assert_eq!(duration(3725.0), "1 h 02 min");
        assert_eq!(duration(f64::INFINITY), "–");
        assert_eq!((count(1, "seed"), count(3, "seed")), ("1 seed".into(), "3 seeds".into()));
    }
}
