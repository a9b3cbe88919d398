//! A number of a result that is not in a variable: from the arena, from the sample, or computed from it.

use stairs_infer::{Op, Source};

use super::form::{Form, Planes, Type, image};
use super::kernels;
use super::spot::Spot;
use super::stage::Writer;
use super::text::{int, plus, single};

impl Writer<'_> {
    /// The number of `source` at `spot`, wherever it is.
    pub(super) fn value(&mut self, source: Source, spot: &Spot) -> String {
        match source {
            Source::Node(node) if self.known.contains(&node) => format!("v{node}"),
            source => self.load(source, spot),
        }
    }

    /// The stored or given number of `source` at `spot`.
    pub(super) fn load(&mut self, source: Source, spot: &Spot) -> String {
        match self.plan.base(source) {
            Source::Input => self.sample(spot),
            Source::Node(node) if self.plan.anew[node] => self.mapped(node, spot),
            Source::Node(node) => {
                self.touched.insert(node);
                match self.plan.forms[node] {
                    Some(Form::Planes(planes)) => {
                        let numbers: usize = self.plan.program.nodes()[node].shape.iter().product();
                        let level = kernels::level(self.parts, planes);
                        let sign = if planes == Planes::Ternary {
                            format!(", {}", numbers.div_ceil(32))
                        } else {
                            String::new()
                        };
                        format!("{level}(b{node}{sign}, {})", spot.bit)
                    }
                    _ => format!("b{node}[{}]", spot.at),
                }
            }
        }
    }

    /// What `Fix` or `Steps` make of a number of single precision.
    pub(super) fn mapped(&mut self, node: usize, spot: &Spot) -> String {
        let of = &self.plan.program.nodes()[node];
        let sample = self.plan.base(of.inputs[0]) == Source::Input;
        let pixels = self.plan.program.pixels().filter(|_| self.pixels && sample);
        if let Some(pixels) = pixels {
            let table: Vec<i32> = pixels.table.iter().map(|x| map(&of.op, *x)).collect();
            let of = Type::of(of.kind.range().unwrap_or(stairs_infer::Range::new(i32::MIN, i32::MAX)));
            return self.pixel(&format!("pixels{node}"), of, &table, |v| int(*v), spot);
        }
        if let Op::Steps { thresholds, levels } = &of.op
            && thresholds.is_empty()
        {
            self.unused(of.inputs[0]);
            return int(levels[0]);
        }
        let x = self.value(of.inputs[0], spot);
        match &of.op {
            Op::Fix { fraction, low, high } => {
                let fix = kernels::fix(self.parts);
                format!("{fix}({x}, {}, {}, {})", single(scale(*fraction)), int(*low), int(*high))
            }
            Op::Steps { thresholds, levels } => {
                let table = self.parts.table(&format!("steps{node}"), ("float", 4), thresholds, |t| single(*t));
                let rank = kernels::rank(self.parts, Type::F32);
                let index = format!("{rank}({table}, {}, {x})", thresholds.len());
                self.level(node, levels, &index)
            }
            _ => x,
        }
    }

    /// The level of an index.
    pub(super) fn level(&mut self, node: usize, levels: &[i32], index: &str) -> String {
        let first = levels[0];
        let rises = levels.iter().enumerate().all(|(k, level)| i64::from(*level) == i64::from(first) + k as i64);
        match (rises, levels.len()) {
            (_, 1) => int(first),
            (true, _) if first == i32::MIN => format!("{index} + {}", int(first)),
            (true, _) if first < 0 => format!("{index} - {}", -first),
            (true, _) => plus(index, &first.to_string()),
            _ => {
                let (low, high) = levels.iter().fold((0, 0), |(low, high), v| (low.min(*v), high.max(*v)));
                let of = Type::of(stairs_infer::Range::new(low, high));
                let table = self.parts.table(&format!("levels{node}"), (of.name(), of.bytes()), levels, |v| int(*v));
                format!("{table}[{index}]")
            }
        }
    }

    fn sample(&mut self, spot: &Spot) -> String {
        match self.plan.program.pixels().filter(|_| self.pixels) {
            Some(pixels) => self.pixel("pixels", Type::F32, &pixels.table, |x| single(*x), spot),
            None => {
                self.reads_sample = true;
                format!("input[{}]", spot.at)
            }
        }
    }

    /// What a table says of a pixel; one row is enough if all channels have the same.
    fn pixel<T: PartialEq>(
        &mut self,
        name: &str,
        of: Type,
        table: &[T],
        literal: impl Fn(&T) -> String,
        spot: &Spot,
    ) -> String {
        self.reads_sample = true;
        let [channels, height, width] = image(self.plan.program.input());
        let equal = table.chunks(256).all(|row| *row == table[..256]);
        let rows = if equal { &table[..256] } else { table };
        let table = self.parts.table(name, (of.name(), of.bytes()), rows, literal);
        let channel = match spot.channels {
            _ if equal => "0".to_owned(),
            known if known == channels => spot.channel.clone(),
            _ => format!("(({}) / {})", spot.at, height * width),
        };
        let row = super::text::times(&channel, 256);
        format!("{table}[{}]", plus(&row, &format!("pixels[{}]", spot.at)))
    }
}

fn scale(fraction: u8) -> f32 {
    (1u64 << fraction.min(63)) as f32
}

/// What `Fix` and `Steps` say of a number, in double precision as they are defined.
fn map(op: &Op, x: f32) -> i32 {
    match op {
        Op::Fix { fraction, low, high } => {
            let x = f64::from(x) * f64::from(scale(*fraction)) + 0.5;
            (x.clamp(f64::from(*low), f64::from(*high)).floor() as i32).clamp(*low, *high)
        }
        Op::Steps { thresholds, levels } => levels[thresholds.partition_point(|t| *t <= x)],
        _ => 0,
    }
}
