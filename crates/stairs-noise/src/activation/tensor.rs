//! The regularised activations in tensor operations: every backend Burn has, f32, memory of a few tensors like x.
//!
//! Value and derivative are both computed in closed form and joined to
//!
//! ```text
//! y = stop(φ_ν(x)) + (x − stop(x))·stop(φ_ν′(x))
//! ```
//!
//! whose value is φ_ν(x) exactly and whose derivative is φ_ν′(x) exactly: left to itself, autodiff would differentiate the
//! case distinctions at the knots. First order only, as everything in Burn.

use burn::tensor::Tensor;

use super::{Activation, Kink};
use crate::noise::{ClosedForm, Visitor};
use crate::op::plain::Plain;
use crate::op::reference::{cell, gather};
use crate::{Law, Noise, NoiseTable};

/// Beyond this many scales the unbounded laws are over, in single precision: e^−104, which no tail exceeds, is below its
/// smallest number.
const REACH: f32 = 104.0;
/// A scale below this has no reciprocal in single precision: the law is taken as hard.
const SMALLEST: f64 = 1e-37;

/// φ_ν of every element of `x` (any shape, f32) under `forward`; the gradient is multiplied by φ_ν′ under `backward`.
///
/// The two laws are the same where the plain derivative is wanted. At scale 0 the function is φ(· − m), its derivative that
/// of φ from the right. NaN in, NaN out; ±∞ give the limits and pass no gradient.
///
/// ```
/// use burn::tensor::{Device, Tensor};
/// use stairs_noise::{Activation, Law, Noise, regularised_activation};
/// let device = Device::flex().autodiff();
/// let x = Tensor::<1>::from_floats([-2.0, 0.0, 0.5, 1e30], &device).require_grad();
/// let law = Law::new(Noise::Uniform, 0.0, 1.0).unwrap();
/// let y = regularised_activation(x.clone(), &Activation::Relu, &law, &law);
/// assert_eq!(y.to_data().to_vec::<f32>().unwrap(), [0.0, 0.25, 0.5625, 1e30]);
/// let gradients = y.sum().backward();
/// assert_eq!(x.grad(&gradients).unwrap().to_data().to_vec::<f32>().unwrap(), [0.0, 0.5, 0.75, 1.0]);
/// ```
pub fn regularised_activation<const D: usize>(
    x: Tensor<D>,
    activation: &Activation,
    forward: &Law,
    backward: &Law,
) -> Tensor<D> {
    let fixed = x.clone().detach();
    let y = value(fixed.clone(), activation, forward);
    if !x.device().is_autodiff() {
        return y;
    }
    let slope = derivative(fixed.clone(), activation, backward);
    let infinite = fixed.clone().is_inf();
    y + (x - fixed).mask_fill(infinite, 0.0) * slope
}

/// φ_ν(x).
fn value<const D: usize>(x: Tensor<D>, activation: &Activation, law: &Law) -> Tensor<D> {
    let not_a_number = x.clone().is_nan();
    let y = x - law.mean() as f32;
    let mut sum = hard(y.clone(), activation);
    if let Some(unit) = Unit::new(law) {
        let s = law.scale() as f32;
        for kink in activation.kinks() {
            let (v, above) = unit.place(y.clone(), &kink);
            if kink.slope != 0.0 {
                sum = sum + unit.ramp(v.clone(), &above) * (kink.slope as f32 * s);
            }
            if kink.curvature != 0.0 {
                sum = sum + unit.parabola(v, &above) * sign(&above) * (kink.curvature as f32 * s * s);
            }
        }
        let noise = law.noise();
        if activation.piecewise_linear().is_none() {
            let (slope, curvature) = swish_jet(y);
            sum = sum + curvature * (0.5 * law.scale().powi(2) * noise.second_moment()) as f32;
            if noise.centre() != 0.0 {
                sum = sum - slope * (law.scale() * noise.centre()) as f32;
            }
        } else if noise.centre() != 0.0 {
            sum = sum - left_slope(y, activation) * (law.scale() * noise.centre()) as f32;
        }
    }
    sum.mask_fill(not_a_number, f32::NAN)
}

/// φ_ν′(x).
fn derivative<const D: usize>(x: Tensor<D>, activation: &Activation, law: &Law) -> Tensor<D> {
    let not_a_number = x.clone().is_nan();
    let y = x - law.mean() as f32;
    let Some(unit) = Unit::new(law) else {
        return hard_derivative(y, activation).mask_fill(not_a_number, f32::NAN);
    };
    let s = law.scale() as f32;
    let mut sum = match activation {
        Activation::HardSwish => {
            let (slope, curvature) = swish_jet(y.clone());
            slope - curvature * (law.scale() * law.noise().centre()) as f32
        }
        _ => left_slope(y.clone(), activation),
    };
    for kink in activation.kinks() {
        let (v, above) = unit.place(y.clone(), &kink);
        if kink.slope != 0.0 {
            sum = sum + unit.mass(v.clone(), &above) * sign(&above) * kink.slope as f32;
        }
        if kink.curvature != 0.0 {
            sum = sum + unit.ramp(v, &above) * (kink.curvature as f32 * s);
        }
    }
    sum.mask_fill(not_a_number, f32::NAN)
}

/// φ(y), without differences of large numbers.
fn hard<const D: usize>(y: Tensor<D>, activation: &Activation) -> Tensor<D> {
    let Some(f) = activation.piecewise_linear() else {
        let z = y.clone().clamp(-3.0, 3.0);
        return z.clone() * (z + 3.0) / 6.0 + (y - 3.0).clamp_min(0.0);
    };
    let (knots, slopes) = (f.knots(), f.slopes());
    let last = knots.len() - 1;
    let mut sum = y.zeros_like() + f.values()[0] as f32;
    if slopes[0] != 0.0 {
        sum = sum + (y.clone() - knots[0] as f32).clamp_max(0.0) * slopes[0] as f32;
    }
    for (pair, slope) in knots.windows(2).zip(&slopes[1..]).filter(|(_, slope)| **slope != 0.0) {
        sum = sum + (y.clone().clamp(pair[0] as f32, pair[1] as f32) - pair[0] as f32) * *slope as f32;
    }
    if slopes[last + 1] != 0.0 {
        sum = sum + (y - knots[last] as f32).clamp_min(0.0) * slopes[last + 1] as f32;
    }
    sum
}

/// φ′ from the right.
fn hard_derivative<const D: usize>(y: Tensor<D>, activation: &Activation) -> Tensor<D> {
    if activation.piecewise_linear().is_none() {
        let middle = y.clone().greater_equal_elem(-3.0).float() - y.clone().greater_equal_elem(3.0).float();
        let slope = (y.clone().clamp(-3.0, 3.0) * 2.0 + 3.0) / 6.0;
        return middle * slope + y.greater_equal_elem(3.0).float();
    }
    let start = y.zeros_like() + activation.end_slopes().0 as f32;
    activation
        .kinks()
        .iter()
        .fold(start, |sum, kink| sum + y.clone().greater_equal_elem(kink.at as f32).float() * kink.slope as f32)
}

/// φ′ from the left of a piecewise linear function.
fn left_slope<const D: usize>(y: Tensor<D>, activation: &Activation) -> Tensor<D> {
    let start = y.zeros_like() + activation.end_slopes().0 as f32;
    activation
        .kinks()
        .iter()
        .fold(start, |sum, kink| sum + y.clone().greater_elem(kink.at as f32).float() * kink.slope as f32)
}

/// φ′ and φ″ of hard-swish from the left.
fn swish_jet<const D: usize>(y: Tensor<D>) -> (Tensor<D>, Tensor<D>) {
    let beyond = y.clone().greater_elem(3.0).float();
    let middle = y.clone().greater_elem(-3.0).float() - beyond.clone();
    let slope = (y.clamp(-3.0, 3.0) * 2.0 + 3.0) / 6.0;
    (middle.clone() * slope + beyond, middle * (1.0 / 3.0))
}

/// −1 above the knot, 1 elsewhere.
fn sign<const D: usize>(above: &Tensor<D>) -> Tensor<D> {
    above.clone() * -2.0 + 1.0
}

/// The unit law in the form needed here; `above` is 1 where u > 0 and matters to laws without symmetry alone.
struct Unit<'a> {
    noise: &'a Noise,
    inverse_scale: f32,
}

impl<'a> Unit<'a> {
    /// `None` for a law of scale 0.
    fn new(law: &'a Law) -> Option<Self> {
        (law.scale() >= SMALLEST).then(|| Self { noise: law.noise(), inverse_scale: (1.0 / law.scale()) as f32 })
    }

    /// |u| and [u > 0].
    fn place<const D: usize>(&self, y: Tensor<D>, kink: &Kink) -> (Tensor<D>, Tensor<D>) {
        let distance = y - kink.at as f32;
        let above = distance.clone().greater_elem(0.0).float();
        ((distance * self.inverse_scale).abs().clamp_max(REACH), above)
    }

    /// F(−v), of a table P(ξ > v) above the knot.
    fn mass<const D: usize>(&self, v: Tensor<D>, above: &Tensor<D>) -> Tensor<D> {
        self.noise.visit(Beyond { noise: self.noise, order: Order::Mass, v, above })
    }

    /// ramp(−v), of a table `ramp_above(v)` above the knot.
    fn ramp<const D: usize>(&self, v: Tensor<D>, above: &Tensor<D>) -> Tensor<D> {
        self.noise.visit(Beyond { noise: self.noise, order: Order::Ramp, v, above })
    }

    /// parabola(−v), of a table `parabola_above(v)` above the knot.
    fn parabola<const D: usize>(&self, v: Tensor<D>, above: &Tensor<D>) -> Tensor<D> {
        self.noise.visit(Beyond { noise: self.noise, order: Order::Parabola, v, above })
    }
}

/// How often F is integrated.
#[derive(Clone, Copy)]
enum Order {
    Mass,
    Ramp,
    Parabola,
}

/// What a law leaves beyond the distance v ≥ 0 from a knot, on the side that `above` says.
struct Beyond<'a, const D: usize> {
    noise: &'a Noise,
    order: Order,
    v: Tensor<D>,
    above: &'a Tensor<D>,
}

impl<const D: usize> Visitor for Beyond<'_, D> {
    type Output = Tensor<D>;

    fn closed<F: ClosedForm>(self, _: F) -> Tensor<D> {
        let v = Plain(self.v);
        match self.order {
            Order::Mass => F::tail_array(v).0,
            Order::Ramp => F::ramp_array(v).0,
            Order::Parabola => F::parabola_array(v).0,
        }
    }

    fn table(self, table: &NoiseTable) -> Tensor<D> {
        let Self { noise, order, v, above } = self;
        let (u, centre) = (v.clone().clamp_max(1.0), noise.centre() as f32);
        let below = TableCell::new(table, v, above).moment(order);
        match order {
            // F below, 1 − F above.
            Order::Mass => below * sign(above) + above.clone(),
            Order::Ramp => below - above.clone() * (u - centre),
            Order::Parabola => {
                let whole = u.clone().square() * 0.5 - u * centre + (0.5 * noise.second_moment()) as f32;
                below * sign(above) + above.clone() * whole
            }
        }
    }
}

/// Where u = ±v lies in a table: the cell's node values and the position t in it.
struct TableCell<'a, const D: usize> {
    table: &'a NoiseTable,
    index: Tensor<D, burn::tensor::Int>,
    t: Tensor<D>,
}

impl<'a, const D: usize> TableCell<'a, D> {
    fn new(table: &'a NoiseTable, v: Tensor<D>, above: &Tensor<D>) -> Self {
        let (index, t) = cell(v * sign(above) * -1.0, table.density().len());
        Self { table, index, t }
    }

    /// F, its first or its second antiderivative at u clamped to [−1, 1].
    fn moment(self, order: Order) -> Tensor<D> {
        let (h, t) = (self.table.step() as f32, self.t.clone());
        let node = |values: &[f64], index: Tensor<D, burn::tensor::Int>| {
            let values: Vec<f32> = values.iter().map(|v| *v as f32).collect();
            gather(&values, index)
        };
        let (ramps, parabolas) = self.table.antiderivatives();
        let f0 = node(self.table.density(), self.index.clone());
        let rise = node(self.table.density(), self.index.clone() + 1) - f0.clone();
        let cumulative = node(self.table.cumulative(), self.index.clone());
        match order {
            Order::Mass => cumulative + t.clone() * h * (f0 + rise * t * 0.5),
            Order::Ramp => {
                let inner = f0 * 0.5 + rise * t.clone() * (1.0 / 6.0);
                node(ramps, self.index) + t.clone() * h * (cumulative + t * h * inner)
            }
            Order::Parabola => {
                let inner = f0 * (1.0 / 6.0) + rise * t.clone() * (1.0 / 24.0);
                let inner = cumulative * 0.5 + t.clone() * h * inner;
                node(parabolas, self.index.clone()) + t.clone() * h * (node(ramps, self.index) + t * h * inner)
            }
        }
    }
}
