//! Draws of a Markov chain: parameters from the prior, layer after layer, and the spectrum of every block.

use std::sync::Arc;

use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::chain::{Chain, LayerParameters, Prior, pass};
use crate::fisher::{markov_block, markov_units};
use crate::linalg::in_pool;
use crate::{ChainError, Draw, FisherError, MarkovOptions, Sequence, Spectrum, UnitSequence, gram_spectrum};

/// A chain with a prior and a sample of inputs, ready to be drawn.
///
/// Draw number m is a function of the seed and m alone: draws can be made in any order, on several machines, or resumed.
///
/// ```
/// use stairs_capacity::{Activation, Chain, Draws, Head, Layer, MarkovOptions, Normalisation, Prior, Sampler, Shape};
/// let layers = vec![Layer::dense(4).with_bias().with_activation(Activation::Relu), Layer::dense(2).with_bias()];
/// let chain = Chain::new(Shape::vector(3), layers, Head::Categorical)?;
/// let inputs: Vec<f64> = (0..30).map(|i| f64::from(i * 7 % 11) / 5.0 - 1.0).collect();
/// let sampler = Sampler::new(chain, Prior::Initialiser, inputs, MarkovOptions::default(), 1)?;
/// let draws = (0..10).map(|m| sampler.draw(m, 1)).collect::<Result<Vec<_>, _>>()?;
/// let draws = Draws::new(draws, Normalisation::MeanTrace)?;
/// let two_scale = draws.two_scale(1e-3, 2.0 / 3.0)?;
/// assert!(draws.jensen(1e-3, 2.0 / 3.0)?.value <= two_scale.value);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Sampler {
    chain: Chain,
    prior: Prior,
    inputs: Arc<Vec<f64>>,
    samples: usize,
    options: MarkovOptions,
    seed: u64,
}

impl Sampler {
    /// A sampler; `inputs` holds samples one after the other.
    ///
    /// # Errors
    /// [`FisherError`] for a prior, inputs or options that do not fit.
    pub fn new(
        chain: Chain,
        prior: Prior,
        inputs: Vec<f64>,
        options: MarkovOptions,
        seed: u64,
    ) -> Result<Self, FisherError> {
        prior.check(&chain)?;
        options.check()?;
        let samples = chain.samples(&inputs)?;
        Ok(Self { chain, prior, inputs: Arc::new(inputs), samples, options, seed })
    }

    /// The chain.
    pub fn chain(&self) -> &Chain {
        &self.chain
    }

    /// Number of input samples.
    pub fn samples(&self) -> usize {
        self.samples
    }

    /// The generator of stream `stream`.
    fn rng(&self, stream: u64) -> ChaCha8Rng {
        let mut rng = ChaCha8Rng::seed_from_u64(self.seed);
        rng.set_stream(stream);
        rng
    }

    /// Draw number `index` of the Markov chain with `inner` ≥ 1 draws of the last layer (0 counts as 1).
    ///
    /// # Errors
    /// [`FisherError`] for an overflow or eigenvalues that do not converge.
    pub fn draw(&self, index: u64, inner: usize) -> Result<Draw, FisherError> {
        in_pool(|| self.draw_in_pool(index, inner))
    }

    fn draw_in_pool(&self, index: u64, inner: usize) -> Result<Draw, FisherError> {
        let rng = &mut self.rng(index);
        let last = self.chain.layers.len() - 1;
        let mut state = Arc::clone(&self.inputs);
        let mut hidden = Vec::with_capacity(last);
        for layer in 0..last {
            let (next, spectrum) = self.step(layer, &state, rng)?;
            hidden.push(spectrum);
            state = next;
        }
        let last = (0..inner.max(1)).map(|_| self.step(last, &state, rng).map(|(_, spectrum)| spectrum));
        Ok(Draw { hidden, last: last.collect::<Result<_, _>>()? })
    }

    /// Parameters and inputs of every layer of draw number `index`: what [`draw`](Self::draw) takes its blocks from.
    pub fn path(&self, index: u64) -> (Vec<LayerParameters>, Vec<Vec<f64>>) {
        let rng = &mut self.rng(index);
        let (mut parameters, mut states) = (Vec::new(), Vec::new());
        let mut state = self.inputs.to_vec();
        for layer in 0..self.chain.layers.len() {
            let own = self.prior.draw(&self.chain, layer, rng);
            let _seed: u64 = rng.random();
            let mut next = pass(&self.chain, layer, &own, &state, self.samples).output;
            if layer + 1 < self.chain.layers.len() {
                add_noise(&mut next, self.options.noise_variance, rng);
            }
            parameters.push(own);
            states.push(std::mem::replace(&mut state, next));
        }
        (parameters, states)
    }

    /// Draw number `index` of the network without noise in its hidden layers: one spectrum, of the whole Fisher matrix.
    ///
    /// # Errors
    /// As [`gram_spectrum`].
    pub fn draw_whole(&self, index: u64) -> Result<Draw, FisherError> {
        let parameters = self.prior.draw_all(&self.chain, &mut self.rng(index))?;
        Ok(Draw { hidden: Vec::new(), last: vec![gram_spectrum(&self.chain, &parameters, &self.inputs)?] })
    }

    /// One layer: its parameters from the prior, its block, its outputs with noise.
    fn step(
        &self,
        layer: usize,
        state: &[f64],
        rng: &mut ChaCha8Rng,
    ) -> Result<(Arc<Vec<f64>>, Spectrum), FisherError> {
        let parameters = self.prior.draw(&self.chain, layer, rng);
        let seed = rng.random();
        let (output, spectrum) = self.block(layer, &parameters, state, seed)?;
        let mut output = output;
        if layer + 1 < self.chain.layers.len() {
            add_noise(&mut output, self.options.noise_variance, rng);
        }
        Ok((Arc::new(output), spectrum))
    }

    /// Output without noise and spectrum of the block of a layer at given parameters and inputs.
    fn block(
        &self,
        layer: usize,
        parameters: &LayerParameters,
        state: &[f64],
        seed: u64,
    ) -> Result<(Vec<f64>, Spectrum), FisherError> {
        let mut pass = pass(&self.chain, layer, parameters, state, self.samples);
        let spectrum = markov_block(&self.chain, layer, &pass, &self.options, seed)?;
        Ok((std::mem::take(&mut pass.output), spectrum))
    }
}

/// Spectrum of the block of layer `layer` of a Markov chain at given parameters, over given inputs of that layer.
///
/// ```
/// use stairs_capacity::{Chain, Head, Layer, LayerParameters, MarkovOptions, Shape, layer_spectrum};
/// let chain = Chain::new(Shape::vector(1), vec![Layer::dense(1)], Head::Gaussian { variance: 0.5 })?;
/// let own = LayerParameters { weight: vec![3.0], ..LayerParameters::default() };
/// let spectrum = layer_spectrum(&chain, 0, &own, &[1.0, 2.0], &MarkovOptions::default(), 0)?;
/// assert!((spectrum.trace() - 5.0).abs() < 1e-12); // mean of x² over the variance
/// # Ok::<(), stairs_capacity::FisherError>(())
/// ```
///
/// # Errors
/// [`FisherError`] for a layer, parameters, inputs or options that do not fit, overflow, or eigenvalues that do not
/// converge.
pub fn layer_spectrum(
    chain: &Chain,
    layer: usize,
    parameters: &LayerParameters,
    inputs: &[f64],
    options: &MarkovOptions,
    seed: u64,
) -> Result<Spectrum, FisherError> {
    options.check()?;
    let Some((own, geometry)) = chain.layers.get(layer).zip(chain.geometry.get(layer)) else {
        let (expected, got) = (chain.layers.len(), layer + 1);
        return Err(ChainError::Length { layer, what: "the list of layers", expected, got }.into());
    };
    parameters.check(layer, own, geometry)?;
    let sample = geometry.input.values();
    if inputs.is_empty() || !inputs.len().is_multiple_of(sample) {
        return Err(ChainError::Inputs { sample, got: inputs.len() }.into());
    }
    crate::chain::finite(layer, "input", inputs)?;
    in_pool(|| {
        let pass = pass(chain, layer, parameters, inputs, inputs.len() / sample);
        markov_block(chain, layer, &pass, options, seed)
    })
}

/// Adds normal noise of variance `variance` (Box–Muller).
pub(crate) fn add_noise(values: &mut [f64], variance: f64, rng: &mut impl Rng) {
    let deviation = variance.sqrt();
    for pair in values.chunks_mut(2) {
        let radius = deviation * (-2.0 * (1.0 - rng.random::<f64>()).ln()).sqrt();
        let (sin, cos) = (std::f64::consts::TAU * rng.random::<f64>()).sin_cos();
        pair.iter_mut().zip([radius * cos, radius * sin]).for_each(|(value, noise)| *value += noise);
    }
}

impl Sequence for Sampler {
    type State = Arc<Vec<f64>>;

    fn layers(&self) -> usize {
        self.chain.layers.len()
    }

    fn extend(
        &self,
        layer: usize,
        previous: Option<&Self::State>,
        rng: &mut ChaCha8Rng,
    ) -> Result<(Self::State, Spectrum), FisherError> {
        self.step(layer, previous.unwrap_or(&self.inputs), rng)
    }
}

impl UnitSequence for Sampler {
    type State = Arc<Vec<f64>>;
    type Layer = LayerParameters;

    fn layers(&self) -> usize {
        self.chain.layers.len()
    }

    fn draw(
        &self,
        layer: usize,
        previous: Option<&Self::State>,
        rng: &mut ChaCha8Rng,
    ) -> Result<(LayerParameters, Vec<Spectrum>), FisherError> {
        let parameters = self.prior.draw(&self.chain, layer, rng);
        let pass = pass(&self.chain, layer, &parameters, previous.unwrap_or(&self.inputs), self.samples);
        let units = markov_units(&self.chain, layer, &pass, &self.options, rng.random())?;
        Ok((parameters, units))
    }

    fn advance(
        &self,
        layer: usize,
        previous: Option<&Self::State>,
        draws: &[&LayerParameters],
        chosen: &[usize],
        rng: &mut ChaCha8Rng,
    ) -> Self::State {
        // A layer that counts as one unit goes on as it is.
        let parameters = match chosen {
            [whole] => draws[*whole].clone(),
            _ => LayerParameters::mixed(draws, chosen),
        };
        let mut output = pass(&self.chain, layer, &parameters, previous.unwrap_or(&self.inputs), self.samples).output;
        add_noise(&mut output, self.options.noise_variance, rng);
        Arc::new(output)
    }
}
