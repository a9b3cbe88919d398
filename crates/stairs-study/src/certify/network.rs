//! The network of a run, for certificates.

use stairs_noise::certificate::Network;
use stairs_train::{Method, RunConfig, ZooModel};
use stairs_zoo::ModelError;

use super::CertifyError;

/// The quantised network of `model`, which is one of `config` for samples of shape `input` (channels, height, width), recorded from
/// its forward pass: weights frozen, normalisations folded with the running statistics.
///
/// # Errors
/// [`CertifyError::NoQuantisers`] for a float model, [`CertifyError::Certificate`] for one whose layers no certificate has.
pub fn network(model: &ZooModel, config: &RunConfig, input: [usize; 3]) -> Result<Network, CertifyError> {
    if config.method == Method::Float {
        return Err(CertifyError::NoQuantisers("float"));
    }
    let network = model.0.network(input).map_err(ModelError::from)?;
    Ok(Network::recorded(&network)?)
}

#[cfg(test)]
mod tests {
    use burn::tensor::{Device, Tensor, TensorData};
    use stairs_noise::plan::Policy;
    use stairs_train::ZooModel;

    use super::*;

    /// Largest distance of the logits of the extracted network and of the model itself, in the median of 20 samples.
    fn distance(config: &RunConfig, input: [usize; 3]) -> f64 {
        let device = Device::flex();
        let model = ZooModel::new(config, input, 10, &device).unwrap();
        let network = network(&model, config, input).unwrap();
        let hard = network.hard();
        let mut far = Vec::new();
        for k in 0..20 {
            let value = |i: usize| ((i * i * 37 + (k + 1) * i * 11 + 5 * k) % 101) as f32 / 25.0 - 2.0;
            let sample: Vec<f32> = (0..input.iter().product()).map(value).collect();
            let x = Tensor::<4>::from_data(TensorData::new(sample.clone(), [1, input[0], input[1], input[2]]), &device);
            let logits = model.logits(x).into_data().try_into_vec_as::<f32>().unwrap();
            let ours = hard.run(&sample.iter().map(|x| f64::from(*x)).collect::<Vec<_>>());
            let pairs = ours.outputs.last().unwrap().iter().zip(logits);
            far.push(pairs.map(|(a, b)| (a - f64::from(b)).abs()).fold(0.0, f64::max));
        }
        far.sort_by(f64::total_cmp);
        far[far.len() / 2]
    }

    #[test]
    fn the_extracted_network_is_the_model() {
        for model in ["mlp", "lenet", "cnn:4-6-5", "plain-cnn:4-6", "plain-mlp:9", "vgg8:0.02"] {
            for method in [Method::Ste, Method::Ana] {
                let policy: Policy = "partition".parse().unwrap();
                let config = RunConfig::new(model).with_method(method).with_policy(policy);
                let distance = distance(&config, [1, 9, 8]);
                assert!(distance < 1e-4, "{model} {method:?}: {distance}");
            }
        }
    }
}
