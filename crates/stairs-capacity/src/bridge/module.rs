//! The Fisher matrix of any Burn module, by one backward pass for every sample and output.
//!
//! The general fallback: it needs no description, runs on every backend in f32, and holds a Jacobian of (samples · outputs) ×
//! parameters on the host. Noise of hidden layers it does not know.

use burn::module::{Flag, Module, Param};
use burn::tensor::{Gradients, Tensor, TensorData};
use stairs_noise::walk::{Change, Look, Place, change, look};

use crate::chain::{Head, positive};
use crate::fisher::root;
use crate::linalg::{positive_eigenvalues, small_gram};
use crate::{ChainError, FisherError, Spectrum};

/// Most entries of a Jacobian: 2 GiB.
const LIMIT: usize = 1 << 28;

/// Spectrum of the Fisher matrix of `model` in all parameters that require a gradient, over `inputs` (samples along the
/// first axis), with `forward` giving the outputs `[samples, outputs]`.
///
/// The pass is made on a copy whose training flags are down: dropout lets everything through, batch normalisation uses its
/// statistics and leaves them as they are. Quantisers of `stairs-noise` alone stay smooth, under the laws they have; a
/// strategy that draws keeps its key, and gives the same draw in every pass.
///
/// ```
/// use burn::{nn::LinearConfig, tensor::{Device, Tensor}};
/// use stairs_capacity::{Head, bridge::module_spectrum};
/// let device = Device::flex();
/// let model = LinearConfig::new(3, 2).init(&device);
/// let spectrum = module_spectrum(&model, |m, x| m.forward(x), Tensor::<2>::ones([1, 3], &device), Head::Categorical)?;
/// assert_eq!((spectrum.dimension(), spectrum.rank()), (8, Some(1)));
/// # Ok::<(), stairs_capacity::FisherError>(())
/// ```
///
/// # Errors
/// [`FisherError::TooLarge`] for a Jacobian of more than 2²⁸ entries, [`FisherError::Overflow`] for gradients that are not
/// finite, [`ChainError`] for no input, no output or an impossible head.
pub fn module_spectrum<M: Module, const D: usize>(
    model: &M,
    forward: impl Fn(&M, Tensor<D>) -> Tensor<2>,
    inputs: Tensor<D>,
    head: Head,
) -> Result<Spectrum, FisherError> {
    if let Head::Gaussian { variance } = head {
        positive("variance of the head", variance)?;
    }
    let (model, Still) = change(model.clone().train(), Still);
    let device = inputs.device().autodiff();
    let dims = inputs.dims();
    let samples = dims[0];
    let size = dims[1..].iter().product::<usize>();
    if samples == 0 || size == 0 {
        return Err(ChainError::Inputs { sample: size, got: 0 }.into());
    }
    let mut shape = dims;
    shape[0] = 1;
    let values = inputs.into_data().try_into_vec_as::<f32>().unwrap_or_default();
    let mut rows: Vec<f64> = Vec::new();
    let mut dimension = 0;
    for sample in values.chunks(size) {
        let input = || Tensor::<D>::from_data(TensorData::new(sample.to_vec(), shape), &device);
        let output = numbers(forward(&model, input()));
        let mut jacobian: Vec<Vec<f64>> = Vec::with_capacity(output.len());
        for c in 0..output.len() {
            let gradients = forward(&model, input()).slice([0..1, c..c + 1]).sum().backward();
            jacobian.push(look(&model, Reader { gradients: &gradients, row: Vec::new() }).row);
            let (all, columns) = (samples.saturating_mul(output.len()), jacobian[0].len());
            if all.saturating_mul(columns) > LIMIT {
                return Err(FisherError::TooLarge { rows: all, columns, limit: LIMIT });
            }
        }
        dimension = jacobian.first().map_or(0, Vec::len);
        if output.is_empty() {
            return Err(ChainError::Zero { layer: 0, what: "number of outputs" }.into());
        }
        let root = root(head, &output);
        let columns = root.len() / output.len();
        for a in 0..columns {
            let start = rows.len();
            rows.resize(start + dimension, 0.0);
            for (c, gradient) in jacobian.iter().enumerate() {
                let factor = root[c * columns + a];
                rows[start..].iter_mut().zip(gradient).for_each(|(out, g)| *out += factor * g);
            }
        }
    }
    if rows.iter().any(|x| !x.is_finite()) {
        return Err(FisherError::Overflow { layer: 0 });
    }
    let scale = 1.0 / samples as f64;
    let values = positive_eigenvalues(small_gram(&rows, dimension).as_ref())?;
    Ok(Spectrum::exact(dimension, values.into_iter().map(|value| value * scale).collect()))
}

fn numbers<const D: usize>(tensor: Tensor<D>) -> Vec<f64> {
    tensor.into_data().try_into_vec_as::<f32>().unwrap_or_default().into_iter().map(f64::from).collect()
}

/// Takes every training flag down but those of quantisers.
pub(super) struct Still;

impl Change for Still {
    fn flag(&mut self, place: &Place, flag: Param<Flag>) -> Param<Flag> {
        if place.is_smoothing_of_quantiser() { flag } else { flag.with_value(false) }
    }
}

/// Gradients of all parameters that require one, in the order of a visit; 0 where there is none.
struct Reader<'a> {
    gradients: &'a Gradients,
    row: Vec<f64>,
}

impl Look for Reader<'_> {
    fn float<const D: usize>(&mut self, _place: &Place, param: &Param<Tensor<D>>) {
        if !param.is_require_grad() {
            return;
        }
        let base = param.base();
        match base.grad(self.gradients) {
            Some(gradient) => self.row.extend(numbers(gradient)),
            None => self.row.extend(std::iter::repeat_n(0.0, base.shape().num_elements())),
        }
    }
}
