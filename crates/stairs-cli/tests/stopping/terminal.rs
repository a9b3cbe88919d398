//! A program in a terminal of its own: a pseudo-terminal, with the program in the foreground of a new session.

use std::{
    fs::File,
    io::{Read, Write},
    os::{
        fd::{AsRawFd, FromRawFd, OwnedFd},
        unix::process::CommandExt,
    },
    process::{Child, Command, ExitStatus, Stdio},
    sync::{Arc, Mutex},
    thread,
    time::{Duration, Instant},
};

pub(super) struct Terminal {
    keyboard: File,
    /// Keeps the terminal, and what is set on it, after the program has ended.
    screen: OwnedFd,
    pub(super) process: Child,
    shown: Arc<Mutex<Vec<u8>>>,
}

impl Terminal {
    pub(super) fn start(mut command: Command) -> Self {
        let (keyboard, screen) = open();
        let end = || Stdio::from(screen.try_clone().unwrap());
        command.stdin(end()).stdout(end()).stderr(end());
        let take_terminal = || {
            // SAFETY: two system calls between fork and exec, without memory of ours.
            let done = unsafe { libc::setsid() != -1 && libc::ioctl(0, libc::TIOCSCTTY as _, 0) != -1 };
            if done { Ok(()) } else { Err(std::io::Error::last_os_error()) }
        };
        // SAFETY: `take_terminal` allocates nothing and takes no lock.
        let process = unsafe { command.pre_exec(take_terminal) }.spawn().unwrap();
        let shown = Arc::new(Mutex::new(Vec::new()));
        let (mut reader, collected) = (keyboard.try_clone().unwrap(), shown.clone());
        thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(count @ 1..) = reader.read(&mut bytes) {
                collected.lock().unwrap().extend_from_slice(&bytes[..count]);
            }
        });
        Self { keyboard, screen, process, shown }
    }

    /// Presses keys.
    pub(super) fn press(&mut self, keys: &str) {
        self.keyboard.write_all(keys.as_bytes()).unwrap();
    }

    /// All that was shown so far.
    pub(super) fn shown(&self) -> String {
        String::from_utf8_lossy(&self.shown.lock().unwrap()).into_owned()
    }

    /// The last line shown, when nothing more comes.
    pub(super) fn last_line(&self) -> String {
        let shown = super::settled(|| self.shown());
        shown.trim_end().rsplit('\n').next().unwrap_or_default().trim_start_matches('\r').to_owned()
    }

    /// True while the terminal collects lines and makes signals of keys, as a shell expects.
    pub(super) fn is_cooked(&self) -> bool {
        let mut modes = std::mem::MaybeUninit::<libc::termios>::zeroed();
        // SAFETY: tcgetattr fills the structure it is given where it succeeds, and else it stays zero.
        let modes = unsafe {
            libc::tcgetattr(self.screen.as_raw_fd(), modes.as_mut_ptr());
            modes.assume_init()
        };
        modes.c_lflag & libc::ICANON != 0 && modes.c_lflag & libc::ISIG != 0
    }

    /// How the program ended, within `limit`.
    pub(super) fn wait(&mut self, limit: Duration) -> ExitStatus {
        super::ended(&mut self.process, limit)
    }
}

/// Both ends of a new pseudo-terminal.
fn open() -> (File, OwnedFd) {
    let (mut keyboard, mut screen) = (-1, -1);
    let mut size = libc::winsize { ws_row: 40, ws_col: 160, ws_xpixel: 0, ws_ypixel: 0 };
    let null = std::ptr::null_mut();
    // SAFETY: the two numbers and the size are written and read within the call; the descriptors are new and ours.
    unsafe {
        assert_eq!(libc::openpty(&mut keyboard, &mut screen, null, null.cast(), std::ptr::from_mut(&mut size)), 0);
        // Other programs that a test starts meanwhile must not hold the terminal.
        for end in [keyboard, screen] {
            libc::fcntl(end, libc::F_SETFD, libc::FD_CLOEXEC);
        }
        (File::from_raw_fd(keyboard), OwnedFd::from_raw_fd(screen))
    }
}

/// Waits for something to be so.
pub(super) fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < Duration::from_secs(60), "waited in vain for {what}");
        thread::sleep(Duration::from_millis(5));
    }
}
