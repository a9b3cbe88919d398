//! The random strategy of the op: frequencies of levels, and what draws depend on.

use burn::tensor::Tensor;
use stairs_noise::{Law, Laws, Noise, RegularisedStair, StairSpec, Strategy, regularised_stair};
use stairs_quant::Quantiser;

use super::{devices, noises, values};

#[test]
fn contract_random_frequencies_within_four_sigma() {
    const N: usize = 1_000_000;
    for (backend, device) in devices() {
        for noise in noises() {
            for (quantiser, x, scale) in [(Quantiser::Ternary, 0.3f32, 0.8), ("int4".parse().unwrap(), -2.4, 1.1)] {
                let law = Law::new(noise.clone(), -0.1, scale).unwrap();
                let exact = RegularisedStair::new(quantiser.stair(), law.clone()).probabilities(f64::from(x));
                let spec =
                    StairSpec::new(quantiser.stair(), Laws::same(law)).with_strategy(Strategy::Random).with_key(77);
                let y = values(regularised_stair(Tensor::<1>::full([N], x, &device), &spec));
                for (level, p) in quantiser.stair().levels().iter().zip(exact) {
                    let count = y.iter().filter(|y| f64::from(**y) == *level).count() as f64;
                    let sigma = (N as f64 * p * (1.0 - p)).sqrt().max(1.0);
                    let off = (count - N as f64 * p).abs();
                    assert!(
                        off <= 4.0 * sigma,
                        "{backend}: {quantiser}, {noise}, level {level}: off by {:.1} sigma",
                        off / sigma
                    );
                }
            }
        }
    }
}

#[test]
fn contract_draws_depend_on_the_key_alone() {
    let spec = |key| {
        let laws = Laws::same(Law::new(Noise::Normal, 0.0, 0.5).unwrap());
        StairSpec::new(Quantiser::Ternary.stair(), laws).with_strategy(Strategy::Random).with_key(key)
    };
    let draws: Vec<(String, Vec<f32>, Vec<f32>)> = devices()
        .into_iter()
        .map(|(backend, device)| {
            let x = Tensor::<1>::full([100_000], 0.4, &device);
            let draw = |key| values(regularised_stair(x.clone(), &spec(key)));
            assert_eq!(draw(1), draw(1), "{backend}");
            (backend.to_string(), draw(1), draw(2))
        })
        .collect();
    for (backend, one, two) in &draws {
        let same = one.iter().zip(two).filter(|(a, b)| a == b).count();
        assert!(same < 90_000, "{backend}: keys 1 and 2 agree on {same} of 100000");
        // The same counters on every backend: draws differ only where F rounds across a uniform.
        let differ = one.iter().zip(&draws[0].1).filter(|(a, b)| a != b).count();
        assert!(differ <= 2, "{backend}: {differ} draws differ from {}", draws[0].0);
    }
}
