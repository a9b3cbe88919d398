//! What draws where measuring is not compiled in: nothing. Results of other builds are still read and shown.

use std::collections::BTreeMap;

use stairs_capacity::{Draw, FactorisedOptions, FactorisedPoint, SmcOptions, SmcPoint};
use stairs_data::Dataset;

use super::{Baselined, MeasureConfig, MeasureError};

/// No value has this type.
pub(super) enum Source {}

impl Source {
    pub(super) fn new(_: &MeasureConfig, _: &Dataset) -> Result<Self, MeasureError> {
        Err(MeasureError::NotBuilt)
    }

    pub(super) fn draw(&self, _: u64, _: usize) -> Result<Draw, MeasureError> {
        match *self {}
    }

    pub(super) fn smc(&self, _: f64, _: &[(f64, f64)], _: &SmcOptions) -> Result<Vec<SmcPoint>, MeasureError> {
        match *self {}
    }

    pub(super) fn factorised(
        &self,
        _: f64,
        _: &[(f64, f64)],
        _: &FactorisedOptions,
    ) -> Result<Vec<FactorisedPoint>, MeasureError> {
        match *self {}
    }

    pub(super) fn baselines(&self, _: usize) -> BTreeMap<String, Baselined> {
        match *self {}
    }

    pub(super) fn note(&self) -> Option<String> {
        match *self {}
    }
}
