//! Shapes through modules.

use burn::module::Param;
use burn::tensor::Tensor;
use stairs_noise::Stair;
use stairs_quant::{Quantiser, StairFunction};

use super::memory::{Activations, Step};
use super::{Layer, LayerKind, Parameter, Precision};
use crate::ModelError;

/// A module that shapes can go through, as tensors do in its `forward`.
pub(crate) trait Traced {
    /// What comes out for `x`; adds its layers to the trace.
    fn trace(&self, trace: &mut Trace, x: Flow) -> Result<Flow, ModelError>;
}

/// Features on their way through a network.
#[derive(Clone, Debug)]
pub(crate) struct Flow {
    /// Shape of a sample.
    pub(crate) shape: Vec<usize>,
    /// What they are.
    pub(super) precision: Precision,
    /// Their number in the account of memory.
    pub(super) id: usize,
}

/// A layer in the making: all but where it stands and what goes through it.
pub(super) struct Work {
    pub(super) kind: LayerKind,
    pub(super) parameters: Vec<Parameter>,
    pub(super) macs: u64,
    pub(super) weights: Option<Precision>,
    pub(super) quantiser: Option<String>,
}

/// A forward pass of shapes.
pub(crate) struct Trace {
    path: Vec<String>,
    layers: Vec<Layer>,
    memory: Activations,
    /// Paths of weights that are going to be quantised.
    planned: Vec<String>,
    quantiser: Option<Quantiser>,
}

impl Work {
    pub(super) fn of(kind: LayerKind) -> Self {
        Self { kind, parameters: Vec::new(), macs: 0, weights: None, quantiser: None }
    }
}

impl Trace {
    /// A pass through a model whose weights at the paths `planned` are going to be quantised.
    pub(super) fn new(planned: Vec<String>, quantiser: Option<Quantiser>) -> Self {
        Self { path: Vec::new(), layers: Vec::new(), memory: Activations::default(), planned, quantiser }
    }

    pub(super) fn finish(self) -> (Vec<Layer>, Activations) {
        (self.layers, self.memory)
    }

    /// A sample.
    pub(super) fn input(&mut self, shape: [usize; 3]) -> Flow {
        self.flow(shape.to_vec(), Precision::Float)
    }

    /// Evaluates `body` where the field `name` is.
    pub(crate) fn inside<T>(&mut self, name: &str, body: impl FnOnce(&mut Self) -> T) -> T {
        self.path.push(name.to_owned());
        let value = body(self);
        self.path.pop();
        value
    }

    /// What the fields give for `x`, one after another.
    pub(crate) fn through(&mut self, x: Flow, fields: &[(&str, &dyn Traced)]) -> Result<Flow, ModelError> {
        fields.iter().try_fold(x, |x, (name, field)| self.inside(name, |trace| field.trace(trace, x)))
    }

    /// Mean over the image.
    pub(crate) fn mean(&mut self, x: &Flow) -> Flow {
        let shape = vec![x.shape[0]];
        self.inside("mean", |trace| trace.layer(Work::of(LayerKind::MeanPool), &[x], shape, Precision::Float, false))
    }

    /// Every `stride`-th pixel, with this many channels of zeros behind.
    pub(crate) fn pad(&mut self, x: &Flow, stride: [usize; 2], channels: usize) -> Result<Flow, ModelError> {
        let [before, height, width] = image(x, None)?;
        let shape = vec![before + channels, height.div_ceil(stride[0]), width.div_ceil(stride[1])];
        Ok(self.layer(Work::of(LayerKind::Pad { stride }), &[x], shape, x.precision, false))
    }

    /// The sum of two of the same shape.
    pub(crate) fn add(&mut self, x: &Flow, y: &Flow) -> Flow {
        let shape = x.shape.clone();
        self.inside("add", |trace| trace.layer(Work::of(LayerKind::Add), &[x, y], shape, Precision::Float, true))
    }

    /// A layer that stands at the current path; `elementwise` where every result depends on one element of each input.
    pub(super) fn layer(
        &mut self,
        work: Work,
        inputs: &[&Flow],
        shape: Vec<usize>,
        precision: Precision,
        elementwise: bool,
    ) -> Flow {
        let output = self.flow(shape, precision);
        let reads = inputs.iter().map(|input| input.id).collect();
        self.memory.steps.push(Step { reads, writes: output.id, elementwise });
        self.layers.push(Layer {
            path: self.path(),
            kind: work.kind,
            input: inputs.first().map_or_else(Vec::new, |input| input.shape.clone()),
            output: output.shape.clone(),
            parameters: work.parameters,
            macs: work.macs,
            weights: work.weights,
            input_features: inputs.first().map_or(Precision::Float, |input| input.precision),
            output_features: precision,
            quantiser: work.quantiser,
        });
        output
    }

    /// The current path.
    pub(super) fn path(&self) -> String {
        self.path.join(".")
    }

    /// What the weights at the current path are, and the path of their quantiser.
    pub(super) fn weights<const D: usize>(&self, weight: &Param<Tensor<D>>) -> (Precision, Option<String>) {
        let path = format!("{}.weight", self.path());
        let found = match weight.reparameterization::<Stair>() {
            Some(stair) => levels(stair.function()),
            None => self.quantiser.filter(|_| self.planned.contains(&path)).and_then(|q| levels(&q.stair())),
        };
        match found {
            Some(precision) => (precision, Some(format!("{path}.stair"))),
            None => (Precision::Float, None),
        }
    }

    fn flow(&mut self, shape: Vec<usize>, precision: Precision) -> Flow {
        let count = shape.iter().map(|size| *size as u64).product();
        self.memory.bytes.push(precision.bytes(count));
        Flow { shape, precision, id: self.memory.bytes.len() - 1 }
    }
}

/// Channels, height and width of what must be an image, with `channels` channels if given.
pub(super) fn image(x: &Flow, channels: Option<usize>) -> Result<[usize; 3], ModelError> {
    let needs = "must be what the model was made for";
    let wrong = |field, value| ModelError::Size { field, value, needs };
    let shape: [usize; 3] =
        x.shape.as_slice().try_into().map_err(|_| wrong("dimensions of a sample", x.shape.len()))?;
    match channels {
        Some(channels) if channels != shape[0] => Err(wrong("channels of a sample", shape[0])),
        _ => Ok(shape),
    }
}

/// The named quantiser with this stair function; the first of the catalogue where several share it.
pub(super) fn levels(stair: &StairFunction) -> Option<Precision> {
    Quantiser::catalogue().into_iter().find(|quantiser| quantiser.stair() == *stair).map(Precision::Levels)
}

impl<T: Traced> Traced for Option<T> {
    fn trace(&self, trace: &mut Trace, x: Flow) -> Result<Flow, ModelError> {
        match self {
            Some(module) => module.trace(trace, x),
            None => Ok(x),
        }
    }
}

impl<T: Traced> Traced for Vec<T> {
    fn trace(&self, trace: &mut Trace, x: Flow) -> Result<Flow, ModelError> {
        let mut numbered = self.iter().enumerate();
        numbered.try_fold(x, |x, (index, module)| trace.inside(&index.to_string(), |trace| module.trace(trace, x)))
    }
}
