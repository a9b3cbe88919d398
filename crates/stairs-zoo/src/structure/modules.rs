//! The trace of Burn's layers and of the quantisers.

use burn::module::Param;
use burn::nn::activation::Relu6;
use burn::nn::conv::Conv2d;
use burn::nn::pool::{AdaptiveAvgPool2d, MaxPool2d};
use burn::nn::{BatchNorm, Linear, Relu};
use burn::tensor::Tensor;
use stairs_noise::StairActivation;

use super::trace::{Work, image, levels};
use super::window::windows;
use super::{Flow, LayerKind, Parameter, Precision, Trace, Traced};
use crate::ModelError;

fn parameter<const D: usize>(name: &'static str, param: &Param<Tensor<D>>) -> Parameter {
    Parameter { name, shape: param.lazy_shape().to_vec() }
}

fn fits(size: Option<[usize; 2]>, height: usize) -> Result<[usize; 2], ModelError> {
    size.ok_or(ModelError::Size { field: "image height or width", value: height, needs: "smaller than a window" })
}

impl Traced for Conv2d {
    fn trace(&self, trace: &mut Trace, x: Flow) -> Result<Flow, ModelError> {
        let weight = parameter("weight", &self.weight);
        let (patch, channels) = (weight.shape[1..].iter().product::<usize>(), weight.shape[0]);
        let [_, height, width] = image(&x, Some(weight.shape[1] * self.groups))?;
        let size = windows([height, width], self.kernel_size, self.stride, &self.padding, self.dilation);
        let [height, width] = fits(size, height)?;
        let (weights, quantiser) = trace.weights(&self.weight);
        let work = Work {
            kind: LayerKind::Conv { kernel: self.kernel_size, stride: self.stride, groups: self.groups },
            parameters: [weight].into_iter().chain(self.bias.iter().map(|bias| parameter("bias", bias))).collect(),
            macs: (patch * channels * height * width) as u64,
            weights: Some(weights),
            quantiser,
        };
        Ok(trace.layer(work, &[&x], vec![channels, height, width], Precision::Float, false))
    }
}

impl Traced for Linear {
    fn trace(&self, trace: &mut Trace, x: Flow) -> Result<Flow, ModelError> {
        let weight = parameter("weight", &self.weight);
        let (inputs, outputs) = (weight.shape[0], weight.shape[1]);
        // Images are flattened.
        let x = Flow { shape: vec![x.shape.iter().product()], ..x };
        if x.shape[0] != inputs {
            let needs = "must be what the model was made for";
            return Err(ModelError::Size { field: "inputs of a dense layer", value: x.shape[0], needs });
        }
        let (weights, quantiser) = trace.weights(&self.weight);
        let work = Work {
            kind: LayerKind::Dense,
            parameters: [weight].into_iter().chain(self.bias.iter().map(|bias| parameter("bias", bias))).collect(),
            macs: (inputs * outputs) as u64,
            weights: Some(weights),
            quantiser,
        };
        Ok(trace.layer(work, &[&x], vec![outputs], Precision::Float, false))
    }
}

impl Traced for BatchNorm {
    fn trace(&self, trace: &mut Trace, x: Flow) -> Result<Flow, ModelError> {
        let parameters = vec![parameter("gamma", &self.gamma), parameter("beta", &self.beta)];
        let work = Work { parameters, ..Work::of(LayerKind::Norm) };
        Ok(trace.layer(work, &[&x], x.shape.clone(), Precision::Float, true))
    }
}

impl Traced for Relu {
    fn trace(&self, trace: &mut Trace, x: Flow) -> Result<Flow, ModelError> {
        Ok(trace.layer(Work::of(LayerKind::Relu), &[&x], x.shape.clone(), Precision::Float, true))
    }
}

impl Traced for Relu6 {
    fn trace(&self, trace: &mut Trace, x: Flow) -> Result<Flow, ModelError> {
        Ok(trace.layer(Work::of(LayerKind::Relu6), &[&x], x.shape.clone(), Precision::Float, true))
    }
}

impl Traced for StairActivation {
    fn trace(&self, trace: &mut Trace, x: Flow) -> Result<Flow, ModelError> {
        let precision = levels(self.function()).unwrap_or(Precision::Float);
        let work = Work { quantiser: Some(trace.path()), ..Work::of(LayerKind::Stair) };
        Ok(trace.layer(work, &[&x], x.shape.clone(), precision, true))
    }
}

impl Traced for MaxPool2d {
    fn trace(&self, trace: &mut Trace, x: Flow) -> Result<Flow, ModelError> {
        let [channels, height, width] = image(&x, None)?;
        let size = windows([height, width], self.kernel_size, self.stride, &self.padding, self.dilation);
        let [height, width] = fits(size, height)?;
        let work = Work::of(LayerKind::MaxPool { kernel: self.kernel_size, stride: self.stride });
        Ok(trace.layer(work, &[&x], vec![channels, height, width], x.precision, false))
    }
}

impl Traced for AdaptiveAvgPool2d {
    fn trace(&self, trace: &mut Trace, x: Flow) -> Result<Flow, ModelError> {
        let [channels, height, width] = image(&x, None)?;
        let [rows, columns] = self.output_size;
        // Means of levels are levels only where every window is one pixel.
        let same = [height, width] == [rows, columns];
        let precision = if same { x.precision } else { Precision::Float };
        Ok(trace.layer(Work::of(LayerKind::MeanPool), &[&x], vec![channels, rows, columns], precision, same))
    }
}
