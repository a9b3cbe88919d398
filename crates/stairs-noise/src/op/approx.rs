//! Polynomial coefficients for Φ and 2^f in single precision, shared by the CPU and the GPU kernels.
//!
//! Both were fitted for this project by iteratively reweighted least squares on Chebyshev nodes (the reweighting drives
//! the fit towards equal ripple). Errors are maxima over the stated interval, evaluated in f32 against f64.

/// Φ(u) ≈ ½ + u·P(u²)/Q(u²) for |u| ≤ [`NORMAL_REACH`]: absolute error below 2.3e-7. Highest power first.
pub(crate) const NORMAL_P: [f32; 6] =
    [2.275_019_2e-8, 6.351_947e-6, 1.688_096e-4, 4.677_162_4e-3, 3.385_112_8e-2, 3.989_422_3e-1];
/// Denominator of [`NORMAL_P`], highest power first.
pub(crate) const NORMAL_Q: [f32; 6] = [1.197_515_6e-6, 7.364_203e-5, 1.884_354_2e-3, 2.864_498_8e-2, 2.515_181e-1, 1.0];
/// Beyond this, Φ is 0 or 1 to within 2e-8.
pub(crate) const NORMAL_REACH: f32 = 5.5;

/// 2^f for |f| ≤ ½: relative error below 1.5e-7. Highest power first.
pub(crate) const EXP2: [f32; 6] =
    [1.327_646_7e-3, 9.675_542e-3, 5.550_713_3e-2, 2.402_212e-1, 6.931_469_6e-1, 1.000_000_1];
/// exp is evaluated for −87 ≤ z ≤ 0 only: below it the result is under the smallest normal f32.
pub(crate) const EXP_LOWEST: f32 = -87.0;
