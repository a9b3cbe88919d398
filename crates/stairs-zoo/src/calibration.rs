//! Quanta of features for pretrained weights.
//!
//! The quanta of [`StairsConfig`](crate::StairsConfig) count in standard deviations of what leaves a fresh batch norm. In a
//! pretrained network what reaches an activation has another size, layer by layer, and without batch norm it has any
//! size. [`observe`] measures its root mean square in the float network, on data; [`calibrated`] multiplies the quanta
//! of the quantised network by it. Both networks pass the same sites in the same order, so a network of which only a part is
//! quantised says by a forward pass of its own which of the sizes are for it.
//!
//! What is measured is the forward pass of training, and only running it shows that. A recorded network
//! ([`stairs_noise::record`]) is the one of evaluation: Burn records on a device without autodiff, where a norm takes its running
//! statistics, which a model that was just made has not measured yet, and dropout passes everything on. In an AlexNet without
//! norms dropout alone makes the quanta of the two hidden dense layers 16 to 32 % larger. So the sites that a quantiser will take
//! ([`Activation`](crate::Activation) and the stream of residual networks) note what they receive while [`observe`] runs them. They
//! tell it by the thread, which is the forward pass's, because `forward` has no argument for it; nothing outlives the call.
//!
//! ```
//! use burn::{module::Module, tensor::{Device, Distribution, Tensor}};
//! use stairs_quant::Quantiser;
//! use stairs_zoo::{Architecture, Quantisation, StairsConfig, calibrated, observe};
//!
//! let (device, input) = (Device::flex(), [1, 28, 28]);
//! let architecture: Architecture = "alexnet-small:0.05".parse().unwrap();
//! let float = architecture.init(input, 10, Quantisation::Float, &device).unwrap();
//! let images = Tensor::random([8, 1, 28, 28], Distribution::Default, &device);
//! let sizes = observe(&float, [images]);
//!
//! let int4 = Quantisation::Stairs(StairsConfig::new("int4".parse().unwrap()));
//! let int4 = architecture.init(input, 10, int4, &device).unwrap(); // … with the weights of `float`
//! let int4 = calibrated(int4, &sizes).unwrap();
//! # let _ = int4;
//! ```

use std::cell::RefCell;

use burn::{module::Module, tensor::Tensor};
use stairs_noise::{QuantiserKind, quantisers, rescale_features};

use crate::{Model, ModelError};

/// A site of a network where features are quantised, or would be if all of it were: the input of an activation, a sum before its
/// rectifier, what a residual block reads from the stream.
#[derive(Clone, Copy, Debug)]
struct Site {
    /// Whether a quantiser stands there.
    is_quantised: bool,
    /// Sum of squares of the values there.
    squares: f64,
    /// Their number.
    values: f64,
}

thread_local! {
    /// The sites of the forward pass that [`observe`] is running on this thread.
    static OBSERVED: RefCell<Option<Vec<Site>>> = const { RefCell::new(None) };
}

/// The observation of one forward pass on this thread. It ends with the value, so also where the pass panics.
struct Observation;

impl Observation {
    fn start() -> Self {
        OBSERVED.set(Some(Vec::new()));
        Self
    }

    fn end(self) -> Vec<Site> {
        OBSERVED.take().unwrap_or_default()
    }
}

impl Drop for Observation {
    fn drop(&mut self) {
        OBSERVED.set(None);
    }
}

/// Root mean squares of what the activations of a float network receive, in network order.
#[derive(Clone, Debug)]
pub struct FeatureSizes {
    sites: Vec<Site>,
    /// Channels, height and width of the samples.
    input: [usize; 3],
}

/// Runs batches `[B, C, H, W]` through a float model and measures what its activations receive. On an autodiff device the
/// model is in training mode, as the quantised one will be: batch norms use the statistics of the batch, dropout drops.
pub fn observe(model: &Model, batches: impl IntoIterator<Item = Tensor<4>>) -> FeatureSizes {
    let mut sums = FeatureSizes { sites: Vec::new(), input: [0; 3] };
    for batch in batches {
        let [_, channels, height, width] = batch.dims();
        sums.input = [channels, height, width];
        let sites = passed(model, batch);
        if sums.sites.is_empty() {
            sums.sites = sites;
        } else {
            for (sum, site) in sums.sites.iter_mut().zip(sites) {
                sum.squares += site.squares;
                sum.values += site.values;
            }
        }
    }
    sums
}

/// The sites that a forward pass comes by.
fn passed(model: &Model, batch: Tensor<4>) -> Vec<Site> {
    let observation = Observation::start();
    model.forward(batch);
    observation.end()
}

/// `model` with the quanta of its features times the sizes measured in its float twin. A site without a positive finite
/// size (dead units, no data) keeps its quantum. A model without feature quantisers comes back as it is.
///
/// # Errors
/// [`ModelError::Twin`] if the sizes are those of another network; [`ModelError::Setting`] if a quantum times its size is beyond
/// single precision.
pub fn calibrated(model: Model, sizes: &FeatureSizes) -> Result<Model, ModelError> {
    let found = quantisers(&model);
    let paths: Vec<String> =
        found.into_iter().filter(|q| q.kind == QuantiserKind::Feature).map(|quantiser| quantiser.path).collect();
    if paths.is_empty() {
        return Ok(model);
    }
    let FeatureSizes { sites, input: [channels, height, width] } = sizes;
    let mut quantised = Vec::new();
    if !sites.is_empty() {
        let model = model.clone().valid();
        let device = model.devices().into_iter().next().unwrap_or_default();
        let own = passed(&model, Tensor::zeros([1, *channels, *height, *width], &device));
        if own.len() == sites.len() {
            quantised = own.iter().zip(sites).filter(|(own, _)| own.is_quantised).map(|(_, site)| site).collect();
        }
    }
    if quantised.len() != paths.len() {
        return Err(ModelError::Twin { sizes: sites.len(), quantisers: paths.len() });
    }
    let factor = |path: &str| {
        let index = paths.iter().position(|known| known == path)?;
        let size = (quantised[index].squares / quantised[index].values).sqrt();
        (size > 0.0 && size.is_finite()).then_some(size)
    };
    Ok(rescale_features(model, factor)?)
}

/// Notes what is at a site without a quantiser, if somebody observes.
pub(crate) fn note<const D: usize>(x: &Tensor<D>) {
    OBSERVED.with_borrow_mut(|observed| {
        let Some(sites) = observed else { return };
        let values = x.dims().iter().product::<usize>() as f64;
        // Means of f32 squares stay in range where their sum might not.
        let mean = x.clone().powi_scalar(2).mean().into_scalar::<f32>();
        sites.push(Site { is_quantised: false, squares: f64::from(mean) * values, values });
    });
}

/// Notes a site with a quantiser, if somebody observes.
pub(crate) fn note_quantiser() {
    OBSERVED.with_borrow_mut(|observed| {
        if let Some(sites) = observed {
            sites.push(Site { is_quantised: true, squares: 0.0, values: 0.0 });
        }
    });
}
