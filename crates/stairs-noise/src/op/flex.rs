//! The regularised stair on Flex.
//!
//! Works in place where nobody else holds the storage: in a forward pass outside autodiff, and for the gradient that
//! arrives in a backward pass.

use burn::backend::tensor::FloatTensor;
use burn::backend::{
    Flex, TensorMetadata,
    flex::{FlexTensor, Layout},
};
use burn::tensor::{Bytes, DType};

use super::{StairBackend, StairSpec, cpu, pass::BackwardPass, rules};

impl StairBackend for Flex {
    fn regularised_stair(x: FloatTensor<Self>, spec: StairSpec) -> FloatTensor<Self> {
        if spec.is_relaxed() {
            return rules::relaxed::<Self>(x, &spec);
        }
        let mut x = contiguous(x);
        if let Some(data) = whole_storage(&mut x) {
            cpu::forward_in_place(data, &spec);
            return x;
        }
        let y = cpu::forward(slice(&x), &spec);
        fresh(y, &x)
    }

    fn regularised_stair_gradient(
        x: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        spec: StairSpec,
    ) -> FloatTensor<Self> {
        let Some(pass) = BackwardPass::new(&spec) else { return rules::gradient::<Self>(x, gradient, &spec) };
        let (x, mut gradient) = (contiguous(x), contiguous(gradient));
        if let Some(data) = whole_storage(&mut gradient) {
            cpu::backward_in_place(slice(&x), data, &pass);
            return gradient;
        }
        let result = cpu::backward(slice(&x), slice(&gradient), &pass);
        fresh(result, &x)
    }
}

/// Row-major storage; the original handle is dropped, so that a unique tensor stays unique.
fn contiguous(x: FlexTensor) -> FlexTensor {
    if x.layout().is_contiguous() { x } else { x.to_contiguous() }
}

/// The storage as f32s if this tensor is its only holder and spans all of it.
fn whole_storage(x: &mut FlexTensor) -> Option<&mut [f32]> {
    let bytes = size_of::<f32>() * x.shape().num_elements();
    let whole = x.layout().start_offset() == 0 && x.bytes().len() == bytes;
    if whole { x.try_storage_mut::<f32>() } else { None }
}

fn slice(x: &FlexTensor) -> &[f32] {
    x.as_slice::<f32>().unwrap_or_else(|| panic!("the regularised stair needs f32 tensors, got {:?}", x.dtype()))
}

fn fresh(data: Vec<f32>, like: &FlexTensor) -> FlexTensor {
    FlexTensor::new(Bytes::from_elems(data), Layout::contiguous(like.shape()), DType::F32)
}
