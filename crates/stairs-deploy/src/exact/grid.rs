//! Levels as integers: every list of floats is a multiple of some binary fraction; deployment needs small multiples.

use num_bigint::BigInt;
use num_integer::Integer;
use num_rational::BigRational;
use num_traits::{One, ToPrimitive, Zero};

use super::Real;

/// Levels as multiples of the largest unit of which all are multiples.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Grid {
    /// The unit.
    pub(crate) unit: Real,
    /// The levels in units.
    pub(crate) levels: Vec<i32>,
}

impl Grid {
    /// The grid of these levels; `None` if one is not finite or more than `reach` units away from 0.
    pub(crate) fn new(levels: &[f64], reach: i32) -> Option<Self> {
        let exact: Vec<BigRational> =
            levels.iter().map(|level| BigRational::from_float(*level)).collect::<Option<_>>()?;
        let denominator = exact.iter().fold(BigInt::one(), |lcm, level| lcm.lcm(level.denom()));
        let numerators: Vec<BigInt> =
            exact.iter().map(|level| level.numer() * (&denominator / level.denom())).collect();
        let divisor = numerators.iter().fold(BigInt::zero(), |gcd, n| gcd.gcd(n));
        if divisor.is_zero() {
            return Some(Self { unit: Real::one(), levels: vec![0; levels.len()] });
        }
        let units = numerators.iter().map(|n| (n / &divisor).to_i32().filter(|n| n.unsigned_abs() <= reach as u32));
        let levels = units.collect::<Option<Vec<i32>>>()?;
        Some(Self { unit: Real::rational(BigRational::new(divisor, denominator)), levels })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_multiples_of_their_largest_unit() {
        let grid = |levels: &[f64]| Grid::new(levels, 128).map(|grid| (grid.unit.approximate(), grid.levels));
        assert_eq!(grid(&[-1.0, 0.0, 1.0]), Some((1.0, vec![-1, 0, 1])));
        assert_eq!(grid(&[-2.0, 0.0, 4.0]), Some((2.0, vec![-1, 0, 2])));
        assert_eq!(grid(&[-0.75, 0.25, 0.5]), Some((0.25, vec![-3, 1, 2])));
        assert_eq!(grid(&[0.1, 0.2]), Some((0.1, vec![1, 2])));
        assert_eq!(grid(&[0.1, 0.3]), None);
        assert_eq!(grid(&[0.0, 1e9, 1.0]), None);
        assert_eq!(grid(&[0.0, f64::INFINITY]), None);
        assert_eq!(grid(&[0.0]), Some((1.0, vec![0])));
    }
}
