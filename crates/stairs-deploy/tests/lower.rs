//! Programs against the networks they were made of.

mod common;

use common::{Numbers, network};
use stairs_deploy::{DeployError, DeployOptions, RoundingKind, deploy};

fn options() -> DeployOptions {
    DeployOptions::new("test", 3.0)
}

/// What a comparison of one network came to.
#[derive(Default, Debug)]
struct Tally {
    networks: usize,
    rounded: usize,
    floats: usize,
    outputs: usize,
}

fn compare(seed: u64, numbers: Numbers, tally: &mut Tally) {
    let (network, samples) = network(seed, numbers);
    let deployed = match deploy(&network, &options()) {
        Ok(deployed) => deployed,
        // Sums of samples or streams that 32 bits do not hold.
        Err(DeployError::Program(_) | DeployError::Parameter { .. }) => return,
        Err(error) => panic!("seed {seed}: {error}"),
    };
    let rounds = |kind: &RoundingKind| !matches!(kind, RoundingKind::Sample | RoundingKind::Proved);
    // A fixed-point number that the network has exactly is not rounded.
    let rounded = deployed.roundings.iter().any(|rounding| rounds(&rounding.what));
    tally.networks += 1;
    tally.rounded += usize::from(rounded);
    tally.floats += usize::from(!deployed.islands.is_empty());
    if rounded || (numbers == Numbers::Dyadic && !deployed.islands.is_empty()) {
        return;
    }
    for sample in &samples {
        let doubles: Vec<f64> = sample.iter().map(|x| f64::from(*x)).collect();
        let want = network.run(&doubles).unwrap();
        let got = deployed.program.run(sample).unwrap().to_floats();
        assert_eq!(want.len(), got.len(), "seed {seed}");
        for (i, (want, got)) in want.iter().zip(&got).enumerate() {
            tally.outputs += 1;
            let near = match numbers {
                Numbers::Dyadic => *want as f32 == *got,
                Numbers::Generic => (want - f64::from(*got)).abs() <= 1e-5 * want.abs().max(1.0),
            };
            assert!(
                near,
                "seed {seed}, output {i}: {want} and {got}\n{:?}\n{:#?}",
                deployed.roundings,
                network.nodes().iter().map(|n| format!("{} {} {:?}", n.path, n.op, n.shape)).collect::<Vec<_>>()
            );
        }
    }
}

#[test]
fn sums_that_meet_thresholds_are_exact() {
    let mut tally = Tally::default();
    (0..300).for_each(|seed| compare(seed, Numbers::Dyadic, &mut tally));
    println!("{tally:?}");
    assert!(tally.outputs > 1_000, "{tally:?}");
}

#[test]
fn generic_networks_give_what_they_give_in_doubles() {
    let mut tally = Tally::default();
    (0..300).for_each(|seed| compare(seed, Numbers::Generic, &mut tally));
    println!("{tally:?}");
    assert!(tally.outputs > 1_000, "{tally:?}");
}
