//! What a model must offer to be trained here.

use burn::{
    module::{Module, ModuleDisplay},
    tensor::Tensor,
};

/// A Burn module that turns a batch of samples into class logits.
///
/// Samples arrive as `[batch, channels, height, width]`; tables as `[batch, features, 1, 1]`. A model of your own needs
/// nothing but this:
///
/// ```
/// use burn::{module::Module, nn::{Linear, LinearConfig}, tensor::{Device, Tensor}};
/// use stairs_train::Classifier;
///
/// #[derive(Module, Debug)]
/// struct Mine {
///     layer: Linear,
/// }
///
/// impl Classifier for Mine {
///     fn logits(&self, x: Tensor<4>) -> Tensor<2> {
///         self.layer.forward(x.flatten(1, 3))
///     }
/// }
///
/// let device = Device::flex();
/// let mine = Mine { layer: LinearConfig::new(64, 10).init(&device) };
/// assert_eq!(mine.logits(Tensor::zeros([2, 1, 8, 8], &device)).dims(), [2, 10]);
/// ```
pub trait Classifier: Module + ModuleDisplay + 'static {
    /// Logits `[batch, classes]` of a batch `[batch, channels, height, width]`.
    fn logits(&self, x: Tensor<4>) -> Tensor<2>;
}

/// A Burn module that turns a batch of samples into whatever its [task](crate::Task) makes a loss of. Every [`Classifier`]
/// is one; a model for another task implements this instead. A sequence in one sample is its rows, `[batch, 1, steps,
/// features]`; a model that answers every step puts its answers in one row.
pub trait Predictor: Module + ModuleDisplay + 'static {
    /// Outputs `[batch, outputs]` of a batch `[batch, channels, height, width]`.
    fn outputs(&self, x: Tensor<4>) -> Tensor<2>;
}

impl<M: Classifier> Predictor for M {
    fn outputs(&self, x: Tensor<4>) -> Tensor<2> {
        self.logits(x)
    }
}
