//! The parameters and statistics of a Burn module, put into the layers of its chain.

use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::Tensor;

use super::MarkovModel;
use crate::chain::Map;
use crate::{Chain, ChainError, LayerParameters, Norm};

/// The chain of `config` with the statistics of the normalisations of `model`, and `model`'s parameters (latent ones where
/// it is quantised): for local measures, with [`Prior::Around`](crate::Prior::Around), and for measures during training.
///
/// The fields of the model must be declared in the order of its forward pass, and be Burn's `Linear`, `Conv2d` and
/// `BatchNorm`.
///
/// ```
/// use burn::tensor::Device;
/// use stairs_capacity::bridge::trained;
/// use stairs_zoo::MlpConfig;
/// let config = MlpConfig::new(4, vec![3], 2);
/// let model = config.init(&Device::flex()).unwrap();
/// let (chain, parameters) = trained(&config, &model)?;
/// assert_eq!(chain.forward(&parameters, &[0.1, 0.2, 0.3, 0.4])?.len(), 2);
/// # Ok::<(), stairs_capacity::ChainError>(())
/// ```
///
/// # Errors
/// [`ChainError::NotMarkov`] where the model's layers are not those of the chain, and what [`Chain::new`] says.
pub fn trained<M: Module>(config: &impl MarkovModel, model: &M) -> Result<(Chain, Vec<LayerParameters>), ChainError> {
    let chain = config.chain()?;
    let mut reader = Reader::default();
    // Statistics of a model in training are updated lazily; a valid copy has them all.
    model.valid().visit(&mut reader);
    if reader.layers.len() != chain.layers.len() {
        let (found, wanted) = (reader.layers.len(), chain.layers.len());
        return Err(ChainError::NotMarkov(format!("the model has {found} layers of weights, its chain {wanted}")));
    }
    let (mut layers, mut parameters) = (chain.layers.clone(), Vec::new());
    for (layer, found) in layers.iter_mut().zip(reader.layers) {
        if matches!(layer.map, Map::Conv { .. }) != found.conv {
            return Err(ChainError::NotMarkov("the model's layers are not in the order of its chain".into()));
        }
        if let Some(norm) = &mut layer.norm {
            *norm = Norm { mean: found.mean, variance: found.variance, epsilon: norm.epsilon };
        }
        parameters.push(found.parameters);
    }
    let chain = Chain::new(chain.input, layers, chain.head)?;
    chain.check(&parameters)?;
    Ok((chain, parameters))
}

#[derive(Default)]
struct Found {
    conv: bool,
    parameters: LayerParameters,
    mean: Vec<f64>,
    variance: Vec<f64>,
}

#[derive(Default)]
struct Reader {
    path: Vec<String>,
    layers: Vec<Found>,
}

impl ModuleVisitor for Reader {
    fn enter_module(&mut self, name: &str, _container_type: &str) {
        self.path.push(name.to_owned());
    }

    fn exit_module(&mut self, _name: &str, _container_type: &str) {
        self.path.pop();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let Some(name) = self.path.last().cloned() else { return };
        let data = param.base().into_data();
        let values: Vec<f64> = data.try_into_vec_as::<f32>().unwrap_or_default().into_iter().map(f64::from).collect();
        if name == "weight" && D >= 2 {
            let dims = param.base().dims();
            // A linear layer of Burn holds [inputs, outputs].
            let weight = if D == 2 {
                let (inputs, outputs) = (dims[0], dims[1]);
                (0..outputs).flat_map(|o| (0..inputs).map(move |i| i * outputs + o)).map(|at| values[at]).collect()
            } else {
                values
            };
            let parameters = LayerParameters { weight, ..LayerParameters::default() };
            self.layers.push(Found { conv: D == 4, parameters, ..Found::default() });
            return;
        }
        let Some(layer) = self.layers.last_mut() else { return };
        match name.as_str() {
            "bias" => layer.parameters.bias = values,
            "gamma" => layer.parameters.scale = values,
            "beta" => layer.parameters.shift = values,
            "running_mean" => layer.mean = values,
            "running_var" => layer.variance = values,
            _ => {}
        }
    }
}
