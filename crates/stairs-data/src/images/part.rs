//! One part of an image folder: samples by number, decoded on the fly.

use std::{
    collections::BTreeMap,
    io::ErrorKind,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use super::{
    DecodeError, Encoded, ImageError, ImagesConfig, LeftOut, Normalise, OnCorrupt, Placement, resample::Scratch,
};
use crate::{Augment, files::read_regular};

/// Files with their classes, and how they become samples. Threads may share it.
#[derive(Debug)]
pub struct ImagePart {
    folder: PathBuf,
    /// Paths relative to `folder`: there may be millions.
    files: Vec<(Box<Path>, u32)>,
    left_out: LeftOut,
    config: Arc<ImagesConfig>,
    normalise: Normalise,
    /// Buffers of threads that are not decoding at the moment.
    buffers: Mutex<Vec<Buffers>>,
    skipped: Mutex<BTreeMap<usize, DecodeError>>,
}

#[derive(Debug, Default)]
struct Buffers {
    scratch: Scratch,
}

/// A file that could not be decoded, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreadable {
    /// The file.
    pub path: PathBuf,
    /// What is wrong with it.
    pub reason: DecodeError,
}

/// What is drawn for a training sample.
type Draw = Option<(u64, u64)>;

impl ImagePart {
    pub(super) fn new(
        folder: PathBuf,
        files: Vec<(Box<Path>, u32)>,
        left_out: LeftOut,
        config: Arc<ImagesConfig>,
    ) -> Self {
        let normalise = config.normalise();
        Self { folder, files, left_out, config, normalise, buffers: Mutex::default(), skipped: Mutex::default() }
    }

    /// What is in the folder of this part and not among the samples; paths are those below the image folder.
    pub fn left_out(&self) -> &LeftOut {
        &self.left_out
    }

    /// The folder of this part.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// What the bytes of every channel become.
    pub fn normalise(&self) -> &Normalise {
        &self.normalise
    }

    /// Number of samples.
    pub fn len(&self) -> usize {
        self.files.len()
    }

    /// True without samples.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// Channels, height and width of every sample.
    pub fn shape(&self) -> [usize; 3] {
        self.config.shape()
    }

    /// The file of sample `i`.
    ///
    /// # Panics
    /// If `i` is not below [`len`](Self::len), as indexing does.
    pub fn path(&self, i: usize) -> PathBuf {
        self.folder.join(&self.files[i].0)
    }

    /// The path of sample `i` in this part's folder.
    pub(super) fn relative(&self, i: usize) -> &Path {
        &self.files[i].0
    }

    /// The class of sample `i`.
    ///
    /// # Panics
    /// As [`path`](Self::path).
    pub fn label(&self, i: usize) -> usize {
        self.files[i].1 as usize
    }

    /// Writes sample `i` as it is for evaluation to `out` and returns its class.
    ///
    /// Where the file cannot be decoded and [`OnCorrupt::Skip`] is configured, sample and class are those of the next
    /// file of the part (after the last comes the first) that can be; of a class's files but the last that is one of the
    /// same class.
    ///
    /// # Errors
    /// [`ImageError::Io`] and [`ImageError::File`] name the file; [`ImageError::NoneReadable`].
    ///
    /// # Panics
    /// If `i` is not below [`len`](Self::len), or `out` is not as long as [`shape`](Self::shape) says.
    pub fn copy(&self, i: usize, out: &mut [f32]) -> Result<usize, ImageError> {
        self.copy_readable(i, None, out)
    }

    /// The same with the random crop and flip that (`seed`, `epoch`, `i`) draw.
    ///
    /// # Errors
    /// As [`copy`](Self::copy).
    ///
    /// # Panics
    /// As [`copy`](Self::copy).
    pub fn copy_augmented(&self, i: usize, seed: u64, epoch: u64, out: &mut [f32]) -> Result<usize, ImageError> {
        self.copy_readable(i, Some((seed, epoch)), out)
    }

    /// Files that were skipped so far, in the order of the part.
    pub fn skipped(&self) -> Vec<Unreadable> {
        let skipped = self.skipped.lock().unwrap_or_else(PoisonError::into_inner);
        skipped.iter().map(|(&i, reason)| Unreadable { path: self.path(i), reason: reason.clone() }).collect()
    }

    fn copy_readable(&self, i: usize, draw: Draw, out: &mut [f32]) -> Result<usize, ImageError> {
        assert_eq!(out.len(), self.shape().iter().product::<usize>(), "room for one sample");
        let mut first = None;
        for candidate in (i..self.len()).chain(0..i) {
            let known = self.skipped.lock().unwrap_or_else(PoisonError::into_inner).get(&candidate).cloned();
            let path = self.path(candidate);
            let tried = match known {
                Some(reason) => Err(reason),
                None => match read_regular(&path, self.config.limits().max_bytes()) {
                    Ok(bytes) => self.decode(&bytes, i, draw, out),
                    Err(error) if error.kind() == ErrorKind::FileTooLarge => {
                        Err(DecodeError::TooLong(self.config.limits().max_bytes()))
                    }
                    Err(source) => return Err(ImageError::Io { path, source }),
                },
            };
            match tried {
                Ok(()) => return Ok(self.label(candidate)),
                Err(source) if self.config.on_corrupt == OnCorrupt::Fatal => {
                    return Err(ImageError::File { path, source });
                }
                Err(reason) => {
                    first.get_or_insert_with(|| format!("{}: {reason}", path.display()));
                    self.skipped.lock().unwrap_or_else(PoisonError::into_inner).insert(candidate, reason);
                }
            }
        }
        Err(ImageError::NoneReadable { folder: self.folder.clone(), first: first.unwrap_or_default() })
    }

    fn decode(&self, bytes: &[u8], i: usize, draw: Draw, out: &mut [f32]) -> Result<(), DecodeError> {
        let image = Encoded::open(bytes, self.config.limits())?;
        let (width, height) = (image.width(), image.height());
        let placement = match draw {
            None => Placement::evaluation(&self.config, width, height),
            Some((seed, epoch)) => {
                Placement::training(&self.config, width, height, &mut Augment::rng(seed, epoch, i as u64))
            }
        };
        let resample = placement.resample();
        let pixels = image.decode(self.config.channels, resample.needed())?;
        let pop = || self.buffers.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut buffers = pop().unwrap_or_default();
        resample.rows(&pixels, &mut buffers.scratch, |y, row| self.normalise.row(row, y, placement.flip, out));
        self.buffers.lock().unwrap_or_else(PoisonError::into_inner).push(buffers);
        Ok(())
    }
}
