//! The unit-factorised bound against known answers.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use stairs_capacity::{
    Activation, Chain, Draws, FactorisedOptions, FisherError, Head, Layer, MarkovOptions, MeasureError, Normalisation,
    Prior, Sampler, Shape, Spectrum, UnitSequence, factorised_bound, log_kappa,
};

/// Layers of two units of one bit each. D of a unit is 1 + κ·√λ with λ by its bit and the parity of all bits before; the last
/// layer has both units in one determinant.
struct Bits {
    layers: usize,
}

/// λ of a unit: `[parity before][unit][bit]`.
const VALUES: [[[f64; 2]; 2]; 2] = [[[1e-4, 40.0], [3.0, 0.01]], [[9.0, 0.2], [1e-3, 150.0]]];

impl Bits {
    /// E Π D by all combinations of bits.
    fn exact(&self, log_kappa: f64, layer: usize, parity: usize) -> f64 {
        if layer == self.layers {
            return 1.0;
        }
        let det = |unit: usize, bit: usize| 1.0 + log_kappa.exp() * VALUES[parity][unit][bit].sqrt();
        let pair =
            |a: usize, b: usize| 0.25 * det(0, a) * det(1, b) * self.exact(log_kappa, layer + 1, (parity + a + b) % 2);
        pair(0, 0) + pair(0, 1) + pair(1, 0) + pair(1, 1)
    }
}

impl UnitSequence for Bits {
    type State = usize;
    type Layer = [usize; 2];

    fn layers(&self) -> usize {
        self.layers
    }

    fn draw(
        &self,
        layer: usize,
        previous: Option<&usize>,
        rng: &mut ChaCha8Rng,
    ) -> Result<([usize; 2], Vec<Spectrum>), FisherError> {
        let parity = previous.copied().unwrap_or(0);
        let bits = [0; 2].map(|_: usize| rng.random_range(0..2));
        let values = [VALUES[parity][0][bits[0]], VALUES[parity][1][bits[1]]];
        let units = if layer + 1 < self.layers {
            values.map(|value| Spectrum::exact(1, vec![value])).to_vec()
        } else {
            vec![Spectrum::exact(2, values.to_vec())]
        };
        Ok((bits, units))
    }

    fn advance(
        &self,
        _: usize,
        previous: Option<&usize>,
        draws: &[&[usize; 2]],
        chosen: &[usize],
        _: &mut ChaCha8Rng,
    ) -> usize {
        (previous.copied().unwrap_or(0) + draws[chosen[0]][0] + draws[chosen[1]][1]) % 2
    }
}

#[test]
fn estimates_are_unbiased_for_every_number_of_particles_and_draws() {
    let points = [(1e-3, 0.7), (1e-1, 0.7), (1e-9, 0.9)];
    for (layers, particles, draws, last_draws) in [(1, 2, 1, 3), (2, 1, 1, 1), (3, 2, 2, 1), (4, 3, 2, 2)] {
        let bits = Bits { layers };
        let options = FactorisedOptions { draws, last_draws, particles, runs: 4000, seed: 3 };
        for point in factorised_bound(&bits, 0.0, &points, &options).unwrap() {
            let exact = bits.exact(log_kappa(point.eps, point.zeta).unwrap(), 0, 0).ln();
            let error = point.log_normaliser.standard_error().unwrap();
            let off = (point.log_normaliser.value - exact) / error;
            assert!(off.abs() < 3.5 && error < 0.1, "{layers} {particles} {draws}: {off} standard errors of {error}");
            assert!(point.unit_sample_size >= 1.0 && point.particle_sample_size >= 1.0);
        }
    }
}

/// The first layer of a sampler, with nothing behind it.
struct First(Sampler);

impl UnitSequence for First {
    type State = ();
    type Layer = stairs_capacity::LayerParameters;

    fn layers(&self) -> usize {
        2
    }

    fn draw(
        &self,
        layer: usize,
        _: Option<&()>,
        rng: &mut ChaCha8Rng,
    ) -> Result<(Self::Layer, Vec<Spectrum>), FisherError> {
        if layer == 1 {
            return Ok((Self::Layer::default(), vec![Spectrum::exact(0, Vec::new())]));
        }
        UnitSequence::draw(&self.0, 0, None, rng)
    }

    fn advance(&self, _: usize, _: Option<&()>, _: &[&Self::Layer], _: &[usize], _: &mut ChaCha8Rng) {}
}

/// A ReLU unit with one weight on one sample x is open or shut with probability 1/2 each: D = 1 + κ·x/σ or 1.
#[test]
fn the_mean_of_a_unit_is_its_closed_form() {
    let layers = vec![Layer::dense(6).with_activation(Activation::Relu), Layer::dense(2)];
    let chain = Chain::new(Shape::vector(1), layers, Head::Categorical).unwrap();
    let options = MarkovOptions { noise_variance: 0.25, ..MarkovOptions::default() };
    let first = First(Sampler::new(chain, Prior::Initialiser, vec![3.0], options, 1).unwrap());
    let options = FactorisedOptions { draws: 500, particles: 8, runs: 8, ..FactorisedOptions::default() };
    let point = factorised_bound(&first, 0.0, &[(1e-3, 0.7)], &options).unwrap()[0];
    let kappa = log_kappa(1e-3, 0.7).unwrap().exp();
    let exact = 6.0 * (0.5 + 0.5 * (1.0 + kappa * 6.0)).ln();
    let error = point.log_normaliser.standard_error().unwrap();
    assert!((point.log_normaliser.value - exact).abs() < 3.5 * error && error < 0.03, "{point:?} {exact}");
    assert!(point.unit_sample_size > 1000.0);
}

fn small(seed: u64) -> Sampler {
    let relu = || Activation::Relu;
    let layers = vec![
        Layer::dense(3).with_bias().with_activation(relu()),
        Layer::dense(3).with_bias().with_activation(relu()),
        Layer::dense(2).with_bias(),
    ];
    let chain = Chain::new(Shape::vector(2), layers, Head::Categorical).unwrap();
    let inputs = (0..6).map(|i| f64::from(i * 37 % 101) / 30.0 - 1.7).collect();
    Sampler::new(chain, Prior::Cube { radius: 0.7 }, inputs, MarkovOptions::default(), seed).unwrap()
}

#[test]
fn it_agrees_with_a_hundred_thousand_plain_draws() {
    let sampler = small(5);
    // In one pool: entering it for every draw takes longer than the draw.
    let draws = (0..100_000).into_par_iter().map(|m| sampler.draw(m, 1).unwrap()).collect();
    let draws = Draws::new(draws, Normalisation::None).unwrap();
    let points = [(0.3, 2.0 / 3.0), (0.1, 2.0 / 3.0)];
    let options = FactorisedOptions { draws: 8, particles: 8, runs: 60, ..FactorisedOptions::default() };
    for point in factorised_bound(&sampler, draws.log_scale(), &points, &options).unwrap() {
        let whole = draws.two_scale(point.eps, point.zeta).unwrap();
        let (own, other) = (point.lower.standard_error().unwrap(), whole.standard_error().unwrap());
        let off = (point.lower.value - whole.value) / own.hypot(other);
        assert!(off.abs() < 3.5 && own < 0.06 && other < 0.06, "{off}: {point:?} {whole:?}");
        // Two runs of 64 draws of each layer are far closer than Jensen's bound.
        let one = FactorisedOptions { draws: 8, particles: 8, seed: 9, ..FactorisedOptions::default() };
        let at = [(point.eps, point.zeta)];
        let one = factorised_bound(&sampler, draws.log_scale(), &at, &one).unwrap()[0].lower.value;
        let jensen = draws.jensen(point.eps, point.zeta).unwrap().value;
        assert!((one - whole.value).abs() < 0.5 * (whole.value - jensen), "{jensen} {one} {}", whole.value);
    }
}

#[test]
fn the_same_seed_gives_the_same_numbers_and_bad_options_are_refused() {
    let sampler = small(1);
    let run = |seed| {
        let options = FactorisedOptions { draws: 2, particles: 2, seed, ..FactorisedOptions::default() };
        factorised_bound(&sampler, 0.0, &[(1e-2, 0.8)], &options).unwrap()
    };
    assert_eq!(run(1), run(1));
    assert_ne!(run(1), run(2));
    let good = FactorisedOptions::default();
    for bad in [
        FactorisedOptions { draws: 0, ..good },
        FactorisedOptions { last_draws: 0, ..good },
        FactorisedOptions { particles: 0, ..good },
        FactorisedOptions { runs: 1, ..good },
    ] {
        let error = factorised_bound(&sampler, 0.0, &[(1e-2, 0.8)], &bad).unwrap_err();
        assert!(matches!(error, MeasureError::Particles { .. }), "{error}");
    }
    assert!(factorised_bound(&sampler, 0.0, &[], &good).is_err());
}
