//! Published rules beside the laws, in operations of the backend: one text for all of them.
//!
//! Where something depends on the step of the stair that x is on, it is a stair of x itself, and one more hard stair finds it:
//! whether x is in [q₀, q_K), the middle of the cell it is in, and the width of that cell. These rules are baselines to
//! compare with; the laws, which training runs on, have kernels of their own.

use burn::backend::{Scalar, tensor::FloatTensor};
use stairs_quant::{Scales, StairFunction};

use super::{StairBackend, StairSpec};
use crate::{Backward, Dsq, Ewgs, rules::rises};

/// (1 − s)·α·σ(x/ε) + s·x: the strategy [`Strategy::Relaxed`](crate::Strategy::Relaxed).
pub(super) fn relaxed<B: StairBackend>(x: FloatTensor<B>, spec: &StairSpec) -> FloatTensor<B> {
    let share = spec.laws.forward.scale().min(1.0);
    let hard = StairSpec::hard(spec.stair.clone()).with_scales(spec.scales);
    let level = B::regularised_stair(x.clone(), hard);
    B::float_add(B::float_mul_scalar(level, (1.0 - share).into()), B::float_mul_scalar(x, share.into()))
}

/// The gradient of a rule with a factor of its own; zeros for a stair that the rule means nothing on.
pub(super) fn gradient<B: StairBackend>(
    x: FloatTensor<B>,
    gradient: FloatTensor<B>,
    spec: &StairSpec,
) -> FloatTensor<B> {
    let factor = match &spec.laws.backward {
        Backward::Dsq(dsq) => dsq_slope::<B>(x, spec, *dsq),
        Backward::Ewgs(ewgs) => ewgs_factor::<B>(x, gradient.clone(), spec, *ewgs),
        Backward::Law(_) | Backward::Identity => None,
    };
    match factor {
        Some(factor) => B::float_mul(gradient, factor),
        None => B::float_mul_scalar(gradient, Scalar::from(0.0)),
    }
}

fn dsq_slope<B: StairBackend>(x: FloatTensor<B>, spec: &StairSpec, dsq: Dsq) -> Option<FloatTensor<B>> {
    let levels = spec.stair.levels();
    if !rises(&spec.stair) {
        return None;
    }
    let middles: Vec<f64> = levels.windows(2).map(|pair| 0.5 * (pair[0] + pair[1])).collect();
    let widths: Vec<f64> = levels.windows(2).map(|pair| pair[1] - pair[0]).collect();
    let inside = inside::<B>(x.clone(), spec, spec.scales.output() / spec.scales.quantum())?;
    let offset = B::float_sub(x.clone(), by_cell::<B>(x.clone(), spec, &middles, spec.scales.quantum())?);
    // κ·v, v = 2(x/ε − m)/Δ.
    let kappa = dsq.steepness();
    let unit = 2.0 * kappa / spec.scales.quantum();
    let argument = if widths.iter().all(|width| *width == widths[0]) {
        B::float_mul_scalar(offset, (unit / widths[0]).into())
    } else {
        let inverse: Vec<f64> = widths.iter().map(|width| 1.0 / width).collect();
        B::float_mul(offset, by_cell::<B>(x, spec, &inverse, unit)?)
    };
    // sech² = 1 − tanh².
    let tanh = B::float_tanh(argument);
    let peak = kappa / (1.0 - dsq.alpha());
    let slope = B::float_mul_scalar(B::float_mul(tanh.clone(), tanh), (-peak).into());
    Some(B::float_mul(B::float_add_scalar(slope, peak.into()), inside))
}

fn ewgs_factor<B: StairBackend>(
    x: FloatTensor<B>,
    gradient: FloatTensor<B>,
    spec: &StairSpec,
    ewgs: Ewgs,
) -> Option<FloatTensor<B>> {
    let (quantum, stair) = (spec.scales.quantum(), &spec.stair);
    let (low, high) = (stair.lowest_level(), stair.highest_level());
    let inside = inside::<B>(x.clone(), spec, spec.scales.output() / quantum)?;
    // Outside the range the factor is 0 whatever the distance, which would be infinite at infinity.
    let x = B::float_clamp(x, (quantum * low).into(), (quantum * high).into());
    let hard = StairSpec::hard(stair.clone()).with_scales(Scales::equal(quantum).ok()?);
    let distance = B::float_sub(x.clone(), B::regularised_stair(x, hard));
    let gain = ewgs.delta() / (quantum * (high - low));
    let signed = B::float_mul(B::float_sign(gradient), distance);
    Some(B::float_mul(B::float_add_scalar(B::float_mul_scalar(signed, gain.into()), Scalar::from(1.0)), inside))
}

/// `value` where x/ε is in [q₀, q_K), 0 elsewhere; `None` for a stair of one level.
fn inside<B: StairBackend>(x: FloatTensor<B>, spec: &StairSpec, value: f64) -> Option<FloatTensor<B>> {
    let ends = vec![spec.stair.lowest_level(), spec.stair.highest_level()];
    hard::<B>(x, spec, StairFunction::new(ends, vec![0.0, 1.0, 0.0]).ok()?, value)
}

/// `output` times the value of the cell that x/ε is in, that of the nearest one outside all.
fn by_cell<B: StairBackend>(
    x: FloatTensor<B>,
    spec: &StairSpec,
    values: &[f64],
    output: f64,
) -> Option<FloatTensor<B>> {
    let inner = spec.stair.levels()[1..spec.stair.levels().len() - 1].to_vec();
    match inner.is_empty() {
        // One cell: a stair without a step.
        true => {
            let flat = StairFunction::new(vec![spec.stair.levels()[0]], vec![values[0]; 2]).ok()?;
            hard::<B>(x, spec, flat, output)
        }
        false => hard::<B>(x, spec, StairFunction::new(inner, values.to_vec()).ok()?, output),
    }
}

fn hard<B: StairBackend>(
    x: FloatTensor<B>,
    spec: &StairSpec,
    stair: StairFunction,
    output: f64,
) -> Option<FloatTensor<B>> {
    let scales = Scales::new(spec.scales.quantum(), output).ok()?;
    Some(B::regularised_stair(x, StairSpec::hard(stair).with_scales(scales)))
}
