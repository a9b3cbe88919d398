//! A data set in memory, written as an image folder.

use std::{
    fs::{self, File},
    io::Write,
    path::{Path, PathBuf},
};

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
    /// sample in its part, the class the name that `class_names` has for it. Everything is written to a temporary folder
    /// beside `out`, which is renamed at the end; after an error nothing is left.
    ///
    /// # Errors
    /// [`ImageError::Exists`], [`ImageError::NoImages`], [`ImageError::Write`].
    pub fn write(&self, data: &Dataset, class_names: &[String], out: &Path) -> Result<Exported, ImageError> {
        if out.exists() {
            return Err(ImageError::Exists(out.to_owned()));
        }
        let name = out.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let temporary = out.with_file_name(format!(".{name}.{}.tmp", std::process::id()));
        let written = self.write_parts(data, class_names, &temporary).and_then(|exported| {
            fs::rename(&temporary, out).map_err(|error| failed(out, &error))?;
            Ok(exported)
        });
        if written.is_err() {
            // The error at hand says more than one of cleaning up would.
            fs::remove_dir_all(&temporary).ok();
        }
        written
    }

    fn write_parts(&self, data: &Dataset, names: &[String], folder: &Path) -> Result<Exported, ImageError> {
        Ok(Exported {
            train: self.write_part(data, &data.train, names, &folder.join("train"))?,
            test: self.write_part(data, &data.test, names, &folder.join("val"))?,
        })
    }

    fn write_part(&self, data: &Dataset, part: &Split, names: &[String], folder: &Path) -> Result<usize, ImageError> {
        let SampleShape::Image { channels, height, width } = data.shape else {
            return Err(ImageError::NoImages(data.name.clone()));
        };
        let folders: Vec<_> = (0..data.classes)
            .map(|class| folder.join(names.get(class).cloned().unwrap_or_else(|| class.to_string())))
            .collect();
        for class in &folders {
            fs::create_dir_all(class).map_err(|error| failed(class, &error))?;
        }
        let mut counts = vec![0; data.classes];
        for (i, &label) in part.labels().iter().enumerate() {
            let class = usize::from(label);
            if self.limit.is_some_and(|limit| counts[class] >= limit) {
                continue;
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
        let Some(size) = self.size else { return pixels };
        let region = Region::whole(size, size);
        let mut data = Vec::with_capacity(size * size * pixels.channels);
        Resample::new(pixels.region, (size, size), region)
            .rows(&pixels, &mut Scratch::default(), |_, row| data.extend_from_slice(row));
        Pixels { region, channels: pixels.channels, data }
    }

    fn write_image(&self, pixels: &Pixels, stem: &Path) -> Result<(), ImageError> {
        let (ending, bytes) = match self.format {
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
