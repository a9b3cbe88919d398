//! Convolutions of integers: at every place a patch is gathered once, for all outputs that share it.

use stairs_infer::{Kind, Op, Source, Weights};

use super::form::{Form, Planes, Type, image};
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
}
