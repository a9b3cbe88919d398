//! NASWOT: how differently the samples switch the network's ReLUs.
//!
//! ```text
//! log |det K|          K_ij = N − d_H(c_i, c_j)
//! ```
//!
//! c_i is the binary code of sample i: for each of the N ReLUs (every channel at every position) whether its argument is
//! positive; d_H counts where two codes differ. Source: Mellor, Turner, Storkey, Crowley, *Neural Architecture Search without
//! Training*, ICML 2021, arXiv 2006.04647. Pools come after the code. A layer without activation has no code. Tanh and stairs are
//! not piecewise linear with two pieces: a network with one of them has no such code, and the measure is an error.
//!
//! K = (N·11ᵀ + CCᵀ)/2 with codes C of ±1, positive semi-definite. Two samples with the same code make it singular: the logarithm
//! is −∞, which is an error as well. It happens to small networks, and to large ones with many samples.

use super::Batch;
use crate::chain::Activation;
use crate::fisher::finite_passes;
use crate::linalg::{in_pool, positive_eigenvalues, product_nt};
use crate::{Chain, FisherError, LayerParameters};

/// Samples at most: K has their square.
const SAMPLES: usize = 1 << 13;

/// log |det K|. Labels are not used.
///
/// ```
/// use stairs_capacity::{Activation, Batch, Chain, Head, Layer, LayerParameters, Shape, baseline::naswot};
/// let layers = vec![Layer::dense(2).with_activation(Activation::Relu), Layer::dense(2)];
/// let chain = Chain::new(Shape::vector(1), layers, Head::Categorical)?;
/// let weights = |weight: &[f64]| LayerParameters { weight: weight.to_vec(), ..LayerParameters::default() };
/// // Codes (1, 0) and (0, 1): K = 2·I.
/// let log = naswot(&chain, &[weights(&[1.0, -1.0]), weights(&[1.0; 4])], &Batch::labelled(&[3.0, -2.0], &[0, 1]))?;
/// assert!((log - 4f64.ln()).abs() < 1e-12);
/// # Ok::<(), stairs_capacity::FisherError>(())
/// ```
///
/// # Errors
/// [`FisherError::Chain`], [`FisherError::Overflow`], and [`FisherError::Undefined`] for another activation than ReLU and
/// identity, for a network without ReLU, for a K that is singular, and for more than 8,192 samples.
pub fn naswot(chain: &Chain, parameters: &[LayerParameters], batch: &Batch<'_>) -> Result<f64, FisherError> {
    let undefined = |reason: String| Err(FisherError::Undefined { measure: "naswot", reason });
    for (index, layer) in chain.layers.iter().enumerate() {
        let other = match layer.activation {
            Activation::Tanh => "a tanh",
            Activation::Own(_) => "a stair, or another function",
            _ => continue,
        };
        return undefined(format!("layer {index} has {other} for an activation, and codes are of ReLUs"));
    }
    let samples = chain.samples(batch.inputs)?;
    if samples > SAMPLES {
        return undefined(format!("K has the square of {samples} samples; take at most {SAMPLES}"));
    }
    let relu = |index: usize| matches!(chain.layers[index].activation, Activation::Relu);
    let kernel = in_pool(|| {
        let passes = finite_passes(chain, parameters, batch.inputs)?;
        let mut kernel = vec![0.0; samples * samples];
        let mut part = kernel.clone();
        for (_, pass) in passes.iter().enumerate().filter(|(index, _)| relu(*index)) {
            let code: Vec<f64> = pass.slope.iter().map(|slope| if *slope > 0.0 { 1.0 } else { -1.0 }).collect();
            let width = pass.positions * pass.channels;
            product_nt(&code, &code, width, &mut part);
            kernel.iter_mut().zip(&part).for_each(|(k, p)| *k += 0.5 * (width as f64 + p));
        }
        Ok::<_, FisherError>(kernel)
    })?;
    let units = kernel[0];
    if units == 0.0 {
        return undefined("the network has no ReLU, and codes are of ReLUs".to_owned());
    }
    let values = positive_eigenvalues(faer::MatRef::from_row_major_slice(&kernel, samples, samples))?;
    if values.len() < samples {
        let same = |i: usize| (0..i).find(|j| kernel[i * samples + j] == units).map(|j| (j, i));
        let why = match (0..samples).find_map(same) {
            Some((j, i)) => format!("samples {j} and {i} switch all {units} ReLUs alike"),
            None => format!("the codes of {samples} samples in {units} ReLUs are dependent"),
        };
        return undefined(format!("{why}, and log det K is -infinity; take fewer samples, or a wider network"));
    }
    Ok(values.iter().map(|value| value.ln()).sum())
}
