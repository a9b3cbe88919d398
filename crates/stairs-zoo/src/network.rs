//! The layers of a zoo model, from its forward pass.

use burn::tensor::{Device, Tensor};
use stairs_network::{Array, Comparison, Network, StairWeight};
use stairs_noise::record::{RecordError, record, record_new};
use stairs_quant::Quantiser;

use crate::{Architecture, Model, ModelError, Quantisation, StairsConfig};

impl Model {
    /// The network of evaluation for samples of shape `input` (channels, height, width), with its numbers.
    ///
    /// # Errors
    /// [`RecordError`] for samples the model does not take.
    pub fn network(&self, input: [usize; 3]) -> Result<Network, RecordError> {
        record(self, &input, |model, x: Tensor<4>| model.forward(x))
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
        let planned = stairs.quantised_weights(&model)?;
        Ok(network.with_quantised_weights(|layer, latent: &Array| {
            let weight = format!("{layer}.weight");
            planned.contains(&weight).then(|| StairWeight {
                path: format!("{weight}.stair"),
                latent: latent.clone(),
                function: stairs.weights_of(&weight).stair(),
                scales: Vec::new(),
                comparison: Comparison::Folded,
            })
        }))
    }

    /// The layers that the quantised model has, one for each weight that is quantised, in the order in which an annealing schedule
    /// takes them; the last layer stays float. No parameter is drawn.
    ///
    /// A layer goes by the shortest path that is its own: `blocks.0.skip` where the weight is `blocks.0.skip.Project.conv.weight`.
    ///
    /// # Errors
    /// [`ModelError::Parameters`] for a model that is too large to be built.
    ///
    /// ```
    /// # use burn::tensor::Device;
    /// # use stairs_zoo::Architecture;
    /// let mlp: Architecture = "mlp:64-32".parse().unwrap();
    /// assert_eq!(mlp.layers(&Device::flex()).unwrap(), ["hidden.0", "hidden.1"]);
    /// ```
    pub fn layers(&self, device: &Device) -> Result<Vec<String>, ModelError> {
        // The layers are the same for samples of every size.
        let side = if self.is_for_imagenet() { 64 } else { 16 };
        let model = self.build([3, side, side], 1, &Quantisation::Float, device)?;
        let weights = StairsConfig::new(Quantiser::Ternary).quantised_weights(&model)?;
        let shortest = |weight: &String| {
            let mut path = weight.as_str();
            while let Some((parent, child)) = path.rsplit_once('.') {
                let inside = |other: &&String| other.strip_prefix(parent).is_some_and(|rest| rest.starts_with('.'));
                // An element of a list keeps its number, also where it is the only one.
                if child.parse::<usize>().is_ok() || weights.iter().filter(inside).count() > 1 {
                    break;
                }
                path = parent;
            }
            path.to_owned()
        };
        Ok(weights.iter().map(shortest).collect())
    }
}
