//! The backward rules and what they keep of the forward pass.

use burn::backend::{
    autodiff::{
        checkpoint::base::Checkpointer,
        grads::Gradients,
        ops::{Backward, Ops, unary},
    },
    tensor::FloatTensor,
};

use crate::{AverageShape, ConvShape, KernelBackend, PoolShape};

#[derive(Debug)]
pub(super) struct ConvBackward;

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
pub(super) struct PoolBackward;

impl<B: KernelBackend> Backward<B, 1> for PoolBackward {
    type State = (FloatTensor<B>, PoolShape);

    fn backward(self, ops: Ops<Self::State, 1>, grads: &mut Gradients, _: &mut Checkpointer) {
        let (x, shape) = ops.state;
        unary::<B, _>(ops.parents, ops.node, grads, |gradient| B::kernel_max_pool2d_gradient(x, gradient, shape));
    }
}

#[derive(Debug)]
pub(super) struct AverageBackward;

impl<B: KernelBackend> Backward<B, 1> for AverageBackward {
    type State = AverageShape;

    fn backward(self, ops: Ops<Self::State, 1>, grads: &mut Gradients, _: &mut Checkpointer) {
        let shape = ops.state;
        unary::<B, _>(ops.parents, ops.node, grads, |gradient| B::kernel_average_pool2d_gradient(gradient, shape));
    }
}

#[derive(Debug)]
pub(super) struct Relu6Backward;

impl<B: KernelBackend> Backward<B, 1> for Relu6Backward {
    type State = FloatTensor<B>;

    fn backward(self, ops: Ops<Self::State, 1>, grads: &mut Gradients, _: &mut Checkpointer) {
        let y = ops.state;
        unary::<B, _>(ops.parents, ops.node, grads, |gradient| B::kernel_relu6_gradient(y, gradient));
    }
}

#[derive(Debug)]
pub(super) struct NormBackward;

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
