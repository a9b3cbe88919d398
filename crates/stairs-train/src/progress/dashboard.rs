//! Ctrl-C under burn-train's dashboard.
//!
//! The dashboard puts the terminal into raw mode, where Ctrl-C is a key as any other, and does nothing with that key. Here
//! the terminal is told to make a signal of it again, so that it does what it does without a dashboard. Ctrl-Z and Ctrl-\
//! stay without effect: a dashboard that was put to sleep would wake up on a terminal that is not its own.

use std::{
    fs::File,
    io::{self, Write},
    os::fd::{AsFd, BorrowedFd},
    sync::{Mutex, PoisonError},
    thread,
    time::Duration,
};

use rustix::termios::{LocalModes, OptionalActions, SpecialCodeIndex, Termios, isatty, tcgetattr, tcsetattr};

/// What the terminal was like before the dashboard.
static BEFORE: Mutex<Option<Termios>> = Mutex::new(None);

/// Leaves mouse capture and the alternate screen, and shows the cursor.
const LEAVE: &[u8] = b"\x1b[?1006l\x1b[?1015l\x1b[?1003l\x1b[?1002l\x1b[?1000l\x1b[?1049l\x1b[?25h";

/// Notes what the terminal is like; to be called before the dashboard opens.
pub(super) fn remember() {
    let before = with_terminal(|terminal| tcgetattr(terminal).ok());
    *BEFORE.lock().unwrap_or_else(PoisonError::into_inner) = before;
}

/// Makes Ctrl-C a signal as soon as the dashboard, which is about to open on a thread of its own, has opened.
pub(super) fn keep_ctrl_c() {
    thread::spawn(|| {
        for _ in 0..500 {
            if with_terminal(make_signal) == Some(()) {
                return;
            }
            thread::sleep(Duration::from_millis(10));
        }
    });
}

/// Gives the terminal back as it was before the dashboard: for a program that ends at once.
pub(super) fn restore() {
    if let Some(before) = BEFORE.lock().unwrap_or_else(PoisonError::into_inner).take() {
        with_terminal(|terminal| tcsetattr(terminal, OptionalActions::Now, &before).ok());
        let mut out = io::stdout().lock();
        out.write_all(LEAVE).and_then(|()| out.flush()).ok();
    }
}

/// `None` while the terminal is not in raw mode.
fn make_signal(terminal: BorrowedFd<'_>) -> Option<()> {
    let mut modes = tcgetattr(terminal).ok().filter(|modes| !modes.local_modes.contains(LocalModes::ICANON))?;
    modes.local_modes |= LocalModes::ISIG;
    for other in [SpecialCodeIndex::VQUIT, SpecialCodeIndex::VSUSP] {
        modes.special_codes[other] = 0;
    }
    tcsetattr(terminal, OptionalActions::Now, &modes).ok()
}

/// The terminal the dashboard reads keys from.
fn with_terminal<T>(f: impl FnOnce(BorrowedFd<'_>) -> Option<T>) -> Option<T> {
    let stdin = io::stdin();
    if isatty(&stdin) {
        return f(stdin.as_fd());
    }
    f(File::options().read(true).write(true).open("/dev/tty").ok()?.as_fd())
}
