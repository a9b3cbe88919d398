//! Sums of rational multiples of square roots of rational numbers.

use num_bigint::BigInt;
use num_integer::Integer;
use num_rational::BigRational;
use num_traits::{One, Signed, ToPrimitive, Zero};

/// Digits behind the binary point with which a number is enclosed, until its place among the integers is known. Two terms that differ
/// from an integer differ by more than 2^−4096 for coefficients of single precision, so that what is left then is an integer.
const PRECISIONS: [usize; 4] = [64, 256, 1024, 4096];

/// Σ c·√r.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Real {
    /// Coefficients and radicands; radicands are positive and differ, coefficients are not 0.
    terms: Vec<(BigRational, BigRational)>,
}

impl Real {
    pub(crate) fn zero() -> Self {
        Self { terms: Vec::new() }
    }

    pub(crate) fn one() -> Self {
        Self::rational(BigRational::one())
    }

    pub(crate) fn rational(value: BigRational) -> Self {
        Self::term(value, BigRational::one())
    }

    /// The number a float is; infinities and NaN have none.
    pub(crate) fn from_f64(value: f64) -> Option<Self> {
        BigRational::from_float(value).map(Self::rational)
    }

    /// 2^exponent.
    pub(crate) fn power_of_two(exponent: i32) -> Self {
        let power = BigInt::one() << exponent.unsigned_abs();
        Self::rational(if exponent < 0 { BigRational::new(BigInt::one(), power) } else { power.into() })
    }

    fn term(c: BigRational, r: BigRational) -> Self {
        if c.is_zero() {
            return Self::zero();
        }
        match rational_root(&r) {
            Some(root) => Self { terms: vec![(c * root, BigRational::one())] },
            None => Self { terms: vec![(c, r)] },
        }
    }

    pub(crate) fn is_zero(&self) -> bool {
        self.terms.is_empty()
    }

    pub(crate) fn add(&self, other: &Self) -> Self {
        let mut terms = self.terms.clone();
        for (c, r) in &other.terms {
            match terms.iter_mut().find(|(_, radicand)| radicand == r) {
                Some((coefficient, _)) => *coefficient += c,
                None => terms.push((c.clone(), r.clone())),
            }
        }
        terms.retain(|(c, _)| !c.is_zero());
        Self { terms }
    }

    pub(crate) fn negated(&self) -> Self {
        Self { terms: self.terms.iter().map(|(c, r)| (-c, r.clone())).collect() }
    }

    pub(crate) fn sub(&self, other: &Self) -> Self {
        self.add(&other.negated())
    }

    pub(crate) fn mul(&self, other: &Self) -> Self {
        let products =
            self.terms.iter().flat_map(|(c, r)| other.terms.iter().map(move |(d, s)| Self::term(c * d, r * s)));
        products.fold(Self::zero(), |sum, product| sum.add(&product))
    }

    /// 1/√self of a positive rational number.
    pub(crate) fn inverse_root(&self) -> Option<Self> {
        match &self.terms[..] {
            [(c, r)] if r.is_one() && c.is_positive() => Some(Self::term(c.recip(), c.clone())),
            _ => None,
        }
    }

    /// 1/self of a number of one term.
    pub(crate) fn inverse(&self) -> Option<Self> {
        match &self.terms[..] {
            [(c, r)] => Some(Self::term((c * r).recip(), r.clone())),
            _ => None,
        }
    }

    /// −1, 0 or 1.
    pub(crate) fn sign(&self) -> i8 {
        let exact = |ordering: bool| if ordering { 1 } else { -1 };
        match &self.terms[..] {
            [] => 0,
            [(c, _)] => exact(c.is_positive()),
            _ => {
                match self.enclosed(|low, high| (low.is_positive() || high.is_negative()).then(|| low.is_positive())) {
                    Some(positive) => exact(positive),
                    None => 0,
                }
            }
        }
    }

    /// The smallest integer that is not smaller.
    pub(crate) fn ceil(&self) -> BigInt {
        self.whole(|rational| rational.ceil().to_integer(), Integer::div_ceil)
    }

    /// The largest integer that is not larger.
    pub(crate) fn floor(&self) -> BigInt {
        self.whole(|rational| rational.floor().to_integer(), Integer::div_floor)
    }

    /// The nearest integer, of two the upper one.
    pub(crate) fn round(&self) -> BigInt {
        self.add(&Self::rational(BigRational::new(1.into(), 2.into()))).floor()
    }

    fn whole(&self, exact: fn(&BigRational) -> BigInt, of: fn(&BigInt, &BigInt) -> BigInt) -> BigInt {
        match &self.terms[..] {
            [] => return BigInt::zero(),
            [(c, r)] if r.is_one() => return exact(c),
            _ => {}
        }
        let mut last = BigInt::zero();
        for precision in PRECISIONS {
            let (low, high) = self.enclosure(precision);
            let unit = BigInt::one() << precision;
            let (a, b) = (of(&low, &unit), of(&high, &unit));
            if a == b {
                return a;
            }
            // The integer within.
            last = low.div_ceil(&unit);
        }
        last
    }

    fn enclosed<T>(&self, decides: impl Fn(BigInt, BigInt) -> Option<T>) -> Option<T> {
        PRECISIONS.iter().find_map(|precision| {
            let (low, high) = self.enclosure(*precision);
            decides(low, high)
        })
    }

    /// Two integers that enclose self·2^precision.
    fn enclosure(&self, precision: usize) -> (BigInt, BigInt) {
        self.terms.iter().fold((BigInt::zero(), BigInt::zero()), |(low, high), (c, r)| {
            // |c|·√r = √(c²r) = √(n·d)/d.
            let square = c * c * r;
            let root: BigInt = ((square.numer() * square.denom()) << (2 * precision)).sqrt();
            let (least, most) = (root.div_floor(square.denom()), (root + 1u8).div_floor(square.denom()) + 1);
            if c.is_negative() { (low - most, high - least) } else { (low + least, high + most) }
        })
    }

    /// The nearest double but for some 2^−50 of the largest term.
    pub(crate) fn approximate(&self) -> f64 {
        let term = |(c, r): &(BigRational, BigRational)| {
            let [c, r] = [c, r].map(|q| q.to_f64().unwrap_or(f64::NAN));
            if r == 1.0 { c } else { c * r.sqrt() }
        };
        self.terms.iter().map(term).sum()
    }
}

fn rational_root(value: &BigRational) -> Option<BigRational> {
    if value.is_one() {
        return Some(BigRational::one());
    }
    let root = |n: &BigInt| {
        let root = n.sqrt();
        (&root * &root == *n).then_some(root)
    };
    Some(BigRational::new(root(value.numer())?, root(value.denom())?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn real(value: f64) -> Real {
        Real::from_f64(value).unwrap()
    }

    #[test]
    fn roots_of_squares_are_rational() {
        let root = real(2.25).inverse_root().unwrap();
        assert_eq!(root, Real::rational(BigRational::new(2.into(), 3.into())));
        let third = real(3.0).inverse().unwrap();
        assert_eq!(third.mul(&real(3.0)), Real::one());
        assert_eq!(third.mul(&real(6.0)).ceil(), 2.into());
    }

    #[test]
    fn integers_that_roots_add_up_to_are_found() {
        // √2·√2 = 2 by multiplication; 3 + √8 − 2√2 = 3 by enclosure alone.
        let half = real(2.0).inverse_root().unwrap();
        let two = half.mul(&half).inverse().unwrap();
        assert_eq!((two.ceil(), two.floor()), (2.into(), 2.into()));
        let eight = real(8.0).inverse_root().unwrap().inverse().unwrap();
        let sum = eight.sub(&half.mul(&real(4.0))).add(&real(3.0));
        assert_eq!((sum.ceil(), sum.floor(), sum.sign()), (3.into(), 3.into(), 1));
        let above = sum.add(&real(f64::MIN_POSITIVE));
        assert_eq!((above.ceil(), above.floor()), (4.into(), 3.into()));
        assert_eq!(sum.sub(&real(3.0)).sign(), 0);
    }

    #[test]
    fn whole_parts_agree_with_doubles() {
        for i in 1..400 {
            let (v, a) = (f64::from(i) * 0.37, f64::from(i % 17) - 8.5);
            let x = real(a).mul(&real(v).inverse_root().unwrap()).add(&real(0.25));
            let near = a / v.sqrt() + 0.25;
            assert_eq!(x.ceil().to_f64().unwrap(), near.ceil(), "{i}");
            assert_eq!(x.floor().to_f64().unwrap(), near.floor(), "{i}");
            assert!((x.approximate() - near).abs() < 1e-12);
            assert_eq!(x.sign(), near.signum() as i8);
        }
    }
}
