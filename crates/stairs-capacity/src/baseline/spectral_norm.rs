//! The product of the spectral norms of the layers.
//!
//! ```text
//! log Π_l ‖W_l‖₂
//! ```
//!
//! W_l is the linear map of layer l: of a convolution the map from images to images with its stride, padding and dilation, whose
//! norm is not that of the reshaped kernel. It bounds the Lipschitz constant of a ReLU network in its inputs, and is the leading
//! factor of the margin bound of Bartlett, Foster, Telgarsky, *Spectrally-normalized margin bounds for neural networks*, NeurIPS
//! 2017, arXiv 1706.08498 (which multiplies it by a sum of (2,1)-norms). What is ours: normalisations in evaluation mode are folded
//! into the weights in front of them; a quantised weight counts as it is used; biases, pools and activations do not count.
//!
//! ‖W‖₂² is the largest eigenvalue of WᵀW, by Lanczos on the map itself (see `largest`); the start is fixed, so that the number is
//! too.

use super::{Batch, affine::folded, largest::largest_eigenvalue};
use crate::chain::{Chain, patches, scatter};
use crate::linalg::{in_pool, product_nn, product_nt};
use crate::{FisherError, LayerParameters, SymmetricOperator};

/// log of the product of the layers' spectral norms. The batch is not used.
///
/// ```
/// use stairs_capacity::{Batch, Chain, Head, Layer, LayerParameters, Shape, baseline::spectral_norm};
/// let weights = |weight: &[f64]| LayerParameters { weight: weight.to_vec(), ..LayerParameters::default() };
/// let chain = Chain::new(Shape::vector(2), vec![Layer::dense(2), Layer::dense(1)], Head::Gaussian { variance: 1.0 })?;
/// let norm = spectral_norm(&chain, &[weights(&[0.0, 2.0, -7.0, 0.0]), weights(&[3.0, 4.0])], &Batch::labelled(&[], &[]))?;
/// assert!((norm - (7.0f64 * 5.0).ln()).abs() < 1e-10);
/// # Ok::<(), stairs_capacity::FisherError>(())
/// ```
///
/// # Errors
/// [`FisherError::Chain`], [`FisherError::Overflow`], and [`FisherError::Undefined`] where a layer has only weights of 0.
pub fn spectral_norm(chain: &Chain, parameters: &[LayerParameters], _: &Batch<'_>) -> Result<f64, FisherError> {
    let (chain, parameters) = folded(chain, parameters)?;
    in_pool(|| {
        let one = |(index, own): (usize, &LayerParameters)| {
            // Of weights of at most 1: squares neither overflow nor vanish.
            let scale = own.weight.iter().fold(0.0, |largest: f64, w| largest.max(w.abs()));
            let weight = own.weight.iter().map(|w| w / scale).collect();
            let square = match scale > 0.0 {
                true => largest_eigenvalue(&Square { chain: &chain, index, weight })?,
                false => 0.0,
            };
            if square > 0.0 {
                return Ok(scale.ln() + 0.5 * square.ln());
            }
            let reason = format!("layer {index} has only weights of 0, and the logarithm of its norm is -infinity");
            Err(FisherError::Undefined { measure: "spectral_norm", reason })
        };
        parameters.iter().enumerate().map(one).sum()
    })
}

/// WᵀW of one layer.
struct Square<'a> {
    chain: &'a Chain,
    index: usize,
    weight: Vec<f64>,
}

impl SymmetricOperator for Square<'_> {
    fn size(&self) -> usize {
        self.chain.geometry[self.index].input.values()
    }

    fn apply(&self, x: &[f64], out: &mut [f64]) {
        let (layer, geometry) = (&self.chain.layers[self.index], &self.chain.geometry[self.index]);
        let (positions, channels) = (geometry.inner.positions(), layer.channels());
        let mut image = vec![0.0; positions * channels];
        product_nt(&patches(layer, geometry, x), &self.weight, geometry.fan_in, &mut image);
        let mut rows = vec![0.0; positions * geometry.fan_in];
        product_nn(&image, &self.weight, channels, &mut rows);
        out.fill(0.0);
        scatter(layer, geometry, &rows, out);
    }
}
