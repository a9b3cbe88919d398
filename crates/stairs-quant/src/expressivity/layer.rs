//! Networks written out, sparse: rows of signs, thresholds, and an evaluation unit by unit.

use super::{DENSE_LIMIT, DenseLayer, DenseNetwork};
use crate::ExpressivityError;

/// A layer of Heaviside units with weights in {−1, 0, 1}, rows stored sparse: unit k is H(Σ ±input − threshold_k).
///
/// Five bytes a non-zero weight, sixteen a unit.
#[derive(Clone, Debug, PartialEq)]
pub struct TernaryLayer {
    inputs: usize,
    /// Where the rows start in `columns` and `negative`; one more than rows.
    starts: Vec<usize>,
    columns: Vec<u32>,
    negative: Vec<bool>,
    thresholds: Vec<f64>,
}

impl TernaryLayer {
    /// A layer without units. Column numbers must fit 32 bits, which the limits of this module see to.
    pub(super) fn new(inputs: usize) -> Self {
        Self { inputs, starts: vec![0], columns: Vec::new(), negative: Vec::new(), thresholds: Vec::new() }
    }

    /// Adds a unit whose weights are 1 at `plus` and −1 at `minus`.
    pub(super) fn push(
        &mut self,
        plus: impl IntoIterator<Item = usize>,
        minus: impl IntoIterator<Item = usize>,
        threshold: f64,
    ) {
        let entries = plus.into_iter().map(|column| (column, false));
        for (column, negative) in entries.chain(minus.into_iter().map(|column| (column, true))) {
            debug_assert!(column < self.inputs);
            self.columns.push(column as u32);
            self.negative.push(negative);
        }
        self.starts.push(self.columns.len());
        self.thresholds.push(threshold);
    }

    /// Number of inputs.
    pub fn inputs(&self) -> usize {
        self.inputs
    }

    /// Number of units.
    pub fn units(&self) -> usize {
        self.thresholds.len()
    }

    /// Number of weights that are not 0.
    pub fn nonzero(&self) -> usize {
        self.columns.len()
    }

    /// The thresholds, one a unit.
    pub fn thresholds(&self) -> &[f64] {
        &self.thresholds
    }

    /// Input and weight (−1 or 1) of every non-zero weight of a unit, from 0. Empty for a unit that does not exist.
    pub fn row(&self, unit: usize) -> impl Iterator<Item = (usize, i8)> + '_ {
        let range = match (self.starts.get(unit), self.starts.get(unit + 1)) {
            (Some(from), Some(to)) => *from..*to,
            _ => 0..0,
        };
        let signs = self.negative[range.clone()].iter().map(|negative| if *negative { -1 } else { 1 });
        self.columns[range].iter().map(|column| *column as usize).zip(signs)
    }

    /// Σ ±input of a unit.
    fn sum(&self, unit: usize, inputs: &[f64]) -> f64 {
        self.row(unit).map(|(input, sign)| f64::from(sign) * inputs[input]).sum()
    }

    /// Features 0 or 1 of all units.
    fn forward(&self, inputs: &[f64]) -> Vec<f64> {
        let unit = |(unit, threshold): (usize, &f64)| f64::from(u8::from(self.sum(unit, inputs) >= *threshold));
        self.thresholds.iter().enumerate().map(unit).collect()
    }

    fn dense(&self) -> DenseLayer {
        let mut weights = vec![0; self.inputs * self.units()];
        for unit in 0..self.units() {
            for (input, sign) in self.row(unit) {
                weights[unit * self.inputs + input] = sign;
            }
        }
        DenseLayer { inputs: self.inputs, units: self.units(), weights, thresholds: self.thresholds.clone() }
    }
}

/// A whole network, written out: hidden layers, the row of the output, and the affine map
/// y = `offset` + `step`·(`bias` + Σ ±feature).
#[derive(Clone, Debug, PartialEq)]
pub struct LayeredNetwork {
    pub(super) hidden: Vec<TernaryLayer>,
    /// The output as a layer of one unit, whose threshold is not used.
    pub(super) output: TernaryLayer,
    pub(super) bias: i64,
    pub(super) offset: f64,
    pub(super) step: f64,
}

impl LayeredNetwork {
    /// The hidden layers, first to last.
    pub fn hidden(&self) -> &[TernaryLayer] {
        &self.hidden
    }

    /// Input and weight (−1 or 1) of every non-zero weight of the output.
    pub fn output(&self) -> impl Iterator<Item = (usize, i8)> + '_ {
        self.output.row(0)
    }

    /// The integer that is added to the sum of the output.
    pub fn bias(&self) -> i64 {
        self.bias
    }

    /// Offset and factor (f_min, δ) of the affine map.
    pub fn rescaling(&self) -> (f64, f64) {
        (self.offset, self.step)
    }

    /// The network at a point, unit by unit: the sums are exact, so that it is [`StairNetwork::eval`] bit for bit.
    ///
    /// # Errors
    /// [`ExpressivityError::Length`] and [`ExpressivityError::Point`] for what is no point of the cube.
    ///
    /// [`StairNetwork::eval`]: super::StairNetwork::eval
    pub fn eval(&self, point: &[f64]) -> Result<f64, ExpressivityError> {
        let inputs = self.hidden.first().map_or(point.len(), TernaryLayer::inputs);
        super::network::check_point(point, inputs, 0)?;
        let features = self.hidden.iter().fold(point.to_vec(), |features, layer| layer.forward(&features));
        Ok(self.offset + self.step * (self.bias as f64 + self.output.sum(0, &features)))
    }

    /// The same with full matrices.
    ///
    /// # Errors
    /// [`ExpressivityError::TooLarge`] for more than [`DENSE_LIMIT`] weights.
    pub fn dense(&self) -> Result<DenseNetwork, ExpressivityError> {
        let size = |layer: &TernaryLayer| layer.inputs() as f64 * layer.units() as f64;
        let needed: f64 = self.hidden.iter().chain([&self.output]).map(size).sum();
        if needed > DENSE_LIMIT as f64 {
            let advice = "a larger eta, the construction `corners`, or the sparse layers";
            return Err(ExpressivityError::TooLarge { what: "dense weights", needed, limit: DENSE_LIMIT, advice });
        }
        Ok(DenseNetwork {
            hidden: self.hidden.iter().map(TernaryLayer::dense).collect(),
            output: self.output.dense().weights,
            bias: self.bias,
            offset: self.offset,
            step: self.step,
        })
    }
}
