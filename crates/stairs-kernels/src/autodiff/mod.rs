//! The operations on `Autodiff`: forward on the inner backend, and what their backward rules keep. First order.

mod rules;

use burn::backend::{
    Autodiff, AutodiffBackend, Backend,
    autodiff::{
        checkpoint::strategy::CheckpointStrategy,
        ops::{Backward, OpsKind},
    },
    tensor::FloatTensor,
};

use self::rules::{AverageBackward, ConvBackward, NormBackward, PoolBackward, Relu6Backward};
use crate::{AverageShape, ConvShape, KernelBackend, PoolShape};

impl<B: KernelBackend, C: CheckpointStrategy> KernelBackend for Autodiff<B, C> {
    fn kernel_conv2d(x: FloatTensor<Self>, weight: FloatTensor<Self>, shape: ConvShape) -> FloatTensor<Self> {
        match ConvBackward.prepare::<C>([x.node(), weight.node()]).compute_bound().stateful() {
            OpsKind::Tracked(prep) => {
                let (x, weight) = (x.into_primitive(), weight.into_primitive());
                let y = B::kernel_conv2d(x.clone(), weight.clone(), shape);
                prep.finish((x, weight, shape), y)
            }
            OpsKind::UnTracked(prep) => {
                prep.finish(B::kernel_conv2d(x.into_primitive(), weight.into_primitive(), shape))
            }
        }
    }

    fn kernel_max_pool2d(x: FloatTensor<Self>, shape: PoolShape) -> FloatTensor<Self> {
        match PoolBackward.prepare::<C>([x.node()]).compute_bound().stateful() {
            OpsKind::Tracked(prep) => {
                let x = x.into_primitive();
                let y = B::kernel_max_pool2d(x.clone(), shape);
                prep.finish((x, shape), y)
            }
            OpsKind::UnTracked(prep) => prep.finish(B::kernel_max_pool2d(x.into_primitive(), shape)),
        }
    }

    fn kernel_average_pool2d(x: FloatTensor<Self>, shape: AverageShape) -> FloatTensor<Self> {
        match AverageBackward.prepare::<C>([x.node()]).compute_bound().stateful() {
            OpsKind::Tracked(prep) => prep.finish(shape, B::kernel_average_pool2d(x.into_primitive(), shape)),
            OpsKind::UnTracked(prep) => prep.finish(B::kernel_average_pool2d(x.into_primitive(), shape)),
        }
    }

    fn kernel_relu6(x: FloatTensor<Self>) -> FloatTensor<Self> {
        match Relu6Backward.prepare::<C>([x.node()]).compute_bound().stateful() {
            OpsKind::Tracked(prep) => {
                let y = B::kernel_relu6(x.into_primitive());
                prep.finish(y.clone(), y)
            }
            OpsKind::UnTracked(prep) => prep.finish(B::kernel_relu6(x.into_primitive())),
        }
    }

    fn kernel_batch_norm(
        x: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        epsilon: f64,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>) {
        let prep = NormBackward.prepare::<C>([x.node(), gamma.node(), beta.node()]).compute_bound().stateful();
        let (x, gamma, beta) = (x.into_primitive(), gamma.into_primitive(), beta.into_primitive());
        let (y, mean, variance) = B::kernel_batch_norm(x.clone(), gamma.clone(), beta, epsilon);
        let y = match prep {
            OpsKind::Tracked(prep) => prep.finish((x, gamma, mean.clone(), variance.clone(), epsilon), y),
            OpsKind::UnTracked(prep) => prep.finish(y),
        };
        (y, constant::<B, C>(mean), constant::<B, C>(variance))
    }

    // Below: reached only when somebody calls these by hand on an autodiff device. The results are constants.

    fn kernel_conv2d_input_gradient(
        weight: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        shape: ConvShape,
    ) -> FloatTensor<Self> {
        let gradient = B::kernel_conv2d_input_gradient(weight.into_primitive(), gradient.into_primitive(), shape);
        constant::<B, C>(gradient)
    }

    fn kernel_conv2d_weight_gradient(
        x: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        shape: ConvShape,
    ) -> FloatTensor<Self> {
        let gradient = B::kernel_conv2d_weight_gradient(x.into_primitive(), gradient.into_primitive(), shape);
        constant::<B, C>(gradient)
    }

    fn kernel_max_pool2d_gradient(
        x: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        shape: PoolShape,
    ) -> FloatTensor<Self> {
        constant::<B, C>(B::kernel_max_pool2d_gradient(x.into_primitive(), gradient.into_primitive(), shape))
    }

    fn kernel_average_pool2d_gradient(gradient: FloatTensor<Self>, shape: AverageShape) -> FloatTensor<Self> {
        constant::<B, C>(B::kernel_average_pool2d_gradient(gradient.into_primitive(), shape))
    }

    fn kernel_relu6_gradient(y: FloatTensor<Self>, gradient: FloatTensor<Self>) -> FloatTensor<Self> {
        constant::<B, C>(B::kernel_relu6_gradient(y.into_primitive(), gradient.into_primitive()))
    }

    fn kernel_batch_norm_gradient(
        x: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        mean: FloatTensor<Self>,
        variance: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        epsilon: f64,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>) {
        let (mean, variance) = (mean.into_primitive(), variance.into_primitive());
        let (x, gamma, gradient) = (x.into_primitive(), gamma.into_primitive(), gradient.into_primitive());
        let (x, gamma, beta) = B::kernel_batch_norm_gradient(x, gamma, mean, variance, gradient, epsilon);
        (constant::<B, C>(x), constant::<B, C>(gamma), constant::<B, C>(beta))
    }

    fn kernel_affine(x: FloatTensor<Self>, scale: FloatTensor<Self>, shift: FloatTensor<Self>) -> FloatTensor<Self> {
        constant::<B, C>(B::kernel_affine(x.into_primitive(), scale.into_primitive(), shift.into_primitive()))
    }
}

fn constant<B: Backend, C: CheckpointStrategy>(value: FloatTensor<B>) -> FloatTensor<Autodiff<B, C>> {
    <Autodiff<B, C> as AutodiffBackend>::from_inner(value)
}
