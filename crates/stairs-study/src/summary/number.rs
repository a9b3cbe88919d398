//! How counts and bytes read: three digits and a decimal prefix.

/// `value` with three significant digits and k, M, G or T.
pub(crate) fn short(value: u64) -> String {
    const PREFIXES: [&str; 5] = ["", "k", "M", "G", "T"];
    if value < 1000 {
        return value.to_string();
    }
    let mut scaled = value as f64;
    let mut prefix = 0;
    // 999.5 would be written 1000.
    while scaled >= 999.5 && prefix + 1 < PREFIXES.len() {
        scaled /= 1000.0;
        prefix += 1;
    }
    let decimals = if scaled < 9.995 { 2 } else { usize::from(scaled < 99.95) };
    format!("{scaled:.decimals$} {}", PREFIXES[prefix])
}

/// `value` bytes, in B, kB, MB, …
pub(crate) fn bytes(value: u64) -> String {
    let text = short(value);
    if value < 1000 { format!("{text} B") } else { format!("{text}B") }
}

/// Every digit, in groups of three.
pub(crate) fn grouped(value: u64) -> String {
    let digits = value.to_string();
    let group = |(index, digit): (usize, char)| {
        let comma = index > 0 && (digits.len() - index).is_multiple_of(3);
        comma.then_some(',').into_iter().chain([digit])
    };
    digits.chars().enumerate().flat_map(group).collect()
}

/// A shape, such as 3×224×224.
pub(crate) fn shape(sizes: &[usize]) -> String {
    sizes.iter().map(ToString::to_string).collect::<Vec<_>>().join("×")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        let cases = [(0, "0"), (999, "999"), (1000, "1.00 k"), (9_994, "9.99 k"), (9_996, "10.0 k"), (99_960, "100 k")];
        for (value, text) in cases.into_iter().chain([(999_600, "1.00 M"), (1_814_073_344, "1.81 G")]) {
            assert_eq!(short(value), text);
        }
        assert_eq!((bytes(12), bytes(46_758_048)), ("12 B".into(), "46.8 MB".into()));
        assert_eq!(
            (grouped(7), grouped(11_689_512), grouped(123_456)),
            ("7".into(), "11,689,512".into(), "123,456".into())
        );
        assert_eq!(shape(&[3, 224, 224]), "3×224×224");
    }
}
