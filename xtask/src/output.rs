//! `println!` and `eprintln!` that cannot panic, for all modules after this one: what nobody reads is dropped.

/// A line on standard output.
macro_rules! println {
    ($($line:tt)*) => { $crate::output::line(std::io::stdout().lock(), format_args!($($line)*)) };
}

/// A line on standard error.
macro_rules! eprintln {
    ($($line:tt)*) => { $crate::output::line(std::io::stderr().lock(), format_args!($($line)*)) };
}

/// Writes a line where that is possible.
pub fn line(mut out: impl std::io::Write, line: std::fmt::Arguments<'_>) {
    out.write_all(format!("{line}\n").as_bytes()).ok();
}
