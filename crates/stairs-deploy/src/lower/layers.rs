//! Layers with weights, and the affine maps and sums behind them.

use stairs_infer::{Op, Range, Source, Weights};
use stairs_network::{Array, Node, Source as From, StairWeight, Weight, Window};

use super::form::Form;
use super::values::{exact, known, reals};
use super::{Lowering, State};
use crate::DeployError;
use crate::exact::{Grid, Real};

/// Integer weights and what one unit of each output stands for.
struct Integers {
    weights: Weights,
    units: Vec<Real>,
}

/// The integers of quantised weights; `None` for levels that are no integers of 8 bits.
fn integers(path: &str, stair: &StairWeight) -> Result<Option<Integers>, DeployError> {
    let missing = || DeployError::NoValues { path: path.to_owned(), what: "weight" };
    known(path, "latent weight", &stair.latent)?;
    let levels = stair.function.levels();
    let Some(grid) = Grid::new(levels, 128).filter(|grid| grid.levels.iter().all(|n| i8::try_from(*n).is_ok())) else {
        return Ok(None);
    };
    let index = |value: f64| levels.iter().position(|level| *level == value).unwrap_or(0);
    let values = stair.levels().ok_or_else(missing)?;
    let values = values.into_iter().map(|value| grid.levels[index(value)] as i8).collect();
    let shape = stair.latent.shape().to_vec();
    let outputs = shape.first().copied().unwrap_or(1);
    let unit = |output: usize| {
        let scales = stair.scale(output).ok_or_else(missing)?;
        Ok(exact(path, "output scale", scales.output())?.mul(&grid.unit))
    };
    let units = (0..outputs).map(unit).collect::<Result<Vec<_>, DeployError>>()?;
    Ok(Some(Integers { weights: Weights::new(shape, values)?, units }))
}

/// Largest sum of the magnitudes of the weights of an output.
fn reach(weights: &Weights) -> f64 {
    let one = |output| weights.of(output).iter().map(|w| f64::from(w.unsigned_abs())).sum::<f64>();
    (0..weights.outputs()).map(one).fold(1.0, f64::max)
}

/// Weights as floats.
fn floats(path: &str, weight: &Weight) -> Result<Vec<f32>, DeployError> {
    known(path, "weight", weight.array())?;
    let used = weight.used().ok_or_else(|| DeployError::NoValues { path: path.to_owned(), what: "weight" })?;
    Ok(used.into_iter().map(|w| w as f32).collect())
}

fn bias(path: &str, bias: Option<&Array>, outputs: usize) -> Result<Vec<f32>, DeployError> {
    bias.map_or_else(|| Ok(vec![0.0; outputs]), |bias| known(path, "bias", bias).map(<[f32]>::to_vec))
}

/// A window of a network in a program.
pub(super) fn window(window: &Window) -> stairs_infer::Window {
    stairs_infer::Window {
        kernel: window.kernel(),
        stride: window.stride(),
        padding: window.padding(),
        dilation: window.dilation(),
    }
}

impl Lowering<'_> {
    pub(super) fn dense(
        &mut self,
        node: &Node,
        input: From,
        weight: &Weight,
        offset: Option<&Array>,
    ) -> Result<State, DeployError> {
        let path = &node.path;
        if let Some((sums, form)) = self.summed(node, input, weight, offset, |weights| Op::Dense { weights })? {
            // Outputs are along the last axis: with more axes, every element has numbers of its own.
            if node.shape.len() < 2 || form.factors[0].len() == 1 && form.offsets.len() == 1 {
                return Ok(State::Form(form));
            }
            let shape = vec![node.shape.iter().product::<usize>()];
            let flat = self.push(path, Op::Reshape { shape: shape.clone() }, &[sums])?;
            let rows = shape[0] / form.factors[0].len().max(form.offsets.len());
            let repeated = |numbers: Vec<Real>| match numbers.len() {
                1 => numbers,
                _ => (0..rows).flat_map(|_| numbers.iter().cloned()).collect(),
            };
            let Form { factors, offsets, .. } = form;
            let factors = factors.into_iter().map(repeated).collect();
            let form = Form { inputs: vec![flat], shape, factors, offsets: repeated(offsets), stages: Vec::new() };
            return Ok(State::Form(form));
        }
        let source = self.floats(path, input)?;
        self.float_layer(path, weight);
        let bias = bias(path, offset, weight.outputs())?;
        Ok(State::Float(self.push(path, Op::FloatDense { weights: floats(path, weight)?, bias }, &[source])?))
    }

    pub(super) fn convolution(
        &mut self,
        node: &Node,
        input: From,
        slid: &Window,
        groups: usize,
        weight: &Weight,
        offset: Option<&Array>,
    ) -> Result<State, DeployError> {
        let (path, window) = (&node.path, window(slid));
        if let Some((_, form)) =
            self.summed(node, input, weight, offset, |weights| Op::Conv { window, groups, weights })?
        {
            return Ok(State::Form(form));
        }
        let source = self.floats(path, input)?;
        self.float_layer(path, weight);
        let (weights, bias) = (floats(path, weight)?, bias(path, offset, weight.outputs())?);
        Ok(State::Float(self.push(path, Op::FloatConv { window, groups, weights, bias }, &[source])?))
    }

    /// The integer sums of a layer with quantised weights on what can be integers, and the map to its results.
    fn summed(
        &mut self,
        node: &Node,
        input: From,
        weight: &Weight,
        offset: Option<&Array>,
        op: impl Fn(Weights) -> Op,
    ) -> Result<Option<(Source, Form)>, DeployError> {
        let path = &node.path;
        let Weight::Stair(stair) = weight else { return Ok(None) };
        let Some(Integers { weights, units }) = integers(path, stair)? else { return Ok(None) };
        let Some((source, unit, range)) = self.integers(path, input, reach(&weights))? else { return Ok(None) };
        debug_assert!(fits(&weights, range), "{path}: {} times {range:?}", reach(&weights));
        let factors = units.iter().map(|scale| scale.mul(&unit)).collect();
        let offsets = offset.map_or_else(|| Ok(vec![Real::zero()]), |bias| reals(path, "bias", bias))?;
        let sums = self.push(path, op(weights), &[source])?;
        let (factors, offsets) = (vec![Self::shortened(factors)], Self::shortened(offsets));
        let form = Form { inputs: vec![sums], shape: node.shape.clone(), factors, offsets, stages: Vec::new() };
        Ok(Some((sums, form)))
    }

    /// Names a layer that stays float.
    fn float_layer(&mut self, path: &str, weight: &Weight) {
        let why = match weight {
            Weight::Float(_) => "has float weights",
            Weight::Stair(_) => "reads floats, or its weights are no integers of 8 bits",
        };
        self.island(path, why);
    }

    pub(super) fn norm(
        &mut self,
        node: &Node,
        input: From,
        [gamma, beta, mean, variance]: [&Array; 4],
        epsilon: f64,
    ) -> Result<State, DeployError> {
        let path = &node.path;
        let (variances, epsilon_exact) = (reals(path, "variance", variance)?, exact(path, "epsilon", epsilon)?);
        let wrong =
            || DeployError::Parameter { path: path.clone(), what: "variance", needs: "positive with its epsilon" };
        let root = |variance: &Real| variance.add(&epsilon_exact).inverse_root().ok_or_else(wrong);
        let roots = variances.iter().map(root).collect::<Result<Vec<_>, _>>()?;
        let (gamma, beta, mean) =
            (reals(path, "gamma", gamma)?, reals(path, "beta", beta)?, reals(path, "mean", mean)?);
        let a: Vec<Real> = gamma.iter().zip(&roots).map(|(gamma, root)| gamma.mul(root)).collect();
        let b: Vec<Real> = (0..a.len()).map(|c| beta[c].sub(&mean[c].mul(&a[c]))).collect();
        match self.state(input) {
            State::Form(form) => {
                let form = self.without_pools(path, form, a.iter().any(|a| a.sign() < 0))?;
                let (a, b) = (form.spread(Self::shortened(a)), form.spread(Self::shortened(b)));
                Ok(State::Form(form.then(a, b)))
            }
            State::Float(source) => {
                self.island(path, "reads floats");
                let single = |numbers: &[Real]| numbers.iter().map(|number| number.approximate() as f32).collect();
                let op = Op::Scale { factors: single(&a), offsets: single(&b) };
                Ok(State::Float(self.push(path, op, &[source])?))
            }
        }
    }

    pub(super) fn add(&mut self, node: &Node, first: From, second: From) -> Result<State, DeployError> {
        let path = &node.path;
        if let (State::Form(a), State::Form(b)) = (self.state(first), self.state(second)) {
            let (a, b) = (self.bare(path, first, a)?, self.bare(path, second, b)?);
            if let (Some(a), Some(b)) = (a, b) {
                return Ok(State::Form(a.plus(&b)));
            }
        }
        let (a, b) = (self.floats(path, first)?, self.floats(path, second)?);
        self.island(path, "adds floats");
        Ok(State::Float(self.push(path, Op::Add, &[a, b])?))
    }

    /// A form of at most one input without stages in the network's shape, which sums can be made of; `None` where there is none.
    fn bare(&mut self, path: &str, source: From, form: Form) -> Result<Option<Form>, DeployError> {
        let shape = self.network.shape(source).to_vec();
        let form = self.squared(path, form, &shape)?;
        if form.is_single() {
            return Ok(Some(form));
        }
        Ok(self.integers(path, source, 1.0)?.map(|(source, unit, _)| Form::plain(source, shape, unit)))
    }
}

fn fits(weights: &Weights, range: Range) -> bool {
    reach(weights) * (range.reach() as f64) < f64::from(i32::MAX)
}
