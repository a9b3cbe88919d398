//! The regularised stair on NdArray.

// Burn 0.22 marks the backend as deprecated in favour of Flex; it is kept here because it is a second, independent
// implementation to test against.
#![allow(deprecated)]

use std::borrow::Cow;

use burn::backend::tensor::FloatTensor;
use burn::backend::{NdArray, TensorMetadata, ndarray::NdArrayTensor};
use burn::tensor::TensorData;

use super::{StairBackend, StairSpec, cpu, pass::BackwardPass, rules};

impl StairBackend for NdArray {
    fn regularised_stair(x: FloatTensor<Self>, spec: StairSpec) -> FloatTensor<Self> {
        if spec.is_relaxed() {
            return rules::relaxed::<Self>(x, &spec);
        }
        with_slice(&x, |data| fresh(cpu::forward(data, &spec), &x))
    }

    fn regularised_stair_gradient(
        x: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        spec: StairSpec,
    ) -> FloatTensor<Self> {
        let Some(pass) = BackwardPass::new(&spec) else { return rules::gradient::<Self>(x, gradient, &spec) };
        with_slice(&x, |x_data| with_slice(&gradient, |gradient| fresh(cpu::backward(x_data, gradient, &pass), &x)))
    }
}

/// The elements in row-major order, copied only if the tensor is strided.
fn with_slice<R>(x: &NdArrayTensor, run: impl FnOnce(&[f32]) -> R) -> R {
    let NdArrayTensor::F32(storage) = x else {
        panic!("the regularised stair needs f32 tensors, got {:?}", x.dtype());
    };
    let view = storage.view();
    let data = match view.as_slice() {
        Some(data) => Cow::Borrowed(data),
        None => Cow::Owned(view.iter().copied().collect()),
    };
    run(&data)
}

fn fresh(data: Vec<f32>, like: &NdArrayTensor) -> NdArrayTensor {
    NdArrayTensor::from_data(TensorData::new(data, like.shape()))
}
