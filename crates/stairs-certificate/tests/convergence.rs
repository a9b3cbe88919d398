//! The certificate holds: on random networks, plans and times, and on numbers computed by hand.
#![allow(missing_docs)]

#[path = "support/networks.rs"]
mod networks;

use networks::{Kind, SPAN};
use rand::{RngExt, SeedableRng, seq::IndexedRandom};
use rand_chacha::ChaCha8Rng;
use stairs_certificate::{Certificate, GapSource, Layer, Network, NetworkLaws, Reason, Weights, counterexample};
use stairs_laws::{AnnealingPlan, Envelope, Law, Noise, NoiseSchedule, Policy, QuantiserSchedule, Strategy, TimeUnit};
use stairs_quant::{Quantiser, Scales};

const KINDS: [Kind; 8] = {
    let mut kinds = [Kind { conv: false, weights: false, norm: false }; 8];
    let mut i = 0;
    while i < 8 {
        kinds[i] = Kind { conv: i & 1 > 0, weights: i & 2 > 0, norm: i & 4 > 0 };
        i += 1;
    }
    kinds
};

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// Ratios of bound and distance where the distance is not rounding, and how many distances are 0.
#[derive(Default)]
struct Ratios {
    ratios: Vec<f64>,
    zero: usize,
    all: usize,
}

impl Ratios {
    fn add(&mut self, bound: f64, measured: f64) {
        self.all += 1;
        self.zero += usize::from(measured == 0.0);
        if measured > 1e-12 {
            self.ratios.push(bound / measured);
        }
    }

    fn report(&mut self, name: &str) -> f64 {
        let median = median(&mut self.ratios);
        let at = |share: f64| self.ratios[((self.ratios.len() - 1) as f64 * share) as usize];
        println!(
            "{name}: {} cases, {:.1} % exactly 0; bound/measured median {median:.3}, 90 % {:.3}, largest {:.1}",
            self.all,
            100.0 * self.zero as f64 / self.all as f64,
            at(0.9),
            at(1.0)
        );
        median
    }
}

#[test]
fn bounds_hold_at_every_time_and_are_tight() {
    let mut rng = ChaCha8Rng::seed_from_u64(41);
    let (mut points, mut gap_points) = (Ratios::default(), Ratios::default());
    let (mut windows, mut still) = (Ratios::default(), Ratios::default());
    for case in 0..1600 {
        let kind = KINDS[case % KINDS.len()];
        let (network, samples) = networks::network(&mut rng, kind);
        let plan = networks::plan(&mut rng, &network, case % 3 == 0);
        let certificate = Certificate::new(network, samples).unwrap();
        let network = certificate.network();
        let from = rng.random_range(-0.5..1.02 * SPAN);
        let to = from + *[SPAN / 200.0, SPAN / 40.0, SPAN / 10.0].choose(&mut rng).unwrap();
        let window = network.laws(&plan, from, to).unwrap();
        let (over, gaps_over) = (certificate.interval_bounds(&window), certificate.gap_bounds(&window));
        let mut worst = vec![0.0f64; over.len()];
        for i in 0..=6 {
            let t = if i == 6 { to } else { from + (to - from) * f64::from(i) / 6.0 };
            let laws = network.laws(&plan, t, t).unwrap();
            let (measured, equal) = certificate.measure(&laws).unwrap();
            let (bounds, gaps) = (certificate.interval_bounds(&laws), certificate.gap_bounds(&laws));
            for (layer, &distance) in measured.iter().enumerate() {
                let what = || format!("case {case} {kind:?}, layer {layer}, t = {t} in {from}..{to}: {distance}");
                assert!(distance <= bounds[layer], "{} > {}", what(), bounds[layer]);
                assert!(distance <= over[layer], "{} > {} over the window", what(), over[layer]);
                assert!(distance <= gaps[layer].1, "{} > {} by gaps", what(), gaps[layer].1);
                assert!(distance <= gaps_over[layer].1, "{} > {} by gaps, window", what(), gaps_over[layer].1);
                worst[layer] = worst[layer].max(distance);
            }
            assert!(bounds.last() != Some(&0.0) || equal);
            if i == 0 {
                points.add(*bounds.last().unwrap(), *measured.last().unwrap());
                gap_points.add(gaps.last().unwrap().1, *measured.last().unwrap());
            }
        }
        let changes = network.regularised(&window).is_none();
        let ratios = if changes { &mut windows } else { &mut still };
        ratios.add(*over.last().unwrap(), *worst.last().unwrap());
    }
    assert!(points.report("intervals at a time") <= 10.0);
    assert!(windows.report("intervals over a window in which laws change") <= 10.0);
    assert!(gap_points.report("gaps at a time") <= 10.0);
    assert!(windows.ratios.len() > 500, "{}", windows.ratios.len());
}

#[test]
fn equality_under_compact_noise_is_never_reported_too_early() {
    let mut rng = ChaCha8Rng::seed_from_u64(42);
    let (mut proved, mut sharp, mut by_gaps, mut seen) = (0, 0, 0, 0);
    let times: Vec<f64> = (0..=40).map(|i| SPAN * f64::from(i) / 40.0).collect();
    for case in 0..160 {
        let (network, samples) = networks::network(&mut rng, KINDS[case % KINDS.len()]);
        let plan = networks::plan(&mut rng, &network, true);
        let certificate = Certificate::new(network, samples).unwrap();
        let convergence = certificate.run(&plan, &times).unwrap();
        let equal_at = |t: f64| {
            let laws = certificate.network().laws(&plan, t, t).unwrap();
            certificate.measure(&laws).unwrap().1
        };
        for from in [convergence.exact_from, convergence.exact_from_gaps].into_iter().flatten() {
            assert!(convergence.equal_from.is_some_and(|equal| equal <= from), "case {case}");
            for _ in 0..20 {
                let t = from + (1.1 * SPAN - from) * rng.random_range(0.0..1.0f64);
                assert!(equal_at(t), "case {case}: proved from {from}, not so at {t}");
            }
        }
        if let Some(equal) = convergence.equal_from {
            seen += 1;
            if let Some(from) = convergence.exact_from {
                proved += 1;
                sharp += usize::from(from <= equal + 1e-9 + SPAN / 40.0);
            }
            by_gaps += usize::from(convergence.exact_from_gaps.is_some());
        }
        if convergence.verdict.exact && convergence.verdict.end.is_some_and(|end| end > 0.0) {
            // Just before the end, where only the limit counts.
            let end = convergence.verdict.end.unwrap();
            assert!((20..50).any(|k| equal_at(end - end * 0.5f64.powi(k))), "case {case}: {}", convergence.verdict);
        }
    }
    println!(
        "equal from some time on in {seen} of 160 cases: proved in {proved} (within one step of the first time in \
         {sharp}), by gaps alone in {by_gaps}"
    );
    assert!(seen > 50 && 10 * proved >= 9 * seen && 10 * sharp >= 8 * proved, "{seen} {proved} {sharp}");
}

#[test]
fn a_verdict_of_convergence_is_right() {
    let mut rng = ChaCha8Rng::seed_from_u64(43);
    let (mut converging, mut broken, mut lucky) = (0, 0, 0);
    for case in 0..400 {
        let (network, samples) = networks::network(&mut rng, KINDS[case % KINDS.len()]);
        let plan = networks::plan(&mut rng, &network, case % 2 == 0);
        let certificate = Certificate::new(network, samples).unwrap();
        let verdict = certificate.run(&plan, &[0.0]).unwrap().verdict;
        let measured = |k: i32| {
            let t = verdict.end.map_or(2f64.powi(k + 10), |end| end - end * 0.5f64.powi(k));
            let laws = certificate.network().laws(&plan, t, t).unwrap();
            *certificate.measure(&laws).unwrap().0.last().unwrap()
        };
        let close = measured(40);
        match verdict.converges {
            true => {
                converging += 1;
                // Slow where the ratio of mean and scale is; small in any case.
                assert!(close < 1e-3, "case {case}: {verdict}, but {close}");
            }
            false => {
                broken += 1;
                lucky += usize::from(close < 1e-9);
                assert!(!verdict.to_string().is_empty());
            }
        }
    }
    println!("{converging} plans converge, {broken} break, of which {lucky} came to the quantised output all the same");
    assert!(converging > 50 && broken > 50 && broken > lucky);
}

/// One input, ternary features on a threshold and off it, a last layer with one latent weight on a threshold.
fn golden() -> Certificate {
    let first = Layer::dense("first", 1, 2, Weights::Float(vec![0.5, 1.0])).unwrap();
    let first = first.with_stair("act", Quantiser::Ternary.stair(), 1.0).unwrap();
    let stair = Quantiser::Ternary.stair();
    let scales = vec![Scales::equal(1.0).unwrap()];
    let weights = Weights::Stair { latent: vec![0.5, 0.9], stair, scales, path: "weight".into() };
    let last = Layer::dense("last", 2, 1, weights).unwrap();
    Certificate::new(Network::new(vec![first, last]).unwrap(), vec![vec![1.0]]).unwrap()
}

#[test]
fn golden_numbers() {
    let certificate = golden();
    let law = |mean, scale| Some(Law::new(Noise::Uniform, mean, scale).unwrap());
    // Feature 1: −1 + 1 + F((0.5 + 0.1 − 0.5)/0.2) = F(0.5) = 0.75. Feature 2: 1. Weights: F(0) = 0.5 and 1.
    let laws = NetworkLaws::of(vec![None, law(0.0, 0.25)], vec![law(-0.1, 0.2), None]);
    let (measured, equal) = certificate.measure(&laws).unwrap();
    let close = |x: f64, y: f64| assert!((x - y).abs() < 1e-12, "{x} is not {y}");
    close(measured[0], 0.25); // T(|m|/s) = T(0.5)
    close(measured[1], 2.0 - (0.5 * 0.75 + 1.0));
    assert!(!equal);
    assert_eq!(certificate.interval_bounds(&laws), measured);
    let gaps = certificate.gap_bounds(&laws);
    close(gaps[0].1, 0.25);
    // 0.25·(0.5 + 1) + 1·|0.5 − 1|
    close(gaps[1].1, 0.875);
    close(gaps[1].0, 0.875);
    assert_eq!(
        (certificate.gaps()[0].gap.clone(), certificate.gaps()[0].on_threshold.clone()),
        (vec![1.0, 0.5], vec![true, false])
    );
    assert_eq!(certificate.gaps()[0].source, GapSource::Data);

    // |m| ≥ s on the threshold and g − |m| ≥ s off it: exactly 0 with hard weights.
    let laws = NetworkLaws::of(vec![None, None], vec![law(-0.25, 0.25), None]);
    assert_eq!(certificate.measure(&laws).unwrap(), (vec![0.0, 0.0], true));
    assert_eq!(certificate.gap_bounds(&laws), [(0.0, 0.0), (0.0, 0.0)]);
    assert_eq!(certificate.interval_bounds(&laws), [0.0, 0.0]);
}

#[test]
fn lattices_give_gaps_without_data() {
    let of = |scale: f64, shift: f64, second: Vec<f64>| {
        let unit = |name: &str, inputs, outputs, weights| {
            let layer = Layer::dense(name, inputs, outputs, Weights::Float(weights)).unwrap();
            layer.with_affine(vec![scale; outputs], vec![shift; outputs]).unwrap()
        };
        let first = unit("first", 1, 3, vec![0.3, 0.9, -0.7]).with_stair("a", Quantiser::Ternary.stair(), 1.0).unwrap();
        let second = unit("second", 3, 1, second).with_stair("b", Quantiser::Ternary.stair(), 1.0).unwrap();
        let last = Layer::dense("last", 1, 1, Weights::Float(vec![1.0])).unwrap();
        Certificate::new(Network::new(vec![first, second, last]).unwrap(), vec![vec![1.0]]).unwrap().gaps()[1].clone()
    };
    let signs = || vec![1.0, -1.0, 1.0];
    let plain = of(1.0, 0.0, signs());
    assert_eq!((plain.source, plain.smallest(), plain.channels_on_threshold()), (GapSource::Lattice, 0.5, 0));
    let halved = of(0.5, 0.0, signs()); // ±½ is on the lattice
    assert_eq!((halved.smallest(), halved.channels_on_threshold()), (0.5, 1));
    let shifted = of(1.0, 0.25, signs());
    assert_eq!((shifted.smallest(), shifted.channels_on_threshold()), (0.25, 0));
    // One weight only: the lattice is −1, 0, 1 and ends before 2.5.
    let short = of(1.0, -2.25, vec![1.0, 0.0, 0.0]);
    assert_eq!((short.smallest(), short.channels_on_threshold()), (0.75, 0));
    assert_eq!(of(1.0, 0.0, vec![1.0, 0.5, 0.0]).source, GapSource::Data);
}

#[test]
fn the_counterexample_does_not_converge_and_its_neighbour_does() {
    let example = counterexample().unwrap();
    let times = [0.0, 5.0, 10.0, 20.0, 50.0, 100.0, 500.0];
    println!("{}", example.table(&times).unwrap());
    let (good, bad) = (&example.synchronised, &example.unsynchronised);
    let [good_outputs, bad_outputs] = [good, bad].map(|plan| example.outputs(plan, &times).unwrap());
    assert!(good_outputs.windows(2).skip(1).all(|pair| pair[0] <= pair[1]) && 1.0 - good_outputs[6] < 1e-9);
    assert!(bad_outputs[2..].iter().all(|output| *output == 0.0));
    let run = |plan| example.certificate.run(plan, &times).unwrap();
    assert!(run(good).verdict.converges);
    let verdict = run(bad).verdict;
    let first = verdict.first_break.clone().unwrap();
    assert_eq!((first.name.as_str(), first.reason), ("second", Reason::ErrorNotFaster));
    assert!(verdict.to_string().contains("earlier layers must vanish first"), "{verdict}");
}

#[test]
fn verdicts_of_the_policies_on_a_chain_of_thresholds() {
    // Two units whose pre-activations are exactly on their thresholds.
    let unit = |name: &str, path: &str| {
        let layer = Layer::dense(name, 1, 1, Weights::Float(vec![0.5])).unwrap();
        layer.with_stair(path, Quantiser::Binary.stair(), 1.0).unwrap()
    };
    let last = Layer::dense("last", 1, 1, Weights::Float(vec![1.0])).unwrap();
    let network = Network::new(vec![unit("one", "a"), unit("two", "b"), last]).unwrap();
    let certificate = Certificate::new(network, vec![vec![1.0]]).unwrap();
    let layers = [vec!["a".to_string()], vec!["b".to_string()]];
    let verdict = |policy: &str, noise: Noise| {
        let policy: Policy = policy.parse().unwrap();
        let plan = policy.plan(noise, Strategy::Expectation, &layers, 10.0, TimeUnit::Epochs).unwrap();
        certificate.run(&plan, &[0.0]).unwrap().verdict
    };
    for policy in ["partition", "overlapped", "overlapped-progressive", "same-start", "same-end"] {
        assert!(verdict(policy, Noise::Uniform).exact, "{policy}");
        assert!(verdict(policy, Noise::Normal).converges, "{policy}");
    }
    let still = verdict("static-dynamic-partition", Noise::Uniform).first_break.unwrap();
    assert_eq!((still.name.as_str(), still.reason), ("one", Reason::ScaleNotFaster { missing: 0.5 }));
    assert!(!verdict("static-dynamic-partition", Noise::Uniform).converges);
    let wide = verdict("static", Noise::Uniform).first_break.unwrap();
    assert!(matches!(wide.reason, Reason::ScaleNotFaster { .. }), "{wide}");

    // The later layer first: compact noise comes to 0 all the same, other noise does not.
    let backwards = |noise: Noise| {
        let schedule = |start, end| {
            let window = |power| Envelope::bounded_window(start, end, power).unwrap();
            let law = Law::new(noise.clone(), -0.5, 0.25).unwrap();
            QuantiserSchedule::new(NoiseSchedule::new(law, window(1.0), window(2.0)), Strategy::Expectation)
        };
        let entries = vec![("a", schedule(10.0, 20.0)), ("b", schedule(0.0, 10.0))];
        let plan = AnnealingPlan::new(TimeUnit::Epochs, entries).unwrap();
        certificate.run(&plan, &[0.0]).unwrap().verdict
    };
    assert!(backwards(Noise::Triangular).exact && backwards(Noise::Triangular).first_break.is_none());
    assert_eq!(backwards(Noise::Normal).first_break.unwrap().reason, Reason::ErrorNotFaster);
}

#[test]
fn mistakes_are_named() {
    let float = |count| Weights::Float(vec![1.0; count]);
    let stair = || Quantiser::Binary.stair();
    let text = |error: stairs_certificate::CertificateError| error.to_string();
    assert_eq!(text(Network::new(vec![]).unwrap_err()), "a network needs at least one layer");
    let error = Layer::dense("fc", 3, 2, float(5)).unwrap_err();
    assert_eq!(text(error), "layer `fc`: weights must have length 6, got 5");
    let error = Layer::dense("fc", 3, 0, float(0)).unwrap_err();
    assert_eq!(text(error), "layer `fc`: outputs must be at least 1");
    let layer = Layer::dense("fc", 1, 1, float(1)).unwrap();
    assert!(text(layer.clone().with_stair("a", stair(), 0.0).unwrap_err()).contains("quantum must be positive"));
    assert!(text(layer.clone().with_bias(vec![f64::NAN]).unwrap_err()).contains("bias must be finite, got NaN"));
    assert!(Network::new(vec![layer.clone(), layer.clone()]).is_err());
    let network =
        Network::new(vec![layer.with_stair("a", stair(), 1.0).unwrap(), Layer::dense("l", 1, 1, float(1)).unwrap()]);
    let network = network.unwrap();
    assert!(Certificate::new(network.clone(), vec![]).is_err());
    let error = Certificate::new(network.clone(), vec![vec![1.0, 2.0]]).unwrap_err();
    assert_eq!(text(error), "sample 0 must hold 1 finite numbers");
    let certificate = Certificate::new(network, vec![vec![1.0]]).unwrap();
    let schedule = QuantiserSchedule::new(NoiseSchedule::constant(Law::hard(Noise::Uniform)), Strategy::Expectation);
    let plan = AnnealingPlan::new(TimeUnit::Epochs, vec![("b", schedule)]).unwrap();
    assert_eq!(text(certificate.run(&plan, &[0.0]).unwrap_err()), "the plan has no schedule for the quantiser `a`");
    assert!(text(certificate.run(&plan, &[1.0, 1.0]).unwrap_err()).contains("time 1 is 1"));
}
