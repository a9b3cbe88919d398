//! What a recorded pass computes of parameters alone: views of weights, scales of learned quantisers, quantised weights.
//!
//! Burn records these operations beside those on features. They are evaluated here in the single precision of the devices, so that
//! scales are the numbers a forward pass uses.

use stairs_network::{Array, Comparison, NetworkError, StairWeight, Weight};
use stairs_quant::{Scales, StairFunction};

use crate::op::capture::Recorded;

/// A tensor that depends on no sample.
#[derive(Clone, Debug)]
pub(super) struct Constant {
    /// Path of the parameter it is, or is a view of.
    pub(super) path: Option<String>,
    pub(super) dims: Vec<usize>,
    /// Values, if they are known.
    pub(super) values: Option<Vec<f32>>,
    /// Whether every value is 0.
    pub(super) is_zero: bool,
    /// Set where a stair has been applied.
    pub(super) stair: Option<Box<Quantised>>,
    /// Set where it is a latent parameter divided by these quanta.
    divided: Option<Box<(Constant, Constant)>>,
}

/// A quantised parameter: its latent values and what was done to them.
#[derive(Clone, Debug)]
pub(super) struct Quantised {
    latent: Constant,
    key: u64,
    function: StairFunction,
    scales: Scales,
    /// What the latent values were divided by.
    quanta: Option<Constant>,
    /// What the levels were multiplied with.
    outputs: Option<Constant>,
}

impl Constant {
    pub(super) fn new(path: Option<String>, dims: Vec<usize>, values: Option<Vec<f32>>) -> Self {
        let is_zero = values.as_ref().is_some_and(|values| values.iter().all(|value| *value == 0.0));
        Self { path, dims, values, is_zero, stair: None, divided: None }
    }

    /// Every value the same.
    pub(super) fn full(dims: Vec<usize>, value: f32) -> Self {
        let count = dims.iter().product();
        // Zeros that pad features are as large as those: one number says as much.
        let values = (count <= 1 << 20).then(|| vec![value; count]);
        Self { is_zero: value == 0.0, ..Self::new(None, dims, values) }
    }

    /// The single number it holds.
    pub(super) fn single(&self) -> Option<f32> {
        match self.values.as_deref() {
            Some(&[value]) => Some(value),
            _ => None,
        }
    }

    /// The same values under other sizes.
    pub(super) fn reshaped(mut self, dims: Vec<usize>) -> Self {
        let of_ones = |dims: &[usize]| dims.iter().copied().filter(|size| *size != 1).collect::<Vec<_>>();
        if of_ones(&self.dims) != of_ones(&dims) {
            // Axes are merged or split: what belongs to which output is not followed.
            self.stair = None;
            self.divided = None;
        }
        self.dims = dims;
        self
    }

    /// Two axes exchanged.
    pub(super) fn swapped(self, a: usize, b: usize) -> Self {
        let mut axes: Vec<usize> = (0..self.dims.len()).collect();
        axes.swap(a, b);
        self.permuted(&axes)
    }

    /// Axes in another order.
    pub(super) fn permuted(self, axes: &[usize]) -> Self {
        let dims: Vec<usize> = axes.iter().map(|axis| self.dims[*axis]).collect();
        let values = self.values.as_ref().map(|values| {
            let strides = strides(&self.dims);
            positions(&dims)
                .map(|at| values[axes.iter().zip(&at).map(|(axis, i)| strides[*axis] * i).sum::<usize>()])
                .collect()
        });
        let inner = |constant: Constant| match constant.dims.len() == axes.len() {
            true => constant.permuted(axes),
            false => constant,
        };
        let stair = self.stair.map(|stair| {
            Box::new(Quantised {
                latent: inner(stair.latent),
                quanta: stair.quanta.map(inner),
                outputs: stair.outputs.map(inner),
                ..*stair
            })
        });
        Self { dims, values, stair, divided: None, ..self }
    }

    /// Blocks along an axis, again and again.
    pub(super) fn repeated(self, axis: usize, times: usize) -> Self {
        let mut dims = self.dims.clone();
        dims[axis] *= times;
        let strides = strides(&self.dims);
        let values = self.values.as_ref().map(|values| {
            let at = |at: Vec<usize>| -> usize {
                at.iter().enumerate().map(|(i, p)| strides[i] * if i == axis { p % self.dims[axis] } else { *p }).sum()
            };
            positions(&dims).map(|position| values[at(position)]).collect()
        });
        Self { is_zero: self.is_zero, ..Self::new(self.path, dims, values) }
    }

    /// One number to one number.
    pub(super) fn mapped(&self, f: impl Fn(f32) -> f32) -> Self {
        let values = self.values.as_ref().map(|values| values.iter().map(|value| f(*value)).collect());
        Self::new(None, self.dims.clone(), values)
    }

    /// Two numbers to one, sizes of 1 stretched.
    pub(super) fn combined(&self, other: &Self, f: impl Fn(f32, f32) -> f32) -> Self {
        let dims: Vec<usize> = self.dims.iter().zip(&other.dims).map(|(a, b)| (*a).max(*b)).collect();
        let values = self.values.as_ref().zip(other.values.as_ref()).map(|(a, b)| {
            let at = |constant: &Self, position: &[usize]| -> usize {
                let strides = strides(&constant.dims);
                let along = |(i, p): (usize, &usize)| if constant.dims[i] == 1 { 0 } else { strides[i] * p };
                position.iter().enumerate().map(along).sum()
            };
            positions(&dims).map(|position| f(a[at(self, &position)], b[at(other, &position)])).collect()
        });
        Self::new(None, dims, values)
    }

    /// A parameter divided by quanta, which a stair may follow.
    pub(super) fn over(self, quanta: Self) -> Self {
        let mut quotient = self.combined(&quanta, |a, b| a / b);
        if self.path.is_some() {
            quotient.divided = Some(Box::new((self, quanta)));
        }
        quotient
    }

    /// A stair of it.
    pub(super) fn quantised(self, recorded: Recorded) -> Self {
        let dims = self.dims.clone();
        let (latent, quanta) = match self.divided {
            Some(divided) => (divided.0, Some(divided.1)),
            None => (self, None),
        };
        let Recorded { key, function, scales } = recorded;
        let stair = Quantised { latent, key, function, scales, quanta, outputs: None };
        Self { stair: Some(Box::new(stair)), ..Self::new(None, dims, None) }
    }

    /// Levels times output scales; `None` unless it is a quantised parameter without any.
    pub(super) fn scaled(&self, outputs: &Self) -> Option<Self> {
        let stair = self.stair.as_ref().filter(|stair| stair.outputs.is_none())?;
        let stair = Quantised { outputs: Some(outputs.clone()), ..(**stair).clone() };
        Some(Self { stair: Some(Box::new(stair)), ..self.clone() })
    }

    /// As an array.
    pub(super) fn array(&self, dims: Vec<usize>) -> Result<Array, NetworkError> {
        match &self.values {
            Some(values) => Array::new(dims, values.clone()),
            None => Array::unknown(dims),
        }
    }

    /// Path of the parameter, whether it is quantised or not.
    pub(super) fn parameter(&self) -> Option<&str> {
        self.stair.as_ref().map_or(self.path.as_deref(), |stair| stair.latent.path.as_deref())
    }

    /// As weights whose first axis counts outputs; `path` gives the path of a quantiser by its key.
    pub(super) fn weight(&self, path: impl Fn(u64) -> Option<String>) -> Result<Weight, NetworkError> {
        let Some(stair) = &self.stair else { return self.array(self.dims.clone()).map(Weight::Float) };
        let numbers = |constant: &Option<Constant>| match constant {
            None => Some(vec![1.0]),
            Some(constant) => constant.by_output(self.dims[0]),
        };
        let scales = match (numbers(&stair.quanta), numbers(&stair.outputs)) {
            (Some(quanta), Some(outputs)) => {
                let count = quanta.len().max(outputs.len());
                let of = |list: &[f64], index: usize| list[if list.len() == 1 { 0 } else { index }];
                let scale = |index| {
                    let (quantum, output) =
                        (stair.scales.quantum() * of(&quanta, index), stair.scales.output() * of(&outputs, index));
                    Scales::new(quantum, output).ok()
                };
                (0..count).map(scale).collect::<Option<Vec<_>>>().unwrap_or_default()
            }
            _ => Vec::new(),
        };
        Ok(Weight::Stair(StairWeight {
            path: path(stair.key).unwrap_or_default(),
            latent: stair.latent.array(self.dims.clone())?,
            function: stair.function.clone(),
            scales,
            comparison: if stair.quanta.is_some() { Comparison::Divided } else { Comparison::Folded },
        }))
    }

    /// One number, or one for each of this many outputs: the first axis. `None` if it differs within an output or is not known.
    fn by_output(&self, outputs: usize) -> Option<Vec<f64>> {
        let values = self.values.as_ref()?;
        let rows = self.dims.first().copied().unwrap_or(1).max(1);
        let row = values.len() / rows;
        let same = values.chunks(row.max(1)).all(|row| row.iter().all(|value| *value == row[0]));
        let first: Vec<f64> = values.chunks(row.max(1)).map(|row| f64::from(row[0])).collect();
        (same && (rows == outputs || rows == 1)).then_some(first)
    }
}

/// Distance of neighbours along every axis.
fn strides(dims: &[usize]) -> Vec<usize> {
    let mut strides = vec![1; dims.len()];
    for axis in (1..dims.len()).rev() {
        strides[axis - 1] = strides[axis] * dims[axis];
    }
    strides
}

/// All positions in row-major order.
fn positions(dims: &[usize]) -> impl Iterator<Item = Vec<usize>> + '_ {
    let strides = strides(dims);
    let count: usize = dims.iter().product();
    (0..count).map(move |at| dims.iter().zip(&strides).map(|(size, stride)| at / stride % size).collect())
}
