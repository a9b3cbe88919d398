//! The regularised stair on Burn's capture device: recorded with everything that decides its result, not computed.
//!
//! The numbers of the recorded operation, in order: the key of the call, 1 where a threshold belongs to the upper level and else 0,
//! the number K of thresholds, K + 1 levels, K thresholds, quantum, output scale. Laws are not recorded: what is recorded is the
//! network of evaluation, whose stairs are hard.

use burn::backend::{
    Capture, TensorMetadata,
    ir::{CustomOpIr, OperationIr, ScalarIr, TensorIr},
    tensor::FloatTensor,
};
use burn_router::{RouterClient, RouterTensor};
use stairs_quant::{Scales, StairFunction, ThresholdValue};

use super::{StairBackend, StairSpec};

/// Name of the operation in a recorded graph.
pub(crate) const NAME: &str = "stairs.regularised_stair";

impl StairBackend for Capture {
    fn regularised_stair(x: FloatTensor<Self>, spec: StairSpec) -> FloatTensor<Self> {
        let (client, shape, dtype) = (x.client.clone(), x.shape(), x.dtype());
        let id = client.create_empty_handle();
        let output = TensorIr::uninit(id, shape.clone(), dtype);
        let operation = CustomOpIr::with_scalars(NAME, &[x.into_ir()], &[output], Recorded::of(&spec).scalars());
        client.register_op(OperationIr::Custom(operation));
        RouterTensor::new(id, shape, dtype, client)
    }

    fn regularised_stair_gradient(
        x: FloatTensor<Self>,
        _gradient: FloatTensor<Self>,
        _spec: StairSpec,
    ) -> FloatTensor<Self> {
        // A capture device has no autodiff, so that nothing can ask for a gradient there.
        x
    }
}

/// What one recorded operation says.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Recorded {
    pub(crate) key: u64,
    pub(crate) function: StairFunction,
    pub(crate) scales: Scales,
}

impl Recorded {
    fn of(spec: &StairSpec) -> Self {
        Self { key: spec.key(), function: spec.stair().clone(), scales: spec.scales() }
    }

    fn scalars(&self) -> Vec<ScalarIr> {
        let upper = self.function.threshold_value() == ThresholdValue::Upper;
        let counts = [self.key, u64::from(upper), self.function.threshold_count() as u64].map(ScalarIr::UInt);
        let numbers = self.function.levels().iter().chain(self.function.thresholds());
        let numbers = numbers.copied().chain([self.scales.quantum(), self.scales.output()]);
        counts.into_iter().chain(numbers.map(ScalarIr::Float)).collect()
    }

    /// The same read back; `None` for another operation.
    pub(crate) fn read(operation: &CustomOpIr) -> Option<Self> {
        let count = |at: usize| match operation.scalars.get(at)? {
            ScalarIr::UInt(value) => Some(*value),
            _ => None,
        };
        let (key, upper, thresholds) = (count(0)?, count(1)?, usize::try_from(count(2)?).ok()?);
        let numbers = operation.scalars[3..].iter().map(|scalar| match scalar {
            ScalarIr::Float(value) => Some(*value),
            _ => None,
        });
        let numbers = numbers.collect::<Option<Vec<f64>>>()?;
        let (levels, rest) = numbers.split_at_checked(thresholds + 1)?;
        let (thresholds, scales) = rest.split_at_checked(thresholds)?;
        let &[quantum, output] = scales else { return None };
        let value = if upper == 1 { ThresholdValue::Upper } else { ThresholdValue::Lower };
        let function = StairFunction::new(thresholds.to_vec(), levels.to_vec()).ok()?.with_threshold_value(value);
        (operation.id == NAME).then_some(())?;
        Some(Self { key, function, scales: Scales::new(quantum, output).ok()? })
    }
}

#[cfg(test)]
mod tests {
    use stairs_quant::Quantiser;

    use super::*;

    #[test]
    fn what_is_recorded_reads_back() {
        for quantiser in Quantiser::catalogue() {
            for value in [ThresholdValue::Upper, ThresholdValue::Lower] {
                let function = quantiser.stair().with_threshold_value(value);
                let scales = Scales::new(0.37, 1.25).unwrap();
                let spec = StairSpec::hard(function.clone()).with_scales(scales).with_key(u64::MAX - 3);
                let operation = CustomOpIr::with_scalars(NAME, &[], &[], Recorded::of(&spec).scalars());
                assert_eq!(Recorded::read(&operation), Some(Recorded { key: u64::MAX - 3, function, scales }));
            }
        }
        assert_eq!(Recorded::read(&CustomOpIr::with_scalars("another", &[], &[], vec![])), None);
    }
}
