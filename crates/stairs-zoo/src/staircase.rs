//! Ternary Heaviside networks as Burn modules.
//!
//! y = offset + step·Σ_k w_k·a_k,   a = H(W_L·H(… H(W₁x − θ₁) …) − θ_L),   all weights in {−1, 0, 1}, H(0) = 1.
//!
//! Such networks come out of [`stairs_quant::expressivity`], where a network that approximates a Lipschitz function within a
//! given error is built.

use std::sync::Arc;

use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor, TensorData};
use stairs_noise::{StairSpec, regularised_stair};
use stairs_quant::{
    StairFunction,
    expressivity::{DenseLayer, DenseNetwork},
};

use crate::{ModelError, quantisation::positive};

/// A ternary Heaviside network with one output.
///
/// On f32 points its features are those of the f64 network, one by one: thresholds are rounded up to f32, which changes no
/// comparison with an f32 number, and sums of features are integers. Only the affine map rounds. This needs matrix products
/// in full f32; on GPUs that shorten the factors, points near thresholds may fall on their other side.
///
/// No parameter takes a gradient. Records hold all of them.
///
/// ```
/// use burn::tensor::{Device, Tensor};
/// use stairs_quant::expressivity::Approximation;
/// use stairs_zoo::Staircase;
///
/// let network = Approximation::new(1, 1.0, 0.05).build(|x| (x[0] - 0.5).abs())?;
/// let device = Device::flex();
/// let module = Staircase::new(&network.layers()?.dense()?, &device)?;
/// let y = module.forward(Tensor::<2>::from_floats([[0.1], [0.5]], &device));
/// let y = y.into_data().try_to_vec::<f32>().unwrap();
/// assert!((y[0] - 0.4).abs() <= 0.05 && y[1].abs() <= 0.05);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Module, Debug)]
pub struct Staircase {
    hidden: Vec<Heaviside>,
    /// Shape `[units, 1]`.
    output: Param<Tensor<2>>,
    /// Shape `[1]`.
    offset: Param<Tensor<1>>,
    /// Shape `[1]`.
    step: Param<Tensor<1>>,
}

/// H(x·W − θ).
#[derive(Module, Debug)]
struct Heaviside {
    /// Shape `[inputs, units]`.
    weight: Param<Tensor<2>>,
    /// Shape `[units]`.
    threshold: Param<Tensor<1>>,
    #[module(skip)]
    unit_step: Arc<StairFunction>,
}

impl Staircase {
    /// The module on `device`; four bytes a weight.
    ///
    /// # Errors
    /// [`ModelError`] for a network without inputs, or whose layers do not fit each other.
    pub fn new(network: &DenseNetwork, device: &Device) -> Result<Self, ModelError> {
        let inputs = positive("inputs", network.hidden.first().map_or(0, |layer| layer.inputs))?;
        let mut width = inputs;
        for layer in &network.hidden {
            fits("inputs of a layer", layer.inputs, width)?;
            fits("weights of a layer", layer.weights.len(), layer.inputs * layer.units)?;
            fits("thresholds of a layer", layer.thresholds.len(), layer.units)?;
            width = layer.units;
        }
        fits("weights of the output", network.output.len(), width)?;
        // Behind a layer without units there is nothing but the constant: no empty tensors are needed for it.
        let constant = network.hidden.iter().any(|layer| layer.units == 0);
        let (hidden, output) = if constant {
            (Vec::new(), vec![0.0; inputs])
        } else {
            let unit_step = Arc::new(StairFunction::heaviside());
            let layer = |layer: &DenseLayer| Heaviside::new(layer, unit_step.clone(), device);
            (network.hidden.iter().map(layer).collect(), network.output.iter().map(|w| f32::from(*w)).collect())
        };
        let offset = network.offset + network.step * network.bias as f64;
        let number = |value: f64| constant_param(Tensor::from_floats([value as f32], device));
        let units = output.len();
        Ok(Self {
            hidden,
            output: constant_param(Tensor::from_data(TensorData::new(output, [units, 1]), device)),
            offset: number(offset),
            step: number(network.step),
        })
    }

    /// Values `[B, 1]` of points `[B, n]` in [0, 1]ⁿ. Outside the cube the outermost cells go on.
    pub fn forward(&self, x: Tensor<2>) -> Tensor<2> {
        let features = self.hidden.iter().fold(x, |x, layer| layer.forward(x));
        let levels = features.matmul(self.output.val());
        levels * self.step.val().unsqueeze() + self.offset.val().unsqueeze()
    }

    /// Features 0 or 1 of every hidden layer, `[B, units]`.
    pub fn features(&self, x: Tensor<2>) -> Vec<Tensor<2>> {
        let forward = |x: &mut Tensor<2>, layer: &Heaviside| {
            *x = layer.forward(x.clone());
            Some(x.clone())
        };
        self.hidden.iter().scan(x, forward).collect()
    }
}

impl Heaviside {
    fn new(layer: &DenseLayer, unit_step: Arc<StairFunction>, device: &Device) -> Self {
        let rows = layer.weights.iter().map(|weight| f32::from(*weight)).collect();
        let rows = Tensor::<2>::from_data(TensorData::new::<f32, _>(rows, [layer.units, layer.inputs]), device);
        let thresholds: Vec<f32> = layer.thresholds.iter().map(|threshold| rounded_up(*threshold)).collect();
        let thresholds = TensorData::new(thresholds, [layer.units]);
        Self {
            weight: constant_param(rows.transpose()),
            threshold: constant_param(Tensor::from_data(thresholds, device)),
            unit_step,
        }
    }

    fn forward(&self, x: Tensor<2>) -> Tensor<2> {
        // The sign of a difference of two f32 numbers is exact.
        let above = x.matmul(self.weight.val()) - self.threshold.val().unsqueeze();
        regularised_stair(above, &StairSpec::hard(self.unit_step.clone()))
    }
}

/// The smallest f32 that is at least `threshold`: an f32 number reaches the one exactly when it reaches the other.
fn rounded_up(threshold: f64) -> f32 {
    let near = threshold as f32;
    if f64::from(near) < threshold { near.next_up() } else { near }
}

/// An error unless `value` is what the layers before it need.
fn fits(field: &'static str, value: usize, expected: usize) -> Result<(), ModelError> {
    let needs = "must fit the layer before it and the number of units";
    if value == expected { Ok(()) } else { Err(ModelError::Size { field, value, needs }) }
}

fn constant_param<const D: usize>(tensor: Tensor<D>) -> Param<Tensor<D>> {
    Param::from_tensor(tensor).set_require_grad(false)
}
