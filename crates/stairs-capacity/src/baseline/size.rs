//! Depth, parameters and multiply-accumulates: what every other measure has to say more than.

use super::Batch;
use crate::chain::Chain;
use crate::{FisherError, LayerParameters};

/// Number of layers with weights.
///
/// # Errors
/// None.
pub fn depth(chain: &Chain, _: &[LayerParameters], _: &Batch<'_>) -> Result<f64, FisherError> {
    Ok(chain.layers.len() as f64)
}

/// Number of parameters d.
///
/// # Errors
/// None.
pub fn parameters(chain: &Chain, _: &[LayerParameters], _: &Batch<'_>) -> Result<f64, FisherError> {
    Ok(chain.dimension() as f64)
}

/// Multiply-accumulates for one sample: weights of an output times the number of outputs, taps on zeros of the padding
/// counted; additions of biases and normalisations are none.
///
/// ```
/// use stairs_capacity::{Batch, Chain, Head, Layer, Shape, baseline::macs};
/// let layers = vec![Layer::conv(4, [3, 3]).with_padding([1, 1]), Layer::dense(10)];
/// let chain = Chain::new(Shape::image(1, 8, 8), layers, Head::Categorical)?;
/// let count = macs(&chain, &[], &Batch::labelled(&[], &[]))?;
/// assert_eq!(count, f64::from(4 * 8 * 8 * 9 + 256 * 10));
/// # Ok::<(), stairs_capacity::FisherError>(())
/// ```
///
/// # Errors
/// None.
pub fn macs(chain: &Chain, _: &[LayerParameters], _: &Batch<'_>) -> Result<f64, FisherError> {
    let layers = chain.geometry.iter();
    Ok(layers.map(|geometry| geometry.inner.values() as f64 * geometry.fan_in as f64).sum())
}
