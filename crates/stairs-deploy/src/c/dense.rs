//! Dense layers, of integers and of floats.

use stairs_infer::{Op, Source, Weights};

use super::form::{Form, Planes, image};
use super::kernels;
use super::packing::has_mask;
use super::plan::Stage;
use super::spot::Spot;
use super::stage::Writer;
use super::text::{plus, single, times};

impl Writer<'_> {
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
            && !has_mask(weights)
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
