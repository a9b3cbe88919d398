//! A data set in memory, written as an image folder.

mod same;
mod workplace;

use std::{
    fs::{self, File},
    io::Write,
    path::{Component, Path, PathBuf},
};

use same::same;
use workplace::Workplace;

use super::{
    ImageError, Pixels, Region,
    resample::{Resample, Scratch},
};
use crate::{Dataset, SampleShape, Split};

/// How an export is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Export {
    /// Kind of the files.
    pub format: ExportFormat,
    /// At most this many images of every class and part.
    pub limit: Option<usize>,
    /// Height and width that images are resampled to; absent: as they are.
    pub size: Option<usize>,
}

/// Kind of exported files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ExportFormat {
    /// PNG: no loss.
    Png,
    /// JPEG of a quality from 1 to 100.
    Jpeg(u8),
}

/// What was written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Exported {
    /// Files of the training part.
    pub train: usize,
    /// Files of the test part.
    pub test: usize,
}

impl Export {
    /// Writes `data` to the new folder `out`: `train/CLASS/NNNNN.png` and `val/CLASS/NNNNN.png`, the number that of the
    /// sample in its part, the class the name that `class_names` has for it, or its label. Everything is written to a
    /// temporary folder beside `out`, which is renamed at the end: `out` is there whole or not at all. Where it is there
    /// already and holds just what would be written, it is left as it is. After an error nothing is left; what a killed
    /// export left is removed by the next one beside it.
    ///
    /// # Errors
    /// [`ImageError::Exists`], [`ImageError::NoImages`], [`ImageError::Write`]; [`ImageError::ClassFolder`] for names
    /// that are no names of folders, or not in byte order, in which they would be read with other labels.
    pub fn write(&self, data: &Dataset, class_names: &[String], out: &Path) -> Result<Exported, ImageError> {
        self.write_unless(data, class_names, out, &|| false)
    }

    /// The same, until `stop` says so, which is asked before every image.
    ///
    /// # Errors
    /// As [`write`](Self::write), and [`ImageError::Stopped`]; then nothing is left either.
    pub fn write_unless(
        &self,
        data: &Dataset,
        class_names: &[String],
        out: &Path,
        stop: &dyn Fn() -> bool,
    ) -> Result<Exported, ImageError> {
        if let Some(size) = self.size.filter(|size| !(1..=4096).contains(size)) {
            let expected = "1 to 4096 pixels".to_owned();
            return Err(ImageError::Config { field: "size", expected, got: size.to_string() });
        }
        let there = fs::symlink_metadata(out).ok();
        if there.as_ref().is_some_and(|metadata| !metadata.is_dir()) {
            return Err(ImageError::Exists(out.to_owned()));
        }
        let names = folder_names(data, class_names)?;
        let parent = match out.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        fs::create_dir_all(parent).map_err(|error| failed(parent, &error))?;
        let place = Workplace::new(parent).map_err(|error| failed(parent, &error))?;
        let job = Job { export: self, data, names: &names, out, stop };
        let content = place.content();
        let written = Exported {
            train: job.write_part(&data.train, &content.join("train"))?,
            test: job.write_part(&data.test, &content.join("val"))?,
        };
        if stop() {
            return Err(ImageError::Stopped(out.to_owned()));
        }
        if there.is_none() {
            fs::rename(&content, out).map_err(|error| failed(out, &error))?;
        } else if !same(&content, out) {
            return Err(ImageError::Exists(out.to_owned()));
        }
        Ok(written)
    }
}

/// One name for each class: names of folders, in byte order.
fn folder_names(data: &Dataset, names: &[String]) -> Result<Vec<String>, ImageError> {
    let names: Vec<String> =
        (0..data.classes).map(|class| names.get(class).cloned().unwrap_or_else(|| class.to_string())).collect();
    let refuse = |class: usize, reason| Err(ImageError::ClassFolder { class, name: names[class].clone(), reason });
    for (class, name) in names.iter().enumerate() {
        let mut components = Path::new(name).components();
        let plain = matches!(components.next(), Some(Component::Normal(first)) if first == name.as_str());
        if !plain || components.next().is_some() || name.starts_with('.') || name.contains(['\0', '\\']) {
            return refuse(class, "it is no name of a visible folder");
        }
        if class > 0 && names[class - 1] >= *name {
            return refuse(
                class,
                "names must be in byte order, in which folders get their labels (so `02`, not `2`, before `10`)",
            );
        }
    }
    Ok(names)
}

/// An export at work.
struct Job<'a> {
    export: &'a Export,
    data: &'a Dataset,
    names: &'a [String],
    out: &'a Path,
    stop: &'a dyn Fn() -> bool,
}

impl Job<'_> {
    fn write_part(&self, part: &Split, folder: &Path) -> Result<usize, ImageError> {
        let data = self.data;
        let SampleShape::Image { channels, height, width } = data.shape else {
            return Err(ImageError::NoImages(data.name.clone()));
        };
        let folders: Vec<_> = self.names.iter().map(|name| folder.join(name)).collect();
        for class in &folders {
            fs::create_dir_all(class).map_err(|error| failed(class, &error))?;
        }
        let mut counts = vec![0; data.classes];
        for (i, &label) in part.labels().iter().enumerate() {
            let class = usize::from(label);
            if self.export.limit.is_some_and(|limit| counts[class] >= limit) {
                continue;
            }
            if (self.stop)() {
                return Err(ImageError::Stopped(self.out.to_owned()));
            }
            let planes = part.bytes(i).ok_or_else(|| ImageError::NoImages(data.name.clone()))?;
            counts[class] += 1;
            let region = Region::whole(width, height);
            let pixels = Pixels { region, channels, data: interleaved(planes, channels, data.brightest()) };
            self.write_image(&self.resized(pixels), &folders[class].join(format!("{i:05}")))?;
        }
        Ok(counts.iter().sum())
    }

    fn resized(&self, pixels: Pixels) -> Pixels {
        let Some(size) = self.export.size else { return pixels };
        let region = Region::whole(size, size);
        let mut data = Vec::with_capacity(size * size * pixels.channels);
        Resample::new(pixels.region, (size, size), region)
            .rows(&pixels, &mut Scratch::default(), |_, row| data.extend_from_slice(row));
        Pixels { region, channels: pixels.channels, data }
    }

    fn write_image(&self, pixels: &Pixels, stem: &Path) -> Result<(), ImageError> {
        let (ending, bytes) = match self.export.format {
            ExportFormat::Png => ("png", png(pixels).map_err(|error| error.to_string())),
            ExportFormat::Jpeg(quality) => ("jpg", jpeg(pixels, quality).map_err(|error| error.to_string())),
        };
        let path: PathBuf = stem.with_extension(ending);
        let bytes = bytes.map_err(|reason| ImageError::Write { path: path.clone(), reason })?;
        File::create(&path).and_then(|mut file| file.write_all(&bytes)).map_err(|error| failed(&path, &error))
    }
}

/// Planes of values from 0 to `brightest` as interleaved values from 0 to 255.
fn interleaved(planes: &[u8], channels: usize, brightest: u8) -> Vec<u8> {
    let plane = planes.len() / channels;
    let scaled = |x: u8| (u32::from(x.min(brightest)) * 255 / u32::from(brightest)) as u8;
    (0..plane).flat_map(|i| (0..channels).map(move |c| scaled(planes[c * plane + i]))).collect()
}

fn png(pixels: &Pixels) -> Result<Vec<u8>, png::EncodingError> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, pixels.region.width as u32, pixels.region.height as u32);
    encoder.set_color(if pixels.channels == 1 { png::ColorType::Grayscale } else { png::ColorType::Rgb });
    encoder.set_depth(png::BitDepth::Eight);
    encoder.write_header()?.write_image_data(&pixels.data)?;
    Ok(bytes)
}

fn jpeg(pixels: &Pixels, quality: u8) -> Result<Vec<u8>, jpeg_encoder::EncodingError> {
    let mut bytes = Vec::new();
    let colour = if pixels.channels == 1 { jpeg_encoder::ColorType::Luma } else { jpeg_encoder::ColorType::Rgb };
    let mut encoder = jpeg_encoder::Encoder::new(&mut bytes, quality);
    encoder.set_sampling_factor(jpeg_encoder::SamplingFactor::R_4_2_0);
    let side = |n: usize| u16::try_from(n).unwrap_or(u16::MAX);
    encoder.encode(&pixels.data, side(pixels.region.width), side(pixels.region.height), colour)?;
    Ok(bytes)
}

fn failed(path: &Path, error: &std::io::Error) -> ImageError {
    ImageError::Write { path: path.to_owned(), reason: error.to_string() }
}
