//! Diagnoses of short runs: what must hold whatever the schedule, and what must hold for each kind.

mod support;

use stairs_noise::{
    Law, Laws, Noise, Strategy,
    plan::{AnnealingPlan, Decay, Dynamics, Interval, Policy, QuantiserSchedule, TimeUnit},
};
use stairs_train::{
    BackwardLaw, ConfigError, Display, Method, RunConfig, TrainError, Trainer,
    diagnose::{Diagnose, Diagnosis},
};
use support::digits;

/// 200 digits, a small network, two epochs of seven steps.
fn config(method: Method, strategy: Strategy) -> RunConfig {
    RunConfig::new("mlp:16-16")
        .with_method(method)
        .with_strategy(strategy)
        .with_law(Noise::Triangular)
        .with_policy(Policy::new(Dynamics::Static, Dynamics::Dynamic, Interval::Overlapped, Decay::Homogeneous))
        .with_epochs(2)
        .with_batch(32)
        .with_lr(3e-3)
        .with_subset(200)
}

fn diagnose(config: RunConfig) -> Diagnosis {
    Diagnose::new(config, &digits()).with_every(3).with_directions(12).run(|_, _| ()).unwrap()
}

/// What holds for every diagnosis.
fn check(diagnosis: &Diagnosis) {
    let steps: Vec<u64> = diagnosis.records.iter().map(|record| record.step).collect();
    assert_eq!(steps, [0, 3, 6, 9, 12, 14]);
    let layers = [("hidden.0.linear.weight".to_string(), 64 * 16), ("hidden.1.linear.weight".to_string(), 16 * 16)];
    assert_eq!(diagnosis.layers, layers);
    assert_eq!(diagnosis.landmarks(), [0, 2, 5]);
    for (i, record) in diagnosis.records.iter().enumerate() {
        assert!(record.train_loss.is_finite());
        assert_eq!(record.layers.len(), 2);
        for layer in &record.layers {
            assert!((0.0..=1.0).contains(&layer.outside), "{layer:?}");
            assert_eq!(layer.flips.is_some(), i > 0);
            assert!(layer.flips.is_none_or(|flips| (0.0..=1.0).contains(&flips)), "{layer:?}");
            assert!(layer.cosine.is_none_or(|cosine| (-1.0..=1.0).contains(&cosine)), "{layer:?}");
        }
    }
}

/// Cosines of all layers of all records, the common ones included.
fn cosines(diagnosis: &Diagnosis) -> Vec<f64> {
    let of = |record: &stairs_train::diagnose::DiagnosisRecord| {
        record.layers.iter().map(|layer| layer.cosine).chain([record.cosine]).flatten().collect::<Vec<_>>()
    };
    diagnosis.records.iter().flat_map(of).collect()
}

#[test]
fn the_expectation_has_the_gradient_of_the_smoothed_network() {
    for law in [Noise::Uniform, Noise::Triangular, Noise::Logistic] {
        let diagnosis = diagnose(config(Method::Ana, Strategy::Expectation).with_law(law.clone()));
        check(&diagnosis);
        for record in diagnosis.records.iter().filter(|record| record.layers[0].window > Some(0.05)) {
            let all: Vec<_> = record.layers.iter().map(|layer| layer.cosine).chain([record.cosine]).collect();
            assert!(all.iter().all(|cosine| *cosine > Some(0.99)), "{law} step {}: {all:?}", record.step);
            // The smoothed network is the one that is trained.
            assert!(record.smoothed_loss.is_some());
        }
        let first = &diagnosis.records[0];
        assert!((first.smoothed_loss.unwrap() - first.train_loss).abs() < 1e-5);
        assert!(first.layers.iter().all(|layer| layer.window.is_some_and(|window| (window - 0.5).abs() < 1e-9)));
        // Noise is gone after 80 % of the run.
        let last = diagnosis.records.last().unwrap();
        assert!(last.layers.iter().all(|layer| layer.outside == 1.0 && layer.cosine.is_none()), "{last:?}");
        assert_eq!(last.cosine, None);
    }
}

#[test]
fn other_forward_passes_are_biased() {
    for (method, strategy) in
        [(Method::Ste, Strategy::Expectation), (Method::Ana, Strategy::Mode), (Method::Ana, Strategy::Random)]
    {
        let diagnosis = diagnose(config(method, strategy));
        check(&diagnosis);
        let found = cosines(&diagnosis);
        assert!(found.len() > 6, "{found:?}");
        let mean = found.iter().sum::<f64>() / found.len() as f64;
        assert!(mean < 0.99 && mean > 0.0, "{method:?} {strategy}: {found:?}");
    }
}

#[test]
fn hard_laws_have_no_window_and_no_slope() {
    let hard = QuantiserSchedule::constant(Laws::hard(), Strategy::Expectation);
    let plan = AnnealingPlan::uniform(TimeUnit::Steps, hard);
    let run = Diagnose::new(config(Method::Ana, Strategy::Expectation), &digits()).with_every(3).with_plan(plan);
    let diagnosis = run.run(|_, _| ()).unwrap();
    check(&diagnosis);
    for record in &diagnosis.records {
        assert_eq!(record.cosine, None);
        assert!(record.layers.iter().all(|layer| layer.outside == 1.0 && layer.cosine.is_none()));
        assert!(
            record.layers.iter().all(|layer| layer.flips.is_none_or(|flips| flips == 0.0)),
            "no gradient, no flips"
        );
    }
    let json = serde_json::to_string(&diagnosis).unwrap();
    assert!(json.contains("\"cosine\":null") && !json.contains("NaN"));
}

/// Uniform, normal and logistic noise of the same window have the same weights outside; a wider one has fewer.
#[test]
fn the_share_outside_is_that_of_the_window() {
    let outside = |law: Noise, half_width: f64| {
        let law = Law::new(law.clone(), 0.0, half_width / law.window()).unwrap();
        let plan = QuantiserSchedule::constant(Laws::same(law), Strategy::Expectation);
        let plan = AnnealingPlan::uniform(TimeUnit::Steps, plan);
        let run =
            Diagnose::new(config(Method::Ana, Strategy::Expectation), &digits()).with_every(99).with_directions(1);
        let diagnosis = run.with_plan(plan).run(|_, _| ()).unwrap();
        diagnosis.records[0].layers.iter().map(|layer| layer.outside).collect::<Vec<_>>()
    };
    // Latent weights start at a threshold ± U(1/√fan_in): in quanta 1/8 and 1/4 at most.
    let narrow = outside(Noise::Uniform, 0.0625);
    for (share, expected) in narrow.iter().zip([0.5, 0.75]) {
        assert!((share - expected).abs() < 0.08, "{narrow:?}");
    }
    for law in [Noise::Triangular, Noise::Normal, Noise::Logistic] {
        assert_eq!(outside(law.clone(), 0.0625), narrow, "{law}");
    }
    assert_eq!(outside(Noise::Uniform, 0.26), [0.0, 0.0]);
}

#[test]
fn the_run_is_that_of_the_trainer_and_repeats() {
    let config = config(Method::Ana, Strategy::Random).with_backward(BackwardLaw::Static);
    let diagnosis = diagnose(config.clone());
    assert_eq!(diagnosis, diagnose(config.clone()));

    let dir = tempfile::tempdir().unwrap();
    let record = Trainer::new(config, &digits(), dir.path()).with_display(Display::Quiet).run().unwrap();
    assert_eq!(diagnosis.evaluation.accuracy, record.test_accuracy);
    let last = record.epochs.last().unwrap();
    assert!((diagnosis.evaluation.loss - last.held_out_loss).abs() < 1e-6, "{:?} {last:?}", diagnosis.evaluation);

    let file = dir.path().join("deep/diagnosis.json");
    diagnosis.write(&file).unwrap();
    assert_eq!(Diagnosis::read(&file).unwrap(), diagnosis);
    std::fs::write(&file, "{}").unwrap();
    assert!(matches!(Diagnosis::read(&file), Err(TrainError::Damaged { .. })));
}

#[test]
fn mistakes_are_named() {
    let refused = |run: Diagnose| match run.run(|_, _| ()) {
        Err(TrainError::Config(error)) => error,
        other => panic!("{other:?}"),
    };
    let ana = || Diagnose::new(config(Method::Ana, Strategy::Expectation), &digits());
    assert_eq!(refused(ana().with_every(0)), ConfigError::Diagnosis { every: 0, directions: 8 });
    assert_eq!(refused(ana().with_directions(0)), ConfigError::Diagnosis { every: 50, directions: 0 });
    let float = Diagnose::new(config(Method::Float, Strategy::Expectation), &digits());
    assert_eq!(refused(float), ConfigError::NothingToDiagnose);
}
