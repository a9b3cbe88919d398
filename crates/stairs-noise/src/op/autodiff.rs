//! The backward rule of the regularised stair, once for all backends.

use burn::backend::autodiff::{
    Autodiff,
    checkpoint::{base::Checkpointer, strategy::CheckpointStrategy},
    grads::Gradients,
    ops::{Backward, Ops, OpsKind, unary},
};
use burn::backend::{AutodiffBackend, tensor::FloatTensor};

use super::{StairBackend, StairSpec};

#[derive(Debug)]
struct StairBackward;

impl<B: StairBackend> Backward<B, 1> for StairBackward {
    type State = (FloatTensor<B>, StairSpec);

    fn backward(self, ops: Ops<Self::State, 1>, grads: &mut Gradients, _: &mut Checkpointer) {
        let (x, spec) = ops.state;
        unary::<B, _>(ops.parents, ops.node, grads, |gradient| B::regularised_stair_gradient(x, gradient, spec));
    }
}

impl<B: StairBackend, C: CheckpointStrategy> StairBackend for Autodiff<B, C> {
    fn regularised_stair(x: FloatTensor<Self>, spec: StairSpec) -> FloatTensor<Self> {
        match StairBackward.prepare::<C>([x.node()]).compute_bound().stateful() {
            OpsKind::Tracked(prep) => {
                let value = x.primitive().clone();
                let y = B::regularised_stair(value.clone(), spec.clone());
                prep.finish((value, spec), y)
            }
            OpsKind::UnTracked(prep) => prep.finish(B::regularised_stair(x.into_primitive(), spec)),
        }
    }

    fn regularised_stair_gradient(
        x: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        spec: StairSpec,
    ) -> FloatTensor<Self> {
        // Reached only when somebody calls the gradient op by hand: its result is a constant.
        let value = B::regularised_stair_gradient(x.into_primitive(), gradient.into_primitive(), spec);
        <Self as AutodiffBackend>::from_inner(value)
    }
}
