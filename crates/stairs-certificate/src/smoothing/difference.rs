//! σ_ν − σ: its sign changes and the area below it.
//!
//! Between two thresholds, with j of them to the left, and y_k = x − θ_k,
//!
//! ```text
//! σ_ν(x) − σ(x) = Σ_{k>j} Δ_k P(ν ≤ y_k) − Σ_{k≤j} Δ_k P(ν > y_k)
//! antiderivative  Σ_{k>j} Δ_k E(y_k − ν)₊ + Σ_{k≤j} Δ_k E(ν − y_k)₊
//! ```
//!
//! so that the integral of the absolute value is a sum of differences of closed forms once the sign changes are known.
//! They are found by bisection on cells where the difference is monotone: always, for an ascending or descending stair;
//! otherwise the cells are split until the range of the derivative, or of the value, settles the sign. The mean of the law
//! may have any value: for a single step the area is |Δ|·E|ν|.

use stairs_laws::{Law, noise::Density};
use stairs_quant::StairFunction;

/// Relative size of what is left undecided: cells smaller than this, tails lighter than this.
const NEGLIGIBLE: f64 = 1e-17;

/// σ_ν − σ, quantum 1.
pub(super) struct Difference<'a> {
    law: &'a Law,
    thresholds: &'a [f64],
    steps: Vec<f64>,
    total: f64,
    density: Density,
}

impl<'a> Difference<'a> {
    pub(super) fn new(stair: &'a StairFunction, law: &'a Law) -> Self {
        Self {
            law,
            thresholds: stair.thresholds(),
            steps: stair.steps().collect(),
            total: stair.total_variation(),
            density: law.noise().density_shape(),
        }
    }

    /// ∫|σ_ν − σ| dx and a bound for what was left undecided.
    pub(super) fn area(&self) -> (f64, f64) {
        let mut area = 0.0;
        let mut undecided = 0.0;
        let last = self.thresholds.len();
        for region in 0..=last {
            let (points, left_out) = self.sign_changes(region);
            undecided += left_out;
            let values: Vec<f64> = points.iter().map(|x| self.primitive(*x, region)).collect();
            area += values.windows(2).map(|pair| (pair[1] - pair[0]).abs()).sum::<f64>();
            // The rest of the two tails.
            match (region == 0, region == last) {
                (true, _) => area += values.first().map_or(0.0, |v| v.abs()),
                (_, true) => area += values.last().map_or(0.0, |v| v.abs()),
                _ => {}
            }
        }
        (area, undecided)
    }

    /// Points among which every extremum of the antiderivative of σ_ν − σ lies, up to the two tails.
    pub(super) fn turning_points(&self) -> Vec<f64> {
        (0..=self.thresholds.len()).flat_map(|region| self.sign_changes(region).0).collect()
    }

    /// Ends of a region between thresholds and the sign changes in it, ascending; and the area left undecided.
    fn sign_changes(&self, region: usize) -> (Vec<f64>, f64) {
        let (first, last) = (self.thresholds[0], self.thresholds[self.thresholds.len() - 1]);
        let (mean, reach) =
            (self.law.mean(), self.law.scale() * self.law.noise().tails().map_or(1.0, |tails| tails.mass));
        let low = if region == 0 { first.min(first + mean - reach) } else { self.thresholds[region - 1] };
        let high =
            if region == self.thresholds.len() { last.max(last + mean + reach) } else { self.thresholds[region] };
        let mut edges = vec![low, high];
        let breakpoints = self.breakpoints();
        for threshold in self.thresholds {
            let at = threshold + mean;
            edges.extend(breakpoints.iter().map(|u| at + self.law.scale() * u));
        }
        edges.retain(|x| (low..=high).contains(x));
        edges.sort_by(f64::total_cmp);
        edges.dedup();
        let mut search = Search { points: vec![low], undecided: 0.0, difference: self, region };
        for pair in edges.windows(2) {
            search.visit(pair[0], pair[1], 64);
            // At a jump of the Dirac law, and at no cost elsewhere.
            search.points.push(pair[1]);
        }
        (search.points, search.undecided)
    }

    /// σ_ν(x) − σ(x) with `region` thresholds to the left of x.
    fn value(&self, x: f64, region: usize) -> f64 {
        self.sum(|k, y| if k < region { -self.law.tail(y) } else { self.law.cdf(y) }, x)
    }

    /// An antiderivative in this region; it vanishes at −∞ in the first region and at +∞ in the last.
    fn primitive(&self, x: f64, region: usize) -> f64 {
        self.sum(|k, y| if k < region { self.law.ramp_above(y) } else { self.law.ramp(y) }, x)
    }

    fn sum(&self, term: impl Fn(usize, f64) -> f64, x: f64) -> f64 {
        self.steps.iter().zip(self.thresholds).enumerate().map(|(k, (step, at))| step * term(k, x - at)).sum()
    }

    /// Range of σ_ν′ on a cell inside the breakpoints, and whether it is a linear function there. The density of a bell falls in
    /// the distance, so that of each step is largest at one end of the cell or at its threshold.
    fn slopes(&self, low: f64, high: f64) -> ((f64, f64), bool) {
        if !matches!(self.density, Density::Bell(_)) {
            // Linear between breakpoints: two points inside tell all, and keep off the jumps at the ends.
            let slope = |x: f64| self.sum(|_, y| self.law.pdf(y), x);
            let (a, b) = (slope(0.75 * low + 0.25 * high), slope(0.25 * low + 0.75 * high));
            return ((1.5 * a - 0.5 * b, 1.5 * b - 0.5 * a), true);
        }
        let mut range = (0.0, 0.0);
        for (step, at) in self.steps.iter().zip(self.thresholds) {
            let (a, b) = (low - at - self.law.mean(), high - at - self.law.mean());
            let near = if a <= 0.0 && b >= 0.0 { 0.0 } else { a.abs().min(b.abs()) };
            let density = |y: f64| step * self.law.pdf(self.law.mean() + y);
            let (p, q) = (density(near), density(a.abs().max(b.abs())));
            range = (range.0 + p.min(q), range.1 + p.max(q));
        }
        (range, false)
    }

    /// Where the density is not linear, or ends, in scales.
    fn breakpoints(&self) -> Vec<f64> {
        if self.law.is_hard() {
            return vec![0.0];
        }
        match &self.density {
            Density::Flat => vec![-1.0, 1.0],
            Density::Linear { nodes, .. } => nodes.clone(),
            Density::Bell(_) => self.law.noise().support().into_iter().flat_map(|end| [-end, end]).collect(),
        }
    }
}

/// The search for sign changes in one region.
struct Search<'a> {
    points: Vec<f64>,
    undecided: f64,
    difference: &'a Difference<'a>,
    region: usize,
}

impl Search<'_> {
    /// Adds the sign changes in (low, high) to the points.
    fn visit(&mut self, low: f64, high: f64, depth: usize) {
        let d = self.difference;
        if d.law.is_hard() {
            return; // constant between its breakpoints
        }
        let ((least, most), linear) = d.slopes(low, high);
        let (a, b) = (d.value(low, self.region), d.value(high, self.region));
        let rounding = f64::EPSILON * d.total / d.law.scale();
        if (least >= -rounding && most >= -rounding) || (least <= rounding && most <= rounding) {
            if a * b < 0.0 {
                self.points.push(self.bisect(low, high, a));
            }
            return;
        }
        let width = high - low;
        if linear {
            // The slope is linear with values least and most at the ends: one vertex.
            let vertex = low + width * (least / (least - most));
            if vertex > low && vertex < high && depth > 0 {
                self.visit(low, vertex, 0);
                self.points.push(vertex);
                self.visit(vertex, high, 0);
            } else if a * b < 0.0 {
                self.points.push(self.bisect(low, high, a));
            }
            return;
        }
        let (middle, steepest) = (0.5 * (low + high), most.max(-least));
        let size = d.value(middle, self.region).abs();
        if size > 0.5 * steepest * width {
            return; // no zero can be within reach
        }
        let left_out = steepest * width * width;
        if left_out <= NEGLIGIBLE * d.total * d.law.scale() || depth == 0 {
            self.undecided += left_out;
            return;
        }
        self.visit(low, middle, depth - 1);
        self.points.push(middle);
        self.visit(middle, high, depth - 1);
    }

    /// The zero in (low, high) of a monotone difference that is `a` at `low`.
    fn bisect(&self, mut low: f64, mut high: f64, a: f64) -> f64 {
        loop {
            let middle = 0.5 * (low + high);
            let fine = 1e-17 * self.difference.law.scale();
            if middle <= low || middle >= high || high - low <= fine {
                return middle;
            }
            if (self.difference.value(middle, self.region) < 0.0) == (a < 0.0) { low = middle } else { high = middle }
        }
    }
}
