//! Stochastic Lanczos quadrature: the trace of a function of a matrix that is known only by its products.
//!
//! tr f(F) = E vᵀf(F)v for random v with independent ±1 entries; k Lanczos steps from v give a quadrature rule for vᵀf(F)v
//! (see [`Quadrature`]). Blocks of equal size are run together: one step is one product with a `[size, blocks]` matrix,
//! whose columns never mix. Every new vector is made orthogonal to all before it, twice, so that no eigenvalue is found
//! twice.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

use super::{LanczosOptions, Probe, Quadrature};
use crate::{
    FisherError,
    linalg::{Scalar, in_pool},
    tridiagonal::eigenvalues,
};

/// A symmetric positive semi-definite matrix, known by its products.
pub trait SymmetricOperator: Sync {
    /// Number of rows and of columns.
    fn size(&self) -> usize;
    /// `out` = A `x`.
    fn apply(&self, x: &[f64], out: &mut [f64]);
}

/// The quadrature of one matrix, products in f64.
///
/// ```
/// use stairs_capacity::{LanczosOptions, SymmetricOperator, stochastic_lanczos};
///
/// struct Diagonal(Vec<f64>);
///
/// impl SymmetricOperator for Diagonal {
///     fn size(&self) -> usize {
///         self.0.len()
///     }
///
///     fn apply(&self, x: &[f64], out: &mut [f64]) {
///         out.iter_mut().zip(x.iter().zip(&self.0)).for_each(|(out, (x, d))| *out = d * x);
///     }
/// }
///
/// let quadrature = stochastic_lanczos(&Diagonal(vec![1.0, 2.0, 4.0]), &LanczosOptions::default(), 1)?;
/// let trace = quadrature.sum(&|x| x); // three steps are exact here, and ±1 probes on a diagonal too
/// assert!((trace.value - 7.0).abs() < 1e-12);
/// # Ok::<(), stairs_capacity::FisherError>(())
/// ```
///
/// # Errors
/// [`FisherError::Lanczos`] for options out of range, [`FisherError::Overflow`] for products that are not finite.
pub fn stochastic_lanczos(
    operator: &impl SymmetricOperator,
    options: &LanczosOptions,
    seed: u64,
) -> Result<Quadrature, FisherError> {
    struct One<'a, O>(&'a O);

    impl<O: SymmetricOperator> Batch<f64> for One<'_, O> {
        fn size(&self) -> usize {
            self.0.size()
        }

        fn blocks(&self) -> usize {
            1
        }

        fn apply(&self, x: &[f64], out: &mut [f64]) {
            self.0.apply(x, out);
        }
    }

    in_pool(|| lanczos(&One(operator), options, seed)).ok_or(FisherError::Overflow { layer: 0 })?
}

/// Symmetric matrices of equal size, applied together.
pub(crate) trait Batch<T>: Sync {
    /// Size of every block.
    fn size(&self) -> usize;
    /// Number of blocks.
    fn blocks(&self) -> usize;
    /// out = A x for `[size, blocks]` matrices: column b of `out` is block b times column b of `x`.
    fn apply(&self, x: &[T], out: &mut [T]);
}

/// Lanczos coefficients of every block.
struct Recurrence {
    /// Diagonals, `[blocks][steps]`.
    diagonal: Vec<Vec<f64>>,
    /// Off-diagonals; the last one leads out of the space, and is absent where the space is exhausted.
    off: Vec<Vec<f64>>,
}

/// Quadrature rules of all blocks; `None` if a product is not finite.
pub(crate) fn lanczos<T: Scalar>(
    batch: &impl Batch<T>,
    options: &LanczosOptions,
    seed: u64,
) -> Option<Result<Quadrature, FisherError>> {
    if let Err(error) = options.check() {
        return Some(Err(error));
    }
    let mut blocks = vec![Vec::with_capacity(options.probes); batch.blocks()];
    for probe in 0..options.probes {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream(probe as u64);
        let recurrence = run(batch, options.steps.min(batch.size()), &mut rng)?;
        let rules: Vec<Result<Probe, FisherError>> = (0..batch.blocks())
            .into_par_iter()
            .map(|b| rules(&recurrence.diagonal[b], &recurrence.off[b], batch.size() as f64))
            .collect();
        for (block, rule) in blocks.iter_mut().zip(rules) {
            match rule {
                Ok(rule) => block.push(rule),
                Err(error) => return Some(Err(error)),
            }
        }
    }
    Some(Ok(Quadrature { blocks }))
}

/// Rows of a `[size, blocks]` matrix that one task works on.
const ROWS: usize = 256;

/// Per block, Σ over rows of `left`·`right`.
fn dots<T: Scalar>(left: &[T], right: &[T], blocks: usize) -> Vec<f64> {
    let parts: Vec<Vec<f64>> = left
        .par_chunks(ROWS * blocks)
        .zip(right.par_chunks(ROWS * blocks))
        .map(|(left, right)| {
            let mut sums = vec![0.0; blocks];
            for (left, right) in left.chunks(blocks).zip(right.chunks(blocks)) {
                for ((sum, left), right) in sums.iter_mut().zip(left).zip(right) {
                    *sum += left.wide() * right.wide();
                }
            }
            sums
        })
        .collect();
    parts.into_iter().fold(vec![0.0; blocks], |mut sums, part| {
        sums.iter_mut().zip(part).for_each(|(sum, part)| *sum += part);
        sums
    })
}

/// target += factor·source, block by block.
fn add<T: Scalar>(target: &mut [T], factor: &[f64], source: &[T], blocks: usize) {
    let factor: Vec<T> = factor.iter().map(|f| T::of(*f)).collect();
    target.par_chunks_mut(ROWS * blocks).zip(source.par_chunks(ROWS * blocks)).for_each(|(target, source)| {
        for (target, source) in target.chunks_mut(blocks).zip(source.chunks(blocks)) {
            for ((target, factor), source) in target.iter_mut().zip(&factor).zip(source) {
                *target += *factor * *source;
            }
        }
    });
}

fn run<T: Scalar>(batch: &impl Batch<T>, steps: usize, rng: &mut ChaCha8Rng) -> Option<Recurrence> {
    let (size, blocks) = (batch.size(), batch.blocks());
    let unit = T::of(1.0 / (size as f64).sqrt());
    let mut basis: Vec<Vec<T>> =
        vec![(0..size * blocks).map(|_| if rng.random::<bool>() { unit } else { -unit }).collect()];
    let mut recurrence = Recurrence { diagonal: vec![Vec::new(); blocks], off: vec![Vec::new(); blocks] };
    let mut active = vec![true; blocks];
    let mut largest = vec![0.0f64; blocks];
    for step in 0..steps {
        let mut next = vec![T::of(0.0); size * blocks];
        batch.apply(&basis[step], &mut next);
        let diagonal = dots(&basis[step], &next, blocks);
        let mut remaining = vec![0.0; blocks];
        for _ in 0..2 {
            for old in &basis {
                let overlap: Vec<f64> = dots(old, &next, blocks).into_iter().map(|dot| -dot).collect();
                add(&mut next, &overlap, old, blocks);
            }
        }
        let norm = dots(&next, &next, blocks);
        for b in 0..blocks {
            if !diagonal[b].is_finite() || !norm[b].is_finite() {
                return None;
            }
            if !active[b] {
                continue;
            }
            recurrence.diagonal[b].push(diagonal[b]);
            largest[b] = largest[b].max(diagonal[b].abs()).max(norm[b].sqrt());
            // The space is exhausted where nothing but rounding is left.
            let rounding = 8.0 * T::ROUNDING * (size as f64).sqrt() * largest[b];
            if norm[b].sqrt() <= rounding || step + 1 == size {
                active[b] = false;
            } else {
                recurrence.off[b].push(norm[b].sqrt());
                remaining[b] = 1.0 / norm[b].sqrt();
            }
        }
        if !active.contains(&true) || step + 1 == steps {
            break;
        }
        let scale: Vec<T> = remaining.iter().map(|factor| T::of(*factor)).collect();
        next.par_chunks_mut(blocks).for_each(|row| row.iter_mut().zip(&scale).for_each(|(x, scale)| *x *= *scale));
        basis.push(next);
    }
    Some(recurrence)
}

/// The rules of one probe with squared norm `mass`.
fn rules(diagonal: &[f64], off: &[f64], mass: f64) -> Result<Probe, FisherError> {
    let steps = diagonal.len();
    let gauss = rule(diagonal, off, mass)?;
    // A last off-diagonal says that the space is not exhausted: a node at 0 gives the other bound.
    let radau = match (off.len() == steps).then(|| last_diagonal(diagonal, off)).flatten() {
        Some(last) => {
            let diagonal: Vec<f64> = diagonal.iter().copied().chain([last]).collect();
            rule(&diagonal, off, mass)?
        }
        None => gauss.clone(),
    };
    Ok(Probe { gauss, radau })
}

/// The diagonal entry that gives the extended tridiagonal matrix the eigenvalue 0: β²·(T⁻¹)_kk; `None` where T is
/// singular up to rounding.
fn last_diagonal(diagonal: &[f64], off: &[f64]) -> Option<f64> {
    let largest = diagonal.iter().copied().fold(0.0, f64::max);
    let mut pivot = diagonal[0];
    for (next, off) in diagonal[1..].iter().zip(off) {
        if pivot <= f64::EPSILON * largest {
            return None;
        }
        pivot = next - off * off / pivot;
    }
    let off = off[diagonal.len() - 1];
    (pivot > f64::EPSILON * largest).then(|| off * off / pivot)
}

/// Nodes and weights of the tridiagonal matrix: eigenvalues, and mass times squared first components.
fn rule(diagonal: &[f64], off: &[f64], mass: f64) -> Result<Vec<(f64, f64)>, FisherError> {
    let size = diagonal.len();
    let (mut nodes, mut first) = (diagonal.to_vec(), vec![0.0; size]);
    first[0] = 1.0;
    if !eigenvalues(&mut nodes, &off[..size - 1], &mut first) {
        return Err(FisherError::Eigenvalues { size });
    }
    Ok(nodes.into_iter().zip(first).map(|(node, first)| (node.max(0.0), mass * first * first)).collect())
}
