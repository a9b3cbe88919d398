//! The fast paths against the reference on random small networks.
#![allow(missing_docs)]

use faer::Mat;
use proptest::prelude::*;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use stairs_capacity::{
    Activation, Chain, Head, Layer, MarkovOptions, Method, Norm, Pool, Prior, Sampler, Shape, Spectrum,
    fisher::reference, gram_spectrum,
};

#[derive(Clone, Debug)]
struct Network {
    chain: Chain,
    inputs: Vec<f64>,
    seed: u64,
}

fn activation() -> impl Strategy<Value = Activation> {
    prop_oneof![Just(Activation::Relu), Just(Activation::Tanh), Just(Activation::Identity)]
}

fn norm(channels: usize) -> impl Strategy<Value = Option<Norm>> {
    let some = (prop::collection::vec(-0.5..0.5, channels), prop::collection::vec(0.5..2.0, channels))
        .prop_map(|(mean, variance)| Some(Norm { mean, variance, epsilon: 1e-5 }));
    prop_oneof![Just(None), some]
}

fn finished(layer: Layer, bias: bool, norm: Option<Norm>, activation: Activation) -> Layer {
    let layer = if bias { layer.with_bias() } else { layer };
    let layer = match norm {
        Some(norm) => layer.with_norm(norm),
        None => layer,
    };
    layer.with_activation(activation)
}

fn dense() -> impl Strategy<Value = Layer> {
    (1usize..5).prop_flat_map(|width| {
        (any::<bool>(), norm(width), activation())
            .prop_map(move |(bias, norm, activation)| finished(Layer::dense(width), bias, norm, activation))
    })
}

fn conv() -> impl Strategy<Value = Layer> {
    let pool = prop_oneof![
        Just(None),
        Just(Some(Pool::max(2))),
        Just(Some(Pool::average(2))),
        Just(Some(Pool { stride: [1, 1], ..Pool::max(2) })),
        Just(Some(Pool { stride: [1, 1], ..Pool::average(2) })),
    ];
    (1usize..4, any::<bool>(), 0usize..2, 1usize..3, pool).prop_flat_map(|(channels, bias, padding, stride, pool)| {
        (norm(channels), activation()).prop_map(move |(norm, activation)| {
            let layer = Layer::conv(channels, [2, 3]).with_padding([padding, 1]).with_stride([1, stride]);
            // Every second layer with gaps in its kernel and other zeros above than below.
            let layer = match channels % 2 {
                0 => layer.with_dilation([2, 1]).with_padding_around([[padding, 1], [1, 1]]),
                _ => layer,
            };
            let layer = finished(layer, bias, norm, activation);
            match pool {
                Some(pool) => layer.with_pool(pool),
                None => layer,
            }
        })
    })
}

fn head() -> impl Strategy<Value = (usize, Head)> {
    prop_oneof![
        (1usize..5).prop_map(|classes| (classes, Head::Categorical)),
        (1usize..4).prop_map(|outputs| (outputs, Head::Gaussian { variance: 0.7 })),
    ]
}

fn network() -> impl Strategy<Value = Network> {
    let shape = prop_oneof![
        (1usize..6).prop_map(Shape::vector),
        (1usize..3, 4usize..6, 4usize..7).prop_map(|(c, h, w)| Shape::image(c, h, w)),
    ];
    (
        shape,
        prop::collection::vec(conv(), 0..2),
        prop::collection::vec(dense(), 0..3),
        head(),
        any::<bool>(),
        1usize..7,
        any::<u64>(),
    )
        .prop_flat_map(|(shape, convs, denses, (outputs, head), bias, samples, seed)| {
            let last = if bias { Layer::dense(outputs).with_bias() } else { Layer::dense(outputs) };
            let convs = if shape.positions() == 1 { Vec::new() } else { convs };
            let layers: Vec<Layer> = convs.into_iter().chain(denses).chain([last]).collect();
            let chain = Chain::new(shape, layers, head).expect("a chain");
            prop::collection::vec(-2.0..2.0, samples * shape.values()).prop_map(move |inputs| Network {
                chain: chain.clone(),
                inputs,
                seed,
            })
        })
}

const LOG_KAPPA: f64 = 1.5;

fn log_scale(spectrum: &Spectrum) -> f64 {
    (spectrum.dimension() as f64).ln() - spectrum.trace().ln()
}

/// Log-determinants to 10⁻⁸, plus what rounding of a matrix by ε‖F‖ can do to them (Weyl): nothing that shows where the
/// eigenvalues are 0 or above 10⁻⁸ of the largest, but a square root magnifies what lies between.
fn agree(fast: &Spectrum, root: &Mat<f64>) -> Result<(), TestCaseError> {
    let exact = reference::singular_spectrum(root).expect("singular values");
    let dense = reference::spectrum(&reference::fisher(root)).expect("eigenvalues");
    prop_assert_eq!(fast.dimension(), exact.dimension());
    let traces = (fast.trace(), exact.trace());
    prop_assert!((traces.0 - traces.1).abs() <= 1e-10 * traces.1, "traces {:?}", traces);
    if exact.trace() == 0.0 {
        return Ok(());
    }
    let log_det = |spectrum: &Spectrum| spectrum.log_det(LOG_KAPPA, log_scale(&exact)).value;
    let expected = log_det(&exact);
    let values = exact.eigenvalues().expect("exact");
    let largest = values.iter().copied().fold(0.0, f64::max);
    let rounding = 4.0 * exact.dimension().max(root.nrows()) as f64 * f64::EPSILON * largest;
    let factor = LOG_KAPPA.exp() * (0.5 * log_scale(&exact)).exp();
    let magnified = |value: &f64| factor * (rounding / value.sqrt()).min(rounding.sqrt() + value.sqrt());
    let small = values.iter().filter(|value| **value < 1e-8 * largest).map(magnified).sum::<f64>();
    for (what, spectrum) in [("fast", fast), ("dense", &dense)] {
        let error = (log_det(spectrum) - expected).abs();
        prop_assert!(error <= 1e-8 * expected + small, "{}: {:e} of {}, {:e}", what, error, expected, small);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_gram_dual_is_the_reference(network in network()) {
        let Network { chain, inputs, seed } = network;
        let parameters = Prior::Cube { radius: 1.0 }.draw_all(&chain, &mut ChaCha8Rng::seed_from_u64(seed)).unwrap();
        let fast = gram_spectrum(&chain, &parameters, &inputs).unwrap();
        agree(&fast, &reference::root(&chain, &parameters, &inputs).unwrap())?;
    }

    #[test]
    fn markov_blocks_are_the_reference(network in network()) {
        let Network { chain, inputs, seed } = network;
        let options = MarkovOptions { noise_variance: 0.3, method: Method::Exact, ..MarkovOptions::default() };
        let sampler = Sampler::new(chain.clone(), Prior::Cube { radius: 1.0 }, inputs, options, seed).unwrap();
        let draw = sampler.draw(3, 1).unwrap();
        let (parameters, states) = sampler.path(3);
        let root = reference::markov_root(&chain, &parameters, &states, 0.3).unwrap();
        let blocks = draw.hidden.iter().chain(&draw.last);
        let values = blocks.flat_map(|spectrum| spectrum.eigenvalues().unwrap().to_vec()).collect();
        agree(&Spectrum::exact(chain.dimension(), values), &root)?;
    }
}
