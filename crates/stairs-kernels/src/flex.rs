//! The kernels on Flex: tensors to slices and back.

use std::borrow::Cow;

use burn::{
    backend::{
        Flex, TensorMetadata,
        flex::{FlexTensor, Layout},
        tensor::FloatTensor,
    },
    tensor::{Bytes, DType, Shape},
};

use crate::{
    AverageShape, ConvShape, KernelBackend, PoolShape,
    cpu::{average, conv, depthwise, direct, norm, norm::Channels, pool, relu6},
};

impl KernelBackend for Flex {
    fn kernel_conv2d(x: FloatTensor<Self>, weight: FloatTensor<Self>, shape: ConvShape) -> FloatTensor<Self> {
        let run = if shape.is_depthwise() {
            depthwise::forward
        } else if direct::forward_applies(&shape) {
            direct::forward
        } else {
            conv::forward
        };
        let y = run(&values(&x), &values(&weight), &shape);
        tensor(y, [shape.batch, shape.channels_out, shape.rows.output, shape.columns.output].into())
    }

    fn kernel_conv2d_input_gradient(
        weight: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        shape: ConvShape,
    ) -> FloatTensor<Self> {
        let run = if shape.is_depthwise() {
            depthwise::input_gradient
        } else if direct::input_gradient_applies(&shape) {
            direct::input_gradient
        } else {
            conv::input_gradient
        };
        let x = run(&values(&weight), &values(&gradient), &shape);
        tensor(x, [shape.batch, shape.channels_in, shape.rows.input, shape.columns.input].into())
    }

    fn kernel_conv2d_weight_gradient(
        x: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        shape: ConvShape,
    ) -> FloatTensor<Self> {
        let run = if shape.is_depthwise() {
            depthwise::weight_gradient
        } else if direct::weight_gradient_applies(&shape) {
            direct::weight_gradient
        } else {
            conv::weight_gradient
        };
        let weight = run(&values(&x), &values(&gradient), &shape);
        tensor(
            weight,
            [shape.channels_out, shape.channels_in / shape.groups, shape.rows.kernel, shape.columns.kernel].into(),
        )
    }

    fn kernel_max_pool2d(x: FloatTensor<Self>, shape: PoolShape) -> FloatTensor<Self> {
        let mut dims = x.shape();
        (dims[2], dims[3]) = (shape.rows.output, shape.columns.output);
        tensor(pool::forward(&values(&x), &shape), dims)
    }

    fn kernel_max_pool2d_gradient(
        x: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        shape: PoolShape,
    ) -> FloatTensor<Self> {
        tensor(pool::gradient(&values(&x), &values(&gradient), &shape), x.shape())
    }

    fn kernel_average_pool2d(x: FloatTensor<Self>, shape: AverageShape) -> FloatTensor<Self> {
        let mut dims = x.shape();
        [dims[2], dims[3]] = shape.output;
        tensor(average::forward(&values(&x), &shape), dims)
    }

    fn kernel_average_pool2d_gradient(gradient: FloatTensor<Self>, shape: AverageShape) -> FloatTensor<Self> {
        let mut dims = gradient.shape();
        [dims[2], dims[3]] = shape.input;
        tensor(average::gradient(&values(&gradient), &shape), dims)
    }

    fn kernel_relu6(mut x: FloatTensor<Self>) -> FloatTensor<Self> {
        if let Some(values) = owned(&mut x) {
            relu6::forward_in_place(values);
            return x;
        }
        tensor(relu6::forward(&values(&x)), x.shape())
    }

    fn kernel_relu6_gradient(y: FloatTensor<Self>, mut gradient: FloatTensor<Self>) -> FloatTensor<Self> {
        let y = values(&y);
        if let Some(values) = owned(&mut gradient) {
            relu6::gradient_in_place(&y, values);
            return gradient;
        }
        tensor(relu6::gradient(&y, &values(&gradient)), gradient.shape())
    }

    fn kernel_batch_norm(
        x: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        epsilon: f64,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>) {
        let channels = channels(&x);
        let (y, mean, variance) = norm::forward(&values(&x), &values(&gamma), &values(&beta), epsilon, channels);
        (tensor(y, x.shape()), tensor(mean, gamma.shape()), tensor(variance, gamma.shape()))
    }

    fn kernel_batch_norm_gradient(
        x: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        mean: FloatTensor<Self>,
        variance: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        epsilon: f64,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>) {
        let channels = channels(&x);
        let statistics = (&*values(&mean), &*values(&variance));
        let (dx, dgamma, dbeta) =
            norm::gradient(&values(&x), &values(&gamma), statistics, &values(&gradient), epsilon, channels);
        (tensor(dx, x.shape()), tensor(dgamma, gamma.shape()), tensor(dbeta, gamma.shape()))
    }

    fn kernel_affine(x: FloatTensor<Self>, scale: FloatTensor<Self>, shift: FloatTensor<Self>) -> FloatTensor<Self> {
        tensor(norm::affine(&values(&x), &values(&scale), &values(&shift), channels(&x)), x.shape())
    }
}

/// The elements in row-major order, copied only if the tensor is strided.
fn values(x: &FlexTensor) -> Cow<'_, [f32]> {
    let elements = x.shape().num_elements();
    match x.as_slice::<f32>() {
        Some(slice) if x.layout().is_contiguous() => Cow::Borrowed(&slice[..elements]),
        _ => match x.to_contiguous().as_slice::<f32>() {
            Some(slice) => Cow::Owned(slice[..elements].to_vec()),
            None => panic!("the kernels need f32 tensors, got {:?}", x.dtype()),
        },
    }
}

/// The elements, to overwrite: only of a tensor in row-major order that nothing else holds.
fn owned(x: &mut FlexTensor) -> Option<&mut [f32]> {
    let elements = x.shape().num_elements();
    let whole = x.dtype() == DType::F32
        && x.layout().is_contiguous()
        && x.layout().start_offset() == 0
        && x.bytes().len() == elements * size_of::<f32>();
    if whole { x.try_storage_mut::<f32>() } else { None }
}

fn tensor(data: Vec<f32>, shape: Shape) -> FlexTensor {
    FlexTensor::new(Bytes::from_elems(data), Layout::contiguous(shape), DType::F32)
}

/// `[batch, channels, …]`
fn channels(x: &FlexTensor) -> Channels {
    let shape = x.shape();
    let (batch, channels) = (shape[0], shape[1]);
    Channels { batch, channels, plane: shape.num_elements() / (batch * channels).max(1) }
}
