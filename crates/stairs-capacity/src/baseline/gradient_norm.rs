//! The norm of the gradient of the loss at initialisation.
//!
//! ```text
//! ‖∇_θ (1/n) Σ_i ℓ_i(θ)‖₂
//! ```
//!
//! θ are all parameters: weights (the latent ones of a quantised layer), biases, scales and shifts of normalisations in
//! evaluation mode. Source: Abdelfattah, Mehrotra, Dudziak, Lane, *Zero-Cost Proxies for Lightweight NAS*, ICLR 2021,
//! arXiv 2101.08134, section 3. There the norms of the layers' weight gradients are added up; this is the norm of the whole
//! gradient, which does not depend on how parameters are grouped.

use super::Batch;
use crate::fisher::{finite_passes, gradient};
use crate::linalg::in_pool;
use crate::{Chain, FisherError, LayerParameters};

/// ‖∇_θ of the mean loss‖₂.
///
/// ```
/// use stairs_capacity::{Batch, Chain, Head, Layer, LayerParameters, Shape, baseline::gradient_norm};
/// let chain = Chain::new(Shape::vector(1), vec![Layer::dense(2)], Head::Categorical)?;
/// let zero = [LayerParameters { weight: vec![0.0; 2], ..LayerParameters::default() }];
/// // Probabilities ½ and ½: the gradient at x = 3 is 3·(−½, ½).
/// let norm = gradient_norm(&chain, &zero, &Batch::labelled(&[3.0], &[0]))?;
/// assert!((norm - 3.0 * 0.5f64.sqrt()).abs() < 1e-12);
/// # Ok::<(), stairs_capacity::FisherError>(())
/// ```
///
/// # Errors
/// [`FisherError::Chain`] for parameters or a batch that do not fit, [`FisherError::Overflow`].
pub fn gradient_norm(chain: &Chain, parameters: &[LayerParameters], batch: &Batch<'_>) -> Result<f64, FisherError> {
    let (_, gradient) = in_pool(|| loss_gradient(chain, parameters, batch))?;
    // Scaled, so that squares neither overflow nor vanish.
    let largest = gradient.iter().fold(0.0, |largest: f64, g| largest.max(g.abs()));
    match largest {
        0.0 => Ok(0.0),
        _ => Ok(largest * gradient.iter().map(|g| (g / largest).powi(2)).sum::<f64>().sqrt()),
    }
}

/// The loss of every sample, and ∇_θ of the mean loss as a flat vector.
pub(super) fn loss_gradient(
    chain: &Chain,
    parameters: &[LayerParameters],
    batch: &Batch<'_>,
) -> Result<(Vec<f64>, Vec<f64>), FisherError> {
    let samples = batch.check(chain)? as f64;
    let passes = finite_passes(chain, parameters, batch.inputs)?;
    let outputs = passes.last().map_or(&[][..], |pass| &pass.output);
    let width = chain.output().values();
    let losses = batch.losses(chain.head, outputs, width);
    let mut slopes = batch.slopes(chain.head, outputs, width);
    slopes.iter_mut().for_each(|slope| *slope /= samples);
    let mut out = vec![0.0; chain.dimension()];
    gradient(chain, &passes, slopes, &mut out);
    if out.iter().any(|g| !g.is_finite()) {
        return Err(FisherError::Overflow { layer: 0 });
    }
    Ok((losses, out))
}
