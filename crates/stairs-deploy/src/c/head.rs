//! Pools, means, float convolutions and channels of zeros: one number of the result at a time.

use stairs_infer::{Op, Source, Window};

use super::form::image;
use super::spot::Spot;
use super::stage::Writer;
use super::text::{plus, single, times};

impl Writer<'_> {
    /// The variable of a head at a place of its result.
    pub(super) fn head(&mut self, node: usize, c: &str, y: &str, x: &str) {
        let of = &self.plan.program.nodes()[node];
        let source = of.inputs[0];
        let size = image(self.plan.program.at(source).0);
        let [channels, height, width] = size;
        let within = [height, width];
        let place = (y.to_owned(), x.to_owned());
        match &of.op {
            Op::MaxPool(window) => {
                self.code.line(self.least(node));
                self.taps(window, &place, within, "", |writer, row, column| {
                    let q = writer.load(source, &Spot::image(c, row, column, size));
                    writer.code.line(format!("if ({q} > v{node}) v{node} = {q};"));
                });
            }
            Op::SumPool(window) => {
                self.code.line(format!("int32_t v{node} = 0;"));
                self.taps(window, &place, within, "", |writer, row, column| {
                    let q = writer.load(source, &Spot::image(c, row, column, size));
                    writer.code.line(format!("v{node} += {q};"));
                });
            }
            Op::MeanPool { window, counts_padding } => {
                let counts = window.pads() && !counts_padding;
                self.code.line(format!("float v{node} = 0.0f;"));
                if counts {
                    self.code.line("int32_t n = 0;");
                }
                self.taps(window, &place, within, "", |writer, row, column| {
                    let q = writer.load(source, &Spot::image(c, row, column, size));
                    writer.code.line(format!("v{node} += {q};"));
                    if counts {
                        writer.code.line("n++;");
                    }
                });
                let by = if counts { "(float)(n > 0 ? n : 1)".to_owned() } else { single(window.taps() as f32) };
                self.code.line(format!("v{node} /= {by};"));
            }
            Op::AdaptiveMeanPool { size: [rows, columns] } => {
                self.code.line(format!("float v{node} = 0.0f;"));
                for (name, at, of, n) in [("top", y, height, *rows), ("left", x, width, *columns)] {
                    let end = if name == "top" { "bottom" } else { "right" };
                    self.code.line(format!("const int32_t {name} = (int32_t)((int64_t){at} * {of} / {n});"));
                    self.code.line(format!(
                        "const int32_t {end} = (int32_t)((((int64_t){at} + 1) * {of} + {}) / {n});",
                        n - 1
                    ));
                }
                self.code.open("for (int32_t row = top; row < bottom; row++)");
                self.code.open("for (int32_t column = left; column < right; column++)");
                let q = self.load(source, &Spot::image(c, "row", "column", size));
                self.code.line(format!("v{node} += {q};"));
                self.code.close();
                self.code.close();
                self.code.line(format!("v{node} /= (float)((bottom - top) * (right - left));"));
            }
            Op::Mean => {
                self.code.line(format!("float v{node} = 0.0f;"));
                let i = self.code.each("i", height * width);
                let q = self.load(source, &Spot::image(c, "0", &i, [channels, 1, height * width]));
                self.code.line(format!("v{node} += {q};"));
                self.code.end(&i);
                self.code.line(format!("v{node} /= {};", single((height * width) as f32)));
            }
            Op::PadChannels { before, behind } => self.padded(node, source, (*before, *behind), c, y, x),
            Op::FloatConv { window, groups, weights, bias } => {
                let (inputs, per) = (channels / groups, bias.len() / groups);
                let table = self.parts.table(&format!("weights{node}"), ("float", 4), weights, |w| single(*w));
                self.code.line(format!("float v{node} = 0.0f;"));
                let [rows, columns] = window.kernel;
                self.code.line(format!("int32_t k = {};", times(c, inputs * rows * columns)));
                let i = self.code.each("i", inputs);
                let group = if *groups == 1 { "0".to_owned() } else { times(&format!("({c} / {per})"), inputs) };
                let channel = plus(&group, &i);
                self.taps(window, &place, within, "k++;", |writer, row, column| {
                    let q = writer.load(source, &Spot::image(&channel, row, column, size));
                    writer.code.line(format!("v{node} += {table}[k++] * {q};"));
                });
                self.code.end(&i);
                let spot = Spot::image(c, y, x, image(&of.shape));
                let b = self.each_channel(&format!("bias{node}"), ("float", 4), bias, |b| single(*b), &spot);
                self.code.line(format!("v{node} += {b};"));
            }
            _ => {}
        }
    }

    fn padded(&mut self, node: usize, source: Source, (before, behind): (usize, usize), c: &str, y: &str, x: &str) {
        let of = &self.plan.program.nodes()[node];
        let size = image(self.plan.program.at(source).0);
        let name = if of.kind.range().is_some() { "int32_t" } else { "float" };
        let channel = if before == 0 { c.to_owned() } else { format!("({c} - {before})") };
        let q = self.load(source, &Spot::image(&channel, y, x, size));
        let lower = (before > 0).then(|| format!("{c} >= {before}"));
        let upper = (behind > 0).then(|| format!("{c} < {}", before + size[0]));
        let inside: Vec<String> = lower.into_iter().chain(upper).collect();
        let value = if inside.is_empty() { q } else { format!("{} ? {q} : 0", inside.join(" && ")) };
        self.code.line(format!("const {name} v{node} = {value};"));
    }

    /// The pixel along an axis that a tap reads.
    pub(super) fn along(&self, window: &Window, axis: usize, output: &str, tap: &str) -> String {
        let at = plus(&times(output, window.stride[axis]), &times(tap, window.dilation[axis]));
        match window.padding[axis][0] {
            0 => at,
            padding => format!("{at} - {padding}"),
        }
    }

    /// The taps of a window in turn: `tap` for those inside the image, `outside` for the others.
    pub(super) fn taps(
        &mut self,
        window: &Window,
        place: &(String, String),
        size: [usize; 2],
        outside: &str,
        tap: impl Fn(&mut Self, &str, &str),
    ) {
        let [rows, columns] = window.kernel;
        let ky = self.code.each("ky", rows);
        self.code.line(format!("const int32_t row = {};", self.along(window, 0, &place.0, &ky)));
        let kx = self.code.each("kx", columns);
        self.code.line(format!("const int32_t column = {};", self.along(window, 1, &place.1, &kx)));
        if window.pads() {
            let [height, width] = size;
            self.code.open(format!("if (row >= 0 && row < {height} && column >= 0 && column < {width})"));
            tap(self, "row", "column");
            self.code.close();
            if !outside.is_empty() {
                self.code.open("else");
                self.code.line(outside);
                self.code.close();
            }
        } else {
            tap(self, "row", "column");
        }
        self.code.end(&kx);
        self.code.end(&ky);
    }
}
