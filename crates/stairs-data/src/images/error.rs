//! What can be wrong with an image file or a folder of them.

use std::{io, path::PathBuf};

use thiserror::Error;

use super::LeftOut;
use crate::text;

/// A file that is no image, or none that can be used; whoever read the file adds its name.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// The first bytes are neither those of a JPEG nor those of a PNG file, nor of another format that is known.
    #[error("neither JPEG nor PNG: it begins with {0}")]
    Magic(String),
    /// The file is of another format, told by its first bytes: `WebP`, `HTML`, ….
    #[error("it is {0} by content, and only JPEG and PNG are read: {advice}", advice = advice(.0))]
    Foreign(&'static str),
    /// The file has no bytes.
    #[error("the file is empty: remove it")]
    Empty,
    /// The file is longer than any image that is allowed.
    #[error("it has more than {0} bytes, the limit that follows from `max_megapixels`")]
    TooLong(u64),
    /// The file ends early.
    #[error("truncated: {0}")]
    Truncated(&'static str),
    /// A side is 0.
    #[error("the header says {width} × {height} pixels: both must be at least 1")]
    Zero {
        /// Declared width.
        width: u32,
        /// Declared height.
        height: u32,
    },
    /// More pixels than allowed.
    #[error("{width} × {height} pixels are more than the limit of {limit}; raise `max_megapixels` if that is right")]
    Large {
        /// Declared width.
        width: u32,
        /// Declared height.
        height: u32,
        /// Most pixels allowed.
        limit: u64,
    },
    /// More pixels than a file of this length can hold.
    #[error(
        "{width} × {height} pixels cannot come from {bytes} bytes: the header is damaged or made to exhaust memory"
    )]
    Implausible {
        /// Declared width.
        width: u32,
        /// Declared height.
        height: u32,
        /// Length of the file.
        bytes: usize,
    },
    /// A kind of JPEG or PNG that is not read.
    #[error("{0} is not supported: convert the file")]
    Unsupported(String),
    /// The decoder refused it.
    #[error("damaged: {0}")]
    Damaged(String),
}

/// What a class folder without images holds.
fn others(found: &LeftOut) -> String {
    if found.is_empty() { String::new() } else { format!(" ({})", found.to_string().replace('\n', "; ")) }
}

/// How many others there are.
fn and_more(more: usize) -> String {
    match more {
        0 => String::new(),
        n => format!(" (and {} of this kind)", text::count(n, "more file", "more files")),
    }
}

/// What to do with a file of another format.
fn advice(format: &str) -> &'static str {
    match format {
        "Git LFS pointer" => "fetch the file itself (git lfs pull)",
        "HTML" => "a page was saved where a picture was meant: remove it, or fetch it again",
        "ZIP" | "gzip" => "unpack it",
        _ => "convert the file",
    }
}

/// A folder of images that cannot be used.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ImageError {
    /// No folder with a training part.
    #[error(
        "no image folder found: wanted DIR/train/CLASS/*.jpg (or .jpeg, .png) and DIR/val or DIR/test alike; looked in\n{tried}  name it by --data DIR",
        tried = .tried.iter().map(|p| format!("    {}\n", p.display())).collect::<String>()
    )]
    NoFolder {
        /// Folders that have no `train`.
        tried: Vec<PathBuf>,
    },
    /// A part of the folder is missing.
    #[error("{folder} has no {part}: an image folder has train/CLASS and val/CLASS (or test/CLASS)", folder = .folder.display())]
    NoPart {
        /// The image folder.
        folder: PathBuf,
        /// `train`, or `val or test`.
        part: &'static str,
    },
    /// A part without classes.
    #[error("{path} holds no class folder", path = .0.display())]
    NoClass(PathBuf),
    /// A class without images.
    #[error(
        "class folder {path} holds no .jpg, .jpeg or .png file: remove it, or add images{others}",
        path = .path.display(), others = others(.found)
    )]
    EmptyClass {
        /// The class folder.
        path: PathBuf,
        /// What is in it.
        found: LeftOut,
    },
    /// Two class folders of a part are one, by a link.
    #[error("{part}: class folders `{first}` and `{second}` are the same folder: remove one", part = .part.display())]
    SameFolder {
        /// The part.
        part: PathBuf,
        /// A class.
        first: String,
        /// The other.
        second: String,
    },
    /// A class folder is a link to a folder that holds it.
    #[error("class folder {path} is a link to a folder that holds it: remove it", path = .0.display())]
    Loop(PathBuf),
    /// A file that is named as a picture cannot be one.
    #[error(
        "{path}: {what}{more}: remove it, or skip such files (--on-corrupt skip)",
        path = .path.display(), more = and_more(*.more)
    )]
    Unusable {
        /// The first such file.
        path: PathBuf,
        /// What it is.
        what: &'static str,
        /// How many others there are.
        more: usize,
    },
    /// The class folder's name is no text.
    #[error("the name of class folder {path} is not UTF-8: rename it", path = .0.display())]
    ClassName(PathBuf),
    /// The two parts do not have the same classes.
    #[error("class `{class}` is in {there} but not in {missing}: both parts need the same class folders{hint}", there = .there.display(), missing = .missing.display())]
    Classes {
        /// The first class that only one part has.
        class: String,
        /// The part that has it.
        there: PathBuf,
        /// The part that has it not.
        missing: PathBuf,
        /// A name that looks like it, in words that go on with the message; otherwise empty.
        hint: String,
    },
    /// The file system refused.
    #[error("cannot read {path}: {source}", path = .path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// The reason.
        source: io::Error,
    },
    /// A file that cannot be decoded.
    #[error("{path}: {source}", path = .path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: DecodeError,
    },
    /// Corrupt files are skipped, but there is no other.
    #[error("no file of {folder} can be decoded; the first one: {first}", folder = .folder.display())]
    NoneReadable {
        /// The part.
        folder: PathBuf,
        /// What is wrong with the first file.
        first: String,
    },
    /// A value of the `[images]` table that makes no sense.
    #[error("images.{field} must be {expected}, got {got}")]
    Config {
        /// Name of the field.
        field: &'static str,
        /// What it should be.
        expected: String,
        /// What it is.
        got: String,
    },
    /// A data set that has no images to export.
    #[error("data set `{0}` has no images of bytes to export")]
    NoImages(String),
    /// The name of a class cannot be that of its folder.
    #[error("class {class} cannot be exported to a folder named {name:?}: {reason}")]
    ClassFolder {
        /// The label.
        class: usize,
        /// The name.
        name: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// An export was stopped.
    #[error("the export was stopped before {path} was written", path = .0.display())]
    Stopped(PathBuf),
    /// An export would overwrite something else.
    #[error("{path} exists already and holds something else: choose another folder, or remove it", path = .0.display())]
    Exists(PathBuf),
    /// A file of an export cannot be written.
    #[error("cannot write {path}: {reason}", path = .path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// The reason.
        reason: String,
    },
}
