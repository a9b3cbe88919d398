//! Pages of the studies of the two-scale effective dimension.

mod bound;
mod choice;
mod lower;
mod training;
mod variance;

use stairs_capacity::{Estimate, FactorisedPoint, Point};

pub use bound::BoundPage;
pub use choice::NetworkChoicePage;
pub use lower::LowerPage;
pub use training::TrainingPage;
pub use variance::VariancePage;

use super::number::{display_name, fixed};
use crate::measure::{MeasureConfig, Measurement};

const KICKER: &str = "stairs · capacity before training";

/// `plain-mlp:16 on Covertype`.
fn subject(config: &MeasureConfig) -> String {
    format!("{} on {}", config.model, display_name(&config.dataset))
}

/// The value with its standard error: `811.2 ± 0.4`.
fn with_error(estimate: Estimate, decimals: usize) -> String {
    let value = fixed(estimate.value, decimals);
    estimate.standard_error().map_or(value.clone(), |error| format!("{value} ± {}", fixed(error, decimals)))
}

/// The point of the measurement that is nearest to ε, at its first ζ.
fn at(measurement: &Measurement, eps: f64) -> Option<&Point> {
    let zeta = measurement.config.zeta.first()?;
    let points = measurement.points.iter().filter(|point| point.zeta == *zeta);
    let distance = |point: &Point| (point.eps / eps).ln().abs();
    points.min_by(|a, b| distance(a).total_cmp(&distance(b)))
}

/// The unit-factorised bound at a point; `None` where it was not measured.
fn factorised<'a>(measurement: &'a Measurement, point: &Point) -> Option<&'a FactorisedPoint> {
    let same = |a: f64, b: f64| (a - b).abs() <= 1e-9 * b;
    measurement.factorised.iter().find(|found| same(found.eps, point.eps) && same(found.zeta, point.zeta))
}

/// How far a lower bound is below another number, in percent of that number and of what it adds to ζd.
struct Gap {
    whole: f64,
    added: f64,
}

/// How far Jensen's bound is below the unit-factorised one, which is the closest to 2sED that there is; `None` where that was
/// not measured.
fn gap(measurement: &Measurement, point: &Point) -> Option<Gap> {
    let (top, jensen) = (factorised(measurement, point)?.lower.value, point.jensen.value);
    let added = top - point.zeta * measurement.dimension as f64;
    Some(Gap { whole: 100.0 * (top - jensen) / top, added: 100.0 * (top - jensen) / added })
}

/// ε as a power of ten: `10⁻³`; other values as they are.
fn power(eps: f64) -> String {
    let exponent = -eps.log10();
    let digit = |d: char| d.to_digit(10).map_or(d, |d| ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹'][d as usize]);
    if (exponent - exponent.round()).abs() > 1e-9 {
        return format!("{eps:.2e}");
    }
    let sign = if exponent < -0.5 { "" } else { "⁻" };
    if exponent.round() == 0.0 {
        return "1".into();
    }
    format!("10{sign}{}", format!("{:.0}", exponent.abs()).chars().map(digit).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn powers_of_ten_read_as_such() {
        assert_eq!((power(1e-3).as_str(), power(1e-12).as_str(), power(1e2).as_str()), ("10⁻³", "10⁻¹²", "10²"));
        assert_eq!((power(1.0).as_str(), power(0.02).as_str()), ("1", "2.00e-2"));
    }
}
