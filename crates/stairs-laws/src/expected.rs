//! The regularised stair in exact f64 mathematics: the reference every backend is tested against.
//!
//! With F_k = F((x − m − θ_k)/s), F₀ = 1, F_{K+1} = 0 and p_k = F_k − F_{k+1}, for ν = m + s·ξ:
//!
//! | | |
//! |---|---|
//! | expectation | σ_ν(x) = E σ(x − ν) = q₀ + Σ_k Δ_k F_k |
//! | gradient | σ_ν′(x) = (1/s) Σ_k Δ_k f((x − m − θ_k)/s) |
//! | probability of level q_k | p_k |
//! | mode | the q_k of largest p_k; of equal masses the one of lower index |
//! | random | q₀ + Σ_k Δ_k \[U < F_k\], U uniform on \[0, 1) |
//! | hard | σ(x) |
//!
//! With a quantum ε all of it is taken at x/ε; levels are multiplied by ε, the gradient is not. At scale 0 the law of
//! σ(x − ν) is the point mass on σ(x − m), with the stair's own H(0), and the gradient is 0. ±∞ give the end levels and
//! gradient 0; NaN gives NaN. Sources: Spallanzani et al., arXiv 1905.10452, section 3, and \[ANA22\]
//! (arXiv 2203.11323), section 3.

use stairs_quant::StairFunction;

use crate::{Law, LawError, Strategy};

/// A stair function under additive noise.
///
/// ```
/// use stairs_laws::{Law, Noise, RegularisedStair};
/// use stairs_quant::Quantiser;
/// let law = Law::new(Noise::Uniform, 0.0, 0.5)?;
/// let stair = RegularisedStair::new(Quantiser::Ternary.stair(), law);
/// assert_eq!(stair.expectation(0.25), 0.25);
/// assert_eq!(stair.gradient(0.25), 1.0);
/// assert_eq!(stair.probabilities(0.75), [0.0, 0.25, 0.75]);
/// assert_eq!((stair.mode(0.75), stair.hard(0.25)), (1.0, 0.0));
/// # Ok::<(), stairs_laws::LawError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct RegularisedStair {
    stair: StairFunction,
    law: Law,
    quantum: f64,
}

impl RegularisedStair {
    /// `stair` under noise of law `law`, with quantum 1.
    pub fn new(stair: StairFunction, law: Law) -> Self {
        Self { stair, law, quantum: 1.0 }
    }

    /// The same with quantum `quantum` > 0: arguments and values are then in its units.
    ///
    /// # Errors
    /// [`LawError::Quantum`] unless the quantum is finite and positive.
    pub fn with_quantum(self, quantum: f64) -> Result<Self, LawError> {
        if !(quantum.is_finite() && quantum > 0.0) {
            return Err(LawError::Quantum(quantum));
        }
        Ok(Self { quantum, ..self })
    }

    /// The stair σ, in units of the quantum.
    pub fn stair(&self) -> &StairFunction {
        &self.stair
    }

    /// The law of the noise, in units of the quantum.
    pub fn law(&self) -> &Law {
        &self.law
    }

    /// The quantum ε.
    pub fn quantum(&self) -> f64 {
        self.quantum
    }

    /// ε σ_ν(x/ε), between the smallest and the largest level.
    pub fn expectation(&self, x: f64) -> f64 {
        if self.law.is_hard() || x.is_infinite() {
            return self.dirac(x);
        }
        let sum =
            self.stair.steps().zip(self.stair.thresholds()).map(|(step, &threshold)| step * self.passed(x, threshold));
        let value = self.stair.levels()[0] + sum.sum::<f64>();
        // Rounding may leave the range of the levels by an ulp; NaN stays NaN.
        self.quantum * value.clamp(self.stair.lowest_level(), self.stair.highest_level())
    }

    /// d/dx of [`expectation`](Self::expectation), in units of level per unit of x; negative where the stair descends.
    pub fn gradient(&self, x: f64) -> f64 {
        if x.is_nan() {
            return f64::NAN;
        }
        if x.is_infinite() || self.law.is_hard() {
            return 0.0;
        }
        let x = x / self.quantum;
        self.stair
            .steps()
            .zip(self.stair.thresholds())
            .map(|(step, &threshold)| step * self.law.pdf(x - threshold))
            .sum()
    }

    /// p_k, the probability of level k = 0 … K; 0 for a level that does not exist.
    pub fn probability(&self, k: usize, x: f64) -> f64 {
        if self.law.is_hard() {
            let Some(taken) = self.stair.level_index(x / self.quantum - self.law.mean()) else { return f64::NAN };
            return if taken == k { 1.0 } else { 0.0 };
        }
        let thresholds = self.stair.thresholds();
        if k > thresholds.len() {
            return 0.0;
        }
        let below = if k == 0 { 1.0 } else { self.passed(x, thresholds[k - 1]) };
        let above = if k == thresholds.len() { 0.0 } else { self.passed(x, thresholds[k]) };
        let mass = if x.is_nan() { f64::NAN } else { below - above };
        if mass < 0.0 { 0.0 } else { mass }
    }

    /// All p_k; their sum is 1.
    pub fn probabilities(&self, x: f64) -> Vec<f64> {
        (0..self.stair.levels().len()).map(|k| self.probability(k, x)).collect()
    }

    /// The most probable level; of equally probable ones that of lower index (for an increasing stair: the lower level).
    pub fn mode(&self, x: f64) -> f64 {
        if x.is_nan() {
            return f64::NAN;
        }
        let masses = self.probabilities(x);
        let best = (1..masses.len()).fold(0, |best, k| if masses[k] > masses[best] { k } else { best });
        self.quantum * self.stair.levels()[best]
    }

    /// The level that the inverse transform gives for `uniform` in [0, 1): level k with probability p_k.
    pub fn random(&self, x: f64, uniform: f64) -> f64 {
        if x.is_nan() || uniform.is_nan() {
            return f64::NAN;
        }
        if self.law.is_hard() {
            return self.dirac(x);
        }
        // F_k falls with k, so the thresholds passed are the first ones: their number is the level's index.
        let level =
            self.stair.thresholds().iter().take_while(|&&threshold| uniform < self.passed(x, threshold)).count();
        self.quantum * self.stair.levels()[level]
    }

    /// ε σ(x/ε): the stair of evaluation, without noise and without mean.
    pub fn hard(&self, x: f64) -> f64 {
        self.quantum * self.stair.eval(x / self.quantum)
    }

    /// The forward value of `strategy`; `uniform` in [0, 1) is used by [`Strategy::Random`] alone.
    pub fn forward(&self, strategy: Strategy, x: f64, uniform: f64) -> f64 {
        match strategy {
            Strategy::Expectation => self.expectation(x),
            Strategy::Mode => self.mode(x),
            Strategy::Random => self.random(x, uniform),
            Strategy::Relaxed => self.relaxed(x),
        }
    }

    /// (1 − s)·ε σ(x/ε) + s·x, s the scale of the law, at most 1.
    pub fn relaxed(&self, x: f64) -> f64 {
        if self.law.is_hard() {
            return self.dirac(x);
        }
        let share = self.law.scale().min(1.0);
        (1.0 - share) * self.hard(x) + share * x
    }

    /// F((x/ε − m − θ)/s).
    fn passed(&self, x: f64, threshold: f64) -> f64 {
        self.law.cdf(x / self.quantum - threshold)
    }

    /// ε σ(x/ε − m).
    fn dirac(&self, x: f64) -> f64 {
        self.quantum * self.stair.eval(x / self.quantum - self.law.mean())
    }
}
