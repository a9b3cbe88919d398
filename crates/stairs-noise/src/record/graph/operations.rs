//! Operations on features, by the names Burn has for them.

use burn::backend::ir::{
    ActivationOperationIr, BaseOperationIr, FloatOperationIr, ModuleOperationIr, NumericOperationIr, OperationIr,
    TensorIr,
};
use stairs_network::{Op, Source, Window};

use super::names::{number, wide};
use super::{Feature, Form, Found, RecordError, Translation, Value};
use crate::op::capture::Recorded;

impl Translation<'_> {
    /// An operation on features.
    pub(super) fn feature(&mut self, operation: &OperationIr) -> Result<Found, RecordError> {
        match operation {
            OperationIr::BaseFloat(operation) => self.base(operation),
            OperationIr::NumericFloat(_, operation) => self.numeric(operation),
            OperationIr::Float(_, FloatOperationIr::Matmul(matmul)) => {
                match (self.value(&matmul.lhs), self.value(&matmul.rhs)) {
                    (Value::Feature(x), Value::Constant(weight)) => self.dense(&x, weight, None),
                    _ => Ok(Found::Unknown),
                }
            }
            OperationIr::Activation(ActivationOperationIr::Relu(relu)) => {
                let Value::Feature(x) = self.value(&relu.input) else { return Ok(Found::Unknown) };
                match x.form {
                    Form::Minus(limit) => Ok(Found::View(x.source, Form::Rest(limit))),
                    _ => self.node(&x, "relu", Op::Relu),
                }
            }
            OperationIr::Module(operation) => self.module(operation),
            OperationIr::Custom(custom) => match (Recorded::read(custom), custom.inputs.first().map(|x| self.value(x)))
            {
                (Some(recorded), Some(Value::Feature(x))) => self.stair(&x, recorded),
                _ => Ok(Found::Unknown),
            },
            _ => Ok(Found::Unknown),
        }
    }

    pub(super) fn base(&mut self, operation: &BaseOperationIr) -> Result<Found, RecordError> {
        match operation {
            BaseOperationIr::Reshape(shape) => {
                let Value::Feature(x) = self.value(&shape.input) else { return Ok(Found::Unknown) };
                Ok(Found::View(x.source, x.form))
            }
            BaseOperationIr::Cat(cat) => {
                let parts: Vec<Value> = cat.tensors.iter().map(|tensor| self.value(tensor)).collect();
                let mut features = parts.iter().enumerate().filter_map(|(index, part)| match part {
                    Value::Feature(feature) => Some((index, feature.clone())),
                    Value::Constant(_) => None,
                });
                let (Some((index, x)), None) = (features.next(), features.next()) else { return Ok(Found::Unknown) };
                let zeros = parts.iter().all(|part| !matches!(part, Value::Constant(constant) if !constant.is_zero));
                if !zeros || cat.dim != x.skipped || x.view.len() != 3 {
                    return Ok(Found::Unknown);
                }
                let channels = |tensors: &[TensorIr]| tensors.iter().map(|tensor| tensor.shape[cat.dim]).sum();
                let (before, behind) = (channels(&cat.tensors[..index]), channels(&cat.tensors[index + 1..]));
                self.node(&x, "pad", Op::PadChannels { before, behind })
            }
            _ => Ok(Found::Unknown),
        }
    }

    pub(super) fn numeric(&mut self, operation: &NumericOperationIr) -> Result<Found, RecordError> {
        match operation {
            NumericOperationIr::Add(add) => match (self.value(&add.lhs), self.value(&add.rhs)) {
                (Value::Feature(a), Value::Feature(b)) => self.sum(&a, &b),
                (Value::Feature(x), Value::Constant(bias)) | (Value::Constant(bias), Value::Feature(x)) => {
                    self.bias(&x, &bias)
                }
                _ => Ok(Found::Unknown),
            },
            NumericOperationIr::Sub(sub) => match (self.value(&sub.lhs), self.value(&sub.rhs)) {
                (Value::Constant(limit), Value::Feature(x)) => match (limit.single(), x.form) {
                    (Some(limit), Form::Plain) => Ok(Found::View(x.source, Form::Minus(limit))),
                    (Some(limit), Form::Rest(same)) if limit == same && self.is_relu(x.source) => {
                        let x = Feature { form: Form::Plain, ..x };
                        self.node(&x, "clip", Op::Clip { low: 0.0, high: f64::from(limit) })
                    }
                    _ => Ok(Found::Unknown),
                },
                _ => Ok(Found::Unknown),
            },
            NumericOperationIr::Div(div) => match (self.value(&div.lhs), self.value(&div.rhs)) {
                (Value::Feature(x), Value::Constant(quantum)) if x.form == Form::Plain => match quantum.single() {
                    Some(quantum) => Ok(Found::View(x.source, Form::Divided(quantum))),
                    None => Ok(Found::Unknown),
                },
                _ => Ok(Found::Unknown),
            },
            NumericOperationIr::Mul(mul) => match (self.value(&mul.lhs), self.value(&mul.rhs)) {
                (Value::Feature(x), Value::Constant(factor)) | (Value::Constant(factor), Value::Feature(x)) => {
                    Ok(self.output_scale(&x, &factor))
                }
                _ => Ok(Found::Unknown),
            },
            NumericOperationIr::Clamp(clamp) => {
                match (self.value(&clamp.tensor), number(&clamp.min), number(&clamp.max)) {
                    (Value::Feature(x), Some(low), Some(high)) => {
                        self.node(&x, "clip", Op::Clip { low: f64::from(low), high: f64::from(high) })
                    }
                    _ => Ok(Found::Unknown),
                }
            }
            NumericOperationIr::ClampMin(clamp) => match (self.value(&clamp.lhs), number(&clamp.rhs)) {
                (Value::Feature(x), Some(0.0)) => self.node(&x, "relu", Op::Relu),
                _ => Ok(Found::Unknown),
            },
            NumericOperationIr::MeanDim(mean) => {
                let Value::Feature(x) = self.value(&mean.input) else { return Ok(Found::Unknown) };
                self.mean(&x, mean.axis)
            }
            _ => Ok(Found::Unknown),
        }
    }

    pub(super) fn is_relu(&self, source: Source) -> bool {
        matches!(source, Source::Node(node) if self.builder.nodes()[node].op == Op::Relu)
    }

    pub(super) fn module(&mut self, operation: &ModuleOperationIr) -> Result<Found, RecordError> {
        match operation {
            ModuleOperationIr::Linear(linear) => match (self.value(&linear.x), self.value(&linear.weight)) {
                (Value::Feature(x), Value::Constant(weight)) => self.dense(&x, weight, linear.bias.as_ref()),
                _ => Ok(Found::Unknown),
            },
            ModuleOperationIr::Conv2d(conv) => {
                let (Value::Feature(x), Value::Constant(weight)) = (self.value(&conv.x), self.value(&conv.weight))
                else {
                    return Ok(Found::Unknown);
                };
                let [rows, columns] = [weight.dims[2], weight.dims[3]];
                let window = Window::new([rows, columns])?
                    .with_stride(conv.options.stride)?
                    .with_dilation(conv.options.dilation)?
                    .with_padding(conv.options.padding.map(|(before, behind)| [before, behind]));
                let (path, weight) = self.weight(weight, "conv")?;
                let bias = self.vector(conv.bias.as_ref())?;
                self.named(&x, path, Op::Conv { window, groups: conv.options.groups, weight, bias })
            }
            ModuleOperationIr::BatchNorm(norm) => {
                let Value::Feature(x) = self.value(&norm.x) else { return Ok(Found::Unknown) };
                let (Value::Constant(gamma), Some(epsilon)) = (self.value(&norm.gamma), wide(&norm.epsilon)) else {
                    return Ok(Found::Unknown);
                };
                let arrays =
                    [&norm.gamma, &norm.beta, &norm.mean, &norm.variance].map(|tensor| self.vector(Some(tensor)));
                let [gamma_array, beta, mean, variance] = arrays;
                let (Some(gamma_array), Some(beta), Some(mean), Some(variance)) =
                    (gamma_array?, beta?, mean?, variance?)
                else {
                    return Ok(Found::Unknown);
                };
                let path = self.path(gamma.parameter(), "norm");
                self.named(&x, path, Op::Norm { gamma: gamma_array, beta, mean, variance, epsilon })
            }
            ModuleOperationIr::MaxPool2d(pool) => {
                let window = Window::new(pool.kernel_size)?.with_stride(pool.stride)?.with_dilation(pool.dilation)?;
                let window = filled(window, pool.padding, &pool.x, &pool.out);
                self.image(&pool.x, "pool", Op::MaxPool(window))
            }
            ModuleOperationIr::AvgPool2d(pool) => {
                let window = Window::new(pool.kernel_size)?.with_stride(pool.stride)?;
                let window = filled(window, pool.padding, &pool.x, &pool.out);
                let whole = window.padding() == pool.padding.map(|padding| [padding; 2]);
                // Which pixels of a window that overhangs are counted is a matter of its own.
                if pool.ceil_mode && pool.count_include_pad && !whole {
                    return Ok(Found::Unknown);
                }
                self.image(&pool.x, "pool", Op::MeanPool { window, counts_padding: pool.count_include_pad })
            }
            ModuleOperationIr::AdaptiveAvgPool2d(pool) => {
                self.image(&pool.x, "pool", Op::AdaptiveMeanPool { size: pool.output_size })
            }
            _ => Ok(Found::Unknown),
        }
    }

    pub(super) fn image(&mut self, tensor: &TensorIr, what: &str, op: Op) -> Result<Found, RecordError> {
        match self.value(tensor) {
            Value::Feature(x) => self.node(&x, what, op),
            Value::Constant(_) => Ok(Found::Unknown),
        }
    }
}

/// A window with this padding, and behind it what is missing for the size of `out`: windows that overhang (Burn's `ceil_mode`).
fn filled(window: Window, padding: [usize; 2], x: &TensorIr, out: &TensorIr) -> Window {
    let behind = |axis: usize| {
        let (size, outputs) = (x.shape[axis + 2], out.shape[axis + 2]);
        let span = window.dilation()[axis] * (window.kernel()[axis] - 1) + 1;
        let needed = (outputs.saturating_sub(1) * window.stride()[axis] + span).saturating_sub(size + padding[axis]);
        needed.max(padding[axis])
    };
    window.with_padding([[padding[0], behind(0)], [padding[1], behind(1)]])
}
