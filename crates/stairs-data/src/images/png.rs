//! PNG by the crate `png`: every colour type and depth to 8 bits of grey or colour.
//!
//! Palettes and depths below 8 bits are expanded. Of 16 bits the upper 8 are kept. Transparency is dropped, not blended:
//! the colours below it are used, as Pillow's `convert("RGB")` does. Of an animation the picture is taken that viewers
//! without animation show. A palette with 16 bits, which the format does not have, is refused. A file may lack its last
//! chunk (`IEND`, which holds nothing), or be cut off in any chunk behind the image data, as Pillow has it too.

use std::io::Cursor;

use png::{BitDepth, ColorType, DecodeOptions, Decoder, Transformations};

use super::{DecodeError, Limits, Pixels, Reason, Region, decode::guarded};

/// Length of the signature.
const SIGNATURE: usize = 8;
/// The last chunk: no data, and its checksum.
const END: [u8; 12] = *b"\0\0\0\0IEND\xae\x42\x60\x82";

/// What is lost of a file that begins with these bytes.
pub(super) fn notice(begin: &[u8]) -> Option<Reason> {
    let mut before_data = chunks(begin).take_while(|chunk| chunk.kind != *b"IDAT");
    if begin.get(24) == Some(&16) {
        return Some(Reason::Precision);
    }
    before_data.any(|chunk| chunk.kind == *b"acTL").then_some(Reason::Animated)
}

/// A chunk: length, kind, data, checksum.
struct Chunk {
    kind: [u8; 4],
    /// Where it ends, if the file has all of it.
    end: Option<usize>,
}

/// The chunks of a file, in order; of the last one a part may be missing.
fn chunks(bytes: &[u8]) -> impl Iterator<Item = Chunk> {
    let mut at = Some(SIGNATURE);
    std::iter::from_fn(move || {
        let start = at?;
        let &[a, b, c, d, ref kind @ ..] = bytes.get(start..start + 8)? else { return None };
        let length = u32::from_be_bytes([a, b, c, d]) as usize;
        let end = start.checked_add(12)?.checked_add(length);
        at = end.filter(|&end| end <= bytes.len());
        Some(Chunk { kind: kind.try_into().ok()?, end: at })
    })
}

/// The length of a file that is whole but for what comes after its image data; `None` where nothing is missing, or more.
fn cut_behind_the_data(bytes: &[u8]) -> Option<usize> {
    let (mut data, mut end) = (false, SIGNATURE);
    for chunk in chunks(bytes) {
        match chunk.end {
            Some(_) if chunk.kind == *b"IEND" => return None,
            None if chunk.kind == *b"IDAT" => return None,
            Some(there) => end = there,
            None => break,
        }
        data |= chunk.kind == *b"IDAT";
    }
    data.then_some(end)
}

/// Size of the image, checked against the limits.
pub(super) fn size(bytes: &[u8], limits: Limits) -> Result<(u32, u32), DecodeError> {
    // Signature, then length (13), "IHDR", width, height, depth, colour type.
    let Some(header) = bytes.get(8..26) else {
        return Err(DecodeError::Truncated("the header is not complete"));
    };
    if header[..8] != *b"\0\0\0\x0dIHDR" {
        return Err(DecodeError::Damaged("the file does not begin with its header".into()));
    }
    let number = |at: usize| u32::from_be_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]]);
    let (width, height) = (number(8), number(12));
    let samples = match header[17] {
        0 | 3 => 1,
        2 => 3,
        4 => 2,
        6 => 4,
        other => return Err(DecodeError::Damaged(format!("colour type {other}"))),
    };
    limits.check_png(width, height, samples * u32::from(header[16]), bytes.len())?;
    Ok((width, height))
}

/// Decodes the whole image.
pub(super) fn decode(bytes: &[u8]) -> Result<Pixels, DecodeError> {
    match cut_behind_the_data(bytes) {
        None => guarded(|| decode_unguarded(bytes)),
        Some(end) => {
            let mended = [&bytes[..end], &END].concat();
            guarded(|| decode_unguarded(&mended))
        }
    }
}

fn decode_unguarded(bytes: &[u8]) -> Result<Pixels, DecodeError> {
    let mut options = DecodeOptions::default();
    // Texts and profiles are compressed too, and not wanted.
    options.set_ignore_text_chunk(true);
    options.set_ignore_iccp_chunk(true);
    let mut decoder = Decoder::new_with_options(Cursor::new(bytes), options);
    decoder.set_transformations(Transformations::EXPAND | Transformations::STRIP_16);
    let mut reader = decoder.read_info().map_err(refused)?;
    let size = reader.output_buffer_size().ok_or_else(|| DecodeError::Damaged("the size overflows".into()))?;
    let mut data = vec![0; size];
    let info = reader.next_frame(&mut data).map_err(refused)?;
    data.truncate(info.buffer_size());
    let declared = reader.info().size();
    if (info.width, info.height) != declared {
        return Err(DecodeError::Damaged("the first picture of an animation has another size".into()));
    }
    let region = Region::whole(info.width as usize, info.height as usize);
    let (channels, data) = match (info.color_type, info.bit_depth) {
        (ColorType::Grayscale, BitDepth::Eight) => (1, data),
        (ColorType::Rgb, BitDepth::Eight) => (3, data),
        (ColorType::GrayscaleAlpha, BitDepth::Eight) => (1, opaque::<1, 2>(data)),
        (ColorType::Rgba, BitDepth::Eight) => (3, opaque::<3, 4>(data)),
        (colour, depth) => return Err(DecodeError::Unsupported(format!("PNG with {colour:?} of {depth:?} bits"))),
    };
    if data.len() != region.width * region.height * channels {
        return Err(DecodeError::Damaged("the decoder returned another number of pixels".into()));
    }
    Ok(Pixels { region, channels, data })
}

/// The first `KEEP` of every `OF` bytes, in place.
fn opaque<const KEEP: usize, const OF: usize>(mut data: Vec<u8>) -> Vec<u8> {
    let pixels = data.len() / OF;
    for i in 0..pixels {
        data.copy_within(i * OF..i * OF + KEEP, i * KEEP);
    }
    data.truncate(pixels * KEEP);
    data
}

fn refused(error: png::DecodingError) -> DecodeError {
    match error {
        png::DecodingError::IoError(e) if e.kind() == std::io::ErrorKind::UnexpectedEof => {
            DecodeError::Truncated("the image data is not complete")
        }
        other => DecodeError::Damaged(other.to_string()),
    }
}
