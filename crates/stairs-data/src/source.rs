//! Bytes of a file, unpacked if it is gzip, and never more of them than the file's size justifies.
//!
//! A file is gzip if it starts with gzip's two magic bytes; none of the formats here does. Deflate cannot expand more
//! than 1,032-fold, so a header that announces more than 1,032 times the file's size lies, and is refused before
//! anything is allocated. Beyond that, memory grows with what really comes out, up to the announced length.

use std::{
    io::{self, BufReader, Cursor, ErrorKind, Read},
    path::{Path, PathBuf},
};

use flate2::bufread::MultiGzDecoder;

use crate::{DataError, files::open_regular};

/// Largest expansion of deflate (RFC 1951: a 258-byte match can cost 2 bits).
const DEFLATE_EXPANSION: u64 = 1032;
const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];

/// A file being read.
pub(crate) struct Source {
    path: PathBuf,
    reader: Box<dyn Read>,
    file_bytes: u64,
    limit: u64,
}

impl Source {
    pub(crate) fn open(path: &Path) -> Result<Self, DataError> {
        let io = |source| DataError::Io { path: path.to_owned(), source };
        let (file, bytes) = open_regular(path).map_err(io)?;
        Self::new(path, Box::new(file), bytes)
    }

    pub(crate) fn from_bytes(path: impl Into<PathBuf>, bytes: impl AsRef<[u8]> + 'static) -> Result<Self, DataError> {
        let n = bytes.as_ref().len() as u64;
        Self::new(&path.into(), Box::new(Cursor::new(bytes)), n)
    }

    fn new(path: &Path, mut reader: Box<dyn Read>, file_bytes: u64) -> Result<Self, DataError> {
        let mut magic = Vec::with_capacity(2);
        reader
            .by_ref()
            .take(2)
            .read_to_end(&mut magic)
            .map_err(|source| DataError::Io { path: path.to_owned(), source })?;
        let gzip = magic == GZIP_MAGIC;
        let whole = BufReader::with_capacity(1 << 16, Cursor::new(magic).chain(reader));
        let (reader, limit): (Box<dyn Read>, _) = if gzip {
            (Box::new(MultiGzDecoder::new(whole)), file_bytes.saturating_mul(DEFLATE_EXPANSION))
        } else {
            (Box::new(whole), file_bytes)
        };
        Ok(Self { path: path.to_owned(), reader, file_bytes, limit })
    }

    /// A format error of this file.
    pub(crate) fn error(&self, what: impl ToString, expected: impl ToString, got: impl ToString) -> DataError {
        DataError::Format {
            path: self.path.clone(),
            what: what.to_string(),
            expected: expected.to_string(),
            got: got.to_string(),
        }
    }

    /// A read error of this file: damage inside a gzip stream is a format error, the rest is the file system's.
    pub(crate) fn read_error(&self, error: io::Error) -> DataError {
        match error.kind() {
            ErrorKind::InvalidData | ErrorKind::InvalidInput | ErrorKind::UnexpectedEof => {
                self.error("gzip stream", "an intact, complete stream", error)
            }
            _ => DataError::Io { path: self.path.clone(), source: error },
        }
    }

    /// Up to `buffer.len()` bytes; fewer only at the end.
    pub(crate) fn fill(&mut self, buffer: &mut [u8]) -> Result<usize, DataError> {
        let mut n = 0;
        while n < buffer.len() {
            match self.reader.read(&mut buffer[n..]) {
                Ok(0) => break,
                Ok(k) => n += k,
                Err(e) if e.kind() == ErrorKind::Interrupted => {}
                Err(e) => return Err(self.read_error(e)),
            }
        }
        Ok(n)
    }

    /// The `N` bytes of a header.
    pub(crate) fn header<const N: usize>(&mut self) -> Result<[u8; N], DataError> {
        let mut header = [0; N];
        match self.fill(&mut header)? {
            n if n == N => Ok(header),
            n => Err(self.error("header", format!("{N} bytes"), format!("{n} bytes"))),
        }
    }

    /// The rest of the file, which must have exactly `bytes` bytes.
    pub(crate) fn rest(&mut self, bytes: u64) -> Result<Vec<u8>, DataError> {
        let expected = || format!("{bytes} bytes after the header");
        if bytes > self.limit {
            let got = format!("a file of {} bytes, which cannot hold them", self.file_bytes);
            return Err(self.error("length", expected(), got));
        }
        let mut data = Vec::new();
        let room = usize::try_from(bytes.min(self.file_bytes.saturating_mul(4))).unwrap_or(usize::MAX);
        data.try_reserve_exact(room).map_err(|_| self.read_error(ErrorKind::OutOfMemory.into()))?;
        let read = self.reader.by_ref().take(bytes).read_to_end(&mut data);
        read.map_err(|e| self.read_error(e))?;
        if data.len() as u64 != bytes {
            return Err(self.error("length", expected(), format!("{} bytes", data.len())));
        }
        // Also makes the decoder check the sum at the end of the gzip stream.
        if self.fill(&mut [0])? > 0 {
            return Err(self.error("length", expected(), "more bytes"));
        }
        Ok(data)
    }

    /// The unpacked bytes, for a reader that bounds what it keeps; the source stays behind to make errors.
    pub(crate) fn take_reader(&mut self) -> Box<dyn Read> {
        std::mem::replace(&mut self.reader, Box::new(io::empty()))
    }
}
