//! The segments of a JPEG file (ITU-T T.81, annex B), walked from the first to the last.
//!
//! The walk finds the frame's size, so that it can be bounded before a decoder allocates for it, the number of scans, each
//! of which may visit every block of a progressive file, and the end-of-image marker: a file without it is truncated, and
//! decoders tend to fill the rest with grey and say nothing.

use crate::images::DecodeError;

/// Scans a file may have; progressive files have about ten.
const MOST_SCANS: usize = 100;

/// What a decoder needs to know beforehand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::images) struct Header {
    /// Pixels a row.
    pub(in crate::images) width: u32,
    /// Rows.
    pub(in crate::images) height: u32,
    /// Number of components: 1 (grey), 3 or 4 (CMYK).
    pub(super) components: u8,
}

impl Header {
    /// Walks over the file.
    pub(in crate::images) fn read(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut walk = Walk { bytes, at: 2 };
        let mut frame: Option<Self> = None;
        let mut scans = 0;
        loop {
            let marker = walk.marker()?;
            match marker {
                // End of image.
                0xd9 => break,
                // Markers without a segment.
                0x01 | 0xd0..=0xd8 => continue,
                _ => {}
            }
            let segment = walk.segment()?;
            match marker {
                0xc0..=0xc2 if frame.is_some() => return Err(DecodeError::Damaged("two frame headers".into())),
                0xc0..=0xc2 => frame = Some(read_frame(segment)?),
                0xc3 | 0xc5..=0xc7 | 0xc9..=0xcb | 0xcd..=0xcf => {
                    let kind = if marker >= 0xc9 { "arithmetic coding" } else { "lossless or hierarchical coding" };
                    return Err(DecodeError::Unsupported(format!("JPEG with {kind}")));
                }
                0xda => {
                    scans += 1;
                    if scans > MOST_SCANS {
                        return Err(DecodeError::Unsupported(format!("JPEG with more than {MOST_SCANS} scans")));
                    }
                    walk.skip_entropy_coded();
                }
                _ => {}
            }
        }
        let frame = frame.ok_or_else(|| DecodeError::Damaged("no frame header".into()))?;
        if scans == 0 {
            return Err(DecodeError::Damaged("no scan".into()));
        }
        Ok(frame)
    }
}

fn read_frame(segment: &[u8]) -> Result<Header, DecodeError> {
    let damaged = || DecodeError::Damaged("the frame header is too short".into());
    let [precision, h1, h0, w1, w0, count, rest @ ..] = segment else { return Err(damaged()) };
    if *precision != 8 {
        return Err(DecodeError::Unsupported(format!("JPEG with {precision} bits a sample")));
    }
    if ![1, 3, 4].contains(count) {
        return Err(DecodeError::Unsupported(format!("JPEG with {count} components")));
    }
    if rest.len() != 3 * usize::from(*count) {
        return Err(damaged());
    }
    Ok(Header {
        width: u32::from(u16::from_be_bytes([*w1, *w0])),
        height: u32::from(u16::from_be_bytes([*h1, *h0])),
        components: *count,
    })
}

struct Walk<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Walk<'a> {
    /// The next marker's code; what lies before it is skipped, as libjpeg does.
    fn marker(&mut self) -> Result<u8, DecodeError> {
        loop {
            let rest = self.bytes.get(self.at..).unwrap_or_default();
            let Some(found) = rest.iter().position(|&byte| byte == 0xff) else {
                return Err(DecodeError::Truncated("there is no end-of-image marker"));
            };
            self.at += found + 1;
            match self.bytes.get(self.at) {
                Some(0x00) => self.at += 1,
                Some(0xff) | None => {}
                Some(&code) => {
                    self.at += 1;
                    return Ok(code);
                }
            }
        }
    }

    /// The content of the segment at hand.
    fn segment(&mut self) -> Result<&'a [u8], DecodeError> {
        let truncated = DecodeError::Truncated("a segment reaches beyond the end");
        let Some(&[high, low]) = self.bytes.get(self.at..self.at + 2) else { return Err(truncated) };
        let length = usize::from(u16::from_be_bytes([high, low]));
        if length < 2 {
            return Err(DecodeError::Damaged("a segment of less than two bytes".into()));
        }
        let segment = self.bytes.get(self.at + 2..self.at + length).ok_or(truncated)?;
        self.at += length;
        Ok(segment)
    }

    /// Goes to the next marker that ends a scan.
    fn skip_entropy_coded(&mut self) {
        while let Some(found) = self.bytes.get(self.at..).and_then(|rest| rest.iter().position(|&b| b == 0xff)) {
            self.at += found;
            match self.bytes.get(self.at + 1) {
                Some(0x00 | 0xd0..=0xd7) => self.at += 2,
                _ => return,
            }
        }
        self.at = self.bytes.len();
    }
}
