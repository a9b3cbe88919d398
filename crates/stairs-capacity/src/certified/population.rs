//! A finite population: inputs and labels, every sample as likely as any other.

use super::{CertifiedLoss, InputMoments, SmallModel, constant};
use crate::MeasureError;

/// Samples, of which only the entries that are not 0 are kept.
#[derive(Clone, Debug)]
pub struct Population {
    pub(super) inputs: usize,
    pub(super) classes: usize,
    pub(super) starts: Vec<usize>,
    pub(super) entries: Vec<(u32, f32)>,
    pub(super) labels: Vec<u32>,
}

impl Population {
    /// Of `inputs` numbers a sample, one sample after another, and as many labels.
    ///
    /// ```
    /// use stairs_capacity::certified::Population;
    /// assert_eq!(Population::new(2, 2, &[0.0, 1.0, 0.5, 0.0], &[0, 1])?.len(), 2);
    /// assert!(Population::new(2, 2, &[0.0, 1.0, 0.5], &[0, 1]).is_err());
    /// assert!(Population::new(1, 2, &[0.0], &[2]).is_err());
    /// # Ok::<(), stairs_capacity::MeasureError>(())
    /// ```
    ///
    /// # Errors
    /// [`MeasureError::Constant`] without a sample, for another number of values, a value that is not finite, a label that is no class, and what
    /// [`SmallModel::new`] refuses.
    pub fn new(inputs: usize, classes: usize, values: &[f32], labels: &[u32]) -> Result<Self, MeasureError> {
        SmallModel::new(inputs, None, classes)?;
        constant("the number of samples", "at least 1", 0.0, !labels.is_empty())?;
        let needed = labels.len().checked_mul(inputs) == Some(values.len());
        constant("the number of values", "that of the samples times that of the inputs", values.len() as f64, needed)?;
        if let Some(value) = values.iter().find(|value| !value.is_finite()) {
            constant("a value of the inputs", "finite", f64::from(*value), false)?;
        }
        if let Some(label) = labels.iter().find(|label| **label as usize >= classes) {
            constant("a label", "below the number of classes", f64::from(*label), false)?;
        }
        let mut population = Self { inputs, classes, starts: vec![0], entries: Vec::new(), labels: labels.to_vec() };
        for sample in values.chunks_exact(inputs) {
            let entries = sample.iter().enumerate().filter(|(_, value)| **value != 0.0);
            population.entries.extend(entries.map(|(i, value)| (i as u32, *value)));
            population.starts.push(population.entries.len());
        }
        Ok(population)
    }

    /// Number of samples.
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// Never: there is a sample.
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// Softmax regression of its inputs and classes, or with hidden tanh units.
    ///
    /// # Errors
    /// [`MeasureError::Constant`] for no or too many hidden units.
    pub fn model(&self, hidden: Option<usize>) -> Result<SmallModel, MeasureError> {
        SmallModel::new(self.inputs, hidden, self.classes)
    }

    fn sample(&self, i: usize) -> (&[(u32, f32)], usize) {
        (&self.entries[self.starts[i]..self.starts[i + 1]], self.labels[i] as usize)
    }

    /// The moments of its inputs.
    pub fn moments(&self) -> InputMoments {
        let n = self.inputs + 1;
        let (mut mean, mut square, mut largest, mut second) = (0.0, 0.0, 0f64, vec![0.0; n * n]);
        for i in 0..self.len() {
            let entries = || self.sample(i).0.iter().copied().chain([(self.inputs as u32, 1.0)]);
            let norm: f64 = entries().map(|(_, x)| f64::from(x).abs()).sum();
            (mean, square, largest) = (mean + norm, square + norm * norm, largest.max(norm));
            for (a, x) in entries() {
                for (b, y) in entries() {
                    second[a as usize * n + b as usize] += f64::from(x) * f64::from(y);
                }
            }
        }
        InputMoments::from_sums(self.len(), (mean, square, largest), &second)
    }

    /// Σ wᵢ ℓ_θ(zᵢ) over `terms` (i, wᵢ), with the loss of `model`; `gradient`, where given, becomes its gradient.
    ///
    /// With wᵢ = 1/N − (how often i was drawn)/n over all samples this is R(θ) − R̂_n(θ).
    ///
    /// ```
    /// use stairs_capacity::certified::{CertifiedLoss, Population};
    /// let population = Population::new(1, 2, &[1.0, -1.0], &[0, 1])?;
    /// let model = population.model(None)?;
    /// let all = [(0, 0.5), (1, 0.5)];
    /// let risk = population.combination(&model, CertifiedLoss::Error, &[5.0, -5.0, 0.0, 0.0], &all, None);
    /// assert!(risk < 1e-4);
    /// # Ok::<(), stairs_capacity::MeasureError>(())
    /// ```
    ///
    /// # Panics
    /// If `theta` or `gradient` is not as long as the model has parameters, the model is not of this population, or there is no sample i.
    pub fn combination(
        &self,
        model: &SmallModel,
        loss: CertifiedLoss,
        theta: &[f64],
        terms: &[(u32, f64)],
        mut gradient: Option<&mut [f64]>,
    ) -> f64 {
        assert_eq!((model.inputs, model.classes), (self.inputs, self.classes), "the model of another population");
        assert_eq!(theta.len(), model.parameters(), "parameters");
        if let Some(gradient) = gradient.as_deref_mut() {
            assert_eq!(gradient.len(), model.parameters(), "parameters of the gradient");
            gradient.fill(0.0);
        }
        let mut scratch = model.scratch();
        let mut sum = 0.0;
        for (i, weight) in terms {
            let into = gradient.as_deref_mut().map(|gradient| (gradient, *weight));
            sum += weight * model.sample(theta, self.sample(*i as usize), loss, into, &mut scratch);
        }
        sum
    }
}
