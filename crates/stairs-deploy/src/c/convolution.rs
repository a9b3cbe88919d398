//! Convolutions of integers: at every place a patch is gathered once, for all outputs that share it.

use stairs_infer::{Kind, Op, Source, Weights};

use super::form::{Form, Planes, Type, image};
use super::plan::{Plan, Stage};
use super::spot::Spot;
use super::stage::Writer;
use super::text::{int, operand, plus, single, times};

/// How the patch of a convolution lies in memory.
fn patch(plan: &Plan<'_>, head: usize) -> Form {
    let node = &plan.program.nodes()[head];
    let pads = matches!(&node.op, Op::Conv { window, .. } if window.pads());
    match plan.base(node.inputs[0]) {
        Source::Node(stored) => match plan.forms[stored] {
            Some(Form::Planes(_)) if !plan.reads_planes(head) => Form::Array(Type::I8),
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
    pub(super) fn convolution(&mut self, stage: &Stage) {
        let nodes = self.plan.program.nodes();
        let Some((head, Op::Conv { window, groups, weights })) = stage.head.map(|head| (head, &nodes[head].op)) else {
            return;
        };
        let form = patch(self.plan, head);
        self.scratch_pointers(stage, form);
        let inner = image(&nodes[head].shape);
        let outer = stage.pool.map_or(inner, |pool| image(&nodes[pool].shape));
        let (y, x) = (self.code.each("y", outer[1]), self.code.each("x", outer[2]));
        let (opened, place) = match stage.pool {
            Some(pool) => {
                self.reset_maxima(stage, pool, outer[0]);
                let (py, px, row, column) = self.window(pool, &y, &x);
                (vec![px, py], (row, column))
            }
            None => (Vec::new(), (y.clone(), x.clone())),
        };
        let g = self.code.each("g", *groups);
        self.gather(head, window, weights, form, &g, &place);
        let per = weights.outputs() / groups;
        let o = self.code.each("o", per);
        let c = plus(&times(&g, per), &o);
        let sum = self.product(head, weights, form, &c);
        self.code.line(format!("const int32_t v{head} = {sum};"));
        self.known.insert(head);
        let spot = Spot::image(&c, &place.0, &place.1, inner);
        self.elements(&stage.before, &spot);
        if stage.pool.is_some() {
            let (last, of) = (self.last(stage), scratch_parts(self.plan, stage).2);
            self.code.line(format!("if (v{last} > best[{c}]) best[{c}] = ({})v{last};", of.name()));
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

    /// Pointers to the patch and, behind it, to the running maxima of all channels.
    fn scratch_pointers(&mut self, stage: &Stage, form: Form) {
        let (patch_bytes, best_bytes, best) = scratch_parts(self.plan, stage);
        let mut pointer = |of: &str, name: &str, at: &str| {
            let at = if of == "uint32_t" { at.to_owned() } else { format!("({of} *)(void *){}", operand(at)) };
            self.code.line(format!("{of} *const {name} = {at};"));
        };
        pointer(form.pointer(), "patch", "scratch");
        if best_bytes > 0 {
            pointer(best.name(), "best", &plus("scratch", &(patch_bytes / 4).to_string()));
        }
    }

    /// Running maxima smaller than everything they are compared with, or as small.
    fn reset_maxima(&mut self, stage: &Stage, pool: usize, channels: usize) {
        let least = match (self.plan.program.nodes()[pool].kind, scratch_parts(self.plan, stage).2) {
            (Kind::Float, _) => single(f32::NEG_INFINITY),
            (_, Type::I8) => int(-128),
            (_, Type::U8) => int(0),
            (_, Type::I16) => int(-32_768),
            _ => int(i32::MIN),
        };
        let c = self.code.each("c", channels);
        self.code.line(format!("best[{c}] = {least};"));
        self.code.end(&c);
    }

    /// The sum of one output over the patch.
    fn product(&mut self, head: usize, weights: &Weights, form: Form, c: &str) -> String {
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
                self.planes(head, weights, planes, ("patch", fan_in.div_ceil(32)), &order, c)
            }
        }
    }
}
