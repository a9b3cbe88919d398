//! What is in an image folder and not in the training is counted and named, once; links neither loop nor multiply.

#![cfg(unix)]

use std::{
    fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    process::Command,
};

use stairs_data::images::{ImageFolder, ImagesConfig, LeftOut, OnCorrupt, Reason};
use tempfile::{TempDir, tempdir};

/// Two classes with two pictures each, in both parts.
struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        let folder = Self(tempdir().unwrap());
        for part in ["train", "val"] {
            for (i, name) in ["cat/a.png", "cat/b.PNG", "dog/a.png", "dog/b.png"].into_iter().enumerate() {
                folder.write(&format!("{part}/{name}"), &png(8, i as u8));
            }
        }
        folder
    }

    fn root(&self) -> &Path {
        self.0.path()
    }

    fn path(&self, name: &str) -> PathBuf {
        self.root().join(name)
    }

    fn write(&self, name: &str, bytes: &[u8]) {
        fs::create_dir_all(self.path(name).parent().unwrap()).unwrap();
        fs::write(self.path(name), bytes).unwrap();
    }

    fn link(&self, to: impl AsRef<Path>, name: &str) {
        symlink(to, self.path(name)).unwrap();
    }

    fn open(&self, on_corrupt: OnCorrupt) -> Result<ImageFolder, String> {
        let config = ImagesConfig { size: 4, resize: Some(4), on_corrupt, ..ImagesConfig::default() };
        ImageFolder::open(self.root(), &config).map_err(|error| error.to_string())
    }

    fn refused(&self) -> String {
        self.open(OnCorrupt::Fatal).unwrap_err().replace(&format!("{}/", self.root().display()), "")
    }

    /// Samples of both parts, and what is left out after a look at every file.
    fn survey(&self) -> ((usize, usize), LeftOut) {
        let folder = self.open(OnCorrupt::Skip).unwrap();
        ((folder.train.len(), folder.test.len()), folder.survey().unwrap().left_out)
    }
}

fn png(bits: u8, value: u8) -> Vec<u8> {
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, 4, 4);
    encoder.set_depth(if bits == 16 { png::BitDepth::Sixteen } else { png::BitDepth::Eight });
    let data = vec![value; 2 * usize::from(bits)];
    encoder.write_header().unwrap().write_image_data(&data).unwrap();
    file
}

#[test]
fn a_folder_that_is_all_read_says_nothing() {
    let folder = Folder::new();
    folder.write("README.md", b"about");
    let (samples, left_out) = folder.survey();
    assert_eq!((samples, left_out.to_string().as_str()), ((4, 4), ""));
    let survey = folder.open(OnCorrupt::Fatal).unwrap().survey().unwrap().to_string();
    assert_eq!(survey, format!("images: 4 + 4 samples, 2 classes, 3x4x4, from {}", folder.root().display()));
    assert!(left_out.is_empty());
}

#[test]
fn every_kind_is_counted_and_listed_once() {
    let folder = Folder::new();
    for i in 0..5 {
        folder.write(&format!("train/cat/{i}.webp"), b"RIFF....WEBPVP8 ");
    }
    folder.write("train/cat/c.bmp", b"BM\x36\x10\0\0\0\0\0\0\x36\0\0\0");
    folder.write("train/cat/c.jfif", &[0xff, 0xd8, 0xff, 0xe0]);
    folder.write("train/cat/notes.txt", b"notes");
    folder.write("train/cat/.ipynb_checkpoints/a-checkpoint.png", &png(8, 9));
    folder.write("train/cat/._a.png", &png(8, 9));
    folder.write("train/dog/__MACOSX/a.png", &png(8, 9));
    folder.write("train/.cache/a.png", &png(8, 9));
    folder.write("train/loose.png", &png(8, 9));
    folder.write("loose.jpg", &png(8, 9));
    folder.write("test/cat/a.png", &png(8, 9));
    folder.write("train/dog/deep.png", &png(16, 1));
    folder.write("val/dog/page.jpg", b"<!DOCTYPE html><html>");
    folder.write("val/dog/photo.png", b"RIFF....WEBPVP8 ");
    folder.write("val/dog/empty.png", b"");
    folder.link("nowhere.png", "val/cat/broken.png");
    assert!(Command::new("mkfifo").arg(folder.path("val/cat/pipe.png")).status().unwrap().success());
    let (samples, left_out) = folder.survey();
    assert_eq!(samples, (5, 7), "deep.png; page.jpg, photo.png and empty.png are tried and skipped");
    let wanted = "\
        not read: 1 BMP file (train/cat/c.bmp); \
        5 WebP files (train/cat/0.webp, train/cat/1.webp, train/cat/2.webp, …); \
        1 JPEG or PNG file with another ending (rename to .jpg or .png) (train/cat/c.jfif); \
        1 file that is no picture (train/cat/notes.txt); \
        4 hidden files or folders (train/.cache, train/cat/._a.png, train/cat/.ipynb_checkpoints, …); \
        1 link that leads nowhere (val/cat/broken.png); \
        1 pipe, socket or device (val/cat/pipe.png); \
        2 files outside class folders (train/loose.png, loose.jpg); \
        1 folder beside the parts (test)\n\
        cannot be decoded: 1 empty file (val/dog/empty.png); \
        1 file that is HTML by content (val/dog/page.jpg); \
        1 file that is WebP by content (val/dog/photo.png)\n\
        read, but: 1 PNG file of 16 bits, cut to 8 (train/dog/deep.png)";
    assert_eq!(left_out.to_string(), wanted);
    assert_eq!((left_out.count(Reason::Format("WebP")), left_out.unread()), (5, 20));
    let survey = folder.open(OnCorrupt::Skip).unwrap().survey().unwrap().to_string();
    assert_eq!(survey.split_once('\n').unwrap().1, wanted);
}

#[test]
fn files_that_cannot_be_pictures_end_a_run_before_it_starts_or_are_left_out() {
    let refused = |make: &dyn Fn(&Folder)| {
        let folder = Folder::new();
        make(&folder);
        assert_eq!(folder.open(OnCorrupt::Skip).unwrap().test.len(), 4);
        folder.refused()
    };
    let end = ": remove it, or skip such files (--on-corrupt skip)";
    let pipe = |folder: &Folder, name: &str| {
        assert!(Command::new("mkfifo").arg(folder.path(name)).status().unwrap().success());
    };
    assert_eq!(
        refused(&|folder| pipe(folder, "train/cat/x.png")),
        format!("train/cat/x.png: it is a pipe, socket or device{end}")
    );
    assert_eq!(
        refused(&|folder| folder.link("/dev/zero", "train/cat/x.jpg")),
        format!("train/cat/x.jpg: it is a pipe, socket or device{end}")
    );
    assert_eq!(
        refused(&|folder| {
            folder.link("gone.png", "train/dog/x.png");
            folder.link("round.png", "train/dog/round.png");
        }),
        format!("train/dog/round.png: it is a link that leads nowhere (and 1 more file of this kind){end}")
    );
    assert_eq!(refused(&|folder| folder.write("train/cat/x.png", b"")), format!("train/cat/x.png: it is empty{end}"));
    // One that is no picture by its name ends nothing.
    let folder = Folder::new();
    folder.link("gone.txt", "train/dog/x.txt");
    assert_eq!(folder.open(OnCorrupt::Fatal).unwrap().left_out().count(Reason::BrokenLink), 1);
}

#[test]
fn links_to_folders_neither_loop_nor_multiply() {
    for (to, name) in [
        (".", "train/cat/loop"),
        ("..", "train/cat/up"),
        ("../..", "train/cat/root"),
        ("/", "train/cat/all"),
        ("../dog", "train/cat/other-class"),
    ] {
        let folder = Folder::new();
        folder.link(to, name);
        let (samples, left_out) = folder.survey();
        assert_eq!(samples, (4, 4), "{name} to {to}");
        assert_eq!(left_out.to_string(), format!("not read: 1 folder that is read elsewhere ({name})"));
    }
    // Two links to one folder outside, and a ring of two: read once each.
    let (folder, outside) = (Folder::new(), tempdir().unwrap());
    fs::write(outside.path().join("x.png"), png(8, 7)).unwrap();
    symlink(folder.path("train/cat"), outside.path().join("back")).unwrap();
    folder.link(outside.path(), "train/cat/one");
    folder.link(outside.path(), "train/cat/two");
    let (samples, left_out) = folder.survey();
    assert_eq!((samples, left_out.count(Reason::Seen)), ((5, 4), 2));
    // A class folder may be a link; two of one folder, or one to the part itself, may not.
    let folder = Folder::new();
    fs::rename(folder.path("train/dog"), outside.path().join("dog")).unwrap();
    folder.link(outside.path().join("dog"), "train/dog");
    assert_eq!(folder.survey().0, (4, 4));
    for part in ["train", "val"] {
        folder.link("cat", &format!("{part}/kitten"));
    }
    assert_eq!(folder.refused(), "train: class folders `cat` and `kitten` are the same folder: remove one");
    let folder = Folder::new();
    for part in ["train", "val"] {
        folder.link(".", &format!("{part}/self"));
    }
    assert_eq!(folder.refused(), "class folder train/self is a link to a folder that holds it: remove it");
}

#[test]
fn files_that_are_samples_twice_are_reported() {
    let folder = Folder::new();
    folder.link("a.png", "train/cat/again.png");
    folder.link("../cat/a.png", "train/dog/cat.png");
    fs::hard_link(folder.path("train/dog/b.png"), folder.path("val/dog/same.png")).unwrap();
    let (samples, left_out) = folder.survey();
    assert_eq!(samples, (6, 5));
    assert_eq!(
        left_out.to_string(),
        "read, but: 1 link to a file of its class (train/cat/again.png); 1 file that is in two classes \
         (train/dog/cat.png); 1 file that is in both parts (val/dog/same.png)"
    );
    assert_eq!(left_out.unread(), 0);
}

#[test]
fn folders_too_deep_are_named() {
    let folder = Folder::new();
    let deep = "x/".repeat(16);
    folder.write(&format!("train/cat/{deep}in.png"), &png(8, 1));
    folder.write(&format!("train/cat/{deep}x/out.png"), &png(8, 1));
    let (samples, left_out) = folder.survey();
    assert_eq!((samples, left_out.count(Reason::Deep)), ((5, 4), 1));
}

#[test]
fn names_that_look_alike_are_explained() {
    let twins = |train: &str, val: &str| {
        let folder = Folder::new();
        folder.write(&format!("train/{train}/a.png"), &png(8, 1));
        folder.write(&format!("val/{val}/a.png"), &png(8, 1));
        folder.refused()
    };
    let refused = twins("caf\u{e9}", "cafe\u{301}");
    assert!(refused.contains("Unicode form only"), "{refused}");
    let refused = twins("Bird", "bird");
    assert!(refused.ends_with("; there it is called \"bird\": rename one of them"), "{refused}");
    let refused = twins("bird ", "bird");
    assert!(refused.ends_with("; there it is called \"bird\": rename one of them"), "{refused}");
    assert!(twins("bird", "fish").ends_with("both parts need the same class folders"));
}

#[test]
fn a_class_without_pictures_says_what_is_there() {
    let folder = Folder::new();
    fs::remove_dir_all(folder.path("val/dog")).unwrap();
    folder.write("val/dog/a.webp", b"RIFF....WEBPVP8 ");
    folder.write("val/dog/b.webp", b"RIFF....WEBPVP8 ");
    assert_eq!(
        folder.refused(),
        "class folder val/dog holds no .jpg, .jpeg or .png file: remove it, or add images (not read: 2 WebP files \
         (val/dog/a.webp, val/dog/b.webp))"
    );
}

#[test]
fn a_file_longer_than_any_image_is_not_read() {
    let folder = Folder::new();
    fs::File::create(folder.path("train/cat/huge.png")).unwrap().set_len(1 << 40).unwrap();
    let opened = folder.open(OnCorrupt::Fatal).unwrap();
    let mut sample = vec![0.0; 3 * 16];
    let error = (0..5).find_map(|i| opened.train.copy(i, &mut sample).err()).unwrap().to_string();
    assert!(error.contains("huge.png: it has more than 579108864 bytes, the limit"), "{error}");
    let opened = folder.open(OnCorrupt::Skip).unwrap();
    (0..5).for_each(|i| assert!(opened.train.copy(i, &mut sample).is_ok()));
    assert_eq!(opened.train.skipped().len(), 1);
}
