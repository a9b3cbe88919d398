//! Ctrl-C and its kin: what ends a command that can go on later.
//!
//! The first SIGINT, SIGTERM or SIGHUP asks for a stop; the command then saves what it has, and its last line is the
//! command that goes on. The second ends the process at once. Both ways the exit code is [`CODE`]. A signal that whoever
//! started the process had it ignore, as `nohup` does with SIGHUP, stays ignored.

use std::{borrow::Cow, env, ffi::OsString, fmt, process::exit};

use anyhow::Context;
use stairs::train::{StopSignal, progress::restore_terminal};

/// Exit code of a stopped command: 128 + SIGINT, as shells have it.
pub(crate) const CODE: u8 = 130;

/// A command that was asked to stop. The text is its last line.
#[derive(Debug)]
pub(crate) struct Stopped {
    at: String,
    go_on: Option<String>,
}

impl Stopped {
    /// It stopped `at` some moment, and goes on when it is run again with the same arguments and `option`.
    pub(crate) fn new(at: impl Into<String>, option: Option<&str>) -> Self {
        Self { at: at.into(), go_on: Some(again(env::args_os().collect(), option)) }
    }

    /// It was one of several processes of a command, and does not go on by itself.
    pub(crate) fn worker(at: impl Into<String>) -> Self {
        Self { at: at.into(), go_on: None }
    }
}

impl fmt::Display for Stopped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "stopped {}", self.at)?;
        self.go_on.iter().try_for_each(|command| write!(f, "; go on with: {command}"))
    }
}

impl std::error::Error for Stopped {}

/// A request that signals make, from now on.
pub(crate) fn on_signals() -> anyhow::Result<StopSignal> {
    let stop = StopSignal::new();
    let (request, mut asked) = (stop.clone(), false);
    let ignored = ignored();
    ctrlc::set_handler(move || {
        if std::mem::replace(&mut asked, true) {
            restore_terminal();
            exit(CODE.into());
        }
        request.request();
    })
    .context("cannot listen to signals")?;
    ignore(&ignored);
    Ok(stop)
}

/// The command line as a shell understands it, with `option` unless it is there.
fn again(mut words: Vec<OsString>, option: Option<&str>) -> String {
    words.extend(option.filter(|option| !words.iter().any(|word| word == option)).map(OsString::from));
    let quoted = |word: &OsString| {
        let word = word.to_string_lossy();
        shlex::try_quote(&word).map_or_else(|_| word.clone().into_owned(), Cow::into_owned)
    };
    words.iter().map(quoted).collect::<Vec<_>>().join(" ")
}

/// The signals that ask for a stop.
#[cfg(unix)]
const SIGNALS: [libc::c_int; 3] = [libc::SIGINT, libc::SIGTERM, libc::SIGHUP];

/// The signals that this process was started to ignore.
#[cfg(unix)]
fn ignored() -> Vec<libc::c_int> {
    let is_ignored = |signal: &libc::c_int| {
        let mut action = std::mem::MaybeUninit::<libc::sigaction>::zeroed();
        // SAFETY: without a new action sigaction only writes the present one, for which there is room.
        unsafe {
            libc::sigaction(*signal, std::ptr::null(), action.as_mut_ptr()) == 0
                && action.assume_init().sa_sigaction == libc::SIG_IGN
        }
    };
    SIGNALS.into_iter().filter(is_ignored).collect()
}

#[cfg(unix)]
fn ignore(signals: &[libc::c_int]) {
    for signal in signals {
        // SAFETY: no handler of ours is installed, the signal is only ignored.
        unsafe { libc::signal(*signal, libc::SIG_IGN) };
    }
}

#[cfg(not(unix))]
fn ignored() {}

#[cfg(not(unix))]
fn ignore((): &()) {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_that_goes_on_is_quoted_for_a_shell() {
        let words = |text: &str| text.split('|').map(OsString::from).collect::<Vec<_>>();
        let line = again(words("stairs|train|--out|my run's $HOME/x"), Some("--resume"));
        assert_eq!(shlex::split(&line).unwrap(), ["stairs", "train", "--out", "my run's $HOME/x", "--resume"]);
        assert_eq!(again(words("stairs|train|--resume|--out|x"), Some("--resume")), "stairs train --resume --out x");
        assert_eq!(again(words("stairs|reproduce|--jobs|2"), None), "stairs reproduce --jobs 2");
    }
}
