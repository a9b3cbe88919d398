//! Decoding, resampling and normalising against torchvision, by files made with it (`benches/peers/golden_images.py`).

use std::{fs, path::Path};

use serde_json::Value;
use stairs_data::images::{Encoded, ImagesConfig, Limits, Normalise, Pixels, Placement, Region, resample::Scratch};

/// Largest difference from Pillow where pixels are not the same bit for bit, as measured. JPEG: `zune-jpeg` rounds the
/// inverse transform, the finer chroma and the colours otherwise than libjpeg-turbo. 16 bits of grey: Pillow cuts them off
/// at 255, we keep the upper half.
const INEXACT: [(&str, u8); 11] = [
    ("420.jpg", 3),
    ("422.jpg", 3),
    ("444.jpg", 2),
    ("low.jpg", 3),
    ("optimised.jpg", 3),
    ("progressive.jpg", 3),
    ("restart.jpg", 9),
    ("grey.jpg", 1),
    ("cmyk.jpg", 1),
    ("rgb.jpg", 1),
    ("deep.png", 255),
];

/// A file: its name, its bytes, what torchvision makes of it.
type Golden = (String, Vec<u8>, Value);

fn golden() -> (Vec<Golden>, ImagesConfig, Region) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/images");
    let golden: Value = serde_json::from_str(&fs::read_to_string(folder.join("golden.json")).unwrap()).unwrap();
    let number = |value: &Value| value.as_u64().unwrap() as usize;
    let size = number(&golden["size"]);
    let config = ImagesConfig { size, resize: Some(number(&golden["resize"])), ..ImagesConfig::default() };
    let [top, left, height, width] = [0, 1, 2, 3].map(|i| number(&golden["crop"][i]));
    let images = golden["images"].as_object().unwrap();
    let images = images.iter().map(|(name, entry)| (name.clone(), fs::read(folder.join(name)).unwrap(), entry.clone()));
    (images.collect(), config, Region { left, top, width, height })
}

fn bytes(value: &Value) -> Vec<u8> {
    let text = value.as_str().unwrap();
    (0..text.len()).step_by(2).map(|i| u8::from_str_radix(&text[i..i + 2], 16).unwrap()).collect()
}

/// The sample that a placement makes, as bytes.
fn sample(image: &Encoded<'_>, placement: Placement) -> Vec<u8> {
    let resample = placement.resample();
    let pixels = image.decode(3, resample.needed()).unwrap();
    let mut sample = Vec::new();
    resample.rows(&pixels, &mut Scratch::default(), |_, row| sample.extend_from_slice(row));
    sample
}

/// Largest and mean absolute difference.
fn difference(a: &[u8], b: &[u8]) -> (u8, f64) {
    assert_eq!(a.len(), b.len());
    let each = || a.iter().zip(b).map(|(a, b)| a.abs_diff(*b));
    (each().max().unwrap(), each().map(f64::from).sum::<f64>() / a.len() as f64)
}

#[test]
fn images_are_those_of_torchvision() {
    let (images, config, crop) = golden();
    assert_eq!(images.len(), 18);
    for (name, file, entry) in images {
        let allowed = INEXACT.iter().find(|(n, _)| *n == name).map_or(0, |(_, most)| *most);
        let image = Encoded::open(&file, Limits::default()).unwrap();
        let (width, height) = (image.width(), image.height());
        assert_eq!(
            (width as u64, height as u64),
            (entry["width"].as_u64().unwrap(), entry["height"].as_u64().unwrap())
        );
        let Pixels { data, .. } = image.decode(3, Region::whole(width, height)).unwrap();
        let whole = difference(&data, &bytes(&entry["pixels"]));
        let evaluation = Placement::evaluation(&config, width, height);
        let evaluated = difference(&sample(&image, evaluation), &bytes(&entry["evaluation"]));
        let window = Region::whole(config.size, config.size);
        let training = Placement { region: crop, size: (config.size, config.size), window, flip: false };
        let trained = difference(&sample(&image, training), &bytes(&entry["crop"]));
        println!("{name:24} decoded {whole:?}, evaluation {evaluated:?}, crop {trained:?}");
        for (what, (most, _)) in [("decoded", whole), ("evaluation", evaluated), ("crop", trained)] {
            assert!(most <= allowed, "{name}: {what} differs by {most}, allowed {allowed}");
        }
    }
}

#[test]
fn normalised_floats_are_those_of_torchvision() {
    let normalise = Normalise::new(&[0.485, 0.456, 0.406], &[0.229, 0.224, 0.225]);
    for (name, _, entry) in golden().0 {
        let interleaved = bytes(&entry["evaluation"]);
        let plane = interleaved.len() / 3;
        let floats: Vec<f32> =
            (0..3 * plane).map(|i| normalise.value(i / plane, interleaved[i % plane * 3 + i / plane])).collect();
        let sum: f64 = floats.iter().map(|&x| f64::from(x)).sum();
        assert!((sum - entry["normalised_sum"].as_f64().unwrap()).abs() < 1e-3, "{name}: {sum}");
        let bits: Vec<u64> = floats.iter().step_by(37).map(|x| u64::from(x.to_bits())).collect();
        let expected: Vec<u64> =
            entry["normalised_bits"].as_array().unwrap().iter().map(|x| x.as_u64().unwrap()).collect();
        assert_eq!(bits, expected, "{name}");
    }
}
