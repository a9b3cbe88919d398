//! The scales of quantised weights, value by value, wherever they live: one pair, a pair a channel, or learned.

use std::collections::BTreeMap;

use burn::module::{Module, Param};
use burn::tensor::Tensor;

use super::axes::{WeightAxes, weight_axes};
use super::walk::{Look, Place, look, parameters};

/// Quantum and output scale of every value of one weight.
#[derive(Clone, Debug, PartialEq)]
pub struct WeightScales {
    quantum: Vec<f32>,
    output: Vec<f32>,
    axes: WeightAxes,
    shape: Vec<usize>,
}

impl WeightScales {
    /// The quantum ε of value i, in row-major order; a learned one may be negative, its magnitude counts.
    pub fn quantum(&self, i: usize) -> f64 {
        self.at(&self.quantum, i)
    }

    /// The output scale α of value i.
    pub fn output(&self, i: usize) -> f64 {
        self.at(&self.output, i)
    }

    fn at(&self, scales: &[f32], i: usize) -> f64 {
        let channel = if scales.len() == 1 { 0 } else { self.axes.channel(i, &self.shape) };
        scales.get(channel).copied().unwrap_or(1.0).into()
    }
}

/// The scales of every quantised weight of `model`, by the path of the weight.
///
/// ```
/// use burn::{nn::LinearConfig, tensor::Device};
/// use stairs_noise::{ScalePolicy, StairWeights, weight_scales};
///
/// let weights = StairWeights::ternary().with_scale(ScalePolicy::Fixed(0.25));
/// let layer = weights.quantise(LinearConfig::new(8, 4).init(&Device::flex()))?;
/// let scales = &weight_scales(&layer)["weight"];
/// assert_eq!((scales.quantum(31), scales.output(31)), (0.25, 0.25));
/// # Ok::<(), stairs_noise::WeightsError>(())
/// ```
pub fn weight_scales<M: Module>(model: &M) -> BTreeMap<String, WeightScales> {
    let Found(found) = look(model, Found::default());
    let axes = weight_axes(model);
    let one = |parameter: super::walk::Parameter| {
        let (quantum, output) = found.get(&parameter.path)?.clone();
        let axes = axes.get(&parameter.path)?.clone();
        Some((parameter.path, WeightScales { quantum, output, axes, shape: parameter.shape }))
    };
    parameters(model).into_iter().filter_map(one).collect()
}

/// Quanta and output scales by the path of the weight.
#[derive(Default)]
struct Found(BTreeMap<String, (Vec<f32>, Vec<f32>)>);

impl Look for Found {
    // The names are those of the fields in `scales`.
    fn float<const D: usize>(&mut self, place: &Place, param: &Param<Tensor<D>>) {
        let (Some((weight, _)), Some(_)) = (place.attached(), place.scaled()) else { return };
        let values = param.base().into_data().try_into_vec_as::<f32>().unwrap_or_default();
        let (quantum, output) = self.0.entry(weight.to_owned()).or_default();
        match (place.name(), &values[..]) {
            ("Fixed", &[one, two]) => (*quantum, *output) = (vec![one], vec![two]),
            ("step", _) => (*quantum, *output) = (values.clone(), values),
            ("quantum", _) => *quantum = values,
            ("output", _) => *output = values,
            _ => {}
        }
    }
}
