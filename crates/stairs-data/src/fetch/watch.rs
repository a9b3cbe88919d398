//! What is told about a fetch while it goes on.

use std::io::Write;

use indicatif::{ProgressBar, ProgressStyle};

/// A moment of a fetch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event<'a> {
    /// A file is there already, and intact.
    There {
        /// Its name.
        file: &'a str,
    },
    /// An address is asked for a file.
    Begun {
        /// The address.
        url: &'a str,
    },
    /// So many bytes have arrived.
    Received {
        /// Bytes so far.
        bytes: u64,
        /// Bytes that were announced, if any were.
        of: Option<u64>,
    },
    /// The address is done with.
    Ended {
        /// What was wrong; `None` where the file is in its place.
        fault: Option<&'a str>,
    },
}

/// Whoever is told about a fetch.
pub trait Watch {
    /// This has happened.
    fn tell(&mut self, event: Event<'_>);
}

/// Tells nobody.
impl Watch for () {
    fn tell(&mut self, _event: Event<'_>) {}
}

/// Lines on standard error, and a bar where that is a terminal.
#[derive(Debug, Default)]
pub struct Terminal {
    bar: Option<ProgressBar>,
}

impl Watch for Terminal {
    fn tell(&mut self, event: Event<'_>) {
        // What nobody reads is dropped.
        let line = |text: String| drop(writeln!(std::io::stderr(), "{text}"));
        match event {
            Event::There { file } => line(format!("{file}: already there")),
            Event::Begun { url } => line(format!("fetching {url}")),
            Event::Received { bytes, of } => self.bar.get_or_insert_with(|| bar(of)).set_position(bytes),
            Event::Ended { fault } => {
                self.bar.take().iter().for_each(ProgressBar::finish_and_clear);
                fault.into_iter().for_each(|fault| line(format!("  failed: {fault}")));
            }
        }
    }
}

fn bar(bytes: Option<u64>) -> ProgressBar {
    let template = match bytes {
        Some(_) => "  {bar:40} {bytes} of {total_bytes}  {bytes_per_sec}  {eta} left",
        None => "  {spinner} {bytes}  {bytes_per_sec}",
    };
    let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    bytes.map_or_else(ProgressBar::no_length, ProgressBar::new).with_style(style)
}
