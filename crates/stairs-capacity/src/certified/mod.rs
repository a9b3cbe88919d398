//! A deviation bound of the form of 2sED's with every constant known: softmax regression, and networks of one hidden tanh layer.
//!
//! ```text
//! P( sup_θ∈Θ |R(θ) − R̂_n(θ)| ≥ 2Λε + t )  ≤  2 C ε^{−d_ζ(ε)} exp(−2nt²/B²)         Θ = [−r, r]^d
//! C = (√2 (2r + s))^d      2Λε = m·ρ·ε + ½ s² q      s = ε^ζ
//! ```
//!
//! z₁ … z_n are independent draws of a population, ℓ_θ(z) ∈ \[0, B\], R its mean over the population, R̂_n over the draws.
//! d_ζ(ε) is 2sED with the Fisher matrix F of the *population*, not normalised, and θ uniform on Θ′ = [−r − s/2, r + s/2]^d; m is the
//! largest rank of F. The form is that of Datres, Leonardi, Figalli, Sutter, NeurIPS 2024, arXiv 2401.09184; this proof, and with it the constants, is ours.
//!
//! # What has to be Lipschitz
//! Not the loss of every sample: a direction that one rare input alone sees has an eigenvalue as small as that input is rare, a micro-box is long
//! in it, and in the box the loss of that input changes by any amount. A Lipschitz constant in the Fisher metric, the same for all samples, is
//! therefore at least 1/√(probability of the rarest sample), and infinite for most densities. What holds for every population is Lipschitz in the
//! *mean*, and that is enough, with brackets in place of centres:
//!
//! 1. **Brackets.** Let convex sets b₁ … b_N cover Θ, and u = sup_b∩Θ ℓ_θ(z), l = inf_b∩Θ ℓ_θ(z), functions of z in \[0, B\]. If E(u − l) ≤ W for each
//!    set, R(θ) − R̂(θ) ≤ R(u) − R̂(l) ≤ W + R(l) − R̂(l), and R̂(θ) − R(θ) ≤ W + R̂(u) − R(u). These are 2N means of n numbers in \[0, B\]: by
//!    Hoeffding all of them are below t but with probability 2N exp(−2nt²/B²). Hence the bound, with 2Λε = W and N = C ε^{−d_ζ(ε)}.
//! 2. **Meso-cells.** A grid of cubes of side s, its offset uniform. A cube of centre c meets Θ where c ∈ Θ′, so that Σ D(c) over these has the mean
//!    s^{−d} ∫_Θ′ D = ((2r + s)/s)^d E_Θ′ D for any D ≥ 0: some offset has at most that.
//! 3. **Micro-boxes.** v_k, λ_k: eigenvectors and eigenvalues of F(c). A lattice of boxes Q of sides δ_k = ε/√λ_k along v_k (infinite for λ_k = 0), offset
//!    uniform, meets the cube K in vol(K + Q)/vol(Q) boxes on average, so for some offset in at most as many. K + Q is a zonotope; its volume is the
//!    sum of the determinants of d of its 2d edges, which gives Σ_I Π_{k∈I} (s/δ_k) Σ_J |det V_{J,I}| over |J| = |I|. By Cauchy–Schwarz and
//!    Cauchy–Binet Σ_J |det V_{J,I}| ≤ √(d over |I|) ≤ 2^{d/2}: at most 2^{d/2} det(I + κ F(c)^{1/2}), κ = s/ε. With 2., N ≤ C ε^{−d_ζ(ε)}.
//! 4. **First order.** For θ, θ′ in a box b, its cell and Θ: |v_k·(θ − θ′)| ≤ min(δ_k, √d s). a_j = ∂f_j·v for the logits f gives v·∇ℓ = ∂ℓ/∂f·a, and with
//!    p the softmax (v·∇ℓ)² ≤ ρ² Var_p(a), since Var_p(a) ≥ (a_y − ā)² p_y/(1 − p_y). Var_p(a) has the mean vᵀFv. So E|v·∇ℓ_c| ≤ ρ √(vᵀFv), and the
//!    gradient at c moves the loss by Σ_k δ_k ρ √λ_k ≤ mρε on average. A null direction of F(c) is null at c for almost every sample, whatever its label.
//! 5. **Second order.** Null at c is not null elsewhere in the cell. (∇ℓ_θ − ∇ℓ_c)·(θ′ − θ″) with |θ − c|∞ ≤ s/2, |θ′ − θ″|∞ ≤ s is at most ½s²q(z),
//!    by the second derivatives; q is its mean over the population. It is of smaller order than ε where ζ > ½: F is compared with nothing, it is the
//!    gradient that must be Lipschitz in θ. A ReLU network's is not: no q exists for it, and this proof says nothing of it.
//!
//! # The constants
//! X = ‖(x, 1)‖₁, Σ = E (x, 1)(x, 1)ᵀ with eigenvalues σ_i, K classes, h units, r′ = r + s/2, r* = 4/(3√3) ≥ |tanh″|:
//!
//! | | softmax regression | one hidden tanh layer |
//! |---|---|---|
//! | largest rank m (a constant added to all logits changes nothing) | (K − 1)(p + 1) | d − (h + 1) |
//! | q | a₂ E X² | a₂ E(h + 1 + h r′X)² + a₁ h (2 E X + r* r′ E X²) |
//! | λ of F, at most | σ_i/2, each K − 1 times | ½, (K − 1)(h + 1) times; r′²σ_i, each h times |
//! | E sup_Θ ‖∇ℓ‖₁, at most | a₁ E X | a₁ (h + 1 + h r E X) |
//! | spread of the logits D(r) | 2r max X | 2r (h tanh(r max X) + 1) |
//!
//! | loss | B | ρ | a₁ ≥ ‖∂ℓ/∂f‖₁ | a₂ ≥ uᵀ(∂²ℓ/∂f²)v, u, v ∈ \[−1, 1\]^K |
//! |---|---|---|---|---|
//! | [`CertifiedLoss::Error`], 1 − p_y | 1 | ½ | ½ | 2/(3√3) |
//! | [`CertifiedLoss::CrossEntropy`], −log p_y | log(1 + (K − 1) e^{D(r)}) | √((K − 1) e^{D(r′)}) | 2 | 1 |
//!
//! The eigenvalues: diag p − ppᵀ ≼ ½(I − 11ᵀ/K), Var_p(w) ≤ r′² for w in \[−r′, r′\]; and log det(I + κF^{1/2}) = Σ g(λ_k) with g(λ) = log(1 + κ√λ)
//! rising and concave, so that a larger matrix has more of it, and so has a matrix without its blocks off the diagonal. This *encloses* 2sED from above,
//! without a draw. a₂ of the error: conditioned on y or not, uᵀHv = q(1 − q)((2q − 1)ab + Cov(u, v | not y)), q = p_y, which is largest with two
//! classes. The error is the better loss: its B is 1, and its ρ holds for any box and label, where that of the cross-entropy is e^{B/2}.
//!
//! # The plain cover
//! Cubes of side s alone: N = ⌈2r/s⌉^d and W = s E sup_Θ ‖∇ℓ‖₁. It knows of the network the number of parameters: what 2sED says more is the
//! difference ([`CertifiedBound::euclidean`] against [`CertifiedBound::two_scale`]).
//!
//! # Rounding
//! All sums have terms ≥ 0 and at most 10⁷ of them, all functions are good to a few units of the last place: relative errors below 10⁻⁸, by which
//! results are raised.

mod bound;
mod constants;
mod jacobi;
mod loss;
mod model;
mod moments;
mod population;

pub use bound::{CertifiedBound, Euclidean, TwoScale};
pub use constants::Constants;
pub use loss::CertifiedLoss;
pub use model::SmallModel;
pub use moments::InputMoments;
pub use population::Population;

use crate::MeasureError;

/// Refuses a value that is not what it must be.
fn constant(what: &'static str, needs: &'static str, value: f64, holds: bool) -> Result<(), MeasureError> {
    if holds && value.is_finite() { Ok(()) } else { Err(MeasureError::Constant { what, needs, value }) }
}

#[cfg(test)]
mod tests;
