//! Files that are read: regular ones, of bounded size.
//!
//! A path from a command line or a folder may name anything: a pipe, which blocks whoever opens it until someone writes,
//! a device such as `/dev/zero`, which never ends, a socket, a folder, a file that is larger than the memory. Whatever
//! these crates read goes through here. Links are followed; what counts is where they lead.
//!
//! Errors are [`io::Error`]s that say what the path is, so that they fit wherever those of [`std::fs::read`] do; whoever
//! reports them adds the path.

use std::{
    fs::{File, FileType, Metadata, OpenOptions},
    io::{self, ErrorKind, Read},
    path::Path,
};

/// Opens a regular file, and tells its size in bytes at that moment. Never blocks.
///
/// # Errors
/// Those of the file system, and for what is no regular file: [`ErrorKind::IsADirectory`] or
/// [`ErrorKind::InvalidInput`], such as "it is a named pipe (FIFO), and only regular files are read".
pub fn open_regular(path: impl AsRef<Path>) -> io::Result<(File, u64)> {
    let path = path.as_ref();
    // Looked at before it is opened, because opening a device can have effects.
    regular(&std::fs::metadata(path)?)?;
    let mut options = OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        // Should a pipe or a terminal have taken the file's place since: no waiting, no controlling terminal.
        options.custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY);
    }
    let file = options.open(path)?;
    let metadata = file.metadata()?;
    regular(&metadata)?;
    Ok((file, metadata.len()))
}

/// The whole content of a regular file of at most `limit` bytes; no more than `limit` + 1 are ever held, even where the
/// file grows meanwhile.
///
/// ```
/// use stairs_data::files::read_regular;
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("a");
/// std::fs::write(&path, b"abc")?;
/// assert_eq!(read_regular(&path, 3)?, b"abc");
/// assert_eq!(read_regular(&path, 2).unwrap_err().to_string(), "it has 3 bytes, and at most 2 are read");
/// assert_eq!(read_regular(folder.path(), 3).unwrap_err().to_string(), "it is a folder, and only regular files are read");
/// # std::io::Result::Ok(())
/// ```
///
/// # Errors
/// As [`open_regular`]; [`ErrorKind::FileTooLarge`]; [`ErrorKind::OutOfMemory`].
pub fn read_regular(path: impl AsRef<Path>, limit: u64) -> io::Result<Vec<u8>> {
    let (file, bytes) = open_regular(path)?;
    let too_large = |bytes: u64| {
        let message = format!("it has {bytes} bytes, and at most {limit} are read");
        Err(io::Error::new(ErrorKind::FileTooLarge, message))
    };
    if bytes > limit {
        return too_large(bytes);
    }
    let mut content = Vec::new();
    let room = usize::try_from(bytes).map_err(|_| io::Error::from(ErrorKind::OutOfMemory))?;
    content.try_reserve_exact(room).map_err(|_| io::Error::from(ErrorKind::OutOfMemory))?;
    file.take(limit.saturating_add(1)).read_to_end(&mut content)?;
    if content.len() as u64 > limit { too_large(content.len() as u64) } else { Ok(content) }
}

/// The same as text.
///
/// # Errors
/// As [`read_regular`]; [`ErrorKind::InvalidData`] for what is no UTF-8.
pub fn read_regular_to_string(path: impl AsRef<Path>, limit: u64) -> io::Result<String> {
    let bytes = read_regular(path, limit)?;
    String::from_utf8(bytes).map_err(|_| io::Error::new(ErrorKind::InvalidData, "it is not UTF-8 text"))
}

fn regular(metadata: &Metadata) -> io::Result<()> {
    let kind = metadata.file_type();
    if kind.is_file() {
        return Ok(());
    }
    let error = if kind.is_dir() { ErrorKind::IsADirectory } else { ErrorKind::InvalidInput };
    Err(io::Error::new(error, format!("it is {}, and only regular files are read", describe(kind))))
}

/// What a path is, in words.
pub(crate) fn describe(kind: FileType) -> &'static str {
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt;
        if kind.is_fifo() {
            return "a named pipe (FIFO)";
        }
        if kind.is_socket() {
            return "a socket";
        }
        if kind.is_char_device() || kind.is_block_device() {
            return "a device";
        }
    }
    match kind {
        kind if kind.is_dir() => "a folder",
        kind if kind.is_file() => "a regular file",
        kind if kind.is_symlink() => "a link",
        _ => "no file of a known kind",
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;
    use std::{fs, process::Command};

    fn message(path: impl AsRef<Path>) -> String {
        read_regular(path, 1 << 20).unwrap_err().to_string()
    }

    #[test]
    fn pipes_sockets_devices_and_folders_are_refused_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        let wanted = "it is a named pipe (FIFO), and only regular files are read";
        assert_eq!(message(&pipe), wanted);
        let link = folder.path().join("link");
        std::os::unix::fs::symlink(&pipe, &link).unwrap();
        assert_eq!(message(&link), wanted);
        let socket = folder.path().join("socket");
        let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
        assert_eq!(message(&socket), "it is a socket, and only regular files are read");
        for device in ["/dev/zero", "/dev/null"] {
            assert_eq!(message(device), "it is a device, and only regular files are read");
        }
        // What `/dev/stdin` is behind a pipe.
        let (reader, _writer) = io::pipe().unwrap();
        let descriptor = std::os::fd::AsRawFd::as_raw_fd(&reader);
        assert_eq!(message(format!("/dev/fd/{descriptor}")), wanted);
        assert_eq!(read_regular(folder.path(), 9).unwrap_err().kind(), ErrorKind::IsADirectory);
        assert_eq!(read_regular(folder.path().join("none"), 9).unwrap_err().kind(), ErrorKind::NotFound);
        std::os::unix::fs::symlink("round", folder.path().join("round")).unwrap();
        assert!(read_regular(folder.path().join("round"), 9).is_err());
    }

    #[test]
    fn sizes_are_bounded_before_anything_is_allocated() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sparse");
        File::create(&path).unwrap().set_len(1 << 40).unwrap();
        let error = read_regular(&path, 1 << 20).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::FileTooLarge);
        assert_eq!(error.to_string(), "it has 1099511627776 bytes, and at most 1048576 are read");
        // Files of the system have size 0 and content.
        assert!(!read_regular("/proc/self/status", 1 << 20).unwrap().is_empty());
        assert_eq!(read_regular("/proc/self/status", 10).unwrap_err().kind(), ErrorKind::FileTooLarge);
        fs::write(&path, b"\xff").unwrap();
        assert_eq!(read_regular_to_string(&path, 9).unwrap_err().to_string(), "it is not UTF-8 text");
        assert_eq!(read_regular_to_string(&path, 0).unwrap_err().kind(), ErrorKind::FileTooLarge);
    }

    #[test]
    fn a_file_that_grows_meanwhile_is_bounded_too() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        fs::write(&path, b"").unwrap();
        let (grows, stop) = (path.clone(), std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false)));
        let flag = std::sync::Arc::clone(&stop);
        let writer = std::thread::spawn(move || {
            let mut file = OpenOptions::new().append(true).open(grows).unwrap();
            while !flag.load(std::sync::atomic::Ordering::Relaxed) {
                io::Write::write_all(&mut file, &[0; 4096]).unwrap();
            }
        });
        let mut refused = false;
        while !refused {
            match read_regular(&path, 1 << 20) {
                Ok(content) => assert!(content.len() <= 1 << 20),
                Err(error) => refused = error.kind() == ErrorKind::FileTooLarge,
            }
        }
        stop.store(true, std::sync::atomic::Ordering::Relaxed);
        writer.join().unwrap();
    }
}
