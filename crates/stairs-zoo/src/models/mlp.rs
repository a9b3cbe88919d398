//! Multi-layer perceptron: (dense – batch norm – activation)ⁿ – dense.

use burn::config::Config;
use burn::module::Module;
use burn::nn::{BatchNorm, BatchNormConfig, Linear, LinearConfig};
use burn::tensor::{Device, Tensor};

use crate::family::{Family, Name, Order, joined};
use crate::quantisation::positive;
use crate::{Activation, FamilyName, Model, ModelError, Quantisation};

/// A multi-layer perceptron.
#[derive(Module, Debug)]
pub struct Mlp {
    hidden: Vec<Block>,
    output: Linear,
}

/// Dense – batch norm – activation; the norm may be missing.
#[derive(Module, Debug)]
pub(crate) struct Block {
    linear: Linear,
    norm: Option<BatchNorm>,
    activation: Activation,
}

/// Configuration of an [`Mlp`].
#[derive(Config, Debug, PartialEq)]
pub struct MlpConfig {
    /// Inputs a sample (an image counts all its pixels).
    pub inputs: usize,
    /// Widths of the hidden layers.
    pub hidden: Vec<usize>,
    /// Number of classes.
    pub classes: usize,
    /// Batch normalisation after every hidden layer; without it hidden layers have a bias.
    #[config(default = true)]
    pub norm: bool,
    /// Float or quantised.
    #[config(default = "Quantisation::Float")]
    pub quantisation: Quantisation,
}

impl MlpConfig {
    /// The model on `device`.
    ///
    /// # Errors
    /// [`ModelError`] for a width of 0 or a quantisation that is not possible.
    pub fn init(&self, device: &Device) -> Result<Mlp, ModelError> {
        self.quantisation.quantise(self.build(device)?)
    }

    /// The model before its weights are quantised.
    fn build(&self, device: &Device) -> Result<Mlp, ModelError> {
        let mut width = positive("inputs", self.inputs)?;
        let mut hidden = Vec::with_capacity(self.hidden.len());
        for next in &self.hidden {
            let next = positive("hidden", *next)?;
            hidden.push(Block::new([width, next], self.norm, &self.quantisation, device)?);
            width = next;
        }
        let output = LinearConfig::new(width, positive("classes", self.classes)?).init(device);
        Ok(Mlp { hidden, output })
    }
}

impl Mlp {
    /// Logits `[B, classes]` of a batch of any shape `[B, …]` with `inputs` numbers a sample.
    pub fn forward<const D: usize>(&self, x: Tensor<D>) -> Tensor<2> {
        let x = x.flatten::<2>(1, D - 1);
        let x = self.hidden.iter().fold(x, |x, block| block.forward(x));
        self.output.forward(x)
    }
}

impl Block {
    /// A block; without a norm the dense layer has a bias.
    pub(crate) fn new(
        [inputs, outputs]: [usize; 2],
        norm: bool,
        quantisation: &Quantisation,
        device: &Device,
    ) -> Result<Self, ModelError> {
        Ok(Self {
            // A batch norm has a bias of its own.
            linear: LinearConfig::new(inputs, outputs).with_bias(!norm).init(device),
            norm: norm.then(|| BatchNormConfig::new(outputs).init(device)),
            activation: Activation::new(quantisation, device)?,
        })
    }

    pub(crate) fn forward(&self, x: Tensor<2>) -> Tensor<2> {
        let x = self.linear.forward(x);
        let x = match &self.norm {
            Some(norm) => norm.forward(x),
            None => x,
        };
        self.activation.forward(x)
    }
}

/// An [`Mlp`] by name: `mlp:64-32`; `plain-mlp:64-32` without batch normalisation, `linear` without hidden layers.
#[derive(Clone, Debug, PartialEq)]
pub struct MlpSizes {
    /// Widths of the hidden layers.
    pub hidden: Vec<usize>,
    /// Batch normalisation after every hidden layer.
    pub norm: bool,
}

impl Family for MlpSizes {
    fn names() -> Vec<FamilyName> {
        vec![
            FamilyName::new(["linear", ""], "linear", "a dense layer: softmax regression", ("", [1, 4, 4])),
            FamilyName::new(
                ["mlp", "256-256"],
                "MLP",
                "dense – batch norm – activation of these widths, then a dense layer",
                ("5-3", [2, 3, 4]),
            ),
            FamilyName::new(
                ["plain-mlp", "256-256"],
                "plain MLP",
                "the same without batch normalisation",
                ("4", [54, 1, 1]),
            ),
        ]
    }

    fn parse(name: &Name<'_>) -> Option<Result<Self, &'static str>> {
        let hidden = match name.family {
            "linear" => return Some(name.no_sizes().map(|()| Self { hidden: Vec::new(), norm: false })),
            "mlp" | "plain-mlp" => name.sizes(&[256, 256]),
            _ => return None,
        };
        Some(hidden.map(|hidden| Self { hidden, norm: name.family == "mlp" }))
    }

    fn name(&self) -> &'static str {
        match (self.hidden.is_empty(), self.norm) {
            (true, _) => "linear",
            (_, true) => "mlp",
            (_, false) => "plain-mlp",
        }
    }

    fn sizes(&self) -> String {
        joined(&self.hidden)
    }

    fn build(&self, order: Order<'_>) -> Result<Model, ModelError> {
        let mlp = MlpConfig::new(order.input.iter().product(), self.hidden.clone(), order.classes).with_norm(self.norm);
        Ok(mlp.with_quantisation(order.quantisation).build(order.device)?.into())
    }
}
