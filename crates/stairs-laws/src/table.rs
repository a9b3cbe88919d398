//! A noise law of the user's own: a density on [−1, 1] given by its values at equally spaced nodes.
//!
//! Between nodes the density is linear, so the CDF is piecewise quadratic and the pair stays consistent (F′ = f exactly):
//! gradients are the derivative of the forward pass, not an approximation of it. With h = 2/(n−1), t ∈ [0, 1] inside
//! cell i:
//!
//! ```text
//! f(u) = f_i + (f_{i+1} − f_i)·t        F(u) = F_i + h·(f_i·t + (f_{i+1} − f_i)·t²/2)
//! ```
//!
//! Every backend evaluates the same table, so a law written in five lines of Rust runs on a GPU.

use serde::{Deserialize, Serialize};

use crate::{
    LawError,
    noise::{Density, Tails, Unit},
};

/// A tabulated law of unit scale; build one with [`NoiseTable::from_density`].
///
/// ```
/// use stairs_laws::{Noise, NoiseTable};
/// let parabola = NoiseTable::from_density(257, |u| 1.0 - u * u).unwrap();
/// let noise = Noise::from(parabola);
/// assert!((noise.cdf(0.0) - 0.5).abs() < 1e-12);
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "RawTable", into = "RawTable")]
pub struct NoiseTable {
    density: Vec<f64>,
    cumulative: Vec<f64>,
    /// First and second antiderivative of the CDF at the nodes, 0 at −1.
    ramps: Vec<f64>,
    parabolas: Vec<f64>,
    /// Density and CDF in single precision, for kernels.
    single: [Vec<f32>; 2],
}

/// What is stored of a table: the node values.
#[derive(Clone, Serialize, Deserialize)]
struct RawTable {
    density: Vec<f64>,
}

impl TryFrom<RawTable> for NoiseTable {
    type Error = LawError;

    fn try_from(raw: RawTable) -> Result<Self, LawError> {
        NoiseTable::new(raw.density)
    }
}

impl From<NoiseTable> for RawTable {
    fn from(table: NoiseTable) -> Self {
        RawTable { density: table.density }
    }
}

impl NoiseTable {
    /// A table from density values at `n` equally spaced nodes of [−1, 1], both ends included; they are rescaled to
    /// unit mass.
    ///
    /// # Errors
    /// [`LawError::Table`] for fewer than 2 or more than 65,536 nodes, a negative or non-finite value, or zero mass.
    pub fn new(mut density: Vec<f64>) -> Result<Self, LawError> {
        let n = density.len();
        if !(2..=65_536).contains(&n) {
            return Err(LawError::Table(format!("needs 2 to 65536 nodes, got {n}")));
        }
        if let Some((i, v)) = density.iter().enumerate().find(|(_, v)| !v.is_finite() || **v < 0.0) {
            return Err(LawError::Table(format!("node {i} must be finite and at least 0, got {v}")));
        }
        let mass = density.windows(2).map(|w| w[0] + w[1]).sum::<f64>() / (n - 1) as f64;
        if mass <= 0.0 || !mass.is_finite() {
            return Err(LawError::Table(format!("mass must be positive and finite, got {mass}")));
        }
        // Tables read back from disk are already normalised: leave their bits alone.
        if (mass - 1.0).abs() > 1e-12 {
            density.iter_mut().for_each(|v| *v /= mass);
        }
        let (h, half_step) = (2.0 / (n - 1) as f64, 1.0 / (n - 1) as f64);
        let (mut cumulative, mut ramps, mut parabolas) = (vec![0.0], vec![0.0], vec![0.0]);
        let (mut sum, mut ramp, mut parabola) = (0.0, 0.0, 0.0);
        for w in density.windows(2) {
            parabola += h * (ramp + h * (0.5 * sum + h * (w[0] / 8.0 + w[1] / 24.0)));
            ramp += h * (sum + h * (w[0] / 3.0 + w[1] / 6.0));
            sum += half_step * (w[0] + w[1]);
            cumulative.push(sum);
            ramps.push(ramp);
            parabolas.push(parabola);
        }
        let single = [&density, &cumulative].map(|values| values.iter().map(|v| *v as f32).collect());
        Ok(Self { density, cumulative, ramps, parabolas, single })
    }

    /// A table of `nodes` samples of an unnormalised density on [−1, 1].
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn from_density(nodes: usize, density: impl Fn(f64) -> f64) -> Result<Self, LawError> {
        let last = nodes.saturating_sub(1).max(1) as f64;
        Self::new((0..nodes.min(65_537)).map(|i| density(-1.0 + 2.0 * i as f64 / last)).collect())
    }

    /// Density at the nodes, unit mass.
    pub fn density(&self) -> &[f64] {
        &self.density
    }

    /// CDF at the nodes, from 0 to 1.
    pub fn cumulative(&self) -> &[f64] {
        &self.cumulative
    }

    /// Density and CDF at the nodes in single precision, for kernels.
    pub fn single(&self) -> (&[f32], &[f32]) {
        (&self.single[0], &self.single[1])
    }

    /// First and second antiderivative of the CDF at the nodes, 0 at −1.
    pub fn antiderivatives(&self) -> (&[f64], &[f64]) {
        (&self.ramps, &self.parabolas)
    }

    /// Width h of a cell.
    pub fn step(&self) -> f64 {
        2.0 / (self.density.len() - 1) as f64
    }

    /// Cell index and position t ∈ [0, 1] of u ∈ [−1, 1].
    fn cell(&self, u: f64) -> (usize, f64) {
        let p = (u + 1.0) / self.step();
        let i = (p as usize).min(self.density.len() - 2);
        (i, p - i as f64)
    }

    /// E g(ξ) by Simpson's rule in every cell split at its middle: exact for polynomials up to degree 2 on a cell.
    fn moment(&self, g: impl Fn(f64) -> f64) -> f64 {
        let h = self.step();
        (0..self.density.len() - 1)
            .map(|i| {
                let u = |t: f64| -1.0 + (i as f64 + t) * h;
                let f = |t: f64| self.density[i] + (self.density[i + 1] - self.density[i]) * t;
                let half = |a: f64, b: f64| {
                    let m = 0.5 * (a + b);
                    (b - a) / 6.0 * (g(u(a)) * f(a) + 4.0 * g(u(m)) * f(m) + g(u(b)) * f(b))
                };
                h * (half(0.0, 0.5) + half(0.5, 1.0))
            })
            .sum()
    }
}

impl Unit for NoiseTable {
    fn name(&self) -> &'static str {
        "table"
    }

    fn tails(&self) -> Option<Tails> {
        None
    }

    fn window(&self) -> f64 {
        1.0
    }

    fn cdf(&self, u: f64) -> f64 {
        if u.is_nan() {
            return u;
        }
        let (i, t) = self.cell(u.clamp(-1.0, 1.0));
        let (f0, f1) = (self.density[i], self.density[i + 1]);
        (self.cumulative[i] + self.step() * t * (f0 + 0.5 * (f1 - f0) * t)).clamp(0.0, 1.0)
    }

    fn pdf(&self, u: f64) -> f64 {
        if u.abs() > 1.0 {
            return 0.0;
        }
        let (i, t) = self.cell(u);
        self.density[i] + (self.density[i + 1] - self.density[i]) * t
    }

    fn centre(&self) -> f64 {
        1.0 - self.ramps[self.ramps.len() - 1]
    }

    /// E (u − ξ)₊: cubic in a cell.
    fn ramp(&self, u: f64) -> f64 {
        if u > 1.0 {
            return u - self.centre();
        }
        if u.is_nan() || u <= -1.0 {
            return if u.is_nan() { u } else { 0.0 };
        }
        let (i, t) = self.cell(u);
        let (h, f0, f1) = (self.step(), self.density[i], self.density[i + 1]);
        self.ramps[i] + h * t * (self.cumulative[i] + h * t * (f0 / 2.0 + (f1 - f0) * t / 6.0))
    }

    /// E (ξ − u)₊ = ramp(u) − u + E ξ.
    fn ramp_above(&self, u: f64) -> f64 {
        if u >= 1.0 { 0.0 } else { self.ramp(u) + (self.centre() - u) }
    }

    /// E (u − ξ)₊²/2: quartic in a cell.
    fn parabola(&self, u: f64) -> f64 {
        let last = self.parabolas.len() - 1;
        if u > 1.0 {
            let beyond = u - 1.0;
            return self.parabolas[last] + beyond * (self.ramps[last] + 0.5 * beyond);
        }
        if u.is_nan() || u <= -1.0 {
            return if u.is_nan() { u } else { 0.0 };
        }
        let (i, t) = self.cell(u);
        let (h, f0, f1) = (self.step(), self.density[i], self.density[i + 1]);
        let inner = self.cumulative[i] / 2.0 + h * t * (f0 / 6.0 + (f1 - f0) * t / 24.0);
        self.parabolas[i] + h * t * (self.ramps[i] + h * t * inner)
    }

    /// E (ξ − u)₊²/2.
    fn parabola_above(&self, u: f64) -> f64 {
        if u >= 1.0 {
            return 0.0;
        }
        let last = self.parabolas.len() - 1;
        // E (u − ξ)²/2 from the two partial moments at 1, less the part below.
        let beyond = u - 1.0;
        self.parabolas[last] + beyond * (self.ramps[last] + 0.5 * beyond) - self.parabola(u)
    }

    fn mean_abs(&self) -> f64 {
        self.moment(f64::abs)
    }

    fn std(&self) -> f64 {
        let mean = self.moment(|u| u);
        (self.moment(|u| u * u) - mean * mean).max(0.0).sqrt()
    }

    fn sup_density(&self) -> f64 {
        self.density.iter().fold(0.0, |a: f64, b| a.max(*b))
    }

    fn lipschitz_density(&self) -> Option<f64> {
        // The density is continuous only if it vanishes at both ends of the support.
        let ends = self.density[0].max(self.density[self.density.len() - 1]);
        (ends == 0.0).then(|| self.density.windows(2).map(|w| (w[1] - w[0]).abs()).fold(0.0, f64::max) / self.step())
    }

    fn density_shape(&self) -> Density {
        let last = self.density.len() - 1;
        let nodes = (0..=last).map(|i| -1.0 + 2.0 * i as f64 / last as f64).collect();
        Density::Linear { nodes, ends: Some((self.density[0], self.density[last])) }
    }

    fn tail(&self, u: f64) -> f64 {
        1.0 - self.cdf(u)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Noise;

    #[test]
    fn a_tabulated_triangle_is_the_triangular_law() {
        let noise = Noise::from(NoiseTable::from_density(201, |u| 3.0 * (1.0 - u.abs())).unwrap());
        for i in -120..=120 {
            let u = i as f64 / 100.0;
            assert!((noise.cdf(u) - Noise::Triangular.cdf(u)).abs() < 1e-12, "cdf at {u}");
            assert!((noise.pdf(u) - Noise::Triangular.pdf(u)).abs() < 1e-12, "pdf at {u}");
        }
        assert!((noise.std() - Noise::Triangular.std()).abs() < 1e-10);
        assert!((noise.mean_abs() - 1.0 / 3.0).abs() < 1e-10);
        assert!((noise.lipschitz_density().unwrap() - 1.0).abs() < 1e-9);
    }

    #[test]
    fn impossible_tables_are_refused() {
        for bad in [vec![], vec![1.0], vec![0.0, 0.0], vec![1.0, -1.0], vec![1.0, f64::NAN], vec![f64::INFINITY, 1.0]] {
            assert!(NoiseTable::new(bad.clone()).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_table_survives_serialisation_bit_for_bit() {
        let table = NoiseTable::from_density(33, |u| (1.0 - u * u).powi(2)).unwrap();
        let back: NoiseTable = serde_json::from_str(&serde_json::to_string(&table).unwrap()).unwrap();
        assert_eq!(table, back);
    }
}
