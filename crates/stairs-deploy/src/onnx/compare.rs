//! Thresholds compared one by one: for what no quantiser's node can express, uneven thresholds and uneven levels.
//!
//! - Few thresholds: Σ (levels[j] − levels[j − 1])·clip(x − t_j + 1, 0, 1), which for integers is what comparing gives, and faster.
//! - Nearly even ones: a line gives the number of passed ones or one less, and one comparison says which.
//! - Many: their table is halved, as in a dictionary: ⌈log₂⌉ steps of `Gather`, `GreaterOrEqual` and `Where`.

use stairs_infer::Source;

use super::emit::Emitter;
use super::fit::{EXACT, Floored};
use super::form::{Form, Held};
use super::graph::{Attr, Graph, Type};
use super::stair::Stair;

/// Most thresholds that are compared one after the other.
pub(super) const CHAIN: usize = 4;

/// Single precision, if it holds these levels.
pub(super) fn form(levels: &[i32]) -> Form {
    let single = levels.iter().all(|level| i64::from(*level).abs() <= EXACT);
    if single { Form::Single } else { Form::Double }
}

impl Emitter<'_> {
    /// The levels of what is held, whose signs are those of the stair already; `sums` are the smallest and the largest of it before.
    pub(super) fn compare(&mut self, held: &Held, stair: &Stair, sums: &[(i64, i64)], rank: usize) -> Held {
        let rows: Vec<Vec<f64>> = (0..stair.signs.len())
            .map(|c| {
                let count = stair.count(c, sums[c]);
                // Beyond what can be met they may be anywhere, and near they stay exact.
                let near = |t: &i64| (*t).clamp(count.low, count.high.saturating_add(1)) as f64;
                count.thresholds.iter().map(near).collect()
            })
            .collect();
        let (steps, form) = (stair.levels.len() - 1, form(&stair.levels));
        if steps > CHAIN {
            let name = self.graph.search(&held.name, held.form, &rows, (&values(&stair.levels), form), rank);
            return Held { name, form };
        }
        let mut sum = self.graph.number(form, stair.levels[0].into());
        if steps == 0 {
            let shape = self.graph.node("Shape", &[&held.name], &[]);
            return Held { name: self.graph.node("Expand", &[&sum, &shape], &[]), form };
        }
        let (zero, one) = (self.graph.number(held.form, 0.0), self.graph.number(held.form, 1.0));
        for j in 0..steps {
            let before: Vec<f64> = rows.iter().map(|row| row[j] - 1.0).collect();
            let before = self.graph.channels("threshold", held.form, rank, &before);
            let above = self.graph.node("Sub", &[&held.name, &before], &[]);
            let mut passed = self.graph.node("Clip", &[&above, &zero, &one], &[]);
            if held.form != form {
                passed = self.graph.cast(&passed, form.of());
            }
            let gap = f64::from(stair.levels[j + 1]) - f64::from(stair.levels[j]);
            let step = self.graph.linear(&passed, form, gap, 0.0);
            sum = self.graph.node("Add", &[&sum, &step], &[]);
        }
        Held { name: sum, form }
    }

    /// Counts as bytes by lines that give them or one less, and one comparison with the threshold that is next then.
    pub(super) fn corrected(
        &mut self,
        double: &str,
        lines: &[Floored],
        stair: &Stair,
        sums: &[(i64, i64)],
        rank: usize,
    ) -> String {
        let steps = stair.levels.len() - 1;
        let factors: Vec<f64> = lines.iter().map(|line| line.factor).collect();
        let offsets: Vec<f64> = lines.iter().map(|line| line.offset).collect();
        let line = self.graph.scaled(double, Form::Double, rank, &factors, &offsets);
        let (low, high) = (self.graph.scalar(0f64), self.graph.scalar(steps as f64));
        let bounded = self.graph.node("Clip", &[&line, &low, &high], &[]);
        // What is not negative is cut off at the point by a cast.
        let least = self.graph.cast(&bounded, Type::I32);
        let row = |c: usize| {
            let count = stair.count(c, sums[c]);
            let near = move |t: &i64| (*t).clamp(count.low, count.high.saturating_add(1)) as f64;
            count.thresholds.iter().map(near).chain([f64::INFINITY]).collect::<Vec<f64>>()
        };
        let table: Vec<f64> = (0..lines.len()).flat_map(row).collect();
        let table = self.graph.constant("thresholds", &[table.len()], &table);
        let starts: Vec<i32> = (0..lines.len()).map(|c| (c * (steps + 1)) as i32).collect();
        let axes: Vec<usize> = std::iter::once(starts.len()).chain(std::iter::repeat_n(1, rank - 1)).collect();
        let starts = self.graph.constant("starts", &axes, &starts);
        let at = self.graph.node("Add", &[&least, &starts], &[]);
        let next = self.graph.node("Gather", &[&table, &at], &[Attr::Int("axis", 0)]);
        let passed = self.graph.node("GreaterOrEqual", &[double, &next], &[]);
        let passed = self.graph.cast(&passed, Type::I32);
        let count = self.graph.node("Add", &[&least, &passed], &[]);
        self.graph.cast(&count, Type::U8)
    }

    /// What is at `source` times the signs of a stair, in a form in which differences are exact.
    pub(super) fn signed(&mut self, source: Source, stair: &Stair) -> Held {
        let held = if self.range(source).reach() < EXACT / 4 { self.single(source) } else { self.double(source) };
        let signs: Vec<f64> = stair.signs.iter().map(|sign| *sign as f64).collect();
        if signs.iter().all(|sign| *sign == 1.0) {
            return held;
        }
        let rank = self.program.at(source).0.len();
        let signs = self.graph.channels("sign", held.form, rank, &signs);
        Held { name: self.graph.node("Mul", &[&held.name, &signs], &[]), ..held }
    }

    /// Levels of counts in bytes: a table.
    pub(super) fn table(&mut self, counts: &str, stair: &Stair) -> Held {
        let counts = self.graph.cast(counts, Type::I32);
        let (table, form) = match stair.bytes() {
            Some((bytes, zero)) => {
                (self.graph.constant("levels", &[bytes.len()], &bytes), Form::Code { zero, step: 1 })
            }
            None => {
                let (levels, form) = (values(&stair.levels), form(&stair.levels));
                (self.graph.numbers("levels", form, &[levels.len()], &levels), form)
            }
        };
        Held { name: self.graph.node("Gather", &[&table, &counts], &[Attr::Int("axis", 0)]), form }
    }
}

/// Levels as numbers.
pub(super) fn values(levels: &[i32]) -> Vec<f64> {
    levels.iter().map(|level| f64::from(*level)).collect()
}

impl Graph {
    /// The levels of x by halving the tables of thresholds, one table a channel or one for all.
    pub(super) fn search(
        &mut self,
        x: &str,
        held: Form,
        rows: &[Vec<f64>],
        (levels, form): (&[f64], Form),
        rank: usize,
    ) -> String {
        let size = levels.len().next_power_of_two();
        // Entry i is what must be passed for i thresholds to be; behind the last one levels stay the same.
        let row = |row: &Vec<f64>| {
            let last = row.last().copied().unwrap_or(0.0);
            let padded = row.iter().copied().chain(std::iter::repeat_n(last, size - 1 - row.len()));
            std::iter::once(0.0).chain(padded).collect::<Vec<f64>>()
        };
        let table: Vec<f64> = rows.iter().flat_map(row).collect();
        let table = self.numbers("thresholds", held, &[table.len()], &table);
        let starts: Vec<i32> = (0..rows.len()).map(|c| (c * size) as i32).collect();
        let axes: Vec<usize> =
            std::iter::once(rows.len()).chain(std::iter::repeat_n(1, rank.saturating_sub(1))).collect();
        let start = match rows.len() {
            1 => self.scalar(0i32),
            _ => self.constant("starts", &axes, &starts),
        };
        let (mut at, mut half) = (start.clone(), size / 2);
        while half > 0 {
            let distance = self.scalar(half as i32);
            let next = self.node("Add", &[&at, &distance], &[]);
            let threshold = self.node("Gather", &[&table, &next], &[Attr::Int("axis", 0)]);
            let passed = self.node("GreaterOrEqual", &[x, &threshold], &[]);
            at = self.node("Where", &[&passed, &next, &at], &[]);
            half /= 2;
        }
        let index = self.node("Sub", &[&at, &start], &[]);
        let last = levels.last().copied().unwrap_or(0.0);
        let levels: Vec<f64> = levels.iter().copied().chain(std::iter::repeat_n(last, size - levels.len())).collect();
        let levels = self.numbers("levels", form, &[size], &levels);
        self.node("Gather", &[&levels, &index], &[Attr::Int("axis", 0)])
    }

    /// The level of x after as many thresholds as are ≤ x.
    pub(super) fn levels(&mut self, x: &str, thresholds: &[f32], (levels, form): (&[f64], Form)) -> String {
        if thresholds.len() > CHAIN {
            let row = thresholds.iter().map(|t| f64::from(*t)).collect();
            return self.search(x, Form::Single, &[row], (levels, form), 1);
        }
        let mut name = self.number(form, levels.first().copied().unwrap_or(0.0));
        if thresholds.is_empty() {
            let shape = self.node("Shape", &[x], &[]);
            return self.node("Expand", &[&name, &shape], &[]);
        }
        for (t, level) in thresholds.iter().zip(&levels[1..]) {
            let (t, level) = (self.scalar(*t), self.number(form, *level));
            let passed = self.node("GreaterOrEqual", &[x, &t], &[]);
            name = self.node("Where", &[&passed, &level, &name], &[]);
        }
        name
    }
}
