//! How long it takes to say what a data set is: `cargo run --release -p stairs-data --example identity`.
//!
//! 60,000 images in memory, then 100,000 files of 20 kB in a temporary folder (2 GB; the system has them in memory).

use std::{error::Error, fs, time::Instant};

use stairs_data::{
    Dataset, SampleShape,
    images::{ImageFolder, ImagesConfig, OnCorrupt},
};

fn main() -> Result<(), Box<dyn Error>> {
    let shape = SampleShape::Image { channels: 3, height: 32, width: 32 };
    let part = |n: usize| (vec![7u8; n * 3072], (0..n).map(|i| (i % 10) as u8).collect::<Vec<_>>());
    let data = Dataset::from_bytes("images", shape, 10, part(50_000), part(10_000))?;
    let start = Instant::now();
    let identity = data.identity();
    println!("{identity}: {:.2?}", start.elapsed());

    let folder = tempfile::tempdir()?;
    for class in ["train/a", "val/a"] {
        fs::create_dir_all(folder.path().join(class))?;
    }
    fs::write(folder.path().join("val/a/x.jpg"), [0; 9])?;
    for i in 0..100_000 {
        fs::write(folder.path().join(format!("train/a/{i:06}.jpg")), vec![i as u8; 20_000])?;
    }
    // None of them is a picture, which an identity does not ask for.
    let config = ImagesConfig { on_corrupt: OnCorrupt::Skip, ..ImagesConfig::default() };
    let start = Instant::now();
    let images = ImageFolder::open(folder.path(), &config)?;
    println!("listing 100,000 files: {:.2?}", start.elapsed());
    let start = Instant::now();
    images.identity()?;
    println!("their identity: {:.2?}", start.elapsed());
    Ok(())
}
