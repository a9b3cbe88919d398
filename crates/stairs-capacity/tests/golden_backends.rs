//! Every golden value within 10⁻⁴ through Burn tensors in f32, on every backend that is compiled in.
#![cfg(feature = "burn")]
#![allow(missing_docs)]

mod common;

use burn::nn::{Linear, LinearConfig};
use burn::tensor::{Device, Tensor, TensorData, activation::relu};
use common::golden::{Case, Mlp, Softmax, close, golden, split};
use stairs_capacity::{Draw, Draws, Head, Normalisation, Spectrum, bridge::module_spectrum};

const TOLERANCE: f64 = 1e-4;

#[allow(deprecated, unused_mut, clippy::vec_init_then_push)]
fn devices() -> Vec<Device> {
    let mut devices = Vec::new();
    #[cfg(feature = "flex")]
    devices.push(Device::flex());
    #[cfg(feature = "ndarray")]
    devices.push(Device::ndarray());
    #[cfg(feature = "wgpu")]
    devices.push(Device::wgpu(burn::tensor::DeviceKind::DefaultDevice));
    #[cfg(feature = "vulkan")]
    devices.push(Device::vulkan(burn::tensor::DeviceKind::DefaultDevice));
    #[cfg(feature = "cuda")]
    devices.push(Device::cuda(burn::tensor::DeviceIndex::Default));
    devices
}

fn matrix(rows: &[Vec<f64>], device: &Device) -> Tensor<2> {
    let values: Vec<f32> = rows.iter().flatten().map(|x| *x as f32).collect();
    Tensor::from_data(TensorData::new(values, [rows.len(), rows[0].len()]), device)
}

/// A layer with these rows: weights, then a bias.
fn layer(rows: &[Vec<f64>], device: &Device) -> Linear {
    let (weight, bias) = split(rows);
    let (outputs, inputs) = (rows.len(), weight.len() / rows.len());
    let mut layer = LinearConfig::new(inputs, outputs).init(device);
    let weight: Vec<f32> = weight.into_iter().map(|x| x as f32).collect();
    let bias: Vec<f32> = bias.into_iter().map(|x| x as f32).collect();
    let weight = Tensor::<2>::from_data(TensorData::new(weight, [outputs, inputs]), device).transpose();
    layer.weight = layer.weight.map(|old| weight.clone().set_require_grad(old.is_require_grad()));
    let bias = Tensor::<1>::from_data(TensorData::new(bias, [outputs]), device);
    layer.bias = layer.bias.map(|old| old.map(|old| bias.clone().set_require_grad(old.is_require_grad())));
    layer
}

fn softmax(case: &Softmax, device: &Device) {
    let inputs = matrix(&case.inputs, device);
    let spectrum = |theta: &Vec<Vec<f64>>| {
        module_spectrum(&layer(theta, device), |m, x| m.forward(x), inputs.clone(), Head::Categorical).unwrap()
    };
    let spectra: Vec<Spectrum> = case.thetas.iter().map(spectrum).collect();
    let draws = spectra.iter().map(|spectrum| Draw { hidden: vec![], last: vec![spectrum.clone()] }).collect();
    let draws = Draws::new(draws, Normalisation::MeanTrace).unwrap();
    assert_eq!(draws.dimension(), case.dimension);
    close(draws.mean_trace(), case.mean_trace, TOLERANCE, "mean trace");
    for value in &case.values {
        let (eps, zeta) = (value.eps, value.zeta);
        for (spectrum, expected) in spectra.iter().zip(&value.logdets) {
            let logdet = spectrum.log_det((zeta - 1.0) * eps.ln(), draws.log_scale());
            close(logdet.value, *expected, TOLERANCE, "log-determinant");
        }
        close(draws.two_scale(eps, zeta).unwrap().value, value.two_scale, TOLERANCE, "two_scale");
        close(draws.jensen(eps, zeta).unwrap().value, value.jensen_lower, TOLERANCE, "jensen");
    }
    for abbas in &case.abbas_effective_dimension {
        let value = draws.effective_dimension(abbas.n, abbas.gamma).unwrap().value;
        close(value, abbas.value, TOLERANCE, "effective dimension");
    }
}

fn mlp(case: &Mlp, device: &Device) {
    let inputs = matrix(&case.inputs, device);
    let mut draws = Vec::new();
    for (a, theta1) in case.theta1.iter().enumerate() {
        let first = layer(theta1, device);
        let head = Head::Gaussian { variance: case.noise_variance };
        let hidden = module_spectrum(&first, |m, x| relu(m.forward(x)), inputs.clone(), head).unwrap();
        let noise = matrix(&case.noise[a], device) * case.noise_variance.sqrt();
        let states = relu(first.forward(inputs.clone())) + noise;
        let spectrum = |theta2: &Vec<Vec<f64>>| {
            module_spectrum(&layer(theta2, device), |m, x| m.forward(x), states.clone(), Head::Categorical).unwrap()
        };
        draws.push(Draw { hidden: vec![hidden], last: case.theta2[a].iter().map(spectrum).collect() });
    }
    let draws = Draws::new(draws, Normalisation::MeanTrace).unwrap();
    close(draws.mean_trace(), case.mean_trace, TOLERANCE, "mean trace");
    for value in &case.values {
        let (eps, zeta) = (value.eps, value.zeta);
        close(draws.two_scale(eps, zeta).unwrap().value, value.two_scale, TOLERANCE, "two_scale");
        close(draws.jensen(eps, zeta).unwrap().value, value.jensen_lower, TOLERANCE, "jensen");
        let exact = draws.last_layer_exact(eps, zeta).unwrap().value;
        close(exact, value.last_layer_exact_lower, TOLERANCE, "last layer exact");
    }
}

#[test]
fn golden_values_through_tensors() {
    for device in devices() {
        for case in &golden().cases {
            match case {
                Case::SoftmaxRegression(case) => softmax(case, &device),
                Case::MarkovMlpRelu(case) => mlp(case, &device),
            }
        }
    }
}
