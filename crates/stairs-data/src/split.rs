//! One part of a data set: samples and labels.
//!
//! The values stay as they are in the file (bytes for images) and are standardised sample by sample, when copied. A
//! split is a list of rows into shared storage: selecting samples copies no value.

use std::sync::Arc;

use crate::{Augment, SampleShape, Standardisation, raw::Raw};

/// Samples with labels, in a fixed order.
#[derive(Clone, Debug)]
pub struct Split {
    shape: SampleShape,
    raw: Arc<Raw>,
    rows: Vec<u32>,
    labels: Vec<u8>,
    standardisation: Arc<Standardisation>,
}

impl Split {
    /// All rows of `raw`, unstandardised. The caller has checked that `raw` holds as many samples as `labels`.
    pub(crate) fn new(shape: SampleShape, raw: Raw, labels: Vec<u8>) -> Self {
        debug_assert_eq!(raw.len(), labels.len() * shape.values());
        Self {
            shape,
            raw: Arc::new(raw),
            rows: (0..labels.len() as u32).collect(),
            labels,
            standardisation: Arc::new(Standardisation::identity(shape)),
        }
    }

    pub(crate) fn with_standardisation(mut self, standardisation: Arc<Standardisation>) -> Self {
        self.standardisation = standardisation;
        self
    }

    pub(crate) fn for_each_raw(&self, mut f: impl FnMut(usize, f32)) {
        let width = self.shape.values();
        self.rows.iter().for_each(|&row| self.raw.for_each(row as usize, width, &mut f));
    }

    /// Number of samples.
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// True if there is no sample.
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// Shape of every sample.
    pub fn shape(&self) -> SampleShape {
        self.shape
    }

    /// Labels in order, each below the number of classes.
    pub fn labels(&self) -> &[u8] {
        &self.labels
    }

    /// The standardisation applied to every sample; fitted on the training part.
    pub fn standardisation(&self) -> &Standardisation {
        &self.standardisation
    }

    /// The bytes of sample `i` as they are in the file, not standardised; `None` where values are floats.
    ///
    /// # Panics
    /// If `i` is not below [`Split::len`], as indexing does.
    pub fn bytes(&self, i: usize) -> Option<&[u8]> {
        let width = self.shape.values();
        match &*self.raw {
            Raw::Bytes(v) => Some(&v[self.rows[i] as usize * width..][..width]),
            Raw::Floats(_) => None,
        }
    }

    /// True where values are floats, false where they are bytes.
    pub(crate) fn is_float(&self) -> bool {
        matches!(&*self.raw, Raw::Floats(_))
    }

    /// The floats of sample `i` as they are in the file, not standardised; `None` where values are bytes.
    pub(crate) fn floats(&self, i: usize) -> Option<&[f32]> {
        let width = self.shape.values();
        match &*self.raw {
            Raw::Bytes(_) => None,
            Raw::Floats(v) => Some(&v[self.rows[i] as usize * width..][..width]),
        }
    }

    /// Standardised values of sample `i` (C × H × W or F) and its label.
    ///
    /// # Panics
    /// If `i` is not below [`Split::len`], as indexing does.
    pub fn sample(&self, i: usize) -> (Vec<f32>, u8) {
        let mut values = vec![0.0; self.shape.values()];
        let label = self.copy_sample(i, &mut values);
        (values, label)
    }

    /// Writes the standardised values of sample `i` to `out` and returns its label.
    ///
    /// # Panics
    /// If `i` is not below [`Split::len`], or `out` is not as long as [`SampleShape::values`] says.
    pub fn copy_sample(&self, i: usize, out: &mut [f32]) -> u8 {
        let width = self.shape.values();
        assert_eq!(out.len(), width, "room for one sample of {:?}", self.shape);
        let (_, group) = self.shape.groups();
        let s = &*self.standardisation;
        let range = self.rows[i] as usize * width..(self.rows[i] as usize + 1) * width;
        match &*self.raw {
            Raw::Bytes(v) => standardise(&v[range], group, s, out),
            Raw::Floats(v) => standardise(&v[range], group, s, out),
        }
        self.labels[i]
    }

    /// Like [`Split::copy_sample`], with the random change that `augment` draws for (`seed`, `epoch`, `i`).
    ///
    /// The same three numbers give the same image, in whatever order and on whatever thread samples are made.
    ///
    /// # Panics
    /// As [`Split::copy_sample`].
    pub fn copy_augmented(&self, i: usize, augment: Augment, seed: u64, epoch: u64, out: &mut [f32]) -> u8 {
        let label = self.copy_sample(i, out);
        augment.apply(out, self.shape, &self.standardisation, &mut Augment::rng(seed, epoch, i as u64));
        label
    }

    /// The samples `indices`, in that order, with the same standardisation; shares the values.
    ///
    /// # Panics
    /// If an index is not below [`Split::len`].
    pub fn select(&self, indices: &[usize]) -> Self {
        Self {
            rows: indices.iter().map(|&i| self.rows[i]).collect(),
            labels: indices.iter().map(|&i| self.labels[i]).collect(),
            raw: Arc::clone(&self.raw),
            standardisation: Arc::clone(&self.standardisation),
            shape: self.shape,
        }
    }

    /// Number of samples of each of the classes 0 to `classes` − 1.
    pub fn class_counts(&self, classes: usize) -> Vec<usize> {
        let mut counts = vec![0; classes];
        self.labels.iter().for_each(|&l| counts[usize::from(l)] += 1);
        counts
    }
}

fn standardise<T: Copy + Into<f32>>(values: &[T], group: usize, s: &Standardisation, out: &mut [f32]) {
    for ((from, to), (&mean, &sd)) in values.chunks(group).zip(out.chunks_mut(group)).zip(s.mean().iter().zip(s.sd())) {
        for (&x, y) in from.iter().zip(to) {
            *y = (x.into() - mean) / sd;
        }
    }
}
