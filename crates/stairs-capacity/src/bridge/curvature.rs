//! How curved the loss of a classifier is in the weights of every layer: the trace of each diagonal block of the Gauss–Newton matrix.
//!
//! ```text
//! tr G_j = (1/n) Σ_i ‖S_iᵀ J_ij‖²        J_ij  derivative of the logits of sample i by the weights of layer j
//!                                        S_iS_iᵀ = diag p_i − p_ip_iᵀ, p_i the softmax of the logits
//! ```
//!
//! It is the trace of the Hessian of the mean cross entropy in the weights of layer j wherever the logits are a piecewise linear function of
//! these weights, the others fixed: with ReLU, pools, sums, and batch norms that use their running statistics they are, and no label plays a
//! part, since the Hessian of the cross entropy in the logits is diag p − ppᵀ whatever the label. With other activations it is the part of the
//! Hessian that is left where the model fits the data.
//!
//! Estimated by Hutchinson's method on the side of the samples: with independent signs r_i, the gradient g_j of Σ_i r_iᵀS_iᵀz_i has
//! E‖g_j‖² = n · tr G_j, so that one backward pass is a probe of all layers at once and nothing is differentiated twice. Source of the
//! measure: Dong, Yao, Cai, Arfeen, Gholami, Mahoney, Keutzer, *HAWQ-V2: Hessian Aware trace-Weighted Quantization of Neural Networks*,
//! NeurIPS 2020, arXiv 1911.03852, which takes Hessian-vector products.

use std::collections::BTreeMap;

use burn::module::{Module, Param};
use burn::tensor::{Gradients, Tensor, TensorData};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use stairs_noise::walk::{Look, Place, change, look};

use super::module::Still;
use crate::chain::Head;
use crate::fisher::root;
use crate::{ChainError, FisherError};

/// Samples of one forward pass: more of them make a probe cheaper, and its estimate wider.
const BATCH: usize = 64;

/// The trace of one block.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Curvature {
    /// Its estimate: the mean over the probes.
    pub trace: f64,
    /// Standard error of that mean.
    pub standard_error: f64,
    /// Number of weights.
    pub weights: usize,
}

/// The trace of the Gauss–Newton matrix in every float parameter of rank 2 or more, by path, over `inputs` (samples along the first axis);
/// `forward` gives the logits `[samples, classes]`.
///
/// The pass is made on a copy whose training flags are down, as in [`module_spectrum`](super::module_spectrum).
///
/// ```
/// use burn::{nn::LinearConfig, tensor::{Device, Tensor}};
/// use stairs_capacity::bridge::weight_curvature;
///
/// let model = LinearConfig::new(3, 2).init(&Device::flex());
/// let found = weight_curvature(&model, |m, x| m.forward(x), Tensor::<2>::ones([4, 3], &Device::flex()), 2, 1)?;
/// assert_eq!((found.len(), found["weight"].weights), (1, 6));
/// # Ok::<(), stairs_capacity::FisherError>(())
/// ```
///
/// # Errors
/// [`FisherError::Lanczos`] for fewer than 2 probes, [`FisherError::Overflow`] for logits or gradients that are not finite, [`ChainError`] for no
/// input or no output.
pub fn weight_curvature<M: Module, const D: usize>(
    model: &M,
    forward: impl Fn(&M, Tensor<D>) -> Tensor<2>,
    inputs: Tensor<D>,
    probes: usize,
    seed: u64,
) -> Result<BTreeMap<String, Curvature>, FisherError> {
    if probes < 2 {
        return Err(FisherError::Lanczos { what: "the number of probes", least: 2, got: probes });
    }
    let (model, Still) = change(model.clone().train(), Still);
    let device = inputs.device().autodiff();
    let dims = inputs.dims();
    let (samples, size) = (dims[0], dims[1..].iter().product::<usize>());
    if samples == 0 || size == 0 {
        return Err(ChainError::Inputs { sample: size, got: 0 }.into());
    }
    let values = inputs.into_data().try_into_vec_as::<f32>().unwrap_or_default();
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut found: BTreeMap<String, (usize, Vec<f64>)> = BTreeMap::new();
    for probe in 0..probes {
        for batch in values.chunks(BATCH * size) {
            let mut shape = dims;
            shape[0] = batch.len() / size;
            let logits = forward(&model, Tensor::<D>::from_data(TensorData::new(batch.to_vec(), shape), &device));
            let [rows, classes] = logits.dims();
            if classes == 0 || rows == 0 {
                return Err(ChainError::Zero { layer: 0, what: "number of outputs" }.into());
            }
            let numbers = numbers(logits.clone());
            if numbers.iter().any(|logit| !logit.is_finite()) {
                return Err(FisherError::Overflow { layer: 0 });
            }
            let direction: Vec<f32> = numbers.chunks(classes).flat_map(|logits| signed(logits, &mut rng)).collect();
            let direction = Tensor::<2>::from_data(TensorData::new(direction, [rows, classes]), &device);
            let gradients = (logits * direction).sum().backward();
            let Reader { squares, .. } = look(&model, Reader { gradients: &gradients, squares: Vec::new() });
            for (path, weights, square) in squares {
                let (_, all) = found.entry(path).or_insert_with(|| (weights, vec![0.0; probes]));
                all[probe] += square / samples as f64;
            }
        }
    }
    if found.values().any(|(_, all)| all.iter().any(|square| !square.is_finite())) {
        return Err(FisherError::Overflow { layer: 0 });
    }
    let curvature = |(path, (weights, all)): (String, (usize, Vec<f64>))| {
        let count = all.len() as f64;
        let trace = all.iter().sum::<f64>() / count;
        let square = all.iter().map(|x| (x - trace).powi(2)).sum::<f64>();
        (path, Curvature { trace, standard_error: (square / (count - 1.0) / count).sqrt(), weights })
    };
    Ok(found.into_iter().map(curvature).collect())
}

/// S·r for random signs r.
fn signed(logits: &[f64], rng: &mut ChaCha8Rng) -> Vec<f32> {
    let root = root(Head::Categorical, logits);
    let columns = root.len() / logits.len();
    let signs: Vec<f64> = (0..columns).map(|_| if rng.random::<bool>() { 1.0 } else { -1.0 }).collect();
    let row =
        |c: usize| root[c * columns..(c + 1) * columns].iter().zip(&signs).map(|(s, r)| s * r).sum::<f64>() as f32;
    (0..logits.len()).map(row).collect()
}

fn numbers<const D: usize>(tensor: Tensor<D>) -> Vec<f64> {
    tensor.into_data().try_into_vec_as::<f32>().unwrap_or_default().into_iter().map(f64::from).collect()
}

/// Path, number of weights and squared norm of the gradient of every parameter of rank 2 or more.
struct Reader<'a> {
    gradients: &'a Gradients,
    squares: Vec<(String, usize, f64)>,
}

impl Look for Reader<'_> {
    fn float<const D: usize>(&mut self, place: &Place, param: &Param<Tensor<D>>) {
        // Parameters of what is attached are none of the model's.
        if D < 2 || place.is_attached() || !param.is_require_grad() {
            return;
        }
        let base = param.base();
        let square = base.grad(self.gradients).map_or(0.0, |gradient| {
            gradient
                .into_data()
                .try_into_vec_as::<f32>()
                .unwrap_or_default()
                .iter()
                .map(|g| f64::from(*g).powi(2))
                .sum()
        });
        self.squares.push((place.path().to_owned(), base.shape().num_elements(), square));
    }
}
