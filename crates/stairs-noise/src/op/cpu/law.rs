//! The laws a kernel is compiled for: the closed forms, a table, the Dirac law. No branches, no calls, no saturating
//! casts, so that the compiler turns a loop over them into vector code; absolute error of F and f below 5e-7 everywhere.

use crate::NoiseTable;
use crate::noise::{ClosedForm, Isa, single::clamp};

/// CDF and density of a unit-scale law.
pub(crate) trait CpuLaw: Copy {
    fn cdf<I: Isa>(self, u: f32) -> f32;
    fn pdf<I: Isa>(self, u: f32) -> f32;
}

impl<F: ClosedForm> CpuLaw for F {
    #[inline(always)]
    fn cdf<I: Isa>(self, u: f32) -> f32 {
        F::cdf_f32::<I>(u)
    }

    #[inline(always)]
    fn pdf<I: Isa>(self, u: f32) -> f32 {
        F::pdf_f32::<I>(u)
    }
}

/// The Dirac law: the stair itself. `upper` says whether a threshold belongs to the step above it (H(0) = 1).
#[derive(Clone, Copy)]
pub(crate) struct Dirac {
    pub(crate) upper: bool,
}

impl CpuLaw for Dirac {
    #[inline(always)]
    fn cdf<I: Isa>(self, u: f32) -> f32 {
        let above = if self.upper { u >= 0.0 } else { u > 0.0 };
        if above { 1.0 } else { 0.0 }
    }

    #[inline(always)]
    fn pdf<I: Isa>(self, _u: f32) -> f32 {
        0.0
    }
}

/// A user's law: density and CDF at the nodes of a table over [−1, 1].
#[derive(Clone, Copy)]
pub(crate) struct Table<'a> {
    density: &'a [f32],
    cumulative: &'a [f32],
}

impl<'a> From<&'a NoiseTable> for Table<'a> {
    fn from(table: &'a NoiseTable) -> Self {
        let (density, cumulative) = table.single();
        Self { density, cumulative }
    }
}

impl Table<'_> {
    #[inline(always)]
    fn cell(self, u: f32) -> (usize, f32) {
        let cells = self.density.len() - 1;
        let p = clamp(u, -1.0, 1.0) * (0.5 * cells as f32) + 0.5 * cells as f32;
        // A NaN becomes cell 0 here; the caller puts the NaN back.
        let i = (p as usize).min(cells - 1);
        (i, p - i as f32)
    }
}

impl CpuLaw for Table<'_> {
    #[inline(always)]
    fn cdf<I: Isa>(self, u: f32) -> f32 {
        let (i, t) = self.cell(u);
        let (f0, f1) = (self.density[i], self.density[i + 1]);
        let step = 2.0 / (self.density.len() - 1) as f32;
        clamp(self.cumulative[i] + step * t * (f0 + 0.5 * (f1 - f0) * t), 0.0, 1.0)
    }

    #[inline(always)]
    fn pdf<I: Isa>(self, u: f32) -> f32 {
        let (i, t) = self.cell(u);
        let value = self.density[i] + (self.density[i + 1] - self.density[i]) * t;
        if u.abs() <= 1.0 { value } else { 0.0 }
    }
}
