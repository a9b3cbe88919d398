//! The patch of a convolution: numbers one behind the other, in the order channel, row, column, or bits in the order row, column,
//! channel, zeros where the window leaves the image.

use stairs_infer::{Source, Weights, Window};

use super::form::{Form, image};
use super::kernels;
use super::packing::Packing;
use super::spot::Spot;
use super::stage::Writer;
use super::text::{plus, times};

impl Writer<'_> {
    /// The patch of group `g` at a place.
    pub(super) fn gather(
        &mut self,
        head: usize,
        window: &Window,
        weights: &Weights,
        form: Form,
        g: &str,
        place: &(String, String),
    ) {
        let source = self.plan.program.nodes()[head].inputs[0];
        let [channels, height, width] = image(self.plan.program.at(source).0);
        let inputs = weights.shape()[1];
        let (mask, sign) = match form {
            Form::Array(_) => {
                self.code.line("int32_t k = 0;");
                let i = self.code.each("i", inputs);
                let channel = plus(&times(g, inputs), &i);
                self.taps(window, place, [height, width], "patch[k++] = 0;", |writer, row, column| {
                    let spot = Spot::image(&channel, row, column, [channels, height, width]);
                    let value = writer.load(source, &spot);
                    writer.code.line(format!("patch[k++] = {value};"));
                });
                self.code.end(&i);
                return;
            }
            Form::Planes(planes) => (planes.has_mask(), planes.has_sign()),
        };
        let Source::Node(stored) = self.plan.base(source) else { return };
        let Some(Form::Planes(from)) = self.plan.forms[stored] else { return };
        self.touched.insert(stored);
        let words = weights.fan_in().div_ceil(32);
        let k = self.code.each("k", words * (usize::from(mask) + usize::from(sign)));
        self.code.line(format!("patch[{k}] = 0;"));
        self.code.end(&k);
        let copy = kernels::copy_bits(self.parts);
        let set = (mask && !from.has_mask()).then(|| kernels::set_bits(self.parts));
        let plane = (channels * height * width).div_ceil(32);
        let mut to = 0;
        let mut runs: Vec<(String, Option<String>)> = Vec::new();
        if mask {
            runs.push(("patch".to_owned(), from.has_mask().then(|| format!("b{stored}"))));
            to += words;
        }
        if sign {
            let behind = if from.has_mask() { plane } else { 0 };
            runs.push((plus("patch", &to.to_string()), Some(plus(&format!("b{stored}"), &behind.to_string()))));
        }
        let run = |writer: &mut Self, bit: &str, start: &str, count: &str| {
            for (to, from) in &runs {
                writer.code.line(match (from, &set) {
                    (Some(from), _) => format!("{copy}({to}, {bit}, {from}, {start}, {count});"),
                    (None, Some(set)) => format!("{set}({to}, {bit}, {count});"),
                    (None, None) => String::new(),
                });
            }
        };
        let [rows, columns] = window.kernel;
        if window.dilation[1] == 1 && inputs == channels {
            // The taps of a row lie side by side.
            let v = self.code.each("i", rows);
            let row = self.along(window, 0, &place.0, &v);
            let inside = self.inside("row", &row, height, window.pads());
            let (left, right) = if window.pads() {
                let first = self.along(window, 1, &place.1, "0");
                self.code.line(format!("const int32_t column = {first};"));
                self.code.line(format!("const int32_t left = column < 0 ? -column : 0;"));
                self.code
                    .line(format!("const int32_t right = column > {0} - {columns} ? {0} - column : {columns};", width));
                ("left".to_owned(), Some("right"))
            } else {
                let first = self.along(window, 1, &place.1, "0");
                self.code.line(format!("const int32_t column = {first};"));
                ("0".to_owned(), None)
            };
            let bit = times(&plus(&times(&v, columns), &left), inputs);
            let start = times(&plus(&plus(&times("row", width), "column"), &left), inputs);
            let count = match right {
                Some(right) => times(&format!("({right} - left)"), inputs),
                None => (columns * inputs).to_string(),
            };
            run(self, &bit, &start, &count);
            if inside {
                self.code.close();
            }
            self.code.end(&v);
        } else {
            self.code.line("int32_t k = 0;");
            let first = times(g, inputs);
            let skip = format!("k += {inputs};");
            self.taps(window, place, [height, width], &skip, |writer, row, column| {
                let pixel = plus(&times(&plus(&times(row, width), column), channels), &first);
                run(writer, "k", &pixel, &inputs.to_string());
                writer.code.line(&skip);
            });
        }
        let packing = Packing::of(weights, true);
        if mask && packing == (Packing::Planes { mask: false }) {
            let count = kernels::count(self.parts);
            self.code.line(format!("const int32_t ones = {count}(patch, {words});"));
        }
    }
}
