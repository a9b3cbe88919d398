//! What a file is, told by its first bytes.

use std::{io::Read, path::Path};

use crate::files::open_regular;

/// Bytes that are looked at.
pub(super) const LENGTH: usize = 64;

/// A kind of file that is told by its first bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Signature {
    /// JPEG or PNG.
    Read(&'static str),
    /// Another format of pictures.
    Picture(&'static str),
    /// Something else that is often found where a picture should be.
    Other(&'static str),
}

/// Beginning, place of it, what it is.
const TABLE: [(&[u8], usize, Signature); 25] = [
    (&[0xff, 0xd8, 0xff], 0, Signature::Read("JPEG")),
    (b"\x89PNG\r\n\x1a\n", 0, Signature::Read("PNG")),
    (b"WEBP", 8, Signature::Picture("WebP")),
    (b"GIF8", 0, Signature::Picture("GIF")),
    (b"II*\0", 0, Signature::Picture("TIFF")),
    (b"MM\0*", 0, Signature::Picture("TIFF")),
    (b"ftypavif", 4, Signature::Picture("AVIF")),
    (b"ftypavis", 4, Signature::Picture("AVIF")),
    (b"ftyphei", 4, Signature::Picture("HEIC")),
    (b"ftyphev", 4, Signature::Picture("HEIC")),
    (b"ftypmif1", 4, Signature::Picture("HEIC or AVIF")),
    (b"ftypmsf1", 4, Signature::Picture("HEIC or AVIF")),
    (b"\xff\x0a", 0, Signature::Picture("JPEG XL")),
    (b"\0\0\0\x0cJXL ", 0, Signature::Picture("JPEG XL")),
    (b"\0\0\0\x0cjP  ", 0, Signature::Picture("JPEG 2000")),
    (b"\xff\x4f\xff\x51", 0, Signature::Picture("JPEG 2000")),
    (b"\0\0\x01\0", 0, Signature::Picture("ICO")),
    (b"8BPS", 0, Signature::Picture("Photoshop")),
    (b"%PDF", 0, Signature::Other("PDF")),
    (b"PK\x03\x04", 0, Signature::Other("ZIP")),
    (b"\x1f\x8b", 0, Signature::Other("gzip")),
    (b"version https://git-lfs", 0, Signature::Other("Git LFS pointer")),
    (b"<!DOCTYPE", 0, Signature::Other("HTML")),
    (b"<html", 0, Signature::Other("HTML")),
    (b"<svg", 0, Signature::Picture("SVG")),
];

/// What begins with `bytes`.
pub(super) fn of(bytes: &[u8]) -> Option<Signature> {
    // Two letters alone could be the beginning of a text; behind the length of a BMP file are four zero bytes.
    if bytes.starts_with(b"BM") && bytes.get(6..10) == Some(&[0; 4]) {
        return Some(Signature::Picture("BMP"));
    }
    let begins = |begin: &[u8], at: usize, signature| {
        let part = bytes.get(at..at + begin.len());
        part.is_some_and(|part| {
            part == begin || signature == Signature::Other("HTML") && part.eq_ignore_ascii_case(begin)
        })
    };
    TABLE.iter().find(|(begin, at, signature)| begins(begin, *at, *signature)).map(|&(_, _, signature)| signature)
}

/// What the regular file `path` is; `None` for what is not known or cannot be read.
pub(super) fn of_file(path: &Path) -> Option<Signature> {
    let mut begin = Vec::with_capacity(LENGTH);
    open_regular(path).ok()?.0.take(LENGTH as u64).read_to_end(&mut begin).ok()?;
    of(&begin)
}
