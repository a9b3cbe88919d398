//! A look at every file of an image folder: its identity, and what cannot be read as it is.
//!
//! To read 100,000 photographs (10 GB) for a checksum before every run would cost as much as an epoch. So a file of up
//! to 8 KiB is read whole, and of a longer one its size, its first and its last 4 KiB. This leaves little room: a PNG
//! ends with a checksum of all its pixels (Adler-32) and of its data (CRC-32), and a change within the entropy-coded
//! data of a JPEG moves every bit behind it. What goes unnoticed is a change in the middle of a long file that keeps its
//! size and both ends; no such change comes from saving an image anew.
//!
//! SHA-256 of a part: `stairs images 1`, then for every file in order its label, the length of its path below its class
//! folder and that path (separators `/`), and the SHA-256 of the file: its size, then the bytes above. Numbers are 64
//! bits, little-endian. Times of modification do not count, since copies change them.

use std::{
    fmt,
    io::{self, Read, Seek, SeekFrom},
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
    thread,
};

use sha2::{Digest, Sha256};

use super::{
    super::{
        ImageError, ImagePart, LeftOut,
        left_out::Reason,
        png,
        signature::{self, Signature},
    },
    ImageFolder,
};
use crate::{DataIdentity, PartIdentity, SampleShape, files::open_regular, identity::hexadecimal, text};

/// Bytes read at either end of a file.
const END: u64 = 4096;
/// Files that a thread takes at a time.
const CHUNK: usize = 64;

/// What a look at every file of an image folder tells. `Display`: one line that says what the data is and where, and
/// those of [`LeftOut`], if there are any.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Survey {
    /// The folder.
    pub folder: PathBuf,
    /// What the folder holds.
    pub identity: DataIdentity,
    /// [`ImageFolder::left_out`], and what the first bytes of the samples tell: other formats, 16 bits, animations.
    pub left_out: LeftOut,
}

impl ImageFolder {
    /// What this folder holds: names of the classes, files of each class, and a SHA-256 over every file's label, path,
    /// size and content, of which at most the first and the last 4 KiB are read: a file that was replaced is noticed, and
    /// so is one that was renamed, because the order of the samples follows the names. All processors read: 100,000
    /// files take about a second once the system has them in memory.
    ///
    /// # Errors
    /// [`ImageError::Io`] names the file.
    pub fn identity(&self) -> Result<DataIdentity, ImageError> {
        Ok(self.survey()?.identity)
    }

    /// The identity, and all that is not read as it is, in one pass over the files.
    ///
    /// # Errors
    /// [`ImageError::Io`] names the file.
    pub fn survey(&self) -> Result<Survey, ImageError> {
        let [channels, height, width] = self.train.shape();
        let mut left_out = self.left_out();
        let mut part = |part: &ImagePart| {
            let heads = heads(part)?;
            for (i, head) in heads.iter().enumerate() {
                if let Some(notice) = head.notice {
                    let path = part.path(i);
                    left_out.add(notice, path.strip_prefix(&self.folder).unwrap_or(&path));
                }
            }
            Ok::<_, ImageError>(identity(part, self.classes.len(), &heads))
        };
        let (train, test) = (part(&self.train)?, part(&self.test)?);
        let shape = SampleShape::Image { channels, height, width };
        let identity = DataIdentity { name: "images".into(), classes: self.classes.clone(), shape, train, test };
        Ok(Survey { folder: self.folder.clone(), identity, left_out })
    }
}

impl fmt::Display for Survey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, from {}", self.identity, text::path(&self.folder))?;
        if self.left_out.is_empty() { Ok(()) } else { write!(f, "\n{}", self.left_out) }
    }
}

fn identity(part: &ImagePart, classes: usize, heads: &[Head]) -> PartIdentity {
    let mut counts = vec![0; classes];
    let mut hash = Sha256::new();
    hash.update(b"stairs images 1");
    for (i, head) in heads.iter().enumerate() {
        let label = part.label(i);
        counts[label] += 1;
        let path = below_class(part.relative(i));
        hash.update((label as u64).to_le_bytes());
        hash.update((path.len() as u64).to_le_bytes());
        hash.update(&path);
        hash.update(head.sha256);
    }
    PartIdentity { counts, sha256: hexadecimal(hash) }
}

/// The path without the class folder, its components joined by `/`.
fn below_class(path: &Path) -> Vec<u8> {
    let components: Vec<_> = path.components().skip(1).map(|c| c.as_os_str().as_encoded_bytes()).collect();
    components.join(&b'/')
}

/// What one file tells.
#[derive(Clone, Copy, Debug, Default)]
struct Head {
    sha256: [u8; 32],
    notice: Option<Reason>,
}

/// Of every file, in order.
fn heads(part: &ImagePart) -> Result<Vec<Head>, ImageError> {
    let mut all = vec![Head::default(); part.len()];
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let chunks = Mutex::new(all.chunks_mut(CHUNK).enumerate());
    let work = || {
        let next = || chunks.lock().unwrap_or_else(PoisonError::into_inner).next();
        while let Some((chunk, places)) = next() {
            for (j, place) in places.iter_mut().enumerate() {
                let path = part.path(CHUNK * chunk + j);
                *place = head(&path).map_err(|source| ImageError::Io { path, source })?;
            }
        }
        Ok(())
    };
    thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        workers
            .into_iter()
            .try_for_each(|worker| worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
    })?;
    Ok(all)
}

fn head(path: &Path) -> io::Result<Head> {
    let (mut file, bytes) = open_regular(path)?;
    let mut hash = Sha256::new();
    hash.update(bytes.to_le_bytes());
    let mut buffer = Vec::with_capacity(2 * END as usize);
    if bytes <= 2 * END {
        file.take(2 * END).read_to_end(&mut buffer)?;
    } else {
        file.by_ref().take(END).read_to_end(&mut buffer)?;
        file.seek(SeekFrom::Start(bytes - END))?;
        file.take(END).read_to_end(&mut buffer)?;
    }
    hash.update(&buffer);
    Ok(Head { sha256: hash.finalize().into(), notice: notice(&buffer) })
}

/// What the beginning of a sample's file tells. An empty one was reported when the folder was listed.
fn notice(begin: &[u8]) -> Option<Reason> {
    match signature::of(begin)? {
        Signature::Read("PNG") => png::notice(begin),
        Signature::Read(_) => None,
        Signature::Picture(format) | Signature::Other(format) => Some(Reason::Misnamed(format)),
    }
}
