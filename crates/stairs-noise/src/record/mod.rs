//! A network from the forward pass of any Burn module: recorded, not executed.
//!
//! Burn's capture device notes the operations that a forward pass asks for. [`record`] runs the pass there twice, with two samples
//! and with three, finds the batch axis, and makes a [`Network`] of the operations: matrix products become dense layers, a stair
//! applied to a parameter becomes a quantised weight, with latent values, thresholds and scales exactly as kernels compare them.
//! What is recorded is the network of evaluation, before [`materialize`](burn::module::Module::materialize). The module itself is
//! not touched.
//!
//! | file | what |
//! |---|---|
//! | `capture` | two recordings |
//! | `constant` | what is computed of parameters alone |
//! | `graph/` | from operations to nodes |
//! | `feature` | tensors that depend on the sample |
//!
//! | operation of Burn | node |
//! |---|---|
//! | `Linear`, matrix product with a parameter, sum with a bias | dense |
//! | `Conv2d`, `BatchNorm`, `MaxPool2d`, `AvgPool2d`, `AdaptiveAvgPool2d`, ReLU, clamps | the same |
//! | a [`Stair`](crate::Stair), fixed, per channel or learned | stair, or a quantised weight |
//! | means over trailing axes, sums of two, reshapes, channels of zeros | mean, add, flatten, reshape, pad |
//! | everything else | kept by name; whoever cannot take it names its path |
//!
//! ```
//! use burn::{nn::LinearConfig, tensor::Device};
//! use stairs_noise::{StairWeights, record};
//!
//! let layer = StairWeights::ternary().quantise(LinearConfig::new(4, 3).init(&Device::flex()))?;
//! let network = record(&layer, &[4], |layer, x| layer.forward::<2>(x))?;
//! assert_eq!((network.nodes()[0].op.to_string(), network.quantisers()), ("dense".into(), vec!["weight.stair"]));
//! assert_eq!(network.run(&[1.0, 2.0, 3.0, 4.0])?.len(), 3);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod capture;
mod constant;
mod error;
mod feature;
mod graph;

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use stairs_network::Network;

pub use capture::Recorded;
pub use error::RecordError;

/// The network that `forward` is, for samples of shape `sample` (without the batch axis): evaluation mode, quantisers hard.
///
/// # Errors
/// [`RecordError`]: the forward pass depends on values of tensors or on the size of the batch, or does not take the sample.
pub fn record<M: Module, const D: usize, const O: usize>(
    module: &M,
    sample: &[usize],
    forward: impl Fn(&M, Tensor<D>) -> Tensor<O>,
) -> Result<Network, RecordError> {
    // `valid` copies running statistics, which clones share: moving those of a clone would move the module's own.
    record_new(|device| Ok::<M, RecordError>(module.valid().to_device(device)), sample, forward)
}

/// The network of a module that `make` creates on the device it is given. Where `make` draws parameters, none is drawn: the network
/// has their shapes alone, and the costs of a VGG-16 take milliseconds.
///
/// # Errors
/// Those of `make`, and as [`record`].
///
/// ```
/// use burn::nn::LinearConfig;
/// use stairs_noise::{RecordError, record_new};
///
/// let huge = LinearConfig::new(100_000, 100_000);
/// let network = record_new(|device| Ok::<_, RecordError>(huge.init(device)), &[100_000], |layer, x| layer.forward::<2>(x))?;
/// assert_eq!(network.totals().macs, 10_000_000_000);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn record_new<M: Recorded, E: From<RecordError>, const D: usize, const O: usize>(
    make: impl Fn(&Device) -> Result<M, E>,
    sample: &[usize],
    forward: impl Fn(&M, Tensor<D>) -> Tensor<O>,
) -> Result<Network, E> {
    let recordings = capture::BATCHES.map(|batch| capture::capture(batch, sample, &make, &forward));
    let [two, three] = recordings;
    Ok(graph::network(sample, &two?, &three?)?)
}
