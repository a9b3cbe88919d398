//! The kernels on Flex: tensors to slices and back.
//!
//! Every method first compares its tensors with its shape. What comes out of that, [`Checked`] shapes and slices as long
//! as they say, is what the kernels work on.

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
    checked::Checked,
    cpu::{average, conv, depthwise, direct, norm, norm::Channels, pool, relu6},
    misfit::Misfit,
};

impl KernelBackend for Flex {
    fn kernel_conv2d(x: FloatTensor<Self>, weight: FloatTensor<Self>, shape: ConvShape) -> FloatTensor<Self> {
        let shape = checked("conv2d", shape);
        expect("input", &x, &shape.input());
        expect("weights", &weight, &shape.weight());
        let run = if shape.is_depthwise() {
            depthwise::forward
        } else if direct::forward_applies(&shape) {
            direct::forward
        } else {
            conv::forward
        };
        let y = run(&values(&x), &values(&weight), &shape);
        tensor(y, shape.output().into())
    }

    fn kernel_conv2d_input_gradient(
        weight: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        shape: ConvShape,
    ) -> FloatTensor<Self> {
        let shape = checked("conv2d", shape);
        expect("weights", &weight, &shape.weight());
        expect("gradient", &gradient, &shape.output());
        let run = if shape.is_depthwise() {
            depthwise::input_gradient
        } else if direct::input_gradient_applies(&shape) {
            direct::input_gradient
        } else {
            conv::input_gradient
        };
        let x = run(&values(&weight), &values(&gradient), &shape);
        tensor(x, shape.input().into())
    }

    fn kernel_conv2d_weight_gradient(
        x: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        shape: ConvShape,
    ) -> FloatTensor<Self> {
        let shape = checked("conv2d", shape);
        expect("input", &x, &shape.input());
        expect("gradient", &gradient, &shape.output());
        let run = if shape.is_depthwise() {
            depthwise::weight_gradient
        } else if direct::weight_gradient_applies(&shape) {
            direct::weight_gradient
        } else {
            conv::weight_gradient
        };
        let weight = run(&values(&x), &values(&gradient), &shape);
        tensor(weight, shape.weight().into())
    }

    fn kernel_max_pool2d(x: FloatTensor<Self>, shape: PoolShape) -> FloatTensor<Self> {
        let shape = checked("max_pool2d", shape);
        let dims = expect_planes("input", &x, shape.planes, [shape.rows.input, shape.columns.input]);
        let y = pool::forward(&values(&x), &shape);
        tensor(y, [dims[0], dims[1], shape.rows.output, shape.columns.output].into())
    }

    fn kernel_max_pool2d_gradient(
        x: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        shape: PoolShape,
    ) -> FloatTensor<Self> {
        let shape = checked("max_pool2d", shape);
        let dims = expect_planes("input", &x, shape.planes, [shape.rows.input, shape.columns.input]);
        expect("gradient", &gradient, &[dims[0], dims[1], shape.rows.output, shape.columns.output]);
        tensor(pool::gradient(&values(&x), &values(&gradient), &shape), x.shape())
    }

    fn kernel_average_pool2d(x: FloatTensor<Self>, shape: AverageShape) -> FloatTensor<Self> {
        let shape = checked("adaptive_avg_pool2d", shape);
        let dims = expect_planes("input", &x, shape.planes, shape.input);
        let y = average::forward(&values(&x), &shape);
        tensor(y, [dims[0], dims[1], shape.output[0], shape.output[1]].into())
    }

    fn kernel_average_pool2d_gradient(gradient: FloatTensor<Self>, shape: AverageShape) -> FloatTensor<Self> {
        let shape = checked("adaptive_avg_pool2d", shape);
        let dims = expect_planes("gradient", &gradient, shape.planes, shape.output);
        let dx = average::gradient(&values(&gradient), &shape);
        tensor(dx, [dims[0], dims[1], shape.input[0], shape.input[1]].into())
    }

    fn kernel_relu6(mut x: FloatTensor<Self>) -> FloatTensor<Self> {
        expect("input", &x, x.shape().as_slice());
        if let Some(values) = owned(&mut x) {
            relu6::forward_in_place(values);
            return x;
        }
        tensor(relu6::forward(&values(&x)), x.shape())
    }

    fn kernel_relu6_gradient(y: FloatTensor<Self>, mut gradient: FloatTensor<Self>) -> FloatTensor<Self> {
        expect("output", &y, y.shape().as_slice());
        expect("gradient", &gradient, y.shape().as_slice());
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
        let channels = channels(&x, [("gamma", &gamma), ("beta", &beta)]);
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
        let channels = channels(&x, [("gamma", &gamma), ("mean", &mean), ("variance", &variance)]);
        expect("gradient", &gradient, x.shape().as_slice());
        let statistics = (&*values(&mean), &*values(&variance));
        let (dx, dgamma, dbeta) =
            norm::gradient(&values(&x), &values(&gamma), statistics, &values(&gradient), epsilon, channels);
        (tensor(dx, x.shape()), tensor(dgamma, gamma.shape()), tensor(dbeta, gamma.shape()))
    }

    fn kernel_affine(x: FloatTensor<Self>, scale: FloatTensor<Self>, shift: FloatTensor<Self>) -> FloatTensor<Self> {
        let channels = channels(&x, [("scale", &scale), ("shift", &shift)]);
        tensor(norm::affine(&values(&x), &values(&scale), &values(&shift), channels), x.shape())
    }
}

fn checked<S: TryInto<Checked<S>, Error = Misfit>>(what: &str, shape: S) -> Checked<S> {
    shape.try_into().unwrap_or_else(|misfit| panic!("{what}: {misfit}"))
}

fn expect(what: &str, x: &FlexTensor, dims: &[usize]) {
    let (shape, dtype) = (x.shape(), x.dtype());
    assert!(shape.as_slice() == dims, "the {what} of a kernel: expected dimensions {dims:?}, found {shape:?}");
    assert!(dtype == DType::F32, "the {what} of a kernel: expected f32, found {dtype:?}");
}

/// The dimensions of `x`, which must be `[batch, channels, height, width]` with `planes` = batch·channels.
fn expect_planes(what: &str, x: &FlexTensor, planes: usize, [height, width]: [usize; 2]) -> [usize; 4] {
    let shape = x.shape();
    let &[batch, channels, _, _] = shape.as_slice() else {
        panic!("the {what} of a kernel: expected four dimensions, found {shape:?}")
    };
    assert!(
        batch.checked_mul(channels) == Some(planes),
        "the {what} of a kernel: expected {planes} planes in {shape:?}"
    );
    let dims = [batch, channels, height, width];
    expect(what, x, &dims);
    dims
}

/// `[batch, channels, …]`, where each of `per_channel` must be `[channels]`.
fn channels<const N: usize>(x: &FlexTensor, per_channel: [(&str, &FlexTensor); N]) -> Channels {
    let shape = x.shape();
    let channels = Channels::of(shape.as_slice());
    let Some(channels) = channels else {
        panic!("the input of a norm: expected [batch, channels, …], found {shape:?}")
    };
    expect("input", x, shape.as_slice());
    for (what, values) in per_channel {
        expect(what, values, &[channels.channels()]);
    }
    channels
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
