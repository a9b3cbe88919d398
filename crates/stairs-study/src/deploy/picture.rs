//! The weights of a program as a picture: a pixel a weight, a row an output, a block a layer.
//!
//! Blue is negative, red positive, white 0; the darker, the larger in its layer. Layers of more inputs than a block is wide are drawn in
//! several columns of rows, and those of more weights than fit are cut, which the caption says. In the dark theme of a reader words are
//! light on dark; weights keep their colours.

use std::fmt::Write as _;

use base64::Engine as _;
use stairs_infer::{Op, Program};

/// Pixels of a block at most, and the width it is drawn in.
const COLUMNS: usize = 960;
const ROWS: usize = 240;

/// What the dark theme of a reader changes.
const DARK: &str = "@media (prefers-color-scheme:dark){.paper{fill:#151a21}text{fill:#e8ebf0}}";

/// An SVG with the weights of all layers; `None` for a program without integer weights.
pub fn weights_svg(program: &Program) -> Option<String> {
    let (mut body, mut y) = (String::new(), 34);
    for node in program.nodes() {
        let (Op::Dense { weights } | Op::Conv { weights, .. }) = &node.op else { continue };
        let (outputs, inputs) = (weights.outputs(), weights.fan_in());
        let columns = inputs.clamp(1, COLUMNS);
        // Rows of outputs, side by side where they are short.
        let abreast = (COLUMNS / (columns + 1)).clamp(1, outputs.div_ceil(ROWS).max(1));
        let rows = outputs.div_ceil(abreast).min(ROWS);
        let width = abreast * (columns + 1) - 1;
        let reach = weights.range().reach().max(1) as f32;
        let mut pixels = vec![255u8; 3 * width * rows];
        for o in 0..outputs.min(rows * abreast) {
            let (row, left) = (o % rows, o / rows * (columns + 1));
            for (i, w) in weights.of(o).iter().take(columns).enumerate() {
                let at = 3 * (row * width + left + i);
                pixels[at..at + 3].copy_from_slice(&colour(f32::from(*w) / reach));
            }
        }
        let cut = inputs > columns || outputs > rows * abreast;
        let image = base64::engine::general_purpose::STANDARD.encode(png(width, rows, &pixels)?);
        let scale = (COLUMNS / width).min(ROWS / rows.max(1)).clamp(1, 8);
        let (drawn, tall) = (width * scale, rows * scale);
        let note = if cut { ", the first of them" } else { "" };
        let _ = writeln!(
            body,
            "<text x=\"10\" y=\"{y}\">{}: {outputs} outputs of {inputs} weights{note}</text>\
             <image x=\"10\" y=\"{}\" width=\"{drawn}\" height=\"{tall}\" style=\"image-rendering:pixelated\" \
             href=\"data:image/png;base64,{image}\"/>\
             <rect x=\"9.5\" y=\"{}.5\" width=\"{}\" height=\"{}\" fill=\"none\" stroke=\"#999999\"/>",
            escaped(&node.path),
            y + 8,
            y + 7,
            drawn + 1,
            tall + 1
        );
        y += tall + 34;
    }
    if body.is_empty() {
        return None;
    }
    Some(format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{}\" height=\"{y}\" viewBox=\"0 0 {} {y}\" \
         font-family=\"sans-serif\" font-size=\"13\" fill=\"#1d2430\"><style>{DARK}</style>\
         <rect class=\"paper\" width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\
         <text x=\"10\" y=\"16\" font-weight=\"600\">Weights of {}: blue −, white 0, red +</text>\n{body}</svg>\n",
        COLUMNS + 20,
        COLUMNS + 20,
        escaped(program.name()),
    ))
}

/// From blue over white to red, for −1 to 1.
fn colour(x: f32) -> [u8; 3] {
    let away = [(178.0, 24.0, 43.0), (33.0, 102.0, 172.0)][usize::from(x < 0.0)];
    let mix = |to: f32| (255.0 + (to - 255.0) * x.abs().min(1.0)).round() as u8;
    [mix(away.0), mix(away.1), mix(away.2)]
}

fn png(width: usize, height: usize, pixels: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, u32::try_from(width).ok()?, u32::try_from(height).ok()?);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.write_header().ok()?.write_image_data(pixels).ok()?;
    Some(bytes)
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use stairs_infer::{Source, Weights};

    use super::*;

    #[test]
    fn layers_are_drawn_in_order_and_cut_where_they_are_too_large() {
        let mut builder = Program::builder("a<b", vec![2000]).unwrap();
        let fixed = builder.push("input", Op::Fix { fraction: 2, low: -9, high: 9 }, &[Source::Input]).unwrap();
        let weights = |o: usize, i: usize| Weights::new(vec![o, i], vec![1; o * i]).unwrap();
        let first = builder.push("first", Op::Dense { weights: weights(3, 2000) }, &[fixed]).unwrap();
        let last = builder.push("last", Op::Dense { weights: weights(700, 3) }, &[first]).unwrap();
        let svg = weights_svg(&builder.finish(last)).unwrap();
        assert!(svg.contains("a&lt;b") && svg.contains("first: 3 outputs of 2000 weights, the first of them"));
        assert!(svg.contains("last: 700 outputs of 3 weights<"));
        assert_eq!(svg.matches("<image").count(), 2);
        assert!(weights_svg(&Program::builder("none", vec![1]).unwrap().finish(Source::Input)).is_none());
    }
}
