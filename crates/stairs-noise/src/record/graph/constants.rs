//! Operations on parameters alone, evaluated.

use burn::backend::ir::{BaseOperationIr, NumericOperationIr, OperationIr, ScalarIr, TensorIr};

use super::names::number;
use super::{Constant, Translation, Value};
use crate::op::capture::Recorded;

impl Translation<'_> {
    /// An operation on constants.
    pub(super) fn constant(&self, operation: &OperationIr) -> Constant {
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
}

fn scalar(constant: Constant, value: &ScalarIr, f: impl Fn(f32, f32) -> f32) -> Constant {
    match number(value) {
        Some(value) => constant.mapped(|x| f(x, value)),
        None => Constant::new(None, constant.dims, None),
    }
}
