//! What several operations make together.

use burn::backend::ir::TensorIr;
use stairs_network::{Comparison, Op, Source, Stair};
use stairs_quant::Scales;

use super::{Constant, Feature, Form, Found, RecordError, Translation};
use crate::op::capture::Recorded;

impl Translation<'_> {
    /// x W along the last axis, W `[inputs, outputs]` as Burn keeps it.
    pub(super) fn dense(
        &mut self,
        x: &Feature,
        weight: Constant,
        bias: Option<&TensorIr>,
    ) -> Result<Found, RecordError> {
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
    pub(super) fn sum(&mut self, a: &Feature, b: &Feature) -> Result<Found, RecordError> {
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
    pub(super) fn bias(&mut self, x: &Feature, constant: &Constant) -> Result<Found, RecordError> {
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
    pub(super) fn stair(&mut self, x: &Feature, recorded: Recorded) -> Result<Found, RecordError> {
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
    pub(super) fn output_scale(&mut self, x: &Feature, factor: &Constant) -> Found {
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
    pub(super) fn mean(&mut self, x: &Feature, axis: usize) -> Result<Found, RecordError> {
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
}
