//! Limits, closed forms, errors and stability of the measures.
#![allow(missing_docs)]

use stairs_capacity::{
    Activation, Chain, ChainError, DeviationBound, Draw, Draws, FisherError, Head, LanczosOptions, Layer,
    LayerParameters, MarkovOptions, MeasureError, Method, Normalisation, Prior, Sampler, Shape, Spectrum,
    gram_spectrum, layer_spectrum, log_kappa,
};

fn one(spectrum: Spectrum) -> Draw {
    Draw { hidden: vec![], last: vec![spectrum] }
}

fn draws(spectra: Vec<Spectrum>) -> Draws {
    Draws::new(spectra.into_iter().map(one).collect(), Normalisation::MeanTrace).unwrap()
}

fn network() -> Chain {
    let layers = vec![Layer::dense(4).with_bias().with_activation(Activation::Relu), Layer::dense(3).with_bias()];
    Chain::new(Shape::vector(2), layers, Head::Categorical).unwrap()
}

fn sampler(seed: u64) -> Sampler {
    let inputs = (0..20).map(|i| f64::from(i * 7 % 13) / 4.0 - 1.5).collect();
    Sampler::new(network(), Prior::Initialiser, inputs, MarkovOptions::default(), seed).unwrap()
}

#[test]
fn the_limit_of_small_covers_is_the_rank() {
    // d_ζ(ε) − limit = (1 − ζ)·Σ log(σ̂ + 1/κ)/log κ: with σ̂ known, the distance is known too.
    let draws = draws(vec![Spectrum::exact(5, vec![3.0, 1.0]), Spectrum::exact(5, vec![0.5, 0.25, 0.125])]);
    let zeta = 0.75;
    let limit = draws.limit(zeta).unwrap().unwrap();
    assert_eq!(limit, zeta * 5.0 + (1.0 - zeta) * 3.0);
    let mut last = f64::INFINITY;
    for eps in [1e-6, 1e-30, 1e-100, 1e-300] {
        let distance = (draws.two_scale(eps, zeta).unwrap().value - limit).abs();
        assert!(distance < last, "{eps}: {distance}");
        last = distance;
        let log_kappa = log_kappa(eps, zeta).unwrap();
        assert!(distance < (1.0 - zeta) * 5.0 / log_kappa, "{eps}: {distance}");
    }
}

#[test]
fn the_identity_has_its_closed_form_in_any_dimension() {
    for (dimension, eps, zeta) in [(1, 0.5, 2.0 / 3.0), (7, 1e-3, 0.7), (100, 1e-6, 0.99), (1000, 0.99, 0.8)] {
        let draws = draws(vec![Spectrum::exact(dimension, vec![2.5; dimension])]);
        let (d, log_kappa) = (dimension as f64, log_kappa(eps, zeta).unwrap());
        let exact = zeta * d + (1.0 - zeta) * d * log_kappa.exp().ln_1p() / log_kappa;
        let value = draws.two_scale(eps, zeta).unwrap();
        assert!((value.value - exact).abs() < 1e-12 * exact, "{} {exact}", value.value);
        assert_eq!((value.sampling_error, value.spectrum_error), (None, 0.0));
    }
}

#[test]
fn ten_million_parameters_do_not_overflow() {
    // As many equal eigenvalues by a quadrature of one node: log det = d·log(1 + κ), far beyond the exponent of an f64.
    let d = 10_000_000;
    let probe = stairs_capacity::Probe { gauss: vec![(1.0, d as f64)], radau: vec![(1.0, d as f64)] };
    let quadrature = stairs_capacity::Quadrature { blocks: vec![vec![probe.clone(), probe]] };
    let draws = draws(vec![Spectrum::lanczos(d, d as f64, quadrature); 3]);
    for eps in [1e-1, 1e-10, 1e-300] {
        let (two, jensen) = (draws.two_scale(eps, 0.7).unwrap(), draws.jensen(eps, 0.7).unwrap());
        let log_kappa = log_kappa(eps, 0.7).unwrap();
        let exact = d as f64 * (0.7 + 0.3 * (1.0 + (-log_kappa).exp().ln_1p() / log_kappa));
        assert!((two.value - exact).abs() < 1e-9 * exact && (jensen.value - exact).abs() < 1e-9 * exact);
        assert!(two.sampling_error.unwrap() < 1e-6 * exact);
    }
    assert_eq!(draws.limit(0.7).unwrap(), None);
}

#[test]
fn a_zero_fisher_matrix_is_defined() {
    let draws = draws(vec![Spectrum::exact(4, vec![0.0; 4]); 2]);
    assert_eq!(draws.mean_trace(), 0.0);
    assert_eq!(draws.two_scale(1e-3, 0.75).unwrap().value, 3.0);
    assert_eq!(draws.jensen(1e-3, 0.75).unwrap().value, 3.0);
    assert_eq!(draws.effective_dimension(1000, 1.0).unwrap().value, 0.0);
    assert_eq!(draws.limit(0.75).unwrap(), Some(3.0));

    // A network that is constant: all units dead.
    let mut parameters = Prior::Initialiser.draw_all(&network(), &mut rng()).unwrap();
    parameters[0].weight.fill(0.0);
    parameters[0].bias.fill(-1.0);
    let block = layer_spectrum(&network(), 0, &parameters[0], &[1.0, 2.0], &MarkovOptions::default(), 0).unwrap();
    assert_eq!((block.trace(), block.rank()), (0.0, Some(0)));
    // One class: nothing to learn.
    let one = Chain::new(Shape::vector(2), vec![Layer::dense(1)], Head::Categorical).unwrap();
    let own = LayerParameters { weight: vec![1.0; 2], ..LayerParameters::default() };
    assert_eq!(gram_spectrum(&one, &[own], &[1.0, 2.0]).unwrap().rank(), Some(0));
}

#[test]
fn rank_deficient_matrices_count_their_rank() {
    // One sample of three classes: rank 2 whatever the number of parameters.
    let parameters = Prior::Initialiser.draw_all(&network(), &mut rng()).unwrap();
    let spectrum = gram_spectrum(&network(), &parameters, &[0.3, -0.8]).unwrap();
    assert_eq!((spectrum.dimension(), spectrum.rank()), (27, Some(2)));
    // The same sample five times changes nothing.
    let five = gram_spectrum(&network(), &parameters, &[0.3, -0.8].repeat(5)).unwrap();
    assert_eq!(five.rank(), Some(2));
    assert!((five.trace() - spectrum.trace()).abs() < 1e-12);
}

#[test]
fn normalisations_are_what_they_say() {
    let spectra = || vec![one(Spectrum::exact(2, vec![1.0, 3.0])), one(Spectrum::exact(2, vec![2.0]))];
    let of = |normalisation| Draws::new(spectra(), normalisation).unwrap();
    assert_eq!(of(Normalisation::MeanTrace).mean_trace(), 3.0);
    assert_eq!(of(Normalisation::MeanTrace).log_scale(), 2f64.ln() - 3f64.ln());
    assert_eq!(of(Normalisation::Trace(4.0)).log_scale(), 0.5f64.ln());
    assert_eq!(of(Normalisation::None).log_scale(), 0.0);
    let wrong = Draws::new(spectra(), Normalisation::Trace(f64::NAN)).unwrap_err();
    assert!(wrong.to_string().starts_with("the mean trace must be finite"), "{wrong}");
}

#[test]
fn global_and_local_effective_dimensions() {
    let sampler = sampler(1);
    let global = (0..50).map(|m| sampler.draw_whole(m).unwrap()).collect();
    let global = Draws::new(global, Normalisation::MeanTrace).unwrap().effective_dimension(100_000, 1.0).unwrap();
    assert!(global.value > 2.0 && global.value < 27.0 && global.sampling_error.unwrap() > 0.0, "{global:?}");
    let centre = sampler.path(0).0;
    let inputs = (0..20).map(|i| f64::from(i * 7 % 13) / 4.0 - 1.5).collect();
    let prior = Prior::Around { centre, radius: 0.0 };
    let local = Sampler::new(network(), prior, inputs, MarkovOptions::default(), 1).unwrap();
    let local = (0..3).map(|m| local.draw_whole(m).unwrap()).collect();
    let local = Draws::new(local, Normalisation::MeanTrace).unwrap().effective_dimension(100_000, 1.0).unwrap();
    assert!(local.sampling_error.unwrap() < 1e-9 && local.value > 2.0, "{local:?}");
}

#[test]
fn impossible_arguments_are_refused_with_their_value() {
    let draws = draws(vec![Spectrum::exact(1, vec![1.0])]);
    for eps in [0.0, 1.0, -0.1, f64::NAN, f64::INFINITY] {
        let message = draws.two_scale(eps, 0.7).unwrap_err().to_string();
        assert!(
            message.contains("epsilon must be above 0 and below 1") && message.contains(&eps.to_string()),
            "{message}"
        );
    }
    for zeta in [0.6, 1.0, f64::NAN] {
        let message = draws.jensen(0.1, zeta).unwrap_err().to_string();
        assert!(message.contains("zeta must be at least 2/3 and below 1"), "{message}");
    }
    assert!(draws.two_scale(0.1, 2.0 / 3.0).is_ok() && draws.limit(0.5).is_err());
    assert!(draws.effective_dimension(19, 1.0).is_ok());
    let few = draws.effective_dimension(18, 1.0).unwrap_err();
    assert!(matches!(few, MeasureError::Samples { n: 18, kappa, .. } if kappa < 1.0), "{few}");
    for n in [0, 1] {
        assert!(matches!(draws.effective_dimension(n, 1.0), Err(MeasureError::Samples { .. })));
    }
    assert_eq!(draws.effective_dimension(100, 0.0).unwrap_err(), MeasureError::Gamma(0.0));
    assert!(matches!(Draws::new(vec![], Normalisation::None), Err(MeasureError::NoDraws)));
    let ragged = vec![one(Spectrum::exact(1, vec![1.0])), one(Spectrum::exact(2, vec![1.0]))];
    let ragged = Draws::new(ragged, Normalisation::None).unwrap_err().to_string();
    assert_eq!(ragged, "draw 1 has a dimension of 2, the first has 1");
    let bound = DeviationBound { loss: -1.0, lipschitz: 1.0, constant: 1.0 };
    assert!(bound.deviation(10, 0.1, 1.0, 0.9).unwrap_err().to_string().contains("the range of the loss"));
}

#[test]
fn impossible_networks_are_refused() {
    let vector = Shape::vector(3);
    let of = |shape, layers| Chain::new(shape, layers, Head::Categorical).unwrap_err();
    assert_eq!(of(vector, vec![]), ChainError::NoLayers);
    assert_eq!(of(vector, vec![Layer::dense(0)]), ChainError::Zero { layer: 0, what: "number of output channels" });
    assert!(matches!(
        of(Shape::image(1, 4, 4), vec![Layer::conv(2, [5, 3])]),
        ChainError::Window { what: "kernel", .. }
    ));
    assert!(matches!(of(Shape::image(1, 4, 4), vec![Layer::conv(2, [3, 3])]), ChainError::Head(_)));
    let gaussian = Chain::new(vector, vec![Layer::dense(1)], Head::Gaussian { variance: 0.0 }).unwrap_err();
    assert!(gaussian.to_string().contains("must be positive and finite, got 0"), "{gaussian}");

    let mut parameters = Prior::Initialiser.draw_all(&network(), &mut rng()).unwrap();
    let inputs = [1.0, 2.0];
    assert_eq!(network().forward(&parameters, &[1.0]), Err(ChainError::Inputs { sample: 2, got: 1 }));
    assert!(matches!(
        network().forward(&parameters, &[1.0, f64::NAN]),
        Err(ChainError::NotFinite { what: "input", .. })
    ));
    parameters[1].weight[5] = f64::NAN;
    let nan = gram_spectrum(&network(), &parameters, &inputs).unwrap_err().to_string();
    assert_eq!(nan, "layer 1: weight 5 is NaN, and must be finite");
    parameters[1].weight.pop();
    let short = gram_spectrum(&network(), &parameters, &inputs).unwrap_err().to_string();
    assert_eq!(short, "layer 1: weight needs 12 numbers, got 11");

    let sampler = |prior, options| Sampler::new(network(), prior, inputs.to_vec(), options, 0).unwrap_err();
    let good = MarkovOptions::default();
    assert_eq!(sampler(Prior::Cube { radius: 0.0 }, good), ChainError::Radius(0.0).into());
    let options = MarkovOptions { noise_variance: -1.0, ..good };
    assert!(sampler(Prior::Initialiser, options).to_string().contains("noise variance must be positive"));
    let options = MarkovOptions { lanczos: LanczosOptions { probes: 1, ..good.lanczos }, ..good };
    assert!(matches!(sampler(Prior::Initialiser, options), FisherError::Lanczos { got: 1, .. }));
}

#[test]
fn an_overflow_is_an_error_and_no_number() {
    for method in [Method::Exact, Method::Lanczos] {
        let layers = vec![Layer::dense(2), Layer::dense(2), Layer::dense(2)];
        let chain = Chain::new(Shape::vector(1), layers, Head::Categorical).unwrap();
        let options = MarkovOptions { method, ..MarkovOptions::default() };
        let sampler = Sampler::new(chain, Prior::Cube { radius: 1e200 }, vec![1.0], options, 0).unwrap();
        assert!(sampler.draw(0, 1).is_err());
    }
}

#[test]
fn the_same_seed_gives_the_same_draws_in_any_order() {
    let (a, b) = (sampler(9), sampler(9));
    assert_eq!(a.draw(3, 2).unwrap(), {
        b.draw(7, 1).unwrap();
        b.draw(3, 2).unwrap()
    });
    assert_ne!(a.draw(3, 2).unwrap(), a.draw(4, 2).unwrap());
    assert_ne!(a.draw(3, 2).unwrap(), sampler(10).draw(3, 2).unwrap());
    let text = serde_json::to_string(&a.draw(3, 2).unwrap()).unwrap();
    assert_eq!(serde_json::from_str::<Draw>(&text).unwrap(), a.draw(3, 2).unwrap());
    // Pinned, so that a change of the generator or of an estimator shows.
    let trace = a.draw(3, 2).unwrap().hidden[0].trace();
    assert!((trace - PINNED).abs() < 1e-12, "{trace:?}");
}

const PINNED: f64 = 8.881250000000001;

fn rng() -> rand_chacha::ChaCha8Rng {
    use rand::SeedableRng;
    rand_chacha::ChaCha8Rng::seed_from_u64(4)
}
