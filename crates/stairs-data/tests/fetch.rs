//! The downloader against a server on loopback that serves, truncates, corrupts, stalls and lies.

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    net::{TcpListener, TcpStream},
    path::Path,
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};

use flate2::{Compression, write::GzEncoder};
use sha2::{Digest, Sha256};
use stairs_data::{
    DataRoot, DatasetName,
    fetch::{FetchError, Fetched, Options, fetch, fetch_file},
    manifest::{Member, Packing, RemoteFile},
};
use tempfile::{TempDir, tempdir};

/// What the server does with a request.
#[derive(Clone)]
enum Answer {
    /// Sends everything, correctly announced.
    Serve(Vec<u8>),
    /// Announces everything, then closes after so many bytes.
    Truncate(Vec<u8>, usize),
    /// Announces everything, then falls silent after so many bytes, until the other side has gone.
    Stall(Vec<u8>, usize),
    /// Falls silent before the answer begins.
    Mute,
    /// Announces no length and sends zeros as long as anybody listens.
    Endless,
    /// A status other than 200.
    Status(&'static str),
}

/// A server that answers every request alike, and the requests it has had.
struct Server {
    base: String,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Server {
    fn start(answer: Answer) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let base = format!("http://{}/some/folder/", listener.local_addr().unwrap());
        let requests = Arc::new(Mutex::new(vec![]));
        let seen = Arc::clone(&requests);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (answer, seen) = (answer.clone(), Arc::clone(&seen));
                thread::spawn(move || drop(reply(stream.unwrap(), answer, &seen)));
            }
        });
        Self { base, requests }
    }

    fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

fn reply(mut stream: TcpStream, answer: Answer, seen: &Mutex<Vec<String>>) -> std::io::Result<()> {
    let mut lines = BufReader::new(stream.try_clone()?).lines();
    seen.lock().unwrap().push(lines.next().unwrap_or_else(|| Ok(String::new()))?);
    while lines.next().transpose()?.is_some_and(|l| !l.is_empty()) {}
    let silence = |lines: &mut dyn Iterator<Item = std::io::Result<String>>| drop(lines.next());
    let announce = |stream: &mut TcpStream, n: usize| {
        write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: {n}\r\nConnection: close\r\n\r\n")
    };
    match answer {
        Answer::Serve(bytes) => {
            announce(&mut stream, bytes.len())?;
            stream.write_all(&bytes)?;
        }
        Answer::Truncate(bytes, n) => {
            announce(&mut stream, bytes.len())?;
            stream.write_all(&bytes[..n])?;
        }
        Answer::Stall(bytes, n) => {
            announce(&mut stream, bytes.len())?;
            stream.write_all(&bytes[..n])?;
            silence(&mut lines);
        }
        Answer::Mute => silence(&mut lines),
        Answer::Endless => {
            write!(stream, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")?;
            loop {
                stream.write_all(&[0; 1 << 16])?;
            }
        }
        Answer::Status(status) => {
            write!(stream, "HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")?
        }
    }
    Ok(())
}

const CONTENT: &[u8] = b"sixty thousand images, or so";

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(vec![], Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|b| format!("{b:02x}")).collect()
}

fn images(servers: &[&Server]) -> RemoteFile {
    RemoteFile {
        name: "images.gz".to_owned(),
        folders: servers.iter().map(|s| s.base.clone()).collect(),
        packing: Packing::Gzip { bytes: CONTENT.len() as u64, sha256: sha256(CONTENT) },
    }
}

/// Patient, so that a busy machine is not taken for a stalled server.
fn options() -> Options {
    Options::default().with_connect(Duration::from_secs(30)).with_stall(Duration::from_secs(30)).with_proxy(false)
}

fn listing(folder: &Path) -> Vec<String> {
    let names = fs::read_dir(folder).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<_> = names.collect();
    names.sort();
    names
}

/// Fetching fails, says `wanted` and what to do by hand, leaves nothing, and leaves alone what was there before.
#[track_caller]
fn fails(answer: Answer, wanted: &str) {
    let server = Server::start(answer.clone());
    let file = images(&[&server]);
    let dir = tempdir().unwrap();
    let folder = dir.path().join("new/mnist");
    let silent = matches!(answer, Answer::Stall(..) | Answer::Mute);
    let stall = Duration::from_millis(if silent { 300 } else { 30_000 });
    let options = options().with_stall(stall);
    let message = fetch_file(&file, &folder, &options, &mut ()).unwrap_err().to_string();
    for part in [wanted, "by hand: download", &format!("{}images.gz", server.base), &folder.display().to_string()] {
        assert!(message.contains(part), "`{part}` in: {message}");
    }
    assert!(!folder.exists(), "the folder is gone again");

    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("images.gz"), "older").unwrap();
    fetch_file(&file, &folder, &options, &mut ()).unwrap_err();
    assert_eq!(listing(&folder), ["images.gz"]);
    assert_eq!(fs::read(folder.join("images.gz")).unwrap(), b"older");
}

#[test]
fn a_good_file_arrives_unchanged_and_replaces_a_bad_one() {
    let server = Server::start(Answer::Serve(gzip(CONTENT)));
    let dir = tempdir().unwrap();
    fs::write(dir.path().join("images.gz"), "older").unwrap();
    fetch_file(&images(&[&server]), dir.path(), &options(), &mut ()).unwrap();
    assert_eq!(listing(dir.path()), ["images.gz"]);
    assert_eq!(fs::read(dir.path().join("images.gz")).unwrap(), gzip(CONTENT));
    assert_eq!(server.requests(), ["GET /some/folder/images.gz HTTP/1.1"]);
}

#[test]
fn truncation() {
    let bytes = gzip(CONTENT);
    fails(Answer::Truncate(bytes.clone(), 10), "images.gz");
    // Truncated where the server took the file from, so that the announced length is right.
    fails(Answer::Serve(bytes[..bytes.len() - 3].to_vec()), "no intact gzip file");
    fails(Answer::Serve(gzip(&CONTENT[1..])), "wrong size: 27 bytes, expected 28");
}

#[test]
fn corruption() {
    let mut bytes = gzip(CONTENT);
    bytes[15] ^= 1;
    fails(Answer::Serve(bytes), "images.gz");
    let mut content = CONTENT.to_vec();
    content[3] ^= 1;
    fails(Answer::Serve(gzip(&content)), "wrong checksum: SHA-256");
    fails(Answer::Serve(gzip(&[CONTENT, b"!"].concat())), "wrong size: more than the expected 28 bytes");
    fails(Answer::Serve(b"<!DOCTYPE html><title>Please log in</title>".to_vec()), "no intact gzip file");
    fails(Answer::Serve(vec![]), "no intact gzip file");
}

#[test]
fn stalls() {
    fails(Answer::Stall(gzip(CONTENT), 10), "stalled");
    fails(Answer::Mute, "timeout");
}

#[test]
fn floods() {
    fails(Answer::Endless, "the server sends more than the expected");
    fails(Answer::Serve(gzip(&vec![0; 1 << 24])), "wrong size: more than the expected 28 bytes");
    fails(Answer::Serve(vec![0; 3 << 20]), "the server announces 3145728 bytes, expected at most");
}

#[test]
fn refusals() {
    fails(Answer::Status("404 Not Found"), "404");
    fails(Answer::Status("503 Service Unavailable"), "503");
}

#[test]
fn mirrors_are_tried_in_order() {
    let gone = Server::start(Answer::Status("404 Not Found"));
    let good = Server::start(Answer::Serve(gzip(CONTENT)));
    let unused = Server::start(Answer::Mute);
    let dir = tempdir().unwrap();
    fetch_file(&images(&[&gone, &good, &unused]), dir.path(), &options(), &mut ()).unwrap();
    assert_eq!(listing(dir.path()), ["images.gz"]);
    assert_eq!([&gone, &good, &unused].map(|s| s.requests().len()), [1, 1, 0]);
}

/// A tar.gz archive of these files.
fn archive(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut tar = tar::Builder::new(GzEncoder::new(vec![], Compression::fast()));
    for (path, bytes) in files {
        let mut header = tar::Header::new_gnu();
        // Written directly, since `set_path` refuses the paths that a hostile archive would have.
        header.as_old_mut().name[..path.len()].copy_from_slice(path.as_bytes());
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        header.set_cksum();
        tar.append(&header, *bytes).unwrap();
    }
    tar.into_inner().unwrap().finish().unwrap()
}

/// Fetches an archive that should hold `one` (3 bytes) and `two` (4 bytes); returns what is in the folder then.
fn fetch_archive(bytes: &[u8], announced: &[u8]) -> (Result<(), String>, Vec<String>, TempDir) {
    let server = Server::start(Answer::Serve(bytes.to_vec()));
    let member = |name: &str, bytes| Member { name: name.to_owned(), bytes };
    let file = RemoteFile {
        name: "archive.tar.gz".to_owned(),
        folders: vec![server.base],
        packing: Packing::TarGz {
            bytes: announced.len() as u64,
            sha256: sha256(announced),
            members: vec![member("one", 3), member("two", 4)],
        },
    };
    let dir = tempdir().unwrap();
    let inner = dir.path().join("inner");
    fs::create_dir(&inner).unwrap();
    let result = fetch_file(&file, &inner, &options(), &mut ()).map_err(|e| e.to_string());
    assert_eq!(listing(dir.path()), ["inner"], "nothing outside");
    (result, listing(&inner), dir)
}

#[test]
fn archives_are_unpacked() {
    let bytes = archive(&[("d/readme", b"?"), ("d/two", b"2222"), ("../../one", b"111"), ("../evil", b"!")]);
    let (result, files, dir) = fetch_archive(&bytes, &bytes);
    result.unwrap();
    assert_eq!(files, ["one", "two"]);
    assert_eq!(fs::read(dir.path().join("inner/one")).unwrap(), b"111");
    assert_eq!(fs::read(dir.path().join("inner/two")).unwrap(), b"2222");
}

#[test]
fn bad_archives_leave_nothing() {
    let good = archive(&[("d/one", b"111"), ("d/two", b"2222")]);
    let cases: [(Vec<u8>, &str); 5] = [
        (archive(&[("d/one", b"111")]), "the archive does not hold two"),
        (archive(&[("d/one", b"111"), ("d/two", b"222")]), "two in the archive has 3 bytes, expected 4"),
        (archive(&[("d/one", b"111"), ("e/one", b"111"), ("two", b"2222")]), "the archive holds one twice"),
        (b"no archive".to_vec(), "the archive is damaged"),
        (good[..good.len() / 2].to_vec(), "archive.tar.gz"),
    ];
    for (bytes, wanted) in cases {
        let (result, files, _dir) = fetch_archive(&bytes, &bytes);
        let message = result.unwrap_err();
        assert!(message.contains(wanted), "`{wanted}` in: {message}");
        assert!(message.contains("unpack it, and put one, two into the folder"), "{message}");
        assert!(files.is_empty(), "{files:?}");
    }
    // The archive itself is verified before it is opened.
    let mut other = good.clone();
    *other.last_mut().unwrap() ^= 1;
    for (bytes, wanted) in [
        (&other, "wrong checksum"),
        (&good[..good.len() - 1].to_vec(), "wrong size"),
        (&[&good[..], b"!"].concat(), "announces"),
    ] {
        let (result, files, _dir) = fetch_archive(bytes, &good);
        let message = result.unwrap_err();
        assert!(message.contains(wanted), "`{wanted}` in: {message}");
        assert!(files.is_empty(), "{files:?}");
    }
}

/// A known data set whose files are not what the manifest says.
#[test]
fn a_known_data_set() {
    assert!(matches!(fetch(DatasetName::Digits, &DataRoot::default(), &options(), &mut ()), Ok(Fetched::Embedded)));
    let nowhere = fetch(DatasetName::Mnist, &DataRoot::new(None, None, None), &options(), &mut ());
    assert!(matches!(nowhere, Err(FetchError::NoFolder(DatasetName::Mnist))));

    let dir = tempdir().unwrap();
    let place = dir.path().join("data");
    let server = Server::start(Answer::Serve(gzip(CONTENT)));
    let root = DataRoot::new(Some(place.clone()), None, None);
    let options = options().with_base_url(&server.base);
    let text = fetch(DatasetName::Mnist, &root, &options, &mut ()).unwrap_err().to_string();
    for part in ["wrong size", "by hand: download", "train-images-idx3-ubyte.gz", "yann.lecun.com"] {
        assert!(text.contains(part), "`{part}` in: {text}");
    }
    assert!(text.contains(place.join("mnist").to_str().unwrap()), "{text}");
    assert_eq!(server.requests(), ["GET /some/folder/train-images-idx3-ubyte.gz HTTP/1.1"]);
    assert!(!place.join("mnist").exists());
}
