//! What is in a folder of images and not among the samples, or not as it is.

use std::{
    collections::BTreeMap,
    fmt,
    path::{Path, PathBuf},
};

use crate::text;

/// Why a file or folder is no sample, or what is lost of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Reason {
    /// A picture in a format that is not read, such as `WebP`, told by its first bytes.
    Format(&'static str),
    /// A JPEG or PNG file whose name does not end in `.jpg`, `.jpeg` or `.png`.
    Ending,
    /// A file that is no picture, by its name and its first bytes.
    NoPicture,
    /// A file or folder whose name begins with a dot, or that only a system uses (`__MACOSX`, `@eaDir`).
    Hidden,
    /// A link that leads nowhere.
    BrokenLink,
    /// A pipe, socket or device.
    NotRegular,
    /// A file beside the class folders or beside the parts.
    Loose,
    /// A folder beside `train` and the test part.
    Beside,
    /// A folder that is read elsewhere in this part, or that holds it: a loop of links, or a second link.
    Seen,
    /// A folder more than 16 folders below its class folder.
    Deep,
    /// Named as a picture, but empty: cannot be decoded.
    Empty,
    /// Named as a picture, but of another format, such as `WebP` or `HTML`: cannot be decoded.
    Misnamed(&'static str),
    /// Read: a PNG with 16 bits a value, of which the upper 8 are kept.
    Precision,
    /// Read: an animated PNG, of which the picture that viewers without animation show is used.
    Animated,
    /// Read: the same file as another sample of its class and part, by a link.
    Twice,
    /// Read: the same file as a sample of another class of its part, by a link.
    TwoClasses,
    /// Read: the same file as a sample of the other part, by a link.
    BothParts,
}

impl Reason {
    /// True where the file is a sample all the same.
    pub fn is_read(self) -> bool {
        matches!(self, Self::Precision | Self::Animated | Self::Twice | Self::TwoClasses | Self::BothParts)
    }

    fn cannot_be_decoded(self) -> bool {
        matches!(self, Self::Empty | Self::Misnamed(_))
    }

    /// `n` of them, in words.
    fn words(self, n: usize) -> String {
        let of = |one: &str, many: &str| text::count(n, one, many);
        match self {
            Self::Format(format) => of(&format!("{format} file"), &format!("{format} files")),
            Self::Ending => {
                let rename = "with another ending (rename to .jpg or .png)";
                of(&format!("JPEG or PNG file {rename}"), &format!("JPEG or PNG files {rename}"))
            }
            Self::NoPicture => of("file that is no picture", "files that are no pictures"),
            Self::Hidden => of("hidden file or folder", "hidden files or folders"),
            Self::BrokenLink => of("link that leads nowhere", "links that lead nowhere"),
            Self::NotRegular => of("pipe, socket or device", "pipes, sockets or devices"),
            Self::Loose => of("file outside a class folder", "files outside class folders"),
            Self::Beside => of("folder beside the parts", "folders beside the parts"),
            Self::Seen => of("folder that is read elsewhere", "folders that are read elsewhere"),
            Self::Deep => of("folder nested too deep", "folders nested too deep"),
            Self::Empty => of("empty file", "empty files"),
            Self::Misnamed(format) => {
                of(&format!("file that is {format} by content"), &format!("files that are {format} by content"))
            }
            Self::Precision => of("PNG file of 16 bits, cut to 8", "PNG files of 16 bits, cut to 8"),
            Self::Animated => of("animated PNG file, as one picture", "animated PNG files, as one picture each"),
            Self::Twice => of("link to a file of its class", "links to files of their class"),
            Self::TwoClasses => of("file that is in two classes", "files that are in two classes"),
            Self::BothParts => of("file that is in both parts", "files that are in both parts"),
        }
    }
}

/// Files or folders of one reason.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// How many.
    pub count: usize,
    /// The first three, below the image folder.
    pub first: Vec<PathBuf>,
}

/// Paths that are kept of each reason.
const KEPT: usize = 3;

/// What is in a folder and not among the samples, or not as it is: by reason, how many, and the first few.
///
/// `Display` makes up to three lines, and nothing where there is nothing:
///
/// ```
/// # use std::fs;
/// use stairs_data::images::{ImageFolder, ImagesConfig, Reason};
/// # let folder = tempfile::tempdir().unwrap();
/// # for part in ["train/cat", "val/cat"] {
/// #     fs::create_dir_all(folder.path().join(part)).unwrap();
/// #     fs::write(folder.path().join(part).join("a.jpg"), b"\xff\xd8\xff").unwrap();
/// # }
/// # fs::write(folder.path().join("train/cat/b.webp"), b"RIFF....WEBP").unwrap();
/// let left_out = ImageFolder::open(folder.path(), &ImagesConfig::default()).unwrap().left_out();
/// assert_eq!(left_out.count(Reason::Format("WebP")), 1);
/// assert_eq!(left_out.to_string(), "not read: 1 WebP file (train/cat/b.webp)");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LeftOut {
    found: BTreeMap<Reason, Found>,
}

impl LeftOut {
    /// True where every file of the folder is a sample as it is.
    pub fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// Reasons with what was found, in the order of [`Reason`].
    pub fn iter(&self) -> impl Iterator<Item = (Reason, &Found)> {
        self.found.iter().map(|(&reason, found)| (reason, found))
    }

    /// How many of this reason.
    pub fn count(&self, reason: Reason) -> usize {
        self.found.get(&reason).map_or(0, |found| found.count)
    }

    /// Files and folders that are no samples, or cannot be decoded.
    pub fn unread(&self) -> usize {
        self.found.iter().filter(|(reason, _)| !reason.is_read()).map(|(_, found)| found.count).sum()
    }

    pub(super) fn add(&mut self, reason: Reason, path: &Path) {
        let found = self.found.entry(reason).or_default();
        found.count += 1;
        if found.first.len() < KEPT {
            found.first.push(path.to_owned());
        }
    }

    pub(super) fn merge(&mut self, other: &Self) {
        for (&reason, more) in &other.found {
            let found = self.found.entry(reason).or_default();
            found.count += more.count;
            found.first.extend(more.first.iter().take(KEPT - found.first.len().min(KEPT)).cloned());
        }
    }
}

impl fmt::Display for LeftOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let line = |of: fn(Reason) -> bool| -> Vec<String> {
            self.iter().filter(|&(reason, _)| of(reason)).map(|(reason, found)| item(reason, found)).collect()
        };
        let lines = [
            ("not read", line(|reason| !reason.is_read() && !reason.cannot_be_decoded())),
            ("cannot be decoded", line(Reason::cannot_be_decoded)),
            ("read, but", line(Reason::is_read)),
        ];
        let lines = lines.iter().filter(|(_, items)| !items.is_empty());
        let lines: Vec<_> = lines.map(|(head, items)| format!("{head}: {}", items.join("; "))).collect();
        f.write_str(&lines.join("\n"))
    }
}

/// `2 WebP files (train/a.webp, train/b.webp)`.
fn item(reason: Reason, found: &Found) -> String {
    let mut paths: Vec<_> = found.first.iter().map(|path| text::path(path)).collect();
    if found.count > paths.len() {
        paths.push("…".into());
    }
    format!("{} ({})", reason.words(found.count), paths.join(", "))
}
