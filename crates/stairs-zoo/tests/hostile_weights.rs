//! Damaged and hostile files of weights: an error or the right numbers, never a panic, and memory within a multiple of the file.
//!
//! A counting allocator measures the peak of each file; a file that made the reader hang would hang the test.

mod weights;

use std::{
    alloc::{GlobalAlloc, Layout, System},
    cell::Cell,
};

use stairs_zoo::pretrained::{PretrainedError, WeightFile};
use weights::{fixture, header, one_tensor, safetensors, torch, zip};

/// Memory may be so many times the file, and so many bytes.
const MULTIPLE: usize = 64;
const CONSTANT: usize = 1 << 17;

thread_local! {
    static LIVE: Cell<isize> = const { Cell::new(0) };
    static PEAK: Cell<isize> = const { Cell::new(0) };
}

/// Counts what this thread holds.
struct Counting;

fn count(change: isize) {
    let live = LIVE.get() + change;
    LIVE.set(live);
    PEAK.set(PEAK.get().max(live));
}

// SAFETY: every call is handed on to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size() as isize);
        // SAFETY: the caller's promise.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        count(-(layout.size() as isize));
        // SAFETY: the caller's promise.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

type Tensors = Vec<(String, Vec<usize>, Vec<f32>)>;

fn read(bytes: Vec<u8>) -> Result<Tensors, PretrainedError> {
    let file = WeightFile::from_bytes("weights", bytes)?;
    let names: Vec<(String, Vec<usize>)> = file.tensors().map(|(name, shape)| (name.into(), shape.into())).collect();
    names.into_iter().map(|(name, shape)| Ok((name.clone(), shape, file.read(&name)?.unwrap()))).collect()
}

/// The files of one test.
#[derive(Default)]
struct Reader {
    files: usize,
}

impl Reader {
    /// What the reader says to a file of these bytes.
    fn read(&mut self, bytes: &[u8]) -> Result<Tensors, PretrainedError> {
        self.files += 1;
        let owned = bytes.to_vec();
        let before = LIVE.get();
        PEAK.set(before);
        let result = read(owned);
        let taken = (PEAK.get() - before) as usize;
        assert!(taken <= MULTIPLE * bytes.len() + CONSTANT, "{taken} bytes for a file of {}", bytes.len());
        result
    }

    fn refused(&mut self, what: &str, bytes: &[u8]) -> String {
        let error = self.read(bytes).expect_err(what).to_string();
        assert!(error.contains("weights"), "{what}: {error}");
        error
    }
}

/// The same two tensors as everybody's format has them.
fn plain() -> Vec<u8> {
    let text = header([("a", &[2, 3][..]), ("b", &[4][..])]);
    let data: Vec<u8> = (0..10).flat_map(|i| (i as f32 * 0.5).to_le_bytes()).collect();
    safetensors(&text, &data)
}

fn whole() -> [(&'static str, Vec<u8>); 5] {
    let torch = ["zip.pth", "legacy.pth", "views.pth", "training.pth"].map(|name| (name, fixture(name)));
    let [zip, legacy, views, training] = torch;
    [zip, legacy, views, training, ("plain", plain())]
}

#[test]
fn a_file_cut_short_anywhere_is_refused() {
    let mut reader = Reader::default();
    for (name, bytes) in whole() {
        assert!(reader.read(&bytes).is_ok(), "{name}");
        for len in 0..bytes.len() {
            reader.refused(&format!("{name} of {len} bytes"), &bytes[..len]);
        }
    }
    assert!(reader.files > 5000, "{}", reader.files);
}

/// Zip files have checksums, so that a flipped byte that is not noticed changes nothing.
#[test]
fn a_flipped_byte_is_refused_or_changes_nothing_that_is_checked() {
    let mut reader = Reader::default();
    for (name, bytes) in whole() {
        let right = reader.read(&bytes).unwrap();
        for at in 0..bytes.len() {
            for flip in [0x01, 0xFF] {
                let mut other = bytes.clone();
                other[at] ^= flip;
                let read = reader.read(&other);
                let checked = name == "zip.pth";
                assert!(
                    !checked || read.as_ref().is_ok_and(|read| *read == right) || read.is_err(),
                    "{name}, byte {at}"
                );
            }
        }
    }
}

#[test]
fn huge_numbers_anywhere_cost_no_memory() {
    let mut reader = Reader::default();
    let huge: [&[u8]; 2] = [&[0xFF, 0xFF, 0xFF, 0x7F], &[0xFF; 8]];
    for (_, bytes) in whole() {
        for at in 0..bytes.len() {
            for number in huge.iter().filter(|number| at + number.len() <= bytes.len()) {
                let mut other = bytes.clone();
                other[at..at + number.len()].copy_from_slice(number);
                reader.read(&other).ok();
            }
        }
    }
}

#[test]
fn names_of_anything_but_tensors_are_refused_by_name() {
    let mut reader = Reader::default();
    for (module, name) in [
        ("os", "system"),
        ("posix", "system"),
        ("nt", "system"),
        ("builtins", "eval"),
        ("builtins", "exec"),
        ("__builtin__", "getattr"),
        ("subprocess", "Popen"),
        ("torch", "load"),
        ("torch.nn.modules.linear", "Linear"),
        ("numpy.core.multiarray", "_reconstruct"),
        ("torch", "ComplexFloatStorage"),
    ] {
        let calls = [
            format!("c{module}\n{name}\n(X\x02\0\0\0lstR."),
            format!("}}X\x01\0\0\0wc{module}\n{name}\n(X\x02\0\0\0lstRs."),
            format!("c{module}\n{name}\n."),
        ];
        for call in calls {
            let pickle = [b"\x80\x02", call.as_bytes()].concat();
            let error = reader.read(&torch(&pickle)).unwrap_err();
            assert!(matches!(&error, PretrainedError::Object { object, .. } if *object == format!("{module}.{name}")));
            let older = [&weights::fixture("legacy.pth")[..15], b"\x80\x02M\xe9\x03.", &pickle].concat();
            assert!(reader.read(&older).is_err());
        }
    }
}

#[test]
fn opcodes_that_call_or_come_from_other_protocols_are_refused() {
    let mut reader = Reader::default();
    let allowed = b"\x80.N\x88\x89JKM\x8aGXUc()]}t\x85\x86\x87aesuqrhjQRb\x81";
    for opcode in (0..=255u8).filter(|opcode| !allowed.contains(opcode)) {
        let pickle = [b"\x80\x02}X\x01\0\0\0w", &[opcode][..], &[0; 16], b"s."].concat();
        let error = reader.refused("opcode", &torch(&pickle));
        assert!(error.contains(&format!("0x{opcode:02x}")), "{error}");
    }
}

/// Objects that are passed over keep nothing, whatever they are given, and are no tensors.
#[test]
fn harmless_objects_are_inert() {
    let mut reader = Reader::default();
    let object = |end: &[u8]| torch(&[&b"\x80\x02cargparse\nNamespace\n)\x81"[..], end, b"."].concat());
    for end in [&b""[..], b"}b", b"K\x01K\x02s", b"(K\x01K\x02u", b"K\x01a", b"(K\x01e", b"(K\x01u"] {
        assert!(reader.refused("an object", &object(end)).contains("an object and no state dict"));
    }
    for wrong in [
        &b"cargparse\nNamespace\nK\x01\x81."[..],
        b"ctorch\nFloatStorage\n)\x81.",
        b"K\x01)\x81.",
        b"cargparse\nNamespace\nR.",
    ] {
        reader.refused("wrong", &torch(&[b"\x80\x02", wrong].concat()));
    }
    // A dictionary that holds itself, and many under a long key.
    reader.refused("itself", &torch(b"\x80\x02}q\0X\x01\0\0\0ah\0s."));
    let long = [&b"X\x00\x20\0\0"[..], &[b'k'; 0x2000]].concat();
    let many: Vec<u8> = (0..20_000u32)
        .flat_map(|i| [&b"X\x04\0\0\0"[..], format!("{i:04x}").as_bytes()[..4].as_ref(), b"}"].concat())
        .collect();
    reader.refused("many", &torch(&[&b"\x80\x02}"[..], &long, b"}(", &many, b"us."].concat()));
}

#[test]
fn bombs_do_not_go_off() {
    let mut reader = Reader::default();
    for count in [10, 1000, 200_000] {
        let repeated = |part: &[u8], end: &[u8]| [&b"\x80\x02"[..], &part.repeat(count), end].concat();
        let bombs = [
            repeated(b"]", b"."),
            repeated(b"(", b"."),
            repeated(b"}", b"."),
            repeated(b"N", b"."),
            [&b"\x80\x02]"[..], &b"\x85".repeat(count), b"."].concat(),
            // Lists of lists, from the inside; one list that holds itself; doubling through the memo.
            [&b"\x80\x02"[..], &b"]".repeat(count), &b"a".repeat(count - 1), b"."].concat(),
            [&b"\x80\x02]q\0"[..], &b"h\0a".repeat(count), b"."].concat(),
            [&b"\x80\x02]q\0"[..], &b"h\0h\0\x86q\0".repeat(count), b"."].concat(),
            repeated(b"]r\x00\x00\x00\x00", b"."),
            repeated(b"X\xFF\xFF\xFF\xFFa", b"."),
        ];
        for bomb in bombs {
            reader.refused("bomb", &torch(&bomb));
        }
        let deep = format!("{{\"a\":{}", "[".repeat(count));
        reader.refused("deep header", &safetensors(&deep, &[]));
        let deep = format!("{{\"__metadata__\":{}", "{\"a\":".repeat(count));
        reader.refused("deep metadata", &safetensors(&deep, &[]));
        let long =
            format!("{{\"a\":{{\"dtype\":\"F32\",\"shape\":[{}1],\"data_offsets\":[0,4]}}}}", "1,".repeat(count));
        reader.refused("many sizes", &safetensors(&long, &[0; 4]));
    }
}

#[test]
fn sizes_that_are_not_in_the_file_are_refused() {
    let mut reader = Reader::default();
    let (four, zero, one, two): (&[u8], &[u8], &[u8], &[u8]) = (b"K\x04", b"K\x00", b"K\x01", b"K\x02");
    let (large, minus): (&[u8], &[u8]) = (b"\x8a\x08\0\0\0\0\0\0\0\x40", b"J\xFF\xFF\xFF\xFF");
    let tuple = |parts: &[&[u8]]| [&b"("[..], &parts.concat(), b"t"].concat();
    let (pair, steps) = (tuple(&[two, two]), tuple(&[two, one]));
    let right = reader.read(&torch(&one_tensor(four, zero, &pair, &steps))).unwrap();
    assert_eq!(right, [("w".to_owned(), vec![2, 2], vec![0.0; 4])]);
    for (elements, first, sizes, strides) in [
        (large, zero, tuple(&[large, large]), tuple(&[large, one])),
        (large, zero, pair.clone(), steps.clone()),
        (four, large, pair.clone(), steps.clone()),
        (four, one, pair.clone(), steps.clone()),
        (four, minus, pair.clone(), steps.clone()),
        (minus, zero, pair.clone(), steps.clone()),
        (b"K\x05", zero, pair.clone(), steps.clone()),
        (four, zero, tuple(&[large]), tuple(&[zero])),
        (four, zero, tuple(&[b"M\xFF\xFF"]), tuple(&[zero])),
        (four, zero, tuple(&[minus]), tuple(&[one])),
        (four, zero, pair.clone(), tuple(&[large, one])),
        (four, zero, pair.clone(), tuple(&[one])),
        (four, zero, tuple(&[one; 100]), tuple(&[one; 100])),
    ] {
        reader.refused("sizes", &torch(&one_tensor(elements, first, &sizes, &strides)));
    }
    assert!(reader.refused("expanded", &fixture("expanded.pth")).contains("1 stored elements"));
    assert!(reader.refused("module", &fixture("module.pth")).contains("torch.nn.modules.linear.Linear"));
}

#[test]
fn headers_that_contradict_the_file_are_refused() {
    let mut reader = Reader::default();
    for length in [u64::MAX, u64::MAX - 8, 100_000_001, 99_999_999, 1 << 32, 0] {
        reader.refused("length", &[&length.to_le_bytes()[..], b"{\"a\":1}"].concat());
    }
    let entry = |dtype: &str, shape: &str, range: &str| {
        format!("\"a\":{{\"dtype\":\"{dtype}\",\"shape\":{shape},\"data_offsets\":{range}}}")
    };
    let right = entry("F32", "[4]", "[0,16]");
    assert!(reader.read(&safetensors(&format!("{{{right}}}"), &[0; 16])).is_ok());
    for wrong in [
        format!("{right},{right}"),
        format!("{right},{}", right.replacen('a', "b", 1)),
        entry("F32", "[4]", "[16,0]"),
        entry("F32", "[4]", "[0,18446744073709551615]"),
        entry("F32", "[5]", "[0,16]"),
        entry("F32", "[3]", "[0,12]"),
        entry("F32", "[3]", "[4,16]"),
        entry("F32", "[-4]", "[0,16]"),
        entry("F32", "[4294967296,4294967296,4294967296]", "[0,16]"),
        entry("F32", "[18446744073709551615,0]", "[0,16]"),
        entry("F4", "[4]", "[0,16]"),
        entry("I32", "[4]", "[0,16]"),
        format!("{right},\"b\":7"),
        right.replace("shape", "size"),
    ] {
        reader.refused(&wrong, &safetensors(&format!("{{{wrong}}}"), &[0; 16]));
    }
}

#[test]
fn other_archives_and_other_files_are_refused() {
    let mut reader = Reader::default();
    let pickle = one_tensor(b"K\x04", b"K\x00", b"(K\x04t", b"(K\x01t");
    let data: &[u8] = &[0; 16];
    assert!(reader.read(&zip(&[("a/data.pkl", &pickle), ("a/data/0", data)])).is_ok());
    reader.refused("no storage", &zip(&[("a/data.pkl", &pickle)]));
    reader.refused("no pickle", &zip(&[("a/data/0", data)]));
    reader.refused("two pickles", &zip(&[("a/data.pkl", &pickle), ("b/data.pkl", &pickle), ("a/data/0", data)]));
    reader.refused("twice", &zip(&[("a/data.pkl", &pickle), ("a/data/0", data), ("a/data/0", data)]));
    reader.refused("short", &zip(&[("a/data.pkl", &pickle), ("a/data/0", &data[..12])]));
    reader.refused("big", &zip(&[("a/data.pkl", &pickle), ("a/byteorder", b"big"), ("a/data/0", data)]));
    let mut compressed = zip(&[("a/data.pkl", &pickle), ("a/data/0", data)]);
    let record = compressed.windows(4).position(|window| window == b"PK\x01\x02").unwrap();
    compressed[record + 10] = 8;
    assert!(reader.refused("compressed", &compressed).contains("compressed"));
    let mut tar = vec![0; 1024];
    tar[257..262].copy_from_slice(b"ustar");
    for other in [&b""[..], b"\0", b"PK", b"\x89PNG\r\n\x1a\n", b"\x80\x02}.", &tar, &[0xFF; 4096], &[b'{'; 4096]] {
        reader.refused("other", other);
    }
    let dir = tempfile::tempdir().unwrap();
    assert!(WeightFile::open(dir.path()).is_err());
    assert!(matches!(WeightFile::open(dir.path().join("none")), Err(PretrainedError::Read { .. })));
}
