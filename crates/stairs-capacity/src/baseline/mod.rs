//! Measures of a network before training that others use, to stand beside 2sED.
//!
//! | measure | number | larger is taken for | file |
//! |---|---|---|---|
//! | `parameters`, `macs`, `depth` | what the network costs | better | `size` |
//! | `gradient_norm` | ‖∇_θ mean loss‖₂ | better | `gradient_norm` |
//! | `synflow` | log Σ of \|θ ∂R/∂θ\|, R = 1ᵀ f_{\|θ\|}(1) | better | `synflow` |
//! | `naswot` | log \|det\| of the kernel of ReLU codes | better | `naswot` |
//! | `path_norm` | log Σ over paths Π w² | worse | `path_norm` |
//! | `spectral_norm` | log Π of the layers' spectral norms | worse | `spectral_norm` |
//! | [`local_learning_coefficient`] | nβ(E_w L(w) − L(w\*)), of a trained network | worse | `learning_coefficient` |
//!
//! Each works on a [`Chain`] with the parameters of its layers, in f64, in the time of a few passes of the batch. All but the last are rows
//! of [`BASELINES`]; [`baselines`] measures them over draws of a prior.

mod affine;
mod batch;
mod gradient_norm;
mod largest;
mod learning_coefficient;
mod naswot;
mod path_norm;
mod paths;
mod size;
mod spectral_norm;
mod synflow;

use std::time::Instant;

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

pub use batch::Batch;
pub use gradient_norm::gradient_norm;
pub use learning_coefficient::{LearningCoefficient, SgldOptions, local_learning_coefficient};
pub use naswot::naswot;
pub use path_norm::path_norm;
pub use size::{depth, macs, parameters};
pub use spectral_norm::spectral_norm;
pub use synflow::synflow;

use crate::{Chain, Estimate, FisherError, LayerParameters, MeasureError, Prior, measure::mean_estimate};

/// Which of two networks a measure takes for the better one; of depth, parameters and multiply-accumulates a convention.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Better {
    /// The one with the larger number.
    Larger,
    /// The one with the smaller number.
    Smaller,
}

/// A measure of a network at given parameters.
#[derive(Clone, Copy, Debug)]
pub struct Baseline {
    /// Its name in results, in snake case.
    pub name: &'static str,
    /// The number.
    pub of: fn(&Chain, &[LayerParameters], &Batch<'_>) -> Result<f64, FisherError>,
    /// Which networks its paper takes for better.
    pub better: Better,
}

/// All of them, in the order in which results have them.
pub const BASELINES: [Baseline; 8] = [
    Baseline { name: "parameters", of: parameters, better: Better::Larger },
    Baseline { name: "macs", of: macs, better: Better::Larger },
    Baseline { name: "depth", of: depth, better: Better::Larger },
    Baseline { name: "gradient_norm", of: gradient_norm, better: Better::Larger },
    Baseline { name: "synflow", of: synflow, better: Better::Larger },
    Baseline { name: "naswot", of: naswot, better: Better::Larger },
    Baseline { name: "path_norm", of: path_norm, better: Better::Smaller },
    Baseline { name: "spectral_norm", of: spectral_norm, better: Better::Smaller },
];

/// A baseline measured over draws.
#[derive(Clone, Debug)]
pub struct Measured {
    /// The row of [`BASELINES`].
    pub baseline: Baseline,
    /// Mean over the draws with its standard error, or the error of the first draw that has one.
    pub result: Result<Estimate, MeasureError>,
    /// Seconds that all draws took together.
    pub seconds: f64,
}

/// Every baseline as the mean over `draws` draws of `prior`.
///
/// Draw m is a function of the seed and m alone, and has the parameters of
/// [`Sampler::draw_whole`](crate::Sampler::draw_whole) with the same seed.
///
/// ```
/// use stairs_capacity::{Activation, Batch, Chain, Head, Layer, Prior, Shape, baselines};
/// let layers = vec![Layer::dense(16).with_bias().with_activation(Activation::Relu), Layer::dense(3).with_bias()];
/// let chain = Chain::new(Shape::vector(4), layers, Head::Categorical)?;
/// let inputs: Vec<f64> = (0..40).map(|i| f64::from(i * 37 % 101) / 30.0 - 1.7).collect();
/// let labels: Vec<usize> = (0..10).map(|i| i % 3).collect();
/// for measured in baselines(&chain, &Prior::Initialiser, &Batch::labelled(&inputs, &labels), 4, 1) {
///     println!("{} {:?} {:.3} s", measured.baseline.name, measured.result, measured.seconds);
/// }
/// # Ok::<(), stairs_capacity::ChainError>(())
/// ```
pub fn baselines(chain: &Chain, prior: &Prior, batch: &Batch<'_>, draws: usize, seed: u64) -> Vec<Measured> {
    let mut found = BASELINES.map(|_| (Ok(Vec::with_capacity(draws)), 0.0));
    let checked = batch.check(chain).map_err(FisherError::from);
    for index in 0..draws {
        let drawn = checked.clone().and_then(|_| {
            let mut rng = ChaCha8Rng::seed_from_u64(seed);
            rng.set_stream(index as u64);
            Ok(prior.draw_all(chain, &mut rng)?)
        });
        for (baseline, (values, seconds)) in BASELINES.iter().zip(&mut found) {
            let Ok(list) = values else { continue };
            let start = Instant::now();
            match drawn.as_ref().map_err(Clone::clone).and_then(|own| (baseline.of)(chain, own, batch)) {
                Ok(value) => list.push(value),
                Err(error) => *values = Err(error),
            }
            *seconds += start.elapsed().as_secs_f64();
        }
    }
    let measured = |(baseline, (values, seconds)): (Baseline, (Result<Vec<f64>, FisherError>, f64))| {
        let result = values.map_err(MeasureError::from).and_then(|values| match values.is_empty() {
            true => Err(MeasureError::NoDraws),
            false => Ok(mean_estimate(&values, &vec![0.0; values.len()])),
        });
        Measured { baseline, result, seconds }
    };
    BASELINES.into_iter().zip(found).map(measured).collect()
}
