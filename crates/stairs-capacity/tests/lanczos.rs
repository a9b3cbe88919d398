//! Stochastic Lanczos quadrature against exact spectra: the error bar must mean what it says.
#![allow(missing_docs)]

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use stairs_capacity::{
    Activation, Chain, Head, LanczosOptions, Layer, MarkovOptions, Method, NetworkFisher, Norm, Pool, Precision, Prior,
    Sampler, Shape, Spectrum, gram_spectrum, stochastic_lanczos,
};

fn inputs(count: usize, seed: u64) -> Vec<f64> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    (0..count).map(|_| rng.random_range(-1.7..1.7)).collect()
}

/// A network of one hidden layer, of a kind that depends on the case.
fn network(case: u64) -> (Chain, Vec<f64>) {
    let rng = &mut ChaCha8Rng::seed_from_u64(case);
    let activation = [Activation::Relu, Activation::Tanh, Activation::Identity][rng.random_range(0..3)].clone();
    let samples = rng.random_range(2..30);
    let finish = |layer: Layer, rng: &mut ChaCha8Rng| {
        let layer = if rng.random() { layer.with_bias() } else { layer };
        let layer = if rng.random() { layer.with_norm(Norm::untrained(1e-5)) } else { layer };
        layer.with_activation(activation.clone())
    };
    let (shape, layer) = if rng.random() {
        (Shape::vector(rng.random_range(2..60)), finish(Layer::dense(rng.random_range(1..20)), rng))
    } else {
        let layer = finish(Layer::conv(rng.random_range(1..8), [3, 3]).with_padding([1, 1]), rng);
        let layer = [layer.clone(), layer.clone().with_pool(Pool::max(2)), layer.with_pool(Pool::average(2))];
        (Shape::image(rng.random_range(1..4), 6, 6), layer[rng.random_range(0..3)].clone())
    };
    let chain = Chain::new(shape, vec![layer, Layer::dense(3)], Head::Categorical).unwrap();
    (chain, inputs(samples * shape.values(), case))
}

fn sampler(case: u64, method: Method, lanczos: LanczosOptions) -> Sampler {
    let (chain, inputs) = network(case);
    let options = MarkovOptions { method, lanczos, ..MarkovOptions::default() };
    Sampler::new(chain, Prior::Cube { radius: 1.0 }, inputs, options, case).unwrap()
}

fn log_det(spectrum: &Spectrum, log_kappa: f64) -> (f64, f64) {
    let log_scale = (spectrum.dimension() as f64 / spectrum.trace().max(1e-300)).ln();
    let det = spectrum.log_det(log_kappa, log_scale);
    (det.value, det.standard_error)
}

#[test]
fn three_standard_errors_hold_in_99_of_100_cases() {
    let options = LanczosOptions { probes: 20, steps: 24, precision: Precision::Double };
    let (mut inside, mut within_one) = (0, 0);
    for case in 0..300 {
        let exact = sampler(case, Method::Exact, options).draw(0, 1).unwrap();
        let random = sampler(case, Method::Lanczos, options).draw(0, 1).unwrap();
        let (exact, random) = (&exact.hidden[0], &random.hidden[0]);
        assert!((exact.trace() - random.trace()).abs() <= 1e-11 * exact.trace(), "{case}");
        let (truth, (value, error)) = (log_det(exact, 2.0).0, log_det(random, 2.0));
        // Where the probes see everything there is, the error is rounding: of eigenvalues that are 0, under a root.
        let rounding = 1e-6 * truth;
        inside += usize::from((value - truth).abs() <= 3.0 * error + rounding);
        within_one += usize::from((value - truth).abs() <= error + rounding);
    }
    assert!(inside >= 297, "{inside} of 300 within three standard errors");
    // An error bar can also be too long.
    assert!((180..=285).contains(&within_one), "{within_one} of 300 within one standard error");
    println!("within 3 standard errors: {inside} of 300, within 1: {within_one}");
}

#[test]
fn the_two_rules_bound_the_value_of_a_probe() {
    // With ±1 probes on a diagonal matrix vᵀf(F)v is the trace, so that only truncation is left.
    struct Diagonal(Vec<f64>);
    impl stairs_capacity::SymmetricOperator for Diagonal {
        fn size(&self) -> usize {
            self.0.len()
        }
        fn apply(&self, x: &[f64], out: &mut [f64]) {
            out.iter_mut().zip(x.iter().zip(&self.0)).for_each(|(out, (x, d))| *out = d * x);
        }
    }
    let values: Vec<f64> = (0..400).map(|i| (-0.03 * f64::from(i)).exp()).collect();
    let f = |x: f64| (20.0 * x.max(0.0).sqrt()).ln_1p();
    let truth: f64 = values.iter().map(|x| f(*x)).sum();
    let mut gap = f64::INFINITY;
    for steps in [4, 8, 16, 32] {
        let options = LanczosOptions { probes: 2, steps, precision: Precision::Double };
        let quadrature = stochastic_lanczos(&Diagonal(values.clone()), &options, 1).unwrap();
        for probe in &quadrature.blocks[0] {
            let rule = |rule: &[(f64, f64)]| rule.iter().map(|(node, weight)| weight * f(*node)).sum::<f64>();
            assert!(rule(&probe.radau) <= truth && truth <= rule(&probe.gauss), "{steps} steps");
        }
        let next = quadrature.sum(&f).standard_error;
        assert!(next < gap && (quadrature.sum(&f).value - truth).abs() <= next);
        gap = next;
    }
    assert!(gap < 3e-2 * truth, "{gap} of {truth}");
}

#[test]
fn single_precision_is_enough() {
    let double = LanczosOptions { probes: 4, steps: 16, precision: Precision::Double };
    for case in 0..20 {
        let single = LanczosOptions { precision: Precision::Single, ..double };
        let [a, b] = [double, single].map(|options| sampler(case, Method::Lanczos, options).draw(0, 1).unwrap());
        let ((a, error), (b, _)) = (log_det(&a.hidden[0], 2.0), log_det(&b.hidden[0], 2.0));
        assert!((a - b).abs() <= 1e-2 * a + error, "{case}: {a} {b}");
    }
}

#[test]
fn products_of_a_whole_network_give_its_spectrum() {
    for case in 0..30 {
        let (chain, inputs) = network(case);
        let parameters = Prior::Cube { radius: 1.0 }.draw_all(&chain, &mut ChaCha8Rng::seed_from_u64(case)).unwrap();
        let exact = gram_spectrum(&chain, &parameters, &inputs).unwrap();
        let fisher = NetworkFisher::new(&chain, &parameters, &inputs).unwrap();
        let options = LanczosOptions { probes: 20, steps: 40, precision: Precision::Double };
        let quadrature = stochastic_lanczos(&fisher, &options, case).unwrap();
        let trace = quadrature.sum(&|x| x);
        let room = 4.0 * trace.standard_error + 1e-9 * exact.trace();
        assert!((trace.value - exact.trace()).abs() <= room, "{case}: {trace:?} {}", exact.trace());
        let random = Spectrum::lanczos(chain.dimension(), exact.trace(), quadrature);
        let (truth, (value, error)) = (log_det(&exact, 2.0).0, log_det(&random, 2.0));
        assert!((value - truth).abs() <= 4.0 * error + 1e-6 * truth, "{case}: {value} ± {error}, {truth}");
    }
}
