//! Text of C: lines with their indentation, and numbers as literals that mean exactly these numbers.

/// Lines of C.
#[derive(Default)]
pub(super) struct Code {
    text: String,
    depth: usize,
}

impl Code {
    /// Lines of a function's body.
    pub(super) fn body() -> Self {
        Self { text: String::new(), depth: 1 }
    }

    pub(super) fn line(&mut self, line: impl AsRef<str>) {
        let line = line.as_ref();
        if !line.is_empty() {
            (0..self.depth).for_each(|_| self.text.push_str("    "));
        }
        self.text.push_str(line);
        self.text.push('\n');
    }

    /// A line and `{`.
    pub(super) fn open(&mut self, line: impl AsRef<str>) {
        let line = line.as_ref();
        self.line(if line.is_empty() { "{".to_owned() } else { format!("{line} {{") });
        self.depth += 1;
    }

    /// `}`.
    pub(super) fn close(&mut self) {
        self.depth -= 1;
        self.line("}");
    }

    /// A loop of `variable` from 0 to `end`, which is left out where it has one turn; the value of the variable.
    pub(super) fn each(&mut self, variable: &str, end: usize) -> String {
        if end == 1 {
            return "0".to_owned();
        }
        self.open(format!("for (int32_t {variable} = 0; {variable} < {end}; {variable}++)"));
        variable.to_owned()
    }

    /// Closes what [`each`](Self::each) has opened.
    pub(super) fn end(&mut self, variable: &str) {
        if variable != "0" {
            self.close();
        }
    }

    pub(super) fn text(self) -> String {
        self.text
    }
}

/// `a * b`, simplified.
pub(super) fn times(a: &str, b: usize) -> String {
    match (a, b) {
        ("0", _) | (_, 0) => "0".to_owned(),
        (_, 1) => a.to_owned(),
        _ => format!("{} * {b}", operand(a)),
    }
}

/// An expression as it can stand beside any operator.
pub(super) fn operand(a: &str) -> String {
    if a.contains(' ') { format!("({a})") } else { a.to_owned() }
}

/// `a + b`, simplified.
pub(super) fn plus(a: &str, b: &str) -> String {
    match (a, b) {
        ("0", _) => b.to_owned(),
        (_, "0") => a.to_owned(),
        _ => format!("{a} + {b}"),
    }
}

/// An integer of 32 bits or less.
pub(super) fn int(v: i32) -> String {
    if v == i32::MIN { "(-2147483647 - 1)".to_owned() } else { v.to_string() }
}

/// An integer of 64 bits.
pub(super) fn long(v: i64) -> String {
    match i32::try_from(v) {
        Ok(v) => int(v),
        Err(_) if v == i64::MIN => "(-9223372036854775807LL - 1)".to_owned(),
        Err(_) => format!("{v}LL"),
    }
}

/// A number of single precision, in hexadecimal digits, which no compiler rounds.
pub(super) fn single(x: f32) -> String {
    if x.is_infinite() {
        return if x > 0.0 { "(1.0f / 0.0f)".to_owned() } else { "(-1.0f / 0.0f)".to_owned() };
    }
    // Every f32 is a normal f64.
    format!("{}f", hexadecimal(f64::from(x)))
}

/// A number of double precision.
pub(super) fn double(x: f64) -> String {
    match x.is_infinite() {
        true if x > 0.0 => "(1.0 / 0.0)".to_owned(),
        true => "(-1.0 / 0.0)".to_owned(),
        false => hexadecimal(x),
    }
}

fn hexadecimal(x: f64) -> String {
    let sign = if x.is_sign_negative() { "-" } else { "" };
    let (bits, magnitude) = (x.to_bits(), x.abs());
    if magnitude.fract() == 0.0 && magnitude < 1e6 {
        return format!("{sign}{magnitude:.1}");
    }
    let exponent = (bits >> 52 & 0x7FF) as i64;
    let digits = format!("{:013x}", bits & ((1 << 52) - 1));
    let digits = digits.trim_end_matches('0');
    let point = if digits.is_empty() { "" } else { "." };
    let (whole, exponent) = if exponent == 0 { (0, -1022) } else { (1, exponent - 1023) };
    format!("{sign}0x{whole}{point}{digits}p{exponent}")
}

/// A path without what would end a comment or change its meaning.
pub(super) fn comment(path: &str) -> String {
    path.chars().map(|c| if c.is_ascii_alphanumeric() || " ._-[](),:".contains(c) { c } else { '_' }).take(80).collect()
}

/// Numbers between braces, in lines of at most 110 letters.
pub(super) fn braces(numbers: impl IntoIterator<Item = String>) -> String {
    let mut text = String::from("{");
    let mut width = usize::MAX;
    for number in numbers {
        if width.saturating_add(number.len()) > 104 {
            text.push_str("\n    ");
            width = 4;
        } else {
            text.push(' ');
        }
        width += number.len() + 2;
        text.push_str(&number);
        text.push(',');
    }
    text.push_str("\n}");
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_mean_their_numbers() {
        assert_eq!((int(i32::MIN), int(-7)), ("(-2147483647 - 1)".to_owned(), "-7".to_owned()));
        assert_eq!((long(1 << 40), long(3)), ("1099511627776LL".to_owned(), "3".to_owned()));
        assert_eq!(
            (single(1.5), single(0.1), single(-0.0)),
            ("0x1.8p0f".into(), "0x1.99999ap-4f".into(), "-0.0f".into())
        );
        assert_eq!(double(f64::from_bits(1)), "0x0.0000000000001p-1022");
        assert_eq!((times("c", 4), plus("0", "x"), times("0", 4)), ("c * 4".into(), "x".into(), "0".into()));
        assert_eq!(comment("a*/b??/\nc"), "a__b____c");
    }
}
