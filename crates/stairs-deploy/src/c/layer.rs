//! Convolutions and dense layers of integers: a patch is gathered once for all outputs that share it.

use stairs_infer::{Kind, Op, Source, Weights, Window};

use super::form::{Form, Planes, Type, image};
use super::kernels;
use super::packing::{self, Packing};
use super::plan::{Plan, Stage};
use super::spot::Spot;
use super::stage::Writer;
use super::text::{int, plus, single, times};

/// How the patch of a convolution lies in memory.
fn patch(plan: &Plan<'_>, head: usize) -> Form {
    let node = &plan.program.nodes()[head];
    let pads = matches!(&node.op, Op::Conv { window, .. } if window.pads());
    match plan.base(node.inputs[0]) {
        Source::Node(stored) => match plan.forms[stored] {
            // Padding is 0, which signs alone cannot say.
            Some(Form::Planes(Planes::Sign)) if pads => Form::Planes(Planes::Ternary),
            Some(form) => form,
            None => Form::Array(plan.program.nodes()[stored].kind.range().map_or(Type::I32, Type::of)),
        },
        Source::Input => Form::Array(Type::I32),
    }
}

/// Bytes of the patch of a stage and of its running maxima; the type of these.
fn scratch_parts(plan: &Plan<'_>, stage: &Stage) -> (usize, usize, Type) {
    let Some((head, Op::Conv { weights, .. })) = stage.head.map(|head| (head, &plan.program.nodes()[head].op)) else {
        return (0, 0, Type::I32);
    };
    let bytes = patch(plan, head).bytes(weights.fan_in()).next_multiple_of(4);
    let of = stage.pool.map(|pool| match plan.program.nodes()[pool].kind {
        Kind::Float => Type::F32,
        Kind::Integer(range) => Type::of(range),
    });
    (bytes, of.map_or(0, |of| of.bytes() * weights.outputs()), of.unwrap_or(Type::I32))
}

/// Bytes a stage needs beside its results.
pub(super) fn scratch(plan: &Plan<'_>, stage: &Stage) -> usize {
    let (patch, best, _) = scratch_parts(plan, stage);
    patch + best
}

impl Writer<'_> {
    /// Rows, columns, groups, outputs in turn.
    pub(super) fn convolution(&mut self, index: usize, stage: &Stage) {
        let nodes = self.plan.program.nodes();
        let Some((head, Op::Conv { window, groups, weights })) = stage.head.map(|head| (head, &nodes[head].op)) else {
            return;
        };
        let form = patch(self.plan, head);
        let (patch_bytes, best_bytes, best_type) = scratch_parts(self.plan, stage);
        debug_assert!(self.memory.of_stage.contains_key(&index));
        let words = weights.fan_in().div_ceil(32);
        match form {
            Form::Array(of) => {
                self.code.line(format!("{} *const patch = ({} *)(void *)scratch;", of.name(), of.name()))
            }
            Form::Planes(_) => self.code.line("uint32_t *const patch = scratch;"),
        }
        if best_bytes > 0 {
            let at = plus("scratch", &(patch_bytes / 4).to_string());
            self.code.line(format!("{} *const best = ({} *)(void *)({at});", best_type.name(), best_type.name()));
        }
        let inner = image(&nodes[head].shape);
        let outer = stage.pool.map_or(inner, |pool| image(&nodes[pool].shape));
        let (y, x) = (self.code.each("y", outer[1]), self.code.each("x", outer[2]));
        let mut place = (y.clone(), x.clone());
        let mut opened = Vec::new();
        if let Some(pool) = stage.pool {
            let least = match nodes[pool].kind {
                Kind::Float => single(f32::NEG_INFINITY),
                Kind::Integer(_) => match best_type {
                    Type::I8 => int(-128),
                    Type::U8 => int(0),
                    Type::I16 => int(-32_768),
                    _ => int(i32::MIN),
                },
            };
            let c = self.code.each("c", outer[0]);
            self.code.line(format!("best[{c}] = {least};"));
            self.code.end(&c);
            let (v, u, row, column) = self.window(pool, &y, &x);
            opened.extend([u, v]);
            place = (row, column);
        }
        let g = self.code.each("g", *groups);
        self.gather(head, window, weights, form, &g, &place);
        let per = weights.outputs() / groups;
        let o = self.code.each("o", per);
        let c = plus(&times(&g, per), &o);
        let sum = self.product(head, weights, form, &c, words);
        self.code.line(format!("const int32_t v{head} = {sum};"));
        self.known.insert(head);
        let spot = Spot::image(&c, &place.0, &place.1, inner);
        self.elements(&stage.before, &spot);
        if stage.pool.is_some() {
            let last = self.last(stage);
            self.code.line(format!("if (v{last} > best[{c}]) best[{c}] = ({})v{last};", best_type.name()));
        } else {
            self.store(stage, &spot);
        }
        self.code.end(&o);
        self.code.end(&g);
        opened.iter().for_each(|variable| self.code.end(variable));
        if let Some(pool) = stage.pool {
            let c = self.code.each("c", outer[0]);
            let of = if nodes[pool].kind == Kind::Float { "float" } else { "int32_t" };
            self.code.line(format!("const {of} v{pool} = best[{c}];"));
            let spot = Spot::image(&c, &y, &x, outer);
            self.behind(stage, pool, &spot);
            self.store(stage, &spot);
            self.code.end(&c);
        }
        self.code.end(&x);
        self.code.end(&y);
    }

    /// The sum of one output over the patch.
    fn product(&mut self, head: usize, weights: &Weights, form: Form, c: &str, words: usize) -> String {
        let fan_in = weights.fan_in();
        match form {
            Form::Array(of) => {
                let (row, dot) = self.fields(head, weights, of, c);
                format!("{dot}(patch, {row}, {fan_in})")
            }
            Form::Planes(planes) => {
                // Bits of a patch: row, column, channel.
                let taps = fan_in / weights.shape()[1];
                let order: Vec<usize> =
                    (0..fan_in).map(|bit| bit % weights.shape()[1] * taps + bit / weights.shape()[1]).collect();
                self.planes(head, weights, planes, ("patch", words), &order, c)
            }
        }
    }

    /// The row of an output in the table of fields, and the function that multiplies it.
    fn fields(&mut self, head: usize, weights: &Weights, of: Type, c: &str) -> (String, String) {
        let packing = Packing::of(weights, false);
        let stride = packing.stride(weights.fan_in());
        let Packing::Fields { bits } = packing else { return (String::new(), String::new()) };
        let name = format!("weights{head}");
        let table = match bits {
            8 => self.parts.table(&name, ("int8_t", 1), weights.values(), ToString::to_string),
            _ => self.parts.table(&name, ("uint8_t", 1), &packing::fields(weights, bits), ToString::to_string),
        };
        (plus(&table, &times(c, stride)), kernels::fields(self.parts, of, bits))
    }

    /// The product of planes at a pointer with those of an output.
    fn planes(
        &mut self,
        head: usize,
        weights: &Weights,
        planes: Planes,
        (x, words): (&str, usize),
        order: &[usize],
        c: &str,
    ) -> String {
        let packing = Packing::of(weights, true);
        let mask = packing == Packing::Planes { mask: true };
        let table = packing::planes(weights, mask, order);
        let table =
            self.parts.table(&format!("weights{head}"), ("uint32_t", 4), &table, |word| format!("0x{word:08x}u"));
        let dot = kernels::planes(self.parts, planes, mask);
        let sign = if planes.count() == 2 { format!("{x} + {words}") } else { String::new() };
        let mut arguments =
            vec![x.to_owned(), sign, plus(&table, &times(c, packing.stride(weights.fan_in()))), words.to_string()];
        if !mask {
            arguments.push(if planes.has_mask() { "ones".to_owned() } else { weights.fan_in().to_string() });
        }
        arguments.retain(|argument| !argument.is_empty());
        format!("{dot}({})", arguments.join(", "))
    }

    /// The patch of group `g` at a place.
    fn gather(
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

    /// Rows of the input in turn, and outputs in turn, of a dense layer.
    pub(super) fn dense(&mut self, stage: &Stage) {
        let nodes = self.plan.program.nodes();
        let Some(head) = stage.head else { return };
        let node = &nodes[head];
        let source = node.inputs[0];
        let inputs = self.plan.program.at(source).0.last().copied().unwrap_or(1);
        let outputs = node.shape.last().copied().unwrap_or(1);
        let (numbers, channels) = (node.shape.iter().product::<usize>(), node.shape.first().copied().unwrap_or(1));
        if let (Op::Dense { weights }, Source::Node(stored)) = (&node.op, self.plan.base(source))
            && let Some(Form::Planes(Planes::Ternary | Planes::Binary)) = self.plan.forms[stored]
            && Packing::of(weights, true) == (Packing::Planes { mask: false })
        {
            self.touched.insert(stored);
            let count = kernels::count(self.parts);
            self.code.line(format!("const int32_t ones = {count}(b{stored}, {});", inputs.div_ceil(32)));
        }
        let r = self.code.each("r", numbers / outputs);
        let o = self.code.each("o", outputs);
        match &node.op {
            Op::Dense { weights } => {
                let sum = self.dense_sum(head, weights, source, &r, &o);
                self.code.line(format!("const int32_t v{head} = {sum};"));
            }
            Op::FloatDense { weights, bias } => {
                let table = self.parts.table(&format!("weights{head}"), ("float", 4), weights, |w| single(*w));
                self.code.line(format!("float v{head} = 0.0f;"));
                let i = self.code.each("i", inputs);
                let (from, first) = (self.plan.program.at(source).0, numbers / outputs * inputs);
                let spot = Spot::row(&r, &i, inputs, from.first().copied().unwrap_or(1), first);
                let x = self.load(source, &spot);
                self.code.line(format!("v{head} += {table}[{}] * {x};", plus(&times(&o, inputs), &i)));
                self.code.end(&i);
                let of_outputs = Spot { channel: o.clone(), channels: outputs, at: o.clone(), bit: o.clone() };
                let b = self.each_channel(&format!("bias{head}"), ("float", 4), bias, |b| single(*b), &of_outputs);
                self.code.line(format!("v{head} += {b};"));
            }
            _ => {}
        }
        self.known.insert(head);
        let spot = Spot::row(&r, &o, outputs, channels, numbers);
        self.elements(&stage.before, &spot);
        self.store(stage, &spot);
        self.code.end(&o);
        self.code.end(&r);
    }

    fn dense_sum(&mut self, head: usize, weights: &Weights, source: Source, r: &str, o: &str) -> String {
        let Source::Node(stored) = self.plan.base(source) else { return "0".to_owned() };
        self.touched.insert(stored);
        let inputs = weights.fan_in();
        match self.plan.forms[stored] {
            Some(Form::Planes(planes)) => {
                // Bits of the stored image: row, column, channel.
                let [channels, height, width] = image(&self.plan.program.nodes()[stored].shape);
                let order: Vec<usize> =
                    (0..inputs).map(|bit| bit % channels * height * width + bit / channels).collect();
                self.planes(head, weights, planes, (&format!("b{stored}"), inputs.div_ceil(32)), &order, o)
            }
            Some(Form::Array(of)) => {
                let (row, dot) = self.fields(head, weights, of, o);
                format!("{dot}({}, {row}, {inputs})", plus(&format!("b{stored}"), &times(r, inputs)))
            }
            None => "0".to_owned(),
        }
    }
}
