//! Softmax regression, and networks of one hidden tanh layer, with every weight and bias in θ.
//!
//! ```text
//! f = Wᵀ(x, 1)                         W: (p + 1) × K
//! f = W₂ᵀ(tanh(W₁ᵀ(x, 1)), 1)          W₁: (p + 1) × h, W₂: (h + 1) × K; θ = (W₁, W₂), row-major, the bias the last row
//! ```

use super::{CertifiedLoss, constant};
use crate::MeasureError;

/// Most inputs, units or classes: no size overflows, and no list of parameters is larger than 2⁴⁰.
const MOST: usize = 1 << 20;

/// A model whose constants are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SmallModel {
    pub(super) inputs: usize,
    pub(super) hidden: Option<usize>,
    pub(super) classes: usize,
}

impl SmallModel {
    /// A model of `inputs` numbers and `classes` classes; `hidden` tanh units between them, or none: softmax regression.
    ///
    /// ```
    /// use stairs_capacity::certified::SmallModel;
    /// assert_eq!(SmallModel::new(54, None, 7)?.parameters(), 385);
    /// assert_eq!(SmallModel::new(54, Some(8), 7)?.parameters(), 503);
    /// assert!(SmallModel::new(54, None, 1).is_err());
    /// # Ok::<(), stairs_capacity::MeasureError>(())
    /// ```
    ///
    /// # Errors
    /// [`MeasureError::Constant`] without inputs or hidden units, with fewer than two classes, and for more than 2²⁰ of either.
    pub fn new(inputs: usize, hidden: Option<usize>, classes: usize) -> Result<Self, MeasureError> {
        let units = hidden.unwrap_or(1);
        constant("the number of inputs", "1 to 1048576", inputs as f64, (1..=MOST).contains(&inputs))?;
        constant("the number of hidden units", "1 to 1048576", units as f64, (1..=MOST).contains(&units))?;
        constant("the number of classes", "2 to 1048576", classes as f64, (2..=MOST).contains(&classes))?;
        Ok(Self { inputs, hidden, classes })
    }

    /// Number of parameters d.
    pub fn parameters(&self) -> usize {
        self.first() + self.hidden.map_or(0, |units| (units + 1) * self.classes)
    }

    /// The largest rank m of a Fisher matrix: a constant added to all logits changes no probability.
    pub fn rank(&self) -> usize {
        self.parameters() - (self.hidden.unwrap_or(self.inputs) + 1)
    }

    /// Parameters of the layer that sees the input.
    fn first(&self) -> usize {
        (self.inputs + 1) * self.hidden.unwrap_or(self.classes)
    }

    /// Room for one sample.
    pub(super) fn scratch(&self) -> Scratch {
        let units = self.hidden.unwrap_or(0);
        Scratch { units: vec![0.0; units], back: vec![0.0; units], logits: vec![0.0; self.classes] }
    }

    /// The loss of a sample given by its entries that are not 0; adds `weight` times its gradient to `gradient`, where one is wanted.
    #[inline]
    pub(super) fn sample(
        &self,
        theta: &[f64],
        (entries, label): (&[(u32, f32)], usize),
        loss: CertifiedLoss,
        gradient: Option<(&mut [f64], f64)>,
        Scratch { units, back, logits }: &mut Scratch,
    ) -> f64 {
        let (first, second) = theta.split_at(self.first());
        match self.hidden {
            None => affine(first, entries, self.inputs, logits),
            Some(_) => {
                affine(first, entries, self.inputs, units);
                units.iter_mut().for_each(|a| *a = a.tanh());
                logits.copy_from_slice(&second[units.len() * self.classes..]);
                for (unit, row) in units.iter().zip(second.chunks_exact(self.classes)) {
                    logits.iter_mut().zip(row).for_each(|(f, w)| *f += unit * w);
                }
            }
        }
        softmax(logits);
        let value = loss.differentiate(logits, label);
        let Some((gradient, weight)) = gradient else { return value };
        logits.iter_mut().for_each(|g| *g *= weight);
        let (first, rest) = gradient.split_at_mut(self.first());
        match self.hidden {
            None => spread(first, entries, self.inputs, logits),
            Some(_) => {
                let rows = rest.chunks_exact_mut(self.classes).zip(units.iter().chain([&1.0]));
                for (row, unit) in rows {
                    row.iter_mut().zip(logits.iter()).for_each(|(w, g)| *w += unit * g);
                }
                for ((b, row), unit) in back.iter_mut().zip(second.chunks_exact(self.classes)).zip(units.iter()) {
                    let sum: f64 = row.iter().zip(logits.iter()).map(|(w, g)| w * g).sum();
                    *b = sum * (1.0 - unit * unit);
                }
                spread(first, entries, self.inputs, back);
            }
        }
        value
    }
}

/// What the pass of a sample writes to.
pub(super) struct Scratch {
    units: Vec<f64>,
    back: Vec<f64>,
    logits: Vec<f64>,
}

/// out = Wᵀ(x, 1).
fn affine(weights: &[f64], entries: &[(u32, f32)], inputs: usize, out: &mut [f64]) {
    let width = out.len();
    out.copy_from_slice(&weights[inputs * width..]);
    for (i, x) in entries {
        let row = &weights[*i as usize * width..][..width];
        out.iter_mut().zip(row).for_each(|(o, w)| *o += f64::from(*x) * w);
    }
}

/// Adds the gradient of [`affine`].
fn spread(gradient: &mut [f64], entries: &[(u32, f32)], inputs: usize, back: &[f64]) {
    let width = back.len();
    for (i, x) in entries.iter().chain([&(inputs as u32, 1.0)]) {
        let row = &mut gradient[*i as usize * width..][..width];
        row.iter_mut().zip(back).for_each(|(g, b)| *g += f64::from(*x) * b);
    }
}

fn softmax(logits: &mut [f64]) {
    let largest = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let mut sum = 0.0;
    for f in logits.iter_mut() {
        *f = (*f - largest).exp();
        sum += *f;
    }
    logits.iter_mut().for_each(|p| *p /= sum);
}
