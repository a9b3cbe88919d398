//! Published straight-through estimators as regularised stairs.
//!
//! An estimator is a stair, a forward law, a backward rule and a strategy; "hard" is scale 0.
//!
//! | constructor | stair | forward | backward | derivative | source |
//! |---|---|---|---|---|---|
//! | [`clipped_identity_sign`](Estimator::clipped_identity_sign) | sign | hard | uniform, s = 1 | 1 on \|x\| ≤ 1 | Hubara et al. 2016 (BinaryNet), arXiv 1602.02830 |
//! | [`clipped_identity`](Estimator::clipped_identity) | integer levels | hard | uniform, s = ½ | 1 on \[θ₁−½, θ_K+½\] | the same, for more levels |
//! | [`approx_sign`](Estimator::approx_sign) | sign | hard | triangular, s = 1 | 2 − 2\|x\| on \|x\| ≤ 1 | Liu et al. 2018 (Bi-Real Net), arXiv 1808.00278 |
//! | [`tanh_surrogate`](Estimator::tanh_surrogate) | sign | hard | logistic, s = 1/(2k) | k(1 − tanh²(kx)) | Gong et al. 2019 (DSQ), arXiv 1908.05033; Qin et al. 2020 (IR-Net), arXiv 1909.10788 |
//! | [`sigmoid_surrogate`](Estimator::sigmoid_surrogate) | any | logistic, s = 1/k | the same | Σ Δ_k kS(1−S) | Yang et al. 2019 (Quantization Networks), arXiv 1911.09464 |
//! | [`erf_surrogate`](Estimator::erf_surrogate) | sign | hard | normal, s | √(2/π)/s·e^(−x²/(2s²)) | the expectation of a sign unit under normal noise |
//! | [`dsq`](Estimator::dsq) | rising levels | hard | [`Backward::Dsq`] | s·κ·sech²(κv) in every cell | Gong et al. 2019 (DSQ), arXiv 1908.05033 |
//! | [`ewgs`](Estimator::ewgs) | any | hard | [`Backward::Ewgs`] | 1 + δ·sign(g)·(x − σ(x))/(q_K − q₀) on \[q₀, q_K) | Lee et al. 2021 (EWGS), arXiv 2104.00903 |
//! | [`parq`](Estimator::parq) | equal steps Δ | uniform, s = ρΔ/2 | identity | 1 | Jin et al. 2025 (PARQ), arXiv 2503.15748 |
//! | [`binary_relax`](Estimator::binary_relax) | any | relaxed, s = 1/(1 + λ) | identity | 1 | Yin et al. 2018 (BinaryRelax), arXiv 1801.06313 |
//! | [`identity`](Estimator::identity) | any | hard | identity | 1 | Bengio et al. 2013, arXiv 1308.3432 |
//!
//! That the backward passes are derivatives of regularised stairs is \[ANA22\] (arXiv 2203.11323), section 3. Published
//! rules that change k during training (IR-Net and Quantization Networks anneal it) are given here at one k, and DSQ, which
//! learns its α, at one α; an [`AnnealingPlan`](crate::AnnealingPlan) changes the scale.
//!
//! PARQ's proximal map of inverse slope ρ is piecewise affine: around the middle of two levels a ramp of slope 1/ρ, flat
//! beyond. That is the expectation under uniform noise of half-width ρΔ/2; the gradient at the mapped weight goes to the
//! latent one unchanged.
//!
//! The uniform density is that of [`Noise::pdf`](crate::Noise::pdf) at its edges too, so at the points θ_k ± s the
//! derivative is what that convention gives.

use stairs_quant::{Quantiser, StairFunction};
use thiserror::Error;

use crate::{Backward, Dsq, Ewgs, Law, Laws, Noise, QuantiserSchedule, RegularisedStair, RuleError, Strategy};

/// An estimator that does not exist for these parameters.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum EstimatorError {
    /// The slope of a surrogate is not finite and positive, or so extreme that its scale is not.
    #[error("the slope of a surrogate must be finite and positive, got {0}")]
    Slope(f64),
    /// The scale of a surrogate is not finite and positive.
    #[error("the scale of a surrogate must be finite and positive, got {0}")]
    Scale(f64),
    /// The clipped identity needs integer levels: all steps 1 and thresholds 1 apart.
    #[error(
        "the clipped identity needs unit steps at unit distance, which `{0}` has not: use int-n, ternary or binary, or clipped_identity_sign"
    )]
    NotUnitStairs(Quantiser),
    /// The stair has no cells between levels that rise.
    #[error("{name} needs levels that rise from step to step, which the stair {stair} has not: use a named quantiser")]
    NotRising {
        /// Name of the estimator.
        name: &'static str,
        /// The stair, printed.
        stair: String,
    },
    /// The steps of the stair are not equal, or its thresholds are not the middles of its levels.
    #[error(
        "{name} needs equal steps with thresholds in their middles, which the stair {stair} has not: use binary, ternary, int-n, \
         uint-n or balanced-n"
    )]
    NotUniform {
        /// Name of the estimator.
        name: &'static str,
        /// The stair, printed.
        stair: String,
    },
    /// A relaxation outside its range.
    #[error("{name} must be {needs}, got {value}")]
    Relaxation {
        /// The parameter.
        name: &'static str,
        /// What it must be.
        needs: &'static str,
        /// Its value.
        value: f64,
    },
    /// A parameter of a backward rule.
    #[error(transparent)]
    Rule(#[from] RuleError),
}

/// A named straight-through estimator.
///
/// ```
/// use stairs_laws::Estimator;
/// let estimator = Estimator::approx_sign();
/// assert_eq!(estimator.forward(0.3), 1.0);
/// assert_eq!(estimator.derivative(0.25), 1.5);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Estimator {
    /// Name of the estimator: that of its constructor with hyphens.
    pub name: &'static str,
    /// The quantiser, in units of the quantum.
    pub stair: StairFunction,
    /// Law of the forward pass; scale 0: the hard stair.
    pub forward: Law,
    /// Rule of the backward pass.
    pub backward: Backward,
    /// What the forward pass emits.
    pub strategy: Strategy,
}

impl Estimator {
    /// BinaryNet: sign forward, 1 on |x| ≤ 1 backward.
    pub fn clipped_identity_sign() -> Self {
        Self::hard("clipped-identity-sign", Quantiser::Sign.stair(), Law::known(Noise::Uniform, 0.0, 1.0))
    }

    /// The clipped identity for integer levels (binary, ternary, unsigned, signed and balanced int-n): the stair
    /// forward, 1 on [θ₁−½, θ_K+½] and 0 outside backward.
    ///
    /// # Errors
    /// [`EstimatorError::NotUnitStairs`] for a quantiser whose steps or threshold distances are not 1.
    pub fn clipped_identity(quantiser: Quantiser) -> Result<Self, EstimatorError> {
        let stair = quantiser.stair();
        let unit = |values: &[f64]| values.windows(2).all(|pair| pair[1] - pair[0] == 1.0);
        if !unit(stair.levels()) || !unit(stair.thresholds()) {
            return Err(EstimatorError::NotUnitStairs(quantiser));
        }
        Ok(Self::hard("clipped-identity", stair, Law::known(Noise::Uniform, 0.0, 0.5)))
    }

    /// Bi-Real Net's piecewise-quadratic ApproxSign: sign forward, 2 − 2|x| on |x| ≤ 1 backward.
    pub fn approx_sign() -> Self {
        Self::hard("approx-sign", Quantiser::Sign.stair(), Law::known(Noise::Triangular, 0.0, 1.0))
    }

    /// Sign forward, the derivative of tanh(kx) backward; slope `k` > 0 in units of 1/quantum.
    ///
    /// # Errors
    /// [`EstimatorError::Slope`].
    pub fn tanh_surrogate(k: f64) -> Result<Self, EstimatorError> {
        let law = logistic(k, 0.5 / k)?;
        Ok(Self::hard("tanh-surrogate", Quantiser::Sign.stair(), law))
    }

    /// Quantization Networks: a sum of sigmoids S(k(x − θ_j)), one a step, forward and backward; slope `k` > 0 in units
    /// of 1/quantum. The forward pass is soft; evaluation uses the hard stair as always.
    ///
    /// # Errors
    /// [`EstimatorError::Slope`].
    pub fn sigmoid_surrogate(stair: StairFunction, k: f64) -> Result<Self, EstimatorError> {
        let law = logistic(k, 1.0 / k)?;
        let Laws { forward, backward } = Laws::same(law);
        Ok(Self { name: "sigmoid-surrogate", stair, forward, backward, strategy: Strategy::Expectation })
    }

    /// Sign forward, the derivative of erf(x/(s√2)) = 2Φ(x/s) − 1 backward; standard deviation `s` > 0 in units of the
    /// quantum.
    ///
    /// # Errors
    /// [`EstimatorError::Scale`].
    pub fn erf_surrogate(s: f64) -> Result<Self, EstimatorError> {
        let law = Law::new(Noise::Normal, 0.0, s).ok().filter(|law| !law.is_hard()).ok_or(EstimatorError::Scale(s))?;
        Ok(Self::hard("erf-surrogate", Quantiser::Sign.stair(), law))
    }

    /// The original straight-through estimator: the stair forward, 1 everywhere backward.
    pub fn identity(stair: StairFunction) -> Self {
        let forward = Law::hard(Noise::Uniform);
        Self { name: "identity", stair, forward, backward: Backward::Identity, strategy: Strategy::Expectation }
    }

    /// DSQ at a fixed α in (0, 1): the stair forward, the derivative of its soft stair backward.
    ///
    /// # Errors
    /// [`EstimatorError::Rule`], [`EstimatorError::NotRising`].
    pub fn dsq(stair: StairFunction, alpha: f64) -> Result<Self, EstimatorError> {
        let rule = Backward::Dsq(Dsq::new(alpha)?);
        match crate::rules::rises(&stair) {
            true => Ok(Self { name: "dsq", backward: rule, ..Self::identity(stair) }),
            false => Err(EstimatorError::NotRising { name: "DSQ", stair: stair.to_string() }),
        }
    }

    /// EWGS with the scaling factor δ ≥ 0: the stair forward, the clipped identity scaled element by element backward.
    ///
    /// # Errors
    /// [`EstimatorError::Rule`].
    pub fn ewgs(stair: StairFunction, delta: f64) -> Result<Self, EstimatorError> {
        Ok(Self { name: "ewgs", backward: Backward::Ewgs(Ewgs::new(delta)?), ..Self::identity(stair) })
    }

    /// PARQ at the inverse slope ρ in [0, 1]: from the clipped identity (1) to the hard stair (0), straight through backward.
    ///
    /// # Errors
    /// [`EstimatorError::NotUniform`], [`EstimatorError::Relaxation`].
    pub fn parq(stair: StairFunction, inverse_slope: f64) -> Result<Self, EstimatorError> {
        if !(0.0..=1.0).contains(&inverse_slope) {
            let needs = "at least 0 and at most 1";
            return Err(EstimatorError::Relaxation { name: "the inverse slope of PARQ", needs, value: inverse_slope });
        }
        let step = uniform_step(&stair)
            .ok_or_else(|| EstimatorError::NotUniform { name: "PARQ", stair: stair.to_string() })?;
        let forward = Law::known(Noise::Uniform, 0.0, 0.5 * step * inverse_slope);
        Ok(Self { name: "parq", forward, ..Self::identity(stair) })
    }

    /// BinaryRelax at the weight λ ≥ 0 of the quantised value: (λ·σ(x) + x)/(λ + 1) forward, straight through backward.
    ///
    /// # Errors
    /// [`EstimatorError::Relaxation`].
    pub fn binary_relax(stair: StairFunction, lambda: f64) -> Result<Self, EstimatorError> {
        if !(lambda.is_finite() && lambda >= 0.0) {
            let needs = "finite and at least 0";
            return Err(EstimatorError::Relaxation { name: "lambda of BinaryRelax", needs, value: lambda });
        }
        let forward = Law::known(Noise::Uniform, 0.0, 1.0 / (1.0 + lambda));
        Ok(Self { name: "binary-relax", forward, strategy: Strategy::Relaxed, ..Self::identity(stair) })
    }

    fn hard(name: &'static str, stair: StairFunction, backward: Law) -> Self {
        let forward = Law::hard(backward.noise().clone());
        Self { name, stair, forward, backward: Backward::Law(backward), strategy: Strategy::Expectation }
    }

    /// The laws of both passes.
    pub fn laws(&self) -> Laws {
        Laws { forward: self.forward.clone(), backward: self.backward.clone() }
    }

    /// The schedule that keeps this estimator for ever.
    pub fn schedule(&self) -> QuantiserSchedule {
        QuantiserSchedule::constant(self.laws(), self.strategy)
    }

    /// The expected forward value at x, with quantum 1.
    pub fn forward(&self, x: f64) -> f64 {
        let stair = RegularisedStair::new(self.stair.clone(), self.forward.clone());
        if self.strategy == Strategy::Relaxed { stair.relaxed(x) } else { stair.expectation(x) }
    }

    /// The factor the backward pass multiplies a positive gradient by at x, with quantum 1. NaN in, NaN out.
    pub fn derivative(&self, x: f64) -> f64 {
        self.factor(x, 1.0)
    }

    /// The factor the backward pass multiplies `gradient` by at x, with quantum 1. NaN in, NaN out.
    pub fn factor(&self, x: f64, gradient: f64) -> f64 {
        match &self.backward {
            Backward::Law(law) => RegularisedStair::new(self.stair.clone(), law.clone()).gradient(x),
            Backward::Identity if x.is_nan() => f64::NAN,
            Backward::Identity => 1.0,
            Backward::Dsq(dsq) => dsq.slope(&self.stair, x),
            Backward::Ewgs(ewgs) => ewgs.factor(&self.stair, x, gradient),
        }
    }
}

/// The step of a stair whose levels rise equally, with thresholds in the middles of its levels.
fn uniform_step(stair: &StairFunction) -> Option<f64> {
    let (levels, thresholds) = (stair.levels(), stair.thresholds());
    let step = levels[1] - levels[0];
    let near = |a: f64, b: f64| (a - b).abs() <= 1e-12 * step;
    let even = levels.windows(2).zip(thresholds);
    let even = even.into_iter().all(|(pair, t)| near(pair[1] - pair[0], step) && near(0.5 * (pair[0] + pair[1]), *t));
    (step > 0.0 && even).then_some(step)
}

/// A centred logistic law whose scale came from the slope `k`.
fn logistic(k: f64, scale: f64) -> Result<Law, EstimatorError> {
    let valid = k.is_finite() && k > 0.0;
    let law = Law::new(Noise::Logistic, 0.0, scale).ok().filter(|law| valid && !law.is_hard());
    law.ok_or(EstimatorError::Slope(k))
}
