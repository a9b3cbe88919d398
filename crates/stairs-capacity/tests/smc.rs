//! Sequential Monte Carlo against known answers.
#![allow(missing_docs)]

#[path = "smc/factorised.rs"]
mod factorised;

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use stairs_capacity::{
    Activation, Chain, Draws, FisherError, Head, Layer, MarkovOptions, MeasureError, Normalisation, Prior, Sampler,
    Sequence, Shape, SmcOptions, Spectrum, sequential_monte_carlo,
};

/// A chain on two states: layer j multiplies by 1 + κ·√λ with λ = `values[state]`.
struct TwoStates {
    layers: usize,
    stay: f64,
    values: [f64; 2],
}

impl TwoStates {
    /// E Π D_j by summing over all paths.
    fn exact(&self, log_kappa: f64) -> f64 {
        let factors = self.values.map(|value| 1.0 + log_kappa.exp() * value.sqrt());
        let mut mass = [0.5 * factors[0], 0.5 * factors[1]];
        for _ in 1..self.layers {
            let moved = |to: usize| mass[to] * self.stay + mass[1 - to] * (1.0 - self.stay);
            mass = [moved(0) * factors[0], moved(1) * factors[1]];
        }
        mass[0] + mass[1]
    }
}

impl Sequence for TwoStates {
    type State = usize;

    fn layers(&self) -> usize {
        self.layers
    }

    fn extend(
        &self,
        _: usize,
        previous: Option<&usize>,
        rng: &mut ChaCha8Rng,
    ) -> Result<(usize, Spectrum), FisherError> {
        let stay = if previous.is_some() { self.stay } else { 0.5 };
        let state = previous.copied().unwrap_or(0);
        let state = if rng.random::<f64>() < stay { state } else { 1 - state };
        Ok((state, Spectrum::exact(1, vec![self.values[state]])))
    }
}

#[test]
fn estimates_are_unbiased_at_the_reference_and_away_from_it() {
    let chain = TwoStates { layers: 6, stay: 0.8, values: [0.01, 100.0] };
    let points = [(1e-3, 0.7), (1e-1, 0.7), (1e-9, 0.9)];
    for resample_below in [0.0, 0.5, 1.0] {
        let options = SmcOptions { particles: 8, runs: 4000, resample_below, seed: 3 };
        for point in sequential_monte_carlo(&chain, 0.0, &points, &options).unwrap() {
            let exact = chain.exact((point.zeta - 1.0) * point.eps.ln()).ln();
            let error = point.log_normaliser.standard_error().unwrap();
            let off = (point.log_normaliser.value - exact) / error;
            assert!(off.abs() < 3.5 && error < 0.1, "{resample_below}: {off} standard errors of {error}");
            assert!((1.0..=8.0).contains(&point.effective_sample_size));
        }
    }
}

#[test]
fn resampling_makes_it_tighter() {
    let chain = TwoStates { layers: 12, stay: 0.5, values: [1e-4, 1e4] };
    let error = |resample_below| {
        let options = SmcOptions { particles: 64, runs: 200, resample_below, seed: 1 };
        sequential_monte_carlo(&chain, 0.0, &[(1e-3, 0.7)], &options).unwrap()[0].log_normaliser.sampling_error.unwrap()
    };
    assert!(error(0.5) < 0.5 * error(0.0), "{} {}", error(0.5), error(0.0));
}

fn sampler(samples: usize) -> Sampler {
    let relu = || Activation::Relu;
    let layers = vec![
        Layer::dense(8).with_bias().with_activation(relu()),
        Layer::dense(6).with_bias().with_activation(relu()),
        Layer::dense(3).with_bias(),
    ];
    let chain = Chain::new(Shape::vector(5), layers, Head::Categorical).unwrap();
    let inputs = (0..5 * samples).map(|i| f64::from(i as u32 * 37 % 101) / 30.0 - 1.7).collect();
    Sampler::new(chain, Prior::Initialiser, inputs, MarkovOptions::default(), 5).unwrap()
}

#[test]
fn every_lower_bound_is_below_the_two_scale_dimension() {
    let sampler = sampler(20);
    let draws = (0..1000).map(|m| sampler.draw(m, 4).unwrap()).collect();
    let draws = Draws::new(draws, Normalisation::MeanTrace).unwrap();
    let points: Vec<(f64, f64)> = [1e-1, 1e-2, 1e-3].iter().flat_map(|eps| [(*eps, 2.0 / 3.0), (*eps, 0.9)]).collect();
    let options = SmcOptions { particles: 64, runs: 8, ..SmcOptions::default() };
    let smc = sequential_monte_carlo(&sampler, draws.log_scale(), &points, &options).unwrap();
    for (smc, (eps, zeta)) in smc.iter().zip(points) {
        let whole = draws.two_scale(eps, zeta).unwrap();
        let bar = 3.0 * whole.standard_error().unwrap();
        let (jensen, last) = (draws.jensen(eps, zeta).unwrap(), draws.last_layer_exact(eps, zeta).unwrap());
        assert!(jensen.value <= last.value && last.value <= whole.value, "{eps} {zeta}");
        assert!(smc.lower.value <= whole.value + bar + 3.0 * smc.lower.standard_error().unwrap(), "{smc:?} {whole:?}");
        assert!(smc.lower.value >= jensen.value - bar, "the particles are tighter than Jensen: {smc:?} {jensen:?}");
        assert!((1.0..=64.0).contains(&smc.effective_sample_size));
    }
}

#[test]
fn the_same_seed_gives_the_same_numbers() {
    let sampler = sampler(6);
    let run = |seed| {
        let options = SmcOptions { particles: 4, runs: 2, seed, ..SmcOptions::default() };
        sequential_monte_carlo(&sampler, 0.0, &[(1e-2, 0.8)], &options).unwrap()
    };
    assert_eq!(run(1), run(1));
    assert_ne!(run(1), run(2));
}

#[test]
fn impossible_options_are_refused() {
    let sampler = sampler(2);
    let of = |options, points: &[(f64, f64)]| sequential_monte_carlo(&sampler, 0.0, points, &options).unwrap_err();
    let good = SmcOptions::default();
    assert!(matches!(
        of(SmcOptions { particles: 1, ..good }, &[(0.1, 0.7)]),
        MeasureError::Particles { what: "particles", got: 1, .. }
    ));
    assert!(matches!(of(SmcOptions { runs: 1, ..good }, &[(0.1, 0.7)]), MeasureError::Particles { what: "runs", .. }));
    assert!(matches!(of(good, &[]), MeasureError::Particles { what: "points", .. }));
    assert_eq!(of(good, &[(1.0, 0.7)]), MeasureError::Epsilon(1.0));
}
