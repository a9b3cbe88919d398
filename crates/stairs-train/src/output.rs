//! Printing that cannot end a program.
//!
//! The standard library's `println!` panics where standard output is a pipe that nobody reads any more (`| head -1`) or
//! a file on a full disk. A training must not end for that. Within the crates of this workspace `println!` and
//! `eprintln!` are macros that go through this module: what cannot be written is dropped, and the first reason, where it
//! is another than a closed pipe, is kept for the program to report.
//!
//! | macro | what the line is | by default | [`Talk::Aside`] | [`Talk::Results`] |
//! |---|---|---|---|---|
//! | `answer!` | the result of the command | standard output | standard output | standard output |
//! | `println!` | progress, notes, files written | standard output | standard error | nowhere |
//! | `eprintln!` | a warning | standard error | standard error | nowhere |

use std::{
    fmt,
    io::{self, ErrorKind, Write},
    sync::{
        OnceLock,
        atomic::{AtomicU8, Ordering},
    },
};

static FAILURE: OnceLock<io::Error> = OnceLock::new();
static TALK: AtomicU8 = AtomicU8::new(Talk::All as u8);

/// What of all lines a program prints, and where; the head of this file has the table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Talk {
    /// Everything in its place.
    #[default]
    All,
    /// Standard output is for a program that reads the result: everything else goes to standard error.
    Aside,
    /// Results alone.
    Results,
}

impl Talk {
    /// From now on the program prints no more than this; the sparsest of all that were set holds.
    pub fn set(self) {
        TALK.fetch_max(self as u8, Ordering::Relaxed);
    }

    /// What holds now.
    pub fn now() -> Self {
        match TALK.load(Ordering::Relaxed) {
            0 => Self::All,
            1 => Self::Aside,
            _ => Self::Results,
        }
    }
}

/// Prints a line to standard output, or where [`Talk`] has such lines.
pub fn say(line: fmt::Arguments<'_>) {
    match Talk::now() {
        Talk::All => answer(line),
        Talk::Aside => fail(line),
        Talk::Results => {}
    }
}

/// Prints a line of the result to standard output.
pub fn answer(line: fmt::Arguments<'_>) {
    if let Some(error) = print(io::stdout().lock(), line) {
        FAILURE.get_or_init(|| error);
    }
}

/// Prints a warning to standard error, unless [`Talk`] drops them.
pub fn complain(line: fmt::Arguments<'_>) {
    if Talk::now() != Talk::Results {
        fail(line);
    }
}

/// Prints the error that ends the program to standard error.
pub fn fail(line: fmt::Arguments<'_>) {
    print(io::stderr().lock(), line);
}

/// Why a line could not be printed to standard output, the first time; `None` where all went well or whoever read it
/// has enough.
pub fn failure() -> Option<&'static io::Error> {
    FAILURE.get()
}

/// Why the line was not written, unless that is a closed pipe.
fn print(mut out: impl Write, line: fmt::Arguments<'_>) -> Option<io::Error> {
    // One write a line, so that lines of several processes do not mix.
    let done = out.write_all(format!("{line}\n").as_bytes()).and_then(|()| out.flush());
    done.err().filter(|error| error.kind() != ErrorKind::BrokenPipe)
}

/// [`say`], written as `std::println!`.
#[doc(hidden)]
#[macro_export]
macro_rules! println {
    () => { $crate::output::say(format_args!("")) };
    ($($line:tt)*) => { $crate::output::say(format_args!($($line)*)) };
}

/// [`answer`], written as `std::println!`.
#[doc(hidden)]
#[macro_export]
macro_rules! answer {
    ($($line:tt)*) => { $crate::output::answer(format_args!($($line)*)) };
}

/// [`complain`], written as `std::eprintln!`.
#[doc(hidden)]
#[macro_export]
macro_rules! eprintln {
    ($($line:tt)*) => { $crate::output::complain(format_args!($($line)*)) };
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Fails with one kind of error.
    struct Closed(ErrorKind);

    impl Write for Closed {
        fn write(&mut self, _bytes: &[u8]) -> io::Result<usize> {
            Err(self.0.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_closed_pipe_is_no_failure_and_a_full_disk_is_one() {
        let mut written = Vec::new();
        assert!(print(&mut written, format_args!("epoch {}", 1)).is_none());
        assert_eq!(written, b"epoch 1\n");
        assert!(print(Closed(ErrorKind::BrokenPipe), format_args!("x")).is_none());
        let error = print(Closed(ErrorKind::StorageFull), format_args!("x")).unwrap();
        assert_eq!(error.kind(), ErrorKind::StorageFull);
    }
}
