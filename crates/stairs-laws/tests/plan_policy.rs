//! The study grid: names, counts, windows, powers and start values.

use std::collections::HashSet;

use stairs_laws::{
    AnnealingPlan, Decay, Dynamics, Envelope, Interval, Law, Noise, PlanError, Policy, Strategy, TimeUnit,
};

fn layers(count: usize) -> Vec<Vec<String>> {
    (0..count).map(|layer| vec![format!("conv{layer}.weight"), format!("act{layer}")]).collect()
}

fn plan(policy: &str, noise: Noise, count: usize, span: f64) -> AnnealingPlan {
    let policy: Policy = policy.parse().unwrap();
    policy.plan(noise, Strategy::Expectation, &layers(count), span, TimeUnit::Epochs).unwrap()
}

#[test]
fn the_grid_has_66_rows_a_noise_and_264_in_all() {
    let grid = Policy::grid();
    assert_eq!(grid.len(), 66);
    assert_eq!(grid.iter().collect::<HashSet<_>>().len(), 66);
    let full = Policy::full_grid();
    assert_eq!(full.len(), 264);
    let names = full.iter().map(|(noise, strategy, policy)| format!("{noise} {strategy} {policy}"));
    assert_eq!(names.collect::<HashSet<_>>().len(), 264);
}

#[test]
fn the_grid_keeps_what_the_study_keeps() {
    let count = |strategy, mean, scale| {
        let rows = Policy::grid();
        rows.iter().filter(|(s, policy)| (*s, policy.mean, policy.scale) == (strategy, mean, scale)).count()
    };
    use Dynamics::{Dynamic, Static};
    for strategy in Strategy::ALL {
        let sampled = strategy != Strategy::Expectation;
        assert_eq!(count(strategy, Dynamic, Dynamic), 8);
        assert_eq!(count(strategy, Static, Dynamic), 8);
        assert_eq!(count(strategy, Dynamic, Static), if sampled { 8 } else { 0 });
        assert_eq!(count(strategy, Static, Static), usize::from(sampled));
    }
    let fully_static = Policy::new(Static, Static, Interval::Overlapped, Decay::Homogeneous);
    assert!(Policy::grid().contains(&(Strategy::Mode, fully_static)));
}

#[test]
fn every_row_of_the_grid_makes_another_plan() {
    let plans: HashSet<_> = Policy::full_grid()
        .into_iter()
        .map(|(noise, strategy, policy)| {
            let plan = policy.plan(noise, strategy, &layers(7), 350.0, TimeUnit::Epochs).unwrap();
            serde_json::to_string(&plan).unwrap()
        })
        .collect();
    assert_eq!(plans.len(), 264);
}

#[test]
fn names_round_trip() {
    assert_eq!(Policy::all().len(), 48);
    for policy in Policy::all() {
        assert_eq!(policy.to_string().parse::<Policy>(), Ok(policy));
        let json = serde_json::to_string(&policy).unwrap();
        assert_eq!(json, format!("\"{policy}\""));
        assert_eq!(serde_json::from_str::<Policy>(&json).unwrap(), policy);
    }
    for (short, long) in [
        ("partition", "dynamic-dynamic-partition-homogeneous"),
        ("overlapped-progressive", "dynamic-dynamic-overlapped-progressive"),
        ("same-start", "dynamic-dynamic-same-start-homogeneous"),
        ("same-end-progressive", "dynamic-dynamic-same-end-progressive"),
        ("static-dynamic-same-end", "static-dynamic-same-end-homogeneous"),
        ("partition-linear", "dynamic-dynamic-partition-linear"),
        ("static", "static-static-overlapped-homogeneous"),
    ] {
        assert_eq!(short.parse::<Policy>().unwrap().to_string(), long);
    }
    for bad in
        ["", "dynamic", "partition-", "partition-fast", "dynamic-partition", "Partition", "same", "static-static"]
    {
        assert_eq!(bad.parse::<Policy>(), Err(PlanError::UnknownPolicy(bad.into())));
    }
    let error = serde_json::from_str::<Policy>("\"partitoin\"").unwrap_err().to_string();
    assert!(error.contains("unknown policy `partitoin`") && error.contains("same-start"), "{error}");
}

#[test]
fn intervals_by_hand() {
    // L = 3, P = 10.
    let windows = |interval: Interval| [0, 1, 2].map(|layer| interval.window(layer, 3, 30.0));
    assert_eq!(windows(Interval::Overlapped), [(0.0, 30.0); 3]);
    assert_eq!(windows(Interval::SameStart), [(0.0, 10.0), (0.0, 20.0), (0.0, 30.0)]);
    assert_eq!(windows(Interval::SameEnd), [(20.0, 30.0), (10.0, 30.0), (0.0, 30.0)]);
    assert_eq!(windows(Interval::Partition), [(0.0, 10.0), (10.0, 20.0), (20.0, 30.0)]);
    let powers = |decay: Decay| [0, 1, 2].map(|layer| decay.powers(layer, 3));
    assert_eq!(powers(Decay::Progressive), [(3.0, 6.0), (2.0, 4.0), (1.0, 2.0)]);
    assert_eq!(powers(Decay::Homogeneous), [(1.0, 2.0); 3]);
    assert_eq!(powers(Decay::Linear), [(1.0, 1.0); 3]);
}

#[test]
fn partition_progressive_by_hand() {
    let plan = plan("partition-progressive", Noise::Triangular, 3, 30.0);
    // Middle layer: window [10, 20], powers 2 and 4.
    for (t, mean, scale) in [(0.0, -0.5, 0.5), (10.0, -0.5, 0.5), (15.0, -0.125, 0.03125), (20.0, 0.0, 0.0)] {
        for path in ["conv1.weight", "act1"] {
            let law = plan.laws_at(path, t).unwrap().forward;
            assert_eq!((law.mean(), law.scale()), (mean, scale), "{path} at {t}");
        }
    }
    let hard_at = |path: &str, t: f64| plan.laws_at(path, t).unwrap().is_hard();
    assert!(hard_at("conv0.weight", 10.0) && !hard_at("conv2.weight", 29.9) && hard_at("conv2.weight", 30.0));
    assert_eq!(plan.end(), Some(30.0));
}

#[test]
fn every_dynamic_plan_ends_exactly_with_its_span() {
    for policy in Policy::all().into_iter().filter(|policy| policy.scale == Dynamics::Dynamic) {
        for (count, span) in [(1, 0.1), (3, 10.0), (7, 1.0), (11, 333.3)] {
            let plan = plan(&policy.to_string(), Noise::Normal, count, span);
            assert_eq!(plan.end(), Some(span), "{policy} with {count} layers");
            assert!(plan.resolve(&layers(count).concat()).is_ok());
        }
    }
}

#[test]
fn start_values() {
    // Uniform, triangular; 0.5/1.95996; 0.5/ln 39.
    for (noise, scale) in Policy::NOISES.into_iter().zip([0.5, 0.5, 0.255_106_73, 0.136_479_21]) {
        for (policy, mean) in [("overlapped", -0.5), ("static-dynamic-overlapped", 0.0)] {
            let law = plan(policy, noise.clone(), 2, 10.0).laws_at("act0", 0.0).unwrap().forward;
            assert_eq!(law.mean(), mean);
            assert!((law.scale() - scale).abs() < 1e-8, "{noise}: {}", law.scale());
        }
    }
}

#[test]
fn what_is_static_stays_for_ever() {
    let fully = plan("static", Noise::Uniform, 2, 10.0);
    assert_eq!(fully.laws_at("act1", 1e9).unwrap().forward, Law::new(Noise::Uniform, 0.0, 0.5).unwrap());
    assert_eq!(fully.end(), None);
    let scale = plan("dynamic-static-partition", Noise::Uniform, 2, 10.0);
    assert_eq!(scale.laws_at("act1", 1e9).unwrap().forward, Law::new(Noise::Uniform, 0.0, 0.5).unwrap());
    assert_eq!(scale.end(), None);
    assert_eq!(scale.entries()[0].schedule.forward.scale_envelope(), Envelope::Constant);
}

#[test]
fn impossible_policies() {
    let policy: Policy = "partition".parse().unwrap();
    let make =
        |layers: &[Vec<String>], span| policy.plan(Noise::Uniform, Strategy::Mode, layers, span, TimeUnit::Steps);
    for span in [0.0, -1.0, f64::INFINITY] {
        assert_eq!(make(&layers(2), span), Err(PlanError::Span(span)));
    }
    assert!(make(&layers(2), f64::NAN).is_err());
    assert_eq!(make(&[], 1.0), Err(PlanError::Empty));
    assert_eq!(make(&[vec!["fc1".into()], vec![]], 1.0), Err(PlanError::EmptyLayer(1)));
    let twice = [vec!["fc1".to_string()], vec!["fc1".to_string()]];
    assert_eq!(make(&twice, 1.0), Err(PlanError::DuplicatePattern("fc1".into())));
    assert!(policy.schedule(Noise::Uniform, 2, 2, 1.0).is_err());
}
