//! The regularised stair in plain tensor operations: slow, short, and on every backend Burn has.
//!
//! One comparison, one CDF and one multiply-add per threshold, each a tensor of the size of the input: this is what a
//! user would write without the custom op, and what the op is tested and measured against.

use burn::tensor::Tensor;

use super::StairSpec;
use super::pass::{BackwardPass, Pass, Shape};
use super::plain::Plain;
use crate::noise::{ClosedForm, Visitor};
use crate::{Backward, NoiseTable, Strategy};

/// Forward pass by the strategy of `spec`; `uniform` (same shape as `x`, values in (0, 1)) is what the random strategy
/// draws from and is ignored by the others.
pub fn forward<const D: usize>(x: Tensor<D>, uniform: Option<Tensor<D>>, spec: &StairSpec) -> Tensor<D> {
    let pass = Pass::forward(spec);
    if spec.is_relaxed() {
        let hard = StairSpec::hard(spec.stair.clone()).with_scales(spec.scales);
        let share = spec.laws.forward.scale().min(1.0);
        return forward(x.clone(), None, &hard) * (1.0 - share) + x * share;
    }
    let strategy = pass.strategy(spec);
    let not_a_number = x.clone().is_nan();
    let masses = pass.thresholds.iter().map(|c| cdf((x.clone() - *c) * pass.inverse_scale, &pass.shape));
    let zeros = x.zeros_like();
    let y = match (strategy, uniform) {
        (Strategy::Random, Some(u)) => {
            masses.zip(&pass.steps).fold(zeros + pass.base, |y, (cdf, d)| y + u.clone().lower(cdf).float() * *d)
        }
        (Strategy::Mode, _) => {
            let start = (zeros.clone() + pass.base, zeros.clone() - 1.0, zeros.clone() + 1.0, pass.base);
            let (value, best, above, level) =
                masses.zip(&pass.steps).fold(start, |(value, best, above, level), (f, d)| {
                    let mass = above - f.clone();
                    let better = mass.clone().greater(best.clone());
                    let value = value.mask_fill(better.clone(), level);
                    (value, best.mask_where(better, mass), f, level + d)
                });
            value.mask_fill(above.greater(best), level)
        }
        _ => masses.zip(&pass.steps).fold(zeros + pass.base, |y, (cdf, d)| y + cdf * *d),
    };
    y.mask_fill(not_a_number, f32::NAN)
}

/// `gradient`·σ_ν′ of the backward law of `spec`, or times the factor of its rule.
pub fn backward<const D: usize>(x: Tensor<D>, gradient: Tensor<D>, spec: &StairSpec) -> Tensor<D> {
    match BackwardPass::new(spec) {
        None => gradient.clone() * factor(x, gradient, spec),
        Some(BackwardPass::Zero) => gradient.zeros_like(),
        Some(BackwardPass::Constant(c)) => gradient * c,
        Some(BackwardPass::Density(pass)) => {
            let not_a_number = x.clone().is_nan();
            let slope = pass.thresholds.iter().zip(&pass.steps).fold(x.zeros_like(), |slope, (c, d)| {
                slope + pdf((x.clone() - *c) * pass.inverse_scale, &pass.shape) * *d
            });
            gradient * slope.mask_fill(not_a_number, f32::NAN)
        }
    }
}

/// The factor of a rule that is no law, cell by cell.
fn factor<const D: usize>(x: Tensor<D>, gradient: Tensor<D>, spec: &StairSpec) -> Tensor<D> {
    let (quantum, levels) = (spec.scales.quantum(), spec.stair.levels());
    let (low, high) = (spec.stair.lowest_level(), spec.stair.highest_level());
    let not_a_number = x.clone().is_nan();
    let between = |low: f64, high: f64| {
        (x.clone().greater_equal_elem(quantum * low).float() - x.clone().greater_equal_elem(quantum * high).float())
            * (spec.scales.output() / quantum)
    };
    let factor = match &spec.laws.backward {
        Backward::Dsq(dsq) if crate::rules::rises(&spec.stair) => {
            let (kappa, peak) = (dsq.steepness(), dsq.steepness() / (1.0 - dsq.alpha()));
            levels.windows(2).fold(x.zeros_like(), |sum, pair| {
                let v = (x.clone() / quantum * 2.0 - (pair[0] + pair[1])) / (pair[1] - pair[0]);
                let cosh = (v.clamp(-1.0, 1.0) * kappa).cosh();
                sum + cosh.powi_scalar(-2) * peak * between(pair[0], pair[1])
            })
        }
        Backward::Ewgs(ewgs) if low < high => {
            let u = x.clone().clamp(quantum * low, quantum * high) / quantum;
            let hard = StairSpec::hard(spec.stair.clone());
            let distance = u.clone() - forward(u, None, &hard);
            (gradient.sign() * distance * (ewgs.delta() / (high - low)) + 1.0) * between(low, high)
        }
        _ => return x.zeros_like(),
    };
    factor.mask_fill(not_a_number, f32::NAN)
}

fn cdf<const D: usize>(u: Tensor<D>, shape: &Shape) -> Tensor<D> {
    match shape {
        Shape::Law(noise) => noise.visit(Cdf(u)),
        Shape::Dirac { upper: true } => u.greater_equal_elem(0.0).float(),
        Shape::Dirac { upper: false } => u.greater_elem(0.0).float(),
    }
}

fn pdf<const D: usize>(u: Tensor<D>, shape: &Shape) -> Tensor<D> {
    match shape {
        Shape::Law(noise) => noise.visit(Pdf(u)),
        Shape::Dirac { .. } => u.zeros_like(),
    }
}

/// F(u) of whichever law.
struct Cdf<const D: usize>(Tensor<D>);

impl<const D: usize> Visitor for Cdf<D> {
    type Output = Tensor<D>;

    fn closed<F: ClosedForm>(self, _: F) -> Tensor<D> {
        F::cdf_array(Plain(self.0)).0
    }

    fn table(self, table: &NoiseTable) -> Tensor<D> {
        let (density, cumulative) = table.single();
        let (i, t) = cell(self.0, density.len());
        let (f0, f1) = (gather(density, i.clone()), gather(density, i.clone() + 1));
        let step = 2.0 / (density.len() - 1) as f32;
        gather(cumulative, i) + t.clone() * step * (f0.clone() + (f1 - f0) * t * 0.5)
    }
}

/// f(u) of whichever law.
struct Pdf<const D: usize>(Tensor<D>);

impl<const D: usize> Visitor for Pdf<D> {
    type Output = Tensor<D>;

    fn closed<F: ClosedForm>(self, _: F) -> Tensor<D> {
        F::pdf_array(Plain(self.0)).0
    }

    fn table(self, table: &NoiseTable) -> Tensor<D> {
        let (density, _) = table.single();
        let (i, t) = cell(self.0.clone(), density.len());
        let (f0, f1) = (gather(density, i.clone()), gather(density, i + 1));
        (f0.clone() + (f1 - f0) * t) * self.0.abs().lower_equal_elem(1.0).float()
    }
}

/// Cell index and position in the cell for a table of `nodes` nodes over [−1, 1]; NaN goes to cell 0.
pub(crate) fn cell<const D: usize>(u: Tensor<D>, nodes: usize) -> (Tensor<D, burn::tensor::Int>, Tensor<D>) {
    let cells = (nodes - 1) as f32;
    let u = u.clone().mask_fill(u.is_nan(), 0.0);
    let p = u.clamp(-1.0, 1.0) * (0.5 * cells) + 0.5 * cells;
    let i = p.clone().floor().clamp_max(cells - 1.0);
    (i.clone().int(), p - i)
}

pub(crate) fn gather<const D: usize>(values: &[f32], index: Tensor<D, burn::tensor::Int>) -> Tensor<D> {
    let shape = index.shape();
    let table = Tensor::<1>::from_floats(values, &index.device());
    table.gather(0, index.reshape([shape.num_elements() as i32])).reshape(shape)
}
