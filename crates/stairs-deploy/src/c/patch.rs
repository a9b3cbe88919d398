//! The patch of a convolution: numbers one behind the other, in the order channel, row, column, or bits in the order row, column,
//! channel, zeros where the window leaves the image.

use stairs_infer::{Source, Weights, Window};

use super::form::{Form, Planes, Type, image};
use super::kernels;
use super::packing::has_mask;
use super::spot::Spot;
use super::stage::Writer;
use super::text::{plus, times};

/// A plane of a patch: where it begins, and the plane its bits come from; ones where that is not stored.
struct Run {
    to: String,
    from: Option<String>,
}

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
        let size = image(self.plan.program.at(source).0);
        let inputs = weights.shape()[1];
        let Form::Planes(planes) = form else { return self.gather_numbers(source, form, window, inputs, g, place) };
        let Source::Node(stored) = self.plan.base(source) else { return };
        let words = weights.fan_in().div_ceil(32);
        let k = self.code.each("k", words * planes.count());
        self.code.line(format!("patch[{k}] = 0;"));
        self.code.end(&k);
        let runs = self.runs(stored, planes, words, size.iter().product());
        if window.dilation[1] == 1 && inputs == size[0] {
            self.gather_rows(&runs, window, size, place);
        } else {
            self.code.line("int32_t k = 0;");
            let next = format!("k += {inputs};");
            self.taps(window, place, [size[1], size[2]], &next, |writer, row, column| {
                let pixel = times(&plus(&times(row, size[2]), column), size[0]);
                writer.copy_runs(&runs, "k", &plus(&pixel, &times(g, inputs)), &inputs.to_string());
                writer.code.line(&next);
            });
        }
        if planes.has_mask() && !has_mask(weights) {
            let count = kernels::count(self.parts);
            self.code.line(format!("const int32_t ones = {count}(patch, {words});"));
        }
    }

    fn gather_numbers(
        &mut self,
        source: Source,
        form: Form,
        window: &Window,
        inputs: usize,
        g: &str,
        place: &(String, String),
    ) {
        let size = image(self.plan.program.at(source).0);
        let narrow = if form == Form::Array(Type::I8) { "(int8_t)" } else { "" };
        self.code.line("int32_t k = 0;");
        let i = self.code.each("i", inputs);
        let channel = plus(&times(g, inputs), &i);
        self.taps(window, place, [size[1], size[2]], "patch[k++] = 0;", |writer, row, column| {
            let value = writer.load(source, &Spot::image(&channel, row, column, size));
            writer.code.line(format!("patch[k++] = {}{value};", narrow));
        });
        self.code.end(&i);
    }

    /// The planes of a patch of so many words, out of a stored result of so many numbers.
    fn runs(&mut self, stored: usize, planes: Planes, words: usize, numbers: usize) -> Vec<Run> {
        let Some(Form::Planes(from)) = self.plan.forms[stored] else { return Vec::new() };
        self.touched.insert(stored);
        let mut runs = Vec::new();
        if planes.has_mask() {
            runs.push(Run { to: "patch".to_owned(), from: from.has_mask().then(|| format!("b{stored}")) });
        }
        if planes.has_sign() {
            let to = if planes.has_mask() { words } else { 0 };
            let behind = if from.has_mask() { numbers.div_ceil(32) } else { 0 };
            let from = plus(&format!("b{stored}"), &behind.to_string());
            runs.push(Run { to: plus("patch", &to.to_string()), from: Some(from) });
        }
        runs
    }

    /// Copies `count` bits of every plane from bit `start` to bit `bit`.
    fn copy_runs(&mut self, runs: &[Run], bit: &str, start: &str, count: &str) {
        for run in runs {
            let call = match &run.from {
                Some(from) => {
                    format!("{}({}, {bit}, {from}, {start}, {count});", kernels::copy_bits(self.parts), run.to)
                }
                None => format!("{}({}, {bit}, {count});", kernels::set_bits(self.parts), run.to),
            };
            self.code.line(call);
        }
    }

    /// The taps of a row lie side by side if all channels are read: one run a row, shortened where it leaves the image.
    fn gather_rows(
        &mut self,
        runs: &[Run],
        window: &Window,
        [channels, height, width]: [usize; 3],
        place: &(String, String),
    ) {
        let [rows, columns] = window.kernel;
        let ky = self.code.each("ky", rows);
        self.code.line(format!("const int32_t row = {};", self.along(window, 0, &place.0, &ky)));
        self.code.line(format!("const int32_t column = {};", self.along(window, 1, &place.1, "0")));
        if window.pads() {
            self.code.open(format!("if (row >= 0 && row < {height})"));
            self.code.line("const int32_t left = column < 0 ? -column : 0;");
            let room = width as i64 - columns as i64;
            self.code.line(format!("const int32_t right = column > {room} ? {width} - column : {columns};"));
            let bit = times(&plus(&times(&ky, columns), "left"), channels);
            let start = times(&plus(&plus(&times("row", width), "column"), "left"), channels);
            self.copy_runs(runs, &bit, &start, &times("right - left", channels));
            self.code.close();
        } else {
            let start = times(&plus(&times("row", width), "column"), channels);
            self.copy_runs(runs, &times(&times(&ky, columns), channels), &start, &(columns * channels).to_string());
        }
        self.code.end(&ky);
    }
}
