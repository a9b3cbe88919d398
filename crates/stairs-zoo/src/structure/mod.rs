//! What a network consists of, layer by layer, without a number of it being drawn.
//!
//! A [`Structure`] lists the layers of a model with their paths, shapes, parameters, multiplications and quantisers. It is
//! made by sending shapes through the module itself: beside its `forward` every model has a `trace`, which names the same
//! fields in the same order. Parameters, kernels, strides and quantisers are read from the module, so that only the order
//! is written twice, and tests hold that against the module for every family.
//!
//! | file | what |
//! |---|---|
//! | `layer` | one layer |
//! | `precision` | float, or a quantiser |
//! | `trace` | shapes through modules |
//! | `modules` | the trace of Burn's layers |
//! | `window` | size of an image behind a convolution or a pool |
//! | `memory` | which features exist at the same time |
//! | `totals` | sums over layers |

mod layer;
mod memory;
mod modules;
mod precision;
mod totals;
mod trace;
mod window;

use burn::tensor::Device;
use serde::Serialize;

pub use layer::{Layer, LayerKind, Parameter};
pub use precision::Precision;
pub use totals::Totals;
pub(crate) use trace::{Flow, Trace, Traced};

use crate::{Architecture, Model, ModelError, Quantisation, with_model};

/// The layers of a model for samples of one shape.
///
/// They are in the order of the model's fields, which is that of its forward pass; the projection of a residual block is
/// listed behind the convolutions it is added to.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Structure {
    /// Shape of a sample: channels, height, width.
    pub input: [usize; 3],
    /// Number of classes.
    pub classes: usize,
    /// The layers.
    pub layers: Vec<Layer>,
    #[serde(skip)]
    memory: memory::Activations,
}

impl Structure {
    /// The structure of a model that exists, for samples of shape `input` (channels, height, width).
    ///
    /// # Errors
    /// [`ModelError::Size`] for samples the model does not take.
    pub fn of(model: &Model, input: [usize; 3]) -> Result<Self, ModelError> {
        Self::traced(model, input, Trace::new(Vec::new(), None))
    }

    fn traced(model: &Model, input: [usize; 3], mut trace: Trace) -> Result<Self, ModelError> {
        let x = trace.input(input);
        let y = with_model!(model, module => module.trace(&mut trace, x))?;
        let (layers, memory) = trace.finish();
        Ok(Self { input, classes: y.shape.iter().product(), layers, memory })
    }

    /// Paths of all quantisers, in the order of [`stairs_noise::quantisers`].
    pub fn quantisers(&self) -> Vec<&str> {
        self.layers.iter().filter_map(|layer| layer.quantiser.as_deref()).collect()
    }
}

impl Architecture {
    /// The layers of the model that [`init`](Self::init) makes of the same arguments. No parameter is drawn: VGG-16 takes
    /// milliseconds.
    ///
    /// # Errors
    /// As [`init`](Self::init), but for what only the values of weights can tell.
    ///
    /// ```
    /// use burn::tensor::Device;
    /// use stairs_zoo::{Architecture, Quantisation};
    ///
    /// let resnet: Architecture = "resnet18".parse().unwrap();
    /// let structure = resnet.structure([3, 224, 224], 1000, &Quantisation::Float, &Device::flex()).unwrap();
    /// let totals = structure.totals();
    /// assert_eq!(totals.parameters, 11_689_512);
    /// assert_eq!(totals.macs, 1_814_073_344);
    /// assert_eq!(structure.layers[0].path, "stem.conv");
    /// assert_eq!(structure.layers[0].output, [64, 112, 112]);
    /// ```
    pub fn structure(
        &self,
        input: [usize; 3],
        classes: usize,
        quantisation: &Quantisation,
        device: &Device,
    ) -> Result<Structure, ModelError> {
        let model = self.build(input, classes, quantisation, device)?;
        let trace = match quantisation.stairs() {
            None => Trace::new(Vec::new(), None),
            Some(stairs) => {
                let paths = with_model!(&model, module => stairs.quantised_weights(module))?;
                Trace::new(paths, Some(stairs.weights))
            }
        };
        Structure::traced(&model, input, trace)
    }
}
