//! The layers of a zoo model, from its forward pass.

use burn::module::{Module, ModuleVisitor};
use burn::tensor::{Device, Tensor};
use stairs_network::{Array, Comparison, Network, StairWeight};
use stairs_noise::record::{RecordError, Recorded, record, record_new};

use crate::{Architecture, Model, ModelError, Quantisation, with_model};

impl Recorded for Model {
    fn show<V: ModuleVisitor>(&self, visitor: &mut V) {
        with_model!(self, module => module.visit(visitor));
    }
}

impl Model {
    /// The network of evaluation for samples of shape `input` (channels, height, width), with its numbers.
    ///
    /// # Errors
    /// [`RecordError`] for samples the model does not take.
    pub fn network(&self, input: [usize; 3]) -> Result<Network, RecordError> {
        with_model!(self, module => record(module, &input, |module, x: Tensor<4>| module.forward(x)))
    }
}

impl Architecture {
    /// The network of the model that [`init`](Self::init) makes of the same arguments. No parameter is drawn: it has shapes alone,
    /// and VGG-16 takes milliseconds. Weights that are going to be quantised have their stair, and no scales yet.
    ///
    /// # Errors
    /// As [`init`](Self::init), but for what only the values of weights can tell.
    ///
    /// ```
    /// use burn::tensor::Device;
    /// use stairs_zoo::{Architecture, Quantisation};
    ///
    /// let resnet: Architecture = "resnet18".parse().unwrap();
    /// let network = resnet.network([3, 224, 224], 1000, &Quantisation::Float, &Device::flex()).unwrap();
    /// let totals = network.totals();
    /// assert_eq!(totals.parameters, 11_689_512);
    /// assert_eq!(totals.macs, 1_814_073_344);
    /// assert_eq!((&network.nodes()[0].path[..], &network.nodes()[0].shape[..]), ("stem.conv", &[64, 112, 112][..]));
    /// ```
    pub fn network(
        &self,
        input: [usize; 3],
        classes: usize,
        quantisation: &Quantisation,
        device: &Device,
    ) -> Result<Network, ModelError> {
        // What is checked is checked before anything is recorded; parameters are drawn when they are first looked at.
        let model = self.build(input, classes, quantisation, device)?;
        let make = |device: &Device| self.build(input, classes, quantisation, device);
        let network = record_new(make, &input, |model: &Model, x: Tensor<4>| model.forward(x))?;
        let Some(stairs) = quantisation.stairs() else { return Ok(network) };
        let planned = with_model!(&model, module => stairs.quantised_weights(module))?;
        Ok(network.with_quantised_weights(|layer, latent: &Array| {
            let weight = format!("{layer}.weight");
            planned.contains(&weight).then(|| StairWeight {
                path: format!("{weight}.stair"),
                latent: latent.clone(),
                function: stairs.weights.stair(),
                scales: Vec::new(),
                comparison: Comparison::Folded,
            })
        }))
    }
}
