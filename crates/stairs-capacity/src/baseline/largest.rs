//! The largest eigenvalue of a positive semi-definite operator, by Lanczos from a fixed start.
//!
//! The largest Ritz value of k steps is at most the eigenvalue and, with a random start, below it by a factor of about
//! 1 − (log(size)/2k)² whatever the gap (Kuczyński, Woźniakowski, SIAM J. Matrix Anal. Appl. 13, 1992), while power iteration has
//! log(size)/k. Vectors are not made orthogonal again: what is lost by rounding are copies of eigenvalues that have converged, and
//! the largest one stays where it is.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::{FisherError, SymmetricOperator, tridiagonal::eigenvalues};

/// Seed of the start.
const SEED: u64 = 0x5EED;
/// Steps between two looks at the Ritz value.
const STRIDE: usize = 8;
/// Steps at most.
const STEPS: usize = 400;
/// Relative growth over [`STRIDE`] steps that ends the iteration.
const GROWTH: f64 = 1e-11;

/// The largest eigenvalue; 0 of an operator that is 0.
pub(super) fn largest_eigenvalue(operator: &impl SymmetricOperator) -> Result<f64, FisherError> {
    let size = operator.size();
    let mut rng = ChaCha8Rng::seed_from_u64(SEED);
    // Of all numbers, not of ±1, which is orthogonal to what it should find where weights are alike.
    let mut current: Vec<f64> = (0..size).map(|_| rng.random_range(-1.0..1.0)).collect();
    let length = current.iter().map(|x| x * x).sum::<f64>().sqrt();
    current.iter_mut().for_each(|x| *x /= length);
    let (mut before, mut next) = (vec![0.0; size], vec![0.0; size]);
    let (mut diagonal, mut off): (Vec<f64>, Vec<f64>) = (Vec::new(), Vec::new());
    let mut found = 0.0f64;
    for step in 1..=STEPS {
        operator.apply(&current, &mut next);
        let a: f64 = current.iter().zip(&next).map(|(x, y)| x * y).sum();
        let b = off.last().copied().unwrap_or(0.0);
        next.iter_mut().zip(current.iter().zip(&before)).for_each(|(y, (x, old))| *y -= a * x + b * old);
        let norm = next.iter().map(|y| y * y).sum::<f64>().sqrt();
        if !a.is_finite() || !norm.is_finite() {
            return Err(FisherError::Overflow { layer: 0 });
        }
        diagonal.push(a);
        let exhausted = step >= size || norm <= f64::EPSILON * a.abs().max(found);
        if exhausted || step % STRIDE == 0 || step == STEPS {
            let mut values = diagonal.clone();
            if !eigenvalues(&mut values, &off, &mut []) {
                return Err(FisherError::Eigenvalues { size: step });
            }
            let largest = values.into_iter().fold(0.0, f64::max);
            if exhausted || largest - found <= GROWTH * largest {
                return Ok(largest);
            }
            found = largest;
        }
        off.push(norm);
        std::mem::swap(&mut before, &mut current);
        current.iter_mut().zip(&next).for_each(|(x, y)| *x = y / norm);
    }
    Ok(found)
}
