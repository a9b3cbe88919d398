//! The backward rules, first order.

use burn::backend::{
    Autodiff, AutodiffBackend, Backend,
    autodiff::{
        checkpoint::{base::Checkpointer, strategy::CheckpointStrategy},
        grads::Gradients,
        ops::{Backward, Ops, OpsKind, unary},
    },
    tensor::FloatTensor,
};

use crate::{ConvShape, KernelBackend, PoolShape};

#[derive(Debug)]
struct ConvBackward;

impl<B: KernelBackend> Backward<B, 2> for ConvBackward {
    type State = (FloatTensor<B>, FloatTensor<B>, ConvShape);

    fn backward(self, ops: Ops<Self::State, 2>, grads: &mut Gradients, _: &mut Checkpointer) {
        let [input, weights] = ops.parents;
        let gradient = grads.consume::<B>(&ops.node);
        let (x, weight, shape) = ops.state;
        if let Some(node) = weights {
            grads.register::<B>(node.id, B::kernel_conv2d_weight_gradient(x, gradient.clone(), shape));
        }
        if let Some(node) = input {
            grads.register::<B>(node.id, B::kernel_conv2d_input_gradient(weight, gradient, shape));
        }
    }
}

#[derive(Debug)]
struct PoolBackward;

impl<B: KernelBackend> Backward<B, 1> for PoolBackward {
    type State = (FloatTensor<B>, PoolShape);

    fn backward(self, ops: Ops<Self::State, 1>, grads: &mut Gradients, _: &mut Checkpointer) {
        let (x, shape) = ops.state;
        unary::<B, _>(ops.parents, ops.node, grads, |gradient| B::kernel_max_pool2d_gradient(x, gradient, shape));
    }
}

#[derive(Debug)]
struct NormBackward;

impl<B: KernelBackend> Backward<B, 3> for NormBackward {
    type State = (FloatTensor<B>, FloatTensor<B>, FloatTensor<B>, FloatTensor<B>, f64);

    fn backward(self, ops: Ops<Self::State, 3>, grads: &mut Gradients, _: &mut Checkpointer) {
        let gradient = grads.consume::<B>(&ops.node);
        let (x, gamma, mean, variance, epsilon) = ops.state;
        let (x, gamma, beta) = B::kernel_batch_norm_gradient(x, gamma, mean, variance, gradient, epsilon);
        for (parent, gradient) in ops.parents.into_iter().zip([x, gamma, beta]) {
            if let Some(node) = parent {
                grads.register::<B>(node.id, gradient);
            }
        }
    }
}

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
