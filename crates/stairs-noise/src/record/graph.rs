//! From recorded operations to nodes.

use std::collections::BTreeMap;

use burn::backend::capture::TensorId;
use burn::backend::ir::{
    ActivationOperationIr, BaseOperationIr, FloatOperationIr, ModuleOperationIr, NumericOperationIr, OperationIr,
    ScalarIr, TensorIr,
};
use stairs_network::{Comparison, Network, NetworkBuilder, Op, Source, Stair, Weight, Window};
use stairs_quant::Scales;

use super::RecordError;
use super::capture::Recording;
use super::constant::Constant;
use super::feature::{Feature, Form, sample};
use crate::op::capture::Recorded;

/// A recorded tensor.
#[derive(Clone, Debug)]
enum Value {
    Constant(Constant),
    Feature(Feature),
}

/// What an operation turned out to be.
enum Found {
    /// A result that is a node already, or a view of one, with the sizes that the operation gives it.
    View(Source, Form),
    /// A constant.
    Constant(Constant),
    /// Nothing that is known.
    Unknown,
}

/// The network of two recordings of one pass.
pub(super) fn network(input: &[usize], two: &Recording, three: &Recording) -> Result<Network, RecordError> {
    let (operations, others) = (&two.graph.graph.operations, &three.graph.graph.operations);
    if operations.len() != others.len() {
        return Err(RecordError::Batch(format!("{} and {} operations", operations.len(), others.len())));
    }
    let mut translation = Translation {
        recording: two,
        values: BTreeMap::new(),
        builder: Network::builder(input.to_vec()),
        place: Vec::new(),
    };
    if let Some(id) = two.graph.graph.inputs.first() {
        let feature = Feature { source: Source::Input, view: input.to_vec(), skipped: 1, form: Form::Plain };
        translation.values.insert(*id, Value::Feature(feature));
    }
    for (operation, other) in operations.iter().zip(others) {
        translation.take(operation, other)?;
    }
    let output = two.graph.graph.outputs.first().and_then(|id| translation.values.get(id)).cloned();
    match output {
        Some(Value::Feature(feature)) => {
            let output = translation.plain(&feature, "result")?;
            Ok(translation.builder.finish(output))
        }
        _ => Err(RecordError::Stopped("its result does not depend on the sample".into())),
    }
}

struct Translation<'a> {
    recording: &'a Recording,
    values: BTreeMap<TensorId, Value>,
    builder: NetworkBuilder,
    /// Path of the module that the last node with a path of its own stands in.
    place: Vec<String>,
}

impl Translation<'_> {
    /// Adds what one operation does.
    fn take(&mut self, operation: &OperationIr, other: &OperationIr) -> Result<(), RecordError> {
        if matches!(operation, OperationIr::Drop(_)) {
            return Ok(());
        }
        let outputs: Vec<(&TensorIr, &TensorIr)> = operation.outputs().zip(other.outputs()).collect();
        let inputs: Vec<Value> = operation.inputs().map(|tensor| self.value(tensor)).collect();
        if std::mem::discriminant(operation) != std::mem::discriminant(other) || inputs.len() != other.inputs().count()
        {
            return Err(RecordError::Batch(format!("{} and {}", name(operation), name(other))));
        }
        let depends = inputs.iter().any(|value| matches!(value, Value::Feature(_)));
        let found = if depends { self.feature(operation)? } else { Found::Constant(self.constant(operation)) };
        for (tensor, other) in outputs {
            if self.values.contains_key(&tensor.id) {
                // The sample is an output of its own transfer.
                continue;
            }
            let (two, three) = (&tensor.shape[..], &other.shape[..]);
            let value = match &found {
                Found::Constant(constant) => Value::Constant(constant.clone()),
                Found::View(source, form) => match sample(two, three) {
                    Some((view, skipped)) => Value::Feature(Feature { source: *source, view, skipped, form: *form }),
                    None => self.unknown(operation, &inputs, two, three)?,
                },
                Found::Unknown => self.unknown(operation, &inputs, two, three)?,
            };
            self.values.insert(tensor.id, value);
        }
        Ok(())
    }

    fn value(&self, tensor: &TensorIr) -> Value {
        self.values.get(&tensor.id).cloned().unwrap_or_else(|| Value::Constant(self.given(tensor)))
    }

    /// A tensor that no operation has made: a parameter, or one that was moved to the device.
    fn given(&self, tensor: &TensorIr) -> Constant {
        let path = self.recording.parameters.get(&tensor.id).cloned();
        let values = self.recording.graph.values.get(&tensor.id);
        let values = values.and_then(|data| data.clone().try_into_vec_as::<f32>().ok());
        Constant::new(path, tensor.shape.to_vec(), values)
    }

    /// An operation on constants.
    fn constant(&self, operation: &OperationIr) -> Constant {
        let Some(out) = operation.outputs().next() else { return Constant::new(None, vec![], None) };
        let dims = out.shape.to_vec();
        let of = |tensor: &TensorIr| match self.value(tensor) {
            Value::Constant(constant) => constant,
            Value::Feature(_) => Constant::new(None, tensor.shape.to_vec(), None),
        };
        let unknown = || Constant::new(None, dims.clone(), None);
        let mut constant = match operation {
            OperationIr::Init(_) => self.given(out),
            OperationIr::BaseFloat(operation) => match operation {
                BaseOperationIr::Reshape(shape) => of(&shape.input).reshaped(dims.clone()),
                BaseOperationIr::SwapDims(swap) => of(&swap.input).swapped(swap.dim1, swap.dim2),
                BaseOperationIr::Permute(permute) => of(&permute.input).permuted(&permute.axes),
                BaseOperationIr::RepeatDim(repeat) => of(&repeat.tensor).repeated(repeat.dim, repeat.times),
                BaseOperationIr::Expand(shape) => {
                    let input = of(&shape.input);
                    if input.dims.len() == dims.len() {
                        input.combined(&Constant::full(dims.clone(), 0.0), |a, _| a)
                    } else {
                        unknown()
                    }
                }
                BaseOperationIr::Zeros(_) => Constant::full(dims.clone(), 0.0),
                BaseOperationIr::Ones(_) => Constant::full(dims.clone(), 1.0),
                _ => unknown(),
            },
            OperationIr::NumericFloat(_, operation) => match operation {
                NumericOperationIr::Full(full) => {
                    number(&full.value).map_or_else(unknown, |v| Constant::full(dims.clone(), v))
                }
                NumericOperationIr::Abs(abs) => of(&abs.input).mapped(f32::abs),
                NumericOperationIr::Neg(neg) => of(&neg.input).mapped(|x| -x),
                NumericOperationIr::ClampMin(clamp) => scalar(of(&clamp.lhs), &clamp.rhs, f32::max),
                NumericOperationIr::ClampMax(clamp) => scalar(of(&clamp.lhs), &clamp.rhs, f32::min),
                NumericOperationIr::AddScalar(op) => scalar(of(&op.lhs), &op.rhs, |a, b| a + b),
                NumericOperationIr::SubScalar(op) => scalar(of(&op.lhs), &op.rhs, |a, b| a - b),
                NumericOperationIr::MulScalar(op) => scalar(of(&op.lhs), &op.rhs, |a, b| a * b),
                NumericOperationIr::DivScalar(op) => scalar(of(&op.lhs), &op.rhs, |a, b| a / b),
                NumericOperationIr::Add(op) => of(&op.lhs).combined(&of(&op.rhs), |a, b| a + b),
                NumericOperationIr::Sub(op) => of(&op.lhs).combined(&of(&op.rhs), |a, b| a - b),
                NumericOperationIr::Div(op) => of(&op.lhs).over(of(&op.rhs)),
                NumericOperationIr::Mul(op) => {
                    let (a, b) = (of(&op.lhs), of(&op.rhs));
                    a.scaled(&b).or_else(|| b.scaled(&a)).unwrap_or_else(|| a.combined(&b, |a, b| a * b))
                }
                _ => unknown(),
            },
            OperationIr::Custom(custom) => match (Recorded::read(custom), custom.inputs.first()) {
                (Some(recorded), Some(input)) => of(input).quantised(recorded),
                _ => unknown(),
            },
            _ => unknown(),
        };
        // A parameter may be the result of an operation: one that is drawn on the device.
        if let Some(path) = self.recording.parameters.get(&out.id) {
            constant.path = Some(path.clone());
        }
        constant
    }

    /// An operation on features.
    fn feature(&mut self, operation: &OperationIr) -> Result<Found, RecordError> {
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

    fn base(&mut self, operation: &BaseOperationIr) -> Result<Found, RecordError> {
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

    fn numeric(&mut self, operation: &NumericOperationIr) -> Result<Found, RecordError> {
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

    fn is_relu(&self, source: Source) -> bool {
        matches!(source, Source::Node(node) if self.builder.nodes()[node].op == Op::Relu)
    }

    fn module(&mut self, operation: &ModuleOperationIr) -> Result<Found, RecordError> {
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

    fn image(&mut self, tensor: &TensorIr, what: &str, op: Op) -> Result<Found, RecordError> {
        match self.value(tensor) {
            Value::Feature(x) => self.node(&x, what, op),
            Value::Constant(_) => Ok(Found::Unknown),
        }
    }

    /// x W along the last axis, W `[inputs, outputs]` as Burn keeps it.
    fn dense(&mut self, x: &Feature, weight: Constant, bias: Option<&TensorIr>) -> Result<Found, RecordError> {
        let rank = weight.dims.len();
        if rank < 2 || weight.dims[..rank - 2].iter().any(|size| *size != 1) {
            return Ok(Found::Unknown);
        }
        let matrix = [weight.dims[rank - 2], weight.dims[rank - 1]].to_vec();
        let weight = weight.reshaped(matrix).swapped(0, 1);
        let (path, weight) = self.weight(weight, "dense")?;
        let bias = self.vector(bias)?;
        self.named(x, path, Op::Dense { weight, bias })
    }

    /// The sum of two: of one shape, or a constant away from it.
    fn sum(&mut self, a: &Feature, b: &Feature) -> Result<Found, RecordError> {
        if a.view != b.view {
            return Ok(Found::Unknown);
        }
        let sources = [self.plain(a, "add")?, self.plain(b, "add")?];
        if self.builder.shape(sources[0]) != self.builder.shape(sources[1]) {
            return Ok(Found::Unknown);
        }
        let path = self.here("add");
        Ok(Found::View(self.builder.push(path, Op::Add, &sources)?, Form::Plain))
    }

    /// A bias added to the layer in front.
    fn bias(&mut self, x: &Feature, constant: &Constant) -> Result<Found, RecordError> {
        let last = self.builder.nodes().len().wrapping_sub(1);
        let fits = x.form == Form::Plain && x.source == Source::Node(last);
        let count = constant.dims.iter().product::<usize>();
        let along_last = constant.dims.last() == Some(&count) && x.view.last() == Some(&count);
        let Some(node) = self.builder.last_mut().filter(|_| fits && along_last) else { return Ok(Found::Unknown) };
        match &mut node.op {
            Op::Dense { bias: bias @ None, .. } => {
                *bias = Some(constant.array(vec![count])?);
                Ok(Found::View(x.source, Form::Plain))
            }
            _ => Ok(Found::Unknown),
        }
    }

    /// A stair of features.
    fn stair(&mut self, x: &Feature, recorded: Recorded) -> Result<Found, RecordError> {
        let Recorded { key, function, scales } = recorded;
        let (comparison, scales) = match x.form {
            Form::Divided(quantum) => match Scales::new(f64::from(quantum), scales.output()) {
                Ok(scales) => (Comparison::Divided, scales),
                Err(_) => return Ok(Found::Unknown),
            },
            _ => (Comparison::Folded, scales),
        };
        let path = self.quantiser(key).unwrap_or_else(|| self.here("stair"));
        let stair = Stair { path: path.clone(), function, scales, comparison };
        let x = match x.form {
            Form::Divided(_) => Feature { form: Form::Plain, ..x.clone() },
            _ => x.clone(),
        };
        self.named(&x, path, Op::Stair(stair))
    }

    /// The output scale of the stair in front, where it is a learned one.
    fn output_scale(&mut self, x: &Feature, factor: &Constant) -> Found {
        let last = self.builder.nodes().len().wrapping_sub(1);
        let fits = x.form == Form::Plain && x.source == Source::Node(last);
        let (Some(factor), Some(node)) = (factor.single(), self.builder.last_mut().filter(|_| fits)) else {
            return Found::Unknown;
        };
        match &mut node.op {
            Op::Stair(stair) if stair.comparison == Comparison::Divided && stair.scales.output() == 1.0 => {
                match Scales::new(stair.scales.quantum(), f64::from(factor)) {
                    Ok(scales) => {
                        stair.scales = scales;
                        Found::View(x.source, Form::Plain)
                    }
                    Err(_) => Found::Unknown,
                }
            }
            _ => Found::Unknown,
        }
    }

    /// The mean along a tensor axis: over all positions of what stands in front of it.
    fn mean(&mut self, x: &Feature, axis: usize) -> Result<Found, RecordError> {
        let Some(axis) = axis.checked_sub(x.skipped).filter(|axis| *axis < x.view.len()) else {
            return Ok(Found::Unknown);
        };
        if x.form != Form::Plain || x.view[axis + 1..].iter().any(|size| *size != 1) {
            return Ok(Found::Unknown);
        }
        let rows: usize = x.view[..axis].iter().product();
        let mut source = x.source;
        if self.builder.shape(source).first() != Some(&rows) {
            let path = self.here("reshape");
            source = self.builder.push(path, Op::Reshape { shape: vec![rows, x.view[axis]] }, &[source])?;
        }
        let path = self.here("mean");
        Ok(Found::View(self.builder.push(path, Op::Mean, &[source])?, Form::Plain))
    }

    /// A node without a path of its own.
    fn node(&mut self, x: &Feature, what: &str, op: Op) -> Result<Found, RecordError> {
        let source = self.plain(x, what)?;
        let path = self.here(what);
        Ok(Found::View(self.builder.push(path, op, &[source])?, Form::Plain))
    }

    /// A node with this path, which is the place of those that follow without one.
    fn named(&mut self, x: &Feature, path: String, op: Op) -> Result<Found, RecordError> {
        self.place = path.split('.').map(str::to_owned).collect();
        self.place.pop();
        let source = self.plain(x, "input")?;
        Ok(Found::View(self.builder.push(path, op, &[source])?, Form::Plain))
    }

    /// Where `x` is, in its own shape.
    fn plain(&mut self, x: &Feature, what: &str) -> Result<Source, RecordError> {
        let mut source = x.source;
        if x.form != Form::Plain {
            let (name, shape) = (format!("part of a {what}: {:?}", x.form).to_lowercase(), x.view.clone());
            let path = self.here("other");
            source = self.builder.push(path, Op::Other { name, shape }, &[source])?;
        }
        if self.builder.shape(source) != &x.view[..] {
            let op = if x.view.len() == 1 { Op::Flatten } else { Op::Reshape { shape: x.view.clone() } };
            let path = self.here(if x.view.len() == 1 { "flatten" } else { "reshape" });
            source = self.builder.push(path, op, &[source])?;
        }
        Ok(source)
    }

    /// An operation that is kept by name.
    fn unknown(
        &mut self,
        operation: &OperationIr,
        inputs: &[Value],
        two: &[usize],
        three: &[usize],
    ) -> Result<Value, RecordError> {
        let features: Vec<Feature> = inputs
            .iter()
            .filter_map(|value| if let Value::Feature(x) = value { Some(x.clone()) } else { None })
            .collect();
        let sources = features.iter().map(|x| self.plain(x, &name(operation))).collect::<Result<Vec<_>, _>>()?;
        let (view, skipped) = sample(two, three).unwrap_or_else(|| {
            // The batch is elsewhere: the sizes that do not grow with it.
            (two.iter().zip(three).filter(|(two, three)| two == three).map(|(size, _)| *size).collect(), 0)
        });
        let path = self.here(&name(operation).replace(' ', "_"));
        let op = Op::Other { name: name(operation), shape: view.clone() };
        let source = self.builder.push(path, op, &sources)?;
        Ok(Value::Feature(Feature { source, view, skipped, form: Form::Plain }))
    }

    /// Weights and the path of their layer.
    fn weight(&self, constant: Constant, what: &str) -> Result<(String, Weight), RecordError> {
        let path = self.path(constant.parameter(), what);
        let weight = constant.weight(|key| self.quantiser(key))?;
        Ok((path, weight))
    }

    fn vector(&self, tensor: Option<&TensorIr>) -> Result<Option<stairs_network::Array>, RecordError> {
        match tensor.map(|tensor| self.value(tensor)) {
            Some(Value::Constant(constant)) => Ok(Some(constant.array(vec![constant.dims.iter().product()])?)),
            Some(Value::Feature(_)) | None => Ok(None),
        }
    }

    /// Path of the quantiser with this key.
    fn quantiser(&self, key: u64) -> Option<String> {
        let setting = self.recording.identities.get(&key)?;
        Some(setting.rsplit_once('.').map_or_else(String::new, |(quantiser, _)| quantiser.to_owned()))
    }

    /// Path of the layer that holds a parameter.
    fn path(&self, parameter: Option<&str>, what: &str) -> String {
        match parameter {
            Some(parameter) => parameter.rsplit_once('.').map_or_else(String::new, |(layer, _)| layer.to_owned()),
            None => self.here(what),
        }
    }

    /// A path for what has none: where the last node with one stands, what it does, and a number if that is taken.
    fn here(&self, what: &str) -> String {
        let base = self.place.iter().map(String::as_str).chain([what]).collect::<Vec<_>>().join(".");
        let taken = |path: &str| self.builder.nodes().iter().any(|node| node.path == path);
        if !taken(&base) {
            return base;
        }
        (2..).map(|number| format!("{base}{number}")).find(|path| !taken(path)).unwrap_or(base)
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

fn wide(scalar: &ScalarIr) -> Option<f64> {
    match scalar {
        ScalarIr::Float(value) => Some(*value),
        ScalarIr::Int(value) => Some(*value as f64),
        ScalarIr::UInt(value) => Some(*value as f64),
        ScalarIr::Bool(_) => None,
    }
}

fn number(scalar: &ScalarIr) -> Option<f32> {
    wide(scalar).map(|value| value as f32)
}

fn scalar(constant: Constant, value: &ScalarIr, f: impl Fn(f32, f32) -> f32) -> Constant {
    match number(value) {
        Some(value) => constant.mapped(|x| f(x, value)),
        None => Constant::new(None, constant.dims, None),
    }
}

/// Name of an operation, as people know it.
fn name(operation: &OperationIr) -> String {
    if let OperationIr::Custom(custom) = operation {
        return custom.id.clone();
    }
    // `Module(Conv1d(Conv1dOpIr { … }))`, `NumericFloat(F32, Mul(…))`: the innermost name before the arguments.
    let text = format!("{operation:?}");
    let head = text.split(" {").next().unwrap_or_default();
    let names = head.split(['(', ',', ' ']).filter(|part| part.chars().next().is_some_and(char::is_alphabetic));
    let names: Vec<&str> = names.filter(|part| !part.ends_with("OpIr") && !part.ends_with("Ir")).collect();
    let camel = names.last().copied().unwrap_or("operation");
    let mut name = String::new();
    for c in camel.chars() {
        if c.is_uppercase() && !name.is_empty() {
            name.push(' ');
        }
        name.extend(c.to_lowercase());
    }
    name
}
