//! Hundreds of files made to break a decoder: each is refused or decoded, in bounded memory, without a panic.

use std::{
    alloc::{GlobalAlloc, Layout, System},
    cell::Cell,
    panic::catch_unwind,
};

use stairs_data::images::{DecodeError, Encoded, Limits, Region};

/// Counts what this thread has allocated.
struct Counting;

thread_local! {
    static NOW: Cell<usize> = const { Cell::new(0) };
    static PEAK: Cell<usize> = const { Cell::new(0) };
}

// SAFETY: every call goes to the system's allocator unchanged; the counters are plain thread-local numbers.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        grown(layout.size());
        // SAFETY: the caller's promise is the same.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        grown(layout.size());
        // SAFETY: the caller's promise is the same.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        NOW.with(|now| now.set(now.get().saturating_sub(layout.size())));
        // SAFETY: the caller's promise is the same.
        unsafe { System.dealloc(pointer, layout) }
    }
}

fn grown(size: usize) {
    NOW.with(|now| {
        now.set(now.get() + size);
        PEAK.with(|peak| peak.set(peak.get().max(now.get())));
    });
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Peak of what `work` holds at a time.
fn peak<T>(work: impl FnOnce() -> T) -> (T, usize) {
    let before = NOW.with(Cell::get);
    PEAK.with(|peak| peak.set(before));
    let value = work();
    (value, PEAK.with(Cell::get) - before)
}

/// Bytes a decoder may hold: per pixel 3 of output, 3 of a copy, 6 of coefficients (16 bits, three components) and as much
/// again for padding to whole blocks, plus tables and rows.
fn allowed(pixels: usize) -> usize {
    24 * pixels + (1 << 20)
}

/// Decodes `file`; returns what came of it and the bytes held at most.
fn decode(file: &[u8]) -> (Result<usize, DecodeError>, usize) {
    let limits = Limits { max_pixels: 4_000_000 };
    let work = || {
        let image = Encoded::open(file, limits)?;
        let whole = Region::whole(image.width(), image.height());
        image.decode(3, whole).map(|pixels| {
            assert_eq!(pixels.data.len(), pixels.region.width * pixels.region.height * 3);
            pixels.region.width * pixels.region.height
        })
    };
    peak(|| catch_unwind(work).unwrap_or_else(|_| panic!("a panic came out of the decoder")))
}

/// Decodes and holds the memory to the pixels that the header may declare.
fn survives(name: &str, file: &[u8]) -> Result<usize, DecodeError> {
    let (result, held) = decode(file);
    let pixels =
        Encoded::open(file, Limits { max_pixels: 4_000_000 }).map_or(0, |image| image.width() * image.height());
    assert!(held <= allowed(pixels), "{name}: {held} bytes for {pixels} pixels");
    assert_ne!(result, Err(DecodeError::Damaged("the decoder panicked".into())), "{name}");
    result
}

const JPEG: &[u8] = include_bytes!("golden/images/420.jpg");
const PROGRESSIVE: &[u8] = include_bytes!("golden/images/progressive.jpg");
const RESTART: &[u8] = include_bytes!("golden/images/restart.jpg");
const CMYK: &[u8] = include_bytes!("golden/images/cmyk.jpg");
const PNG: &[u8] = include_bytes!("golden/images/rgb.png");
const PALETTE: &[u8] = include_bytes!("golden/images/palette-transparent.png");

const ALL: [(&str, &[u8]); 6] = [
    ("420", JPEG),
    ("progressive", PROGRESSIVE),
    ("restart", RESTART),
    ("cmyk", CMYK),
    ("png", PNG),
    ("palette", PALETTE),
];

#[test]
fn truncated_files_are_refused() {
    let mut files = 0;
    for (name, file) in ALL {
        assert!(survives(name, file).is_ok());
        for length in (0..file.len() - 1).step_by(file.len() / 60 + 1) {
            let cut = &file[..length];
            let result = survives(name, cut);
            // A PNG without its last chunk, which holds nothing, is complete; without its end-of-image marker a JPEG is not.
            let complete = cut.starts_with(b"\x89PNG") && file.len() - length <= 12;
            assert_eq!(result.is_ok(), complete, "{name} of {length} bytes");
            files += 1;
        }
    }
    assert!(files > 300, "{files}");
}

#[test]
fn a_png_with_all_its_rows_needs_nothing_more() {
    for file in [PNG, PALETTE] {
        let whole = decode(file).0.unwrap();
        let end = file.len() - 12;
        assert_eq!(&file[end + 4..end + 8], b"IEND");
        for length in end..file.len() {
            assert_eq!(survives("no end", &file[..length]), Ok(whole), "{length} of {}", file.len());
        }
        // Without the last byte of the checksum, the data is not known to be whole.
        assert!(matches!(survives("no checksum", &file[..end - 1]), Err(DecodeError::Truncated(_))));
        // Cut off in a text behind the data.
        let text = [&file[..end], b"\0\0\0\x09tEXtComm"].concat();
        assert_eq!(survives("text", &text), Ok(whole));
        // Rows missing before an end: not complete.
        let data = file.windows(4).position(|part| part == b"IDAT").unwrap() - 4;
        assert!(survives("no rows", &[&file[..data], &file[end..]].concat()).is_err());
        assert!(survives("no rows, no end", &file[..data]).is_err());
    }
}

#[test]
fn rare_kinds_of_png_are_decided() {
    // A palette of 16 bits: not a kind that the format has.
    let mut deep = PALETTE.to_vec();
    deep[24] = 16;
    assert!(matches!(survives("deep palette", &deep), Err(DecodeError::Damaged(_))));
    // An animation: the picture of the data chunk, whatever comes behind.
    let animated = animation(4, 4, (4, 4));
    assert_eq!(survives("animation", &animated), Ok(16));
    // The first picture must be as large as the file says.
    assert!(survives("another size", &animation(4, 4, (2, 2))).is_err());
}

/// An animated PNG of two grey pictures; the first one claims to be of size `first`.
fn animation(width: u32, height: u32, first: (u32, u32)) -> Vec<u8> {
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, width, height);
    encoder.set_animated(2, 0).unwrap();
    let mut writer = encoder.write_header().unwrap();
    let picture = vec![9; (width * height) as usize];
    writer.write_image_data(&picture).unwrap();
    writer.write_image_data(&picture).unwrap();
    writer.finish().unwrap();
    let at = file.windows(4).position(|part| part == b"fcTL").unwrap();
    file[at + 8..at + 12].copy_from_slice(&first.0.to_be_bytes());
    file[at + 12..at + 16].copy_from_slice(&first.1.to_be_bytes());
    let sum = crc(&file[at..at + 30]);
    file[at + 30..at + 34].copy_from_slice(&sum.to_be_bytes());
    file
}

/// The checksum of PNG chunks.
fn crc(bytes: &[u8]) -> u32 {
    let mut crc = flate2::Crc::new();
    crc.update(bytes);
    crc.sum()
}

#[test]
fn flipped_bytes_do_no_harm() {
    let mut files = 0;
    for (name, file) in ALL {
        for i in 0..200 {
            let mut damaged = file.to_vec();
            // Headers more often than data: both matter, and headers are short.
            let at = if i % 2 == 0 { i * 7919 % damaged.len() } else { i * 13 % damaged.len().min(640) };
            damaged[at] ^= [0xff, 0x01, 0x80, 0x10][i % 4];
            survives(&format!("{name}, byte {at}"), &damaged).ok();
            files += 1;
        }
    }
    assert!(files >= 1200, "{files}");
}

#[test]
fn noise_between_the_markers_does_no_harm() {
    for (name, file) in ALL {
        for seed in 0..40u64 {
            let mut damaged = file.to_vec();
            let half = damaged.len() / 2;
            let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
            for byte in &mut damaged[half..] {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                *byte = state as u8;
            }
            damaged.extend_from_slice(&[0xff, 0xd9]);
            survives(&format!("{name}, noise {seed}"), &damaged).ok();
        }
    }
}

/// Offset of the frame header's height in a JPEG.
fn frame(file: &[u8]) -> usize {
    file.windows(2).position(|pair| matches!(pair, [0xff, 0xc0..=0xc2])).unwrap() + 5
}

#[test]
fn declared_sizes_are_checked_before_anything_is_allocated() {
    for (name, file) in [("420", JPEG), ("progressive", PROGRESSIVE)] {
        let declared = |height: u16, width: u16| {
            let mut file = file.to_vec();
            let at = frame(&file);
            file[at..at + 2].copy_from_slice(&height.to_be_bytes());
            file[at + 2..at + 4].copy_from_slice(&width.to_be_bytes());
            let (result, held) = decode(&file);
            assert!(held < 1 << 16, "{name} {height} × {width}: {held} bytes");
            result.unwrap_err()
        };
        assert_eq!(declared(0, 37), DecodeError::Zero { width: 37, height: 0 });
        assert_eq!(declared(29, 0), DecodeError::Zero { width: 0, height: 29 });
        assert!(matches!(declared(65_535, 65_535), DecodeError::Large { limit: 4_000_000, .. }));
        assert!(matches!(declared(1900, 2000), DecodeError::Implausible { .. }));
    }
    let declared = |width: u32, height: u32| {
        let mut file = PNG.to_vec();
        file[16..20].copy_from_slice(&width.to_be_bytes());
        file[20..24].copy_from_slice(&height.to_be_bytes());
        let (result, held) = decode(&file);
        assert!(held < 1 << 16, "{width} × {height}: {held} bytes");
        result.unwrap_err()
    };
    assert!(matches!(declared(0, 5), DecodeError::Zero { .. }));
    assert!(matches!(declared(u32::MAX, u32::MAX), DecodeError::Large { .. }));
    assert!(matches!(declared(1900, 2000), DecodeError::Implausible { .. }));
}

/// A PNG of the declared size whose compressed data is `data` inflated.
fn png(width: u32, height: u32, data: &[u8]) -> Vec<u8> {
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, width, height);
    encoder.set_depth(png::BitDepth::Eight);
    let mut writer = encoder.write_header().unwrap();
    let mut zlib = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
    std::io::Write::write_all(&mut zlib, data).unwrap();
    writer.write_chunk(png::chunk::IDAT, &zlib.finish().unwrap()).unwrap();
    writer.finish().unwrap();
    file
}

#[test]
fn a_png_that_inflates_far_beyond_its_size_is_stopped() {
    let bomb = png(8, 8, &vec![0; 64 << 20]);
    let (_, held) = decode(&bomb);
    assert!(held < 1 << 20, "{held} bytes");
    // The other way round: far too little.
    assert!(survives("starved", &png(64, 64, &[0; 65])).is_err());
    // A text chunk that inflates to 64 MB is not inflated.
    let mut zlib = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
    std::io::Write::write_all(&mut zlib, &vec![b'a'; 64 << 20]).unwrap();
    let text = [b"Comment\0\0".as_slice(), &zlib.finish().unwrap()].concat();
    let mut file = Vec::new();
    let mut writer = png::Encoder::new(&mut file, 1, 1).write_header().unwrap();
    writer.write_chunk(png::chunk::zTXt, &text).unwrap();
    writer.write_image_data(&[7]).unwrap();
    writer.finish().unwrap();
    let (result, held) = decode(&file);
    assert_eq!(result, Ok(1));
    assert!(held < 1 << 20, "{held} bytes");
}

#[test]
fn a_jpeg_of_endless_scans_is_refused() {
    let scan = PROGRESSIVE.windows(2).position(|pair| pair == [0xff, 0xda]).unwrap();
    let mut file = PROGRESSIVE[..PROGRESSIVE.len() - 2].to_vec();
    let next = |&at: &usize| PROGRESSIVE[at] == 0xff && PROGRESSIVE[at + 1] != 0;
    let end = (scan + 2..).find(next).unwrap();
    for _ in 0..200 {
        file.extend_from_slice(&PROGRESSIVE[scan..end]);
    }
    file.extend_from_slice(&[0xff, 0xd9]);
    assert_eq!(survives("scans", &file), Err(DecodeError::Unsupported("JPEG with more than 100 scans".into())));
}

#[test]
fn other_files_are_named_for_what_they_are() {
    let error = |file: &[u8]| Encoded::open(file, Limits::default()).unwrap_err().to_string();
    assert_eq!(error(b""), "the file is empty: remove it");
    assert_eq!(error(b"RIFF...."), "neither JPEG nor PNG: it begins with 52 49 46 46");
    let foreign: [(&[u8], &str); 12] = [
        (b"RIFF....WEBPVP8 ", "WebP"),
        (b"BM\x36\x10\0\0\0\0\0\0\x36", "BMP"),
        (b"GIF89a", "GIF"),
        (b"II*\0\x08", "TIFF"),
        (b"MM\0*\0", "TIFF"),
        (b"\0\0\0\x1cftypavif", "AVIF"),
        (b"\0\0\0\x18ftypheic", "HEIC"),
        (b"\0\0\0\x0cJXL \r\n", "JPEG XL"),
        (b"\0\0\0\x0cjP  \r\n", "JPEG 2000"),
        (b"%PDF-1.7", "PDF"),
        (b"<!doctype html>", "HTML"),
        (b"version https://git-lfs.github.com/spec/v1", "Git LFS pointer"),
    ];
    for (file, format) in foreign {
        let wanted = format!("it is {format} by content, and only JPEG and PNG are read: ");
        assert!(error(file).starts_with(&wanted), "{}", error(file));
    }
    assert!(error(b"BMW and others").starts_with("neither JPEG nor PNG"), "a text is no BMP");
    assert!(error(&[0xff, 0xd8, 0xff]).contains("no end-of-image marker"));
    assert!(error(&[0xff, 0xd8, 0xff, 0xd9]).contains("no frame header"));
    let mut deep = JPEG.to_vec();
    let at = frame(&deep) - 1;
    deep[at] = 12;
    assert_eq!(error(&deep), "JPEG with 12 bits a sample is not supported: convert the file");
    let mut arithmetic = JPEG.to_vec();
    arithmetic[at - 3] = 0xc9;
    assert_eq!(error(&arithmetic), "JPEG with arithmetic coding is not supported: convert the file");
}
