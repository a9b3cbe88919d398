//! Blocks of a layer with a Gaussian conditional: one small eigenproblem per output channel.
//!
//! Given x_{j−1}, the layer's output is normal around pool(φ(u)) with variance σ² per component, so that its Fisher matrix
//! σ⁻²·E[JᵀJ] is block diagonal over output channels. With A_o the matrix whose rows are the derivatives of the outputs of
//! channel o, F_o = AᵀA/(n σ²), which has the non-zero eigenvalues of AAᵀ/(n σ²): the smaller of the two is solved. The
//! Gram matrix of the patches is shared by all channels where the rows are few.

use faer::Mat;
use rayon::prelude::*;

use super::{MarkovOptions, Method, lanczos::BlockBatch};
use crate::chain::{Chain, Pass, PoolKind};
use crate::linalg::{positive_eigenvalues, product_nt, small_gram};
use crate::spectrum::lanczos;
use crate::{FisherError, Precision, Spectrum};

/// Rows of A_o that an average pool makes: the windows, as lists of positions; `None` without one.
pub(crate) fn windows(chain: &Chain, index: usize) -> Option<Vec<Vec<usize>>> {
    let (pool, geometry) = (chain.layers[index].pool?, &chain.geometry[index]);
    (pool.kind == PoolKind::Average).then(|| {
        let outputs = (0..geometry.output.height).flat_map(|y| (0..geometry.output.width).map(move |x| (y, x)));
        outputs.map(|(y, x)| pool.window(y, x, geometry.inner.width).collect()).collect()
    })
}

/// The derivative of u at row r with respect to the parameters of channel o, times `factor`, added to `row`.
pub(crate) fn add_features(pass: &Pass, bias: bool, r: usize, o: usize, factor: f64, row: &mut [f64]) {
    let fan_in = pass.fan_in;
    let patch = &pass.patches[r * fan_in..(r + 1) * fan_in];
    let gain = factor * pass.gain[o];
    let (weights, rest) = row.split_at_mut(fan_in);
    if pass.bend.is_empty() {
        weights.iter_mut().zip(patch).for_each(|(out, x)| *out += gain * x);
    } else {
        let bend = &pass.bend[o * fan_in..(o + 1) * fan_in];
        weights.iter_mut().zip(patch.iter().zip(bend)).for_each(|(out, (x, bend))| *out += gain * x * bend);
    }
    let mut rest = rest.iter_mut();
    if bias && let Some(out) = rest.next() {
        *out += gain;
    }
    if pass.has_norm() {
        for (out, value) in rest.zip([pass.normal[r * pass.channels + o], 1.0]) {
            *out += factor * value;
        }
    }
}

/// Spectrum of the block of layer `index` with a Gaussian conditional of variance `variance`.
pub(crate) fn gaussian_block(
    chain: &Chain,
    index: usize,
    pass: &Pass,
    variance: f64,
    options: &MarkovOptions,
    seed: u64,
) -> Result<Spectrum, FisherError> {
    let mut units = gaussian_units(chain, index, pass, variance, options, seed)?;
    if units.len() == 1
        && let Some(whole) = units.pop()
    {
        return Ok(whole);
    }
    let values = units.iter().filter_map(Spectrum::eigenvalues).flatten().copied().collect();
    Ok(Spectrum::exact(chain.layer_dimension(index), values))
}

/// The same for every output channel apart; one spectrum of all of them where Lanczos is used.
pub(crate) fn gaussian_units(
    chain: &Chain,
    index: usize,
    pass: &Pass,
    variance: f64,
    options: &MarkovOptions,
    seed: u64,
) -> Result<Vec<Spectrum>, FisherError> {
    let factors = pass.factors();
    let windows = windows(chain, index);
    let dimension = chain.layer_dimension(index);
    let scale = 1.0 / (pass.samples as f64 * variance);
    let block =
        Block { chain, index, pass, factors, windows, width: chain.geometry[index].width(&chain.layers[index]) };
    if block.factors.iter().any(|factor| !factor.is_finite()) || pass.patches.iter().any(|x| !x.is_finite()) {
        return Err(FisherError::Overflow { layer: index });
    }
    let exact = match options.method {
        Method::Exact => true,
        Method::Lanczos => false,
        Method::Auto => block.exact_work() <= options.exact_work,
    };
    if exact {
        let scaled = |values: Vec<f64>| values.into_iter().map(|value| value * scale).collect();
        let units = block.eigenvalues()?.into_iter().map(|values| Spectrum::exact(block.width, scaled(values)));
        return Ok(units.collect());
    }
    let overflow = FisherError::Overflow { layer: index };
    let trace = scale * block.trace();
    let quadrature = match options.lanczos.precision {
        Precision::Single => lanczos(&BlockBatch::<f32>::new(&block, scale), &options.lanczos, seed),
        Precision::Double => lanczos(&BlockBatch::<f64>::new(&block, scale), &options.lanczos, seed),
    };
    Ok(vec![Spectrum::lanczos(dimension, trace, quadrature.ok_or(overflow)??)])
}

/// Everything that the blocks of a layer are made of.
pub(crate) struct Block<'a> {
    pub(crate) chain: &'a Chain,
    pub(crate) index: usize,
    pub(crate) pass: &'a Pass,
    /// Factors of rows and channels, `[rows, channels]`.
    pub(crate) factors: Vec<f64>,
    /// Windows of an average pool.
    pub(crate) windows: Option<Vec<Vec<usize>>>,
    /// Parameters of a channel.
    pub(crate) width: usize,
}

impl Block<'_> {
    pub(crate) fn bias(&self) -> bool {
        self.chain.layers[self.index].bias
    }

    fn factor(&self, r: usize, o: usize) -> f64 {
        self.factors[r * self.pass.channels + o]
    }

    /// Rows of A_o: those with a factor that is not 0, or the windows of an average pool.
    fn height(&self, o: usize) -> usize {
        match &self.windows {
            Some(windows) => self.pass.samples * windows.len(),
            None => (0..self.pass.rows()).filter(|r| self.factor(*r, o) != 0.0).count(),
        }
    }

    /// Multiplications of the exact solution, roughly.
    fn exact_work(&self) -> f64 {
        (0..self.pass.channels)
            .map(|o| {
                let (height, width) = (self.height(o) as f64, self.width as f64);
                let (small, large) = (height.min(width), height.max(width));
                small * small * (0.5 * large + 1.4 * small)
            })
            .sum()
    }

    /// The Gram matrix of the patches where every channel can use it.
    fn shared_gram(&self) -> Option<Vec<f64>> {
        let rows = self.pass.rows();
        let duals = (0..self.pass.channels).filter(|o| self.height(*o) <= self.width).count();
        let shared = rows * rows * self.pass.fan_in;
        let apart = duals * self.width * self.width * self.width;
        if self.windows.is_some() || !self.pass.bend.is_empty() || duals == 0 || shared > apart {
            return None;
        }
        let mut gram = vec![0.0; rows * rows];
        product_nt(&self.pass.patches, &self.pass.patches, self.pass.fan_in, &mut gram);
        Some(gram)
    }

    /// Eigenvalues of every channel.
    fn eigenvalues(&self) -> Result<Vec<Vec<f64>>, FisherError> {
        let shared = self.shared_gram();
        let blocks: Vec<Result<Vec<f64>, FisherError>> = (0..self.pass.channels)
            .into_par_iter()
            .map(|o| match &shared {
                Some(shared) if self.height(o) <= self.width => positive_eigenvalues(self.dual(shared, o).as_ref()),
                _ => positive_eigenvalues(small_gram(&self.jacobian(o), self.width).as_ref()),
            })
            .collect();
        blocks.into_iter().collect()
    }

    /// A_o A_oᵀ over the rows with a factor, from the shared Gram matrix.
    fn dual(&self, shared: &[f64], o: usize) -> Mat<f64> {
        let (pass, rows) = (self.pass, self.pass.rows());
        let live: Vec<usize> = (0..rows).filter(|r| self.factor(*r, o) != 0.0).collect();
        let (gain, bias) = (pass.gain[o] * pass.gain[o], f64::from(self.bias()));
        Mat::from_fn(live.len(), live.len(), |i, j| {
            if i < j {
                return 0.0;
            }
            let (r, s) = (live[i], live[j]);
            let mut inner = gain * (shared[r * rows + s] + bias);
            if pass.has_norm() {
                inner += pass.normal[r * pass.channels + o] * pass.normal[s * pass.channels + o] + 1.0;
            }
            inner * self.factor(r, o) * self.factor(s, o)
        })
    }

    /// A_o, row-major, rows that are 0 left out.
    fn jacobian(&self, o: usize) -> Vec<f64> {
        let (pass, width) = (self.pass, self.width);
        let mut jacobian = vec![0.0; self.height(o) * width];
        let mut rows = jacobian.chunks_mut(width);
        match &self.windows {
            None => {
                for r in (0..pass.rows()).filter(|r| self.factor(*r, o) != 0.0) {
                    if let Some(row) = rows.next() {
                        add_features(pass, self.bias(), r, o, self.factor(r, o), row);
                    }
                }
            }
            Some(windows) => {
                for sample in 0..pass.samples {
                    for (window, row) in windows.iter().zip(rows.by_ref()) {
                        for position in window {
                            let r = sample * pass.positions + position;
                            let factor = self.factor(r, o) / window.len() as f64;
                            add_features(pass, self.bias(), r, o, factor, row);
                        }
                    }
                }
            }
        }
        jacobian
    }

    /// Σ over channels of tr A_oᵀA_o.
    fn trace(&self) -> f64 {
        let pass = self.pass;
        if self.windows.is_some() || !pass.bend.is_empty() {
            let squares = |o| self.jacobian(o).iter().map(|x| x * x).sum::<f64>();
            return (0..pass.channels).into_par_iter().map(squares).collect::<Vec<f64>>().into_iter().sum();
        }
        let bias = f64::from(self.bias());
        let parts: Vec<f64> = (0..pass.rows())
            .into_par_iter()
            .map(|r| {
                let patch = &pass.patches[r * pass.fan_in..(r + 1) * pass.fan_in];
                let square = patch.iter().map(|x| x * x).sum::<f64>() + bias;
                let row = r * pass.channels..(r + 1) * pass.channels;
                let terms = row.zip(&pass.gain).map(|(at, gain)| {
                    let norm = if pass.has_norm() { pass.normal[at].powi(2) + 1.0 } else { 0.0 };
                    self.factors[at].powi(2) * (gain * gain * square + norm)
                });
                terms.sum()
            })
            .collect();
        parts.into_iter().sum()
    }
}
