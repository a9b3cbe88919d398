//! Element-wise nodes: one statement each.

use stairs_infer::{Kind, Op, Range, Source, Thresholds};

use super::form::Type;
use super::kernels;
use super::spot::Spot;
use super::stage::Writer;
use super::text::{double, int, long, plus, single, times};

impl Writer<'_> {
    /// The variables of these nodes for the number at `spot`.
    pub(super) fn elements(&mut self, nodes: &[usize], spot: &Spot) {
        for node in nodes {
            let value = self.element(*node, spot);
            let of = if self.plan.program.nodes()[*node].kind == Kind::Float { "float" } else { "int32_t" };
            self.code.line(format!("const {of} v{node} = {value};"));
            self.known.insert(*node);
        }
    }

    fn element(&mut self, node: usize, spot: &Spot) -> String {
        let of = &self.plan.program.nodes()[node];
        match &of.op {
            Op::Thresholds(thresholds) => self.thresholds(node, thresholds, spot),
            Op::Rescale { factors, offsets, shift, low, high } => {
                let bounds = (*shift, *low, *high);
                self.rescale(node, factors, offsets, bounds, spot)
            }
            Op::Affine { factors, offsets } => {
                let mut sum = String::from("0.0");
                for (index, (source, factors)) in of.inputs.iter().zip(factors).enumerate() {
                    let m = self.each_channel(
                        &format!("factors{node}_{index}"),
                        ("double", 8),
                        factors,
                        |m| double(*m),
                        spot,
                    );
                    sum = format!("({sum} + {m} * (double){})", self.value(*source, spot));
                }
                let b = self.each_channel(&format!("offsets{node}"), ("double", 8), offsets, |b| double(*b), spot);
                format!("(float)({sum} + {b})")
            }
            Op::Scale { factors, offsets } => {
                let a = self.each_channel(&format!("factors{node}"), ("float", 4), factors, |a| single(*a), spot);
                let b = self.each_channel(&format!("offsets{node}"), ("float", 4), offsets, |b| single(*b), spot);
                format!("{} * {a} + {b}", self.value(of.inputs[0], spot))
            }
            Op::Clip { low, high } => {
                let x = self.value(of.inputs[0], spot);
                self.code.line(format!("const float w{node} = {x} > {} ? {x} : {};", single(*low), single(*low)));
                format!("w{node} < {} ? w{node} : {}", single(*high), single(*high))
            }
            Op::Add => format!("{} + {}", self.value(of.inputs[0], spot), self.value(of.inputs[1], spot)),
            // Fix and Steps.
            _ => self.mapped(node, spot),
        }
    }

    /// The parameter of a channel: a literal if all channels have the same, else an entry of a table.
    pub(super) fn each_channel<T: PartialEq>(
        &mut self,
        name: &str,
        of: (&str, usize),
        values: &[T],
        literal: impl Fn(&T) -> String,
        spot: &Spot,
    ) -> String {
        if values.iter().all(|value| *value == values[0]) {
            return literal(&values[0]);
        }
        let table = self.parts.table(name, of, values, literal);
        format!("{table}[{}]", spot.channel)
    }

    /// A falling channel becomes a rising one of ~v, which reverses the order of all integers: t ≥ v as ~t ≤ ~v. Thresholds that are
    /// always or never passed become the nearest number with the same answers, so that all fit the type of the sums.
    fn thresholds(&mut self, node: usize, thresholds: &Thresholds, spot: &Spot) -> String {
        let of = &self.plan.program.nodes()[node];
        let steps = thresholds.levels.len() - 1;
        if steps == 0 {
            self.unused(of.inputs[0]);
            return int(thresholds.levels[0]);
        }
        let x = self.value(of.inputs[0], spot);
        let range = self.plan.program.at(of.inputs[0]).1.range().unwrap_or(Range::new(i32::MIN, i32::MAX));
        let rows: Vec<Vec<i32>> = (0..spot.channels)
            .map(|channel| {
                let falls = thresholds.falls(channel);
                let (low, high) = if falls { (!range.high, !range.low) } else { (range.low, range.high) };
                let rising = |t: &i32| (if falls { !*t } else { *t }).clamp(low, high.saturating_add(1));
                thresholds.of(channel).iter().map(rising).collect()
            })
            .collect();
        let flips: Vec<i8> = (0..spot.channels).map(|channel| -i8::from(thresholds.falls(channel))).collect();
        let v =
            match self.each_channel(&format!("falls{node}"), ("int8_t", 1), &flips, |f| f.to_string(), spot).as_str() {
                "0" => x,
                "-1" => format!("~{x}"),
                table => format!("({x} ^ {table})"),
            };
        let shared = rows.iter().all(|row| *row == rows[0]);
        let flat: Vec<i32> = if shared { rows[0].clone() } else { rows.concat() };
        let first = if shared { "0".to_owned() } else { times(&spot.channel, steps) };
        let range = flat.iter().fold(Range::new(0, 0), |range, t| Range::new(range.low.min(*t), range.high.max(*t)));
        let of = Type::of(range);
        let index = if steps <= 3 {
            let one = |writer: &mut Self, step: usize| match shared {
                true => format!("({v} >= {})", int(flat[step])),
                false => {
                    let table = writer.threshold_table(node, of, &flat);
                    format!("({v} >= {table}[{}])", plus(&first, &step.to_string()))
                }
            };
            let terms: Vec<String> = (0..steps).map(|step| one(self, step)).collect();
            terms.join(" + ")
        } else {
            let table = self.threshold_table(node, of, &flat);
            let rank = kernels::rank(self.parts, of);
            format!("{rank}({}, {steps}, {v})", plus(&table, &first))
        };
        self.level(node, &thresholds.levels, &index)
    }

    /// Says to the compiler that a variable may go unread.
    pub(super) fn unused(&mut self, source: Source) {
        if let Source::Node(node) = source
            && self.known.contains(&node)
        {
            self.code.line(format!("(void)v{node};"));
        }
    }

    fn threshold_table(&mut self, node: usize, of: Type, flat: &[i32]) -> String {
        self.parts.table(&format!("thresholds{node}"), (of.name(), of.bytes()), flat, |t| int(*t))
    }

    /// In 32 bits if no sum can leave them, else in 64.
    fn rescale(
        &mut self,
        node: usize,
        factors: &[Vec<i64>],
        offsets: &[i64],
        (shift, low, high): (u8, i32, i32),
        spot: &Spot,
    ) -> String {
        let inputs: Vec<Source> = self.plan.program.nodes()[node].inputs.clone();
        let reach = |source: &Source| i128::from(self.plan.program.at(*source).1.range().map_or(0, Range::reach));
        let most = (0..spot.channels).map(|c| {
            let terms = inputs.iter().zip(factors).map(|(source, m)| i128::from(m[c]).abs() * reach(source));
            terms.sum::<i128>() + i128::from(offsets[c]).abs()
        });
        let most = most.max().unwrap_or(0);
        let (wide, shift) = if most <= i128::from(i32::MAX) { ("int32_t", shift.min(31)) } else { ("int64_t", shift) };
        let mut terms = Vec::new();
        for (index, (source, factors)) in inputs.iter().zip(factors).enumerate() {
            let of = whole(factors);
            let m = self.each_channel(&format!("factors{node}_{index}"), of, factors, |m| long(*m), spot);
            terms.push(format!("({wide}){m} * {}", self.value(*source, spot)));
        }
        let b = self.each_channel(&format!("offsets{node}"), whole(offsets), offsets, |b| long(*b), spot);
        let sum = plus(&terms.join(" + "), &b);
        let shifted = match shift {
            0 => sum,
            shift => format!("{}({sum}, {shift})", kernels::shift(self.parts, wide)),
        };
        format!("{}({shifted}, {}, {})", kernels::between(self.parts, wide), int(low), int(high))
    }
}

/// The smallest type of these numbers.
fn whole(values: &[i64]) -> (&'static str, usize) {
    let (low, high) = values.iter().fold((0, 0), |(low, high), v| (low.min(*v), high.max(*v)));
    match (i32::try_from(low), i32::try_from(high)) {
        (Ok(low), Ok(high)) => {
            let of = Type::of(Range::new(low, high));
            (of.name(), of.bytes())
        }
        _ => ("int64_t", 8),
    }
}
