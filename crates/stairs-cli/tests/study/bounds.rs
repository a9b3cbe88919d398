//! Deviation bounds as trials: searched, stopped, in shards, continued, shown.

use std::fs;

use stairs::{
    capacity::certified::CertifiedLoss,
    data::{DataRoot, DatasetName, load},
    train::{SealedDir, StopSignal},
};
use stairs_study::{
    deviation::{BoundConfig, bound_record, deviations},
    experiments::{Experiment, Lines, Row, Status, read_lines},
    measure::MeasureError,
    report::{BoundPage, Page},
};

use super::{runner, study};

fn bound_config() -> BoundConfig {
    let config =
        BoundConfig { samples: vec![20, 2_000], repetitions: 2, random: 3, starts: 1, ..BoundConfig::new("digits") };
    BoundConfig { inputs: Some(vec![20, 28, 43]), class: Some(3), ..config }
}

#[test]
fn a_stopped_search_for_deviations_ends_with_the_same_numbers() {
    let digits = load(DatasetName::Digits, &DataRoot::default()).unwrap();
    let (whole, stopped) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let go = StopSignal::new();
    let first = deviations(&bound_config(), &digits, whole.path(), &go, |_, _| {}).unwrap();
    assert_eq!((first.parameters, first.population, first.range), (8, 1797, 1.0));
    for point in &first.points {
        assert!(point.holds(), "{point:?}");
        assert!(point.largest() > point.largest_random(), "{point:?}");
        assert!(point.floor.deviation <= point.two_scale.deviation);
    }
    assert!(first.points[0].largest() > first.points[1].largest());

    let stop = StopSignal::new();
    let asked = deviations(&bound_config(), &digits, stopped.path(), &stop, |done, _| {
        if done == 1 {
            stop.request();
        }
    });
    assert!(matches!(asked, Err(MeasureError::Stopped { done: 1, draws: 4 })), "{asked:?}");
    assert_eq!(bound_record(stopped.path()).unwrap(), None);
    assert_eq!(deviations(&bound_config(), &digits, stopped.path(), &go, |_, _| {}).unwrap(), first);
    assert_eq!(bound_record(stopped.path()).unwrap(), Some(first.clone()));

    // More repetitions go on from those there are; another configuration does not.
    let more = BoundConfig { repetitions: 3, ..bound_config() };
    let grown = deviations(&more, &digits, stopped.path(), &go, |_, _| {}).unwrap();
    assert_eq!(grown.points[1].found[..2], first.points[1].found);
    let other = BoundConfig { radius: 2.0, ..more.clone() };
    let error = deviations(&other, &digits, stopped.path(), &go, |_, _| {}).unwrap_err().to_string();
    assert!(error.contains("radius is 1") && error.contains("2"), "{error}");
    let held = SealedDir::new(whole.path()).lock().unwrap();
    assert!(held.is_some());
    let error = deviations(&bound_config(), &digits, whole.path(), &go, |_, _| {}).unwrap_err();
    assert!(matches!(error, MeasureError::Busy { .. }), "{error}");
    std::fs::write(stopped.path().join("bound.json"), "{}").unwrap();
    assert!(bound_record(stopped.path()).is_err());
}

#[test]
fn bounds_that_cannot_be_are_refused() {
    let digits = load(DatasetName::Digits, &DataRoot::default()).unwrap();
    for (config, words) in [
        (BoundConfig { repetitions: 0, ..bound_config() }, "repetitions must be at least 1"),
        (BoundConfig { samples: vec![0], ..bound_config() }, "the number of samples must be at least 1"),
        (BoundConfig { samples: vec![usize::MAX], ..bound_config() }, "at most 100000000"),
        (BoundConfig { starts: 4, ..bound_config() }, "the number of starts must be at most"),
        (BoundConfig { inputs: Some(vec![64]), ..bound_config() }, "the number of an input must be below"),
        (BoundConfig { inputs: Some(vec![]), ..bound_config() }, "the number of inputs must be at least 1"),
        (BoundConfig { class: Some(10), ..bound_config() }, "the class must be below"),
        (BoundConfig { hidden: Some(0), ..bound_config() }, "hidden units must be 1 to"),
        (BoundConfig { radius: f64::NAN, ..bound_config() }, "half-width of the box must be positive"),
        (BoundConfig { radius: 1e9, loss: CertifiedLoss::CrossEntropy, ..bound_config() }, "constants are finite"),
        (BoundConfig { confidence: 1.0, ..bound_config() }, "the confidence must be above 0 and below 1"),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let error = deviations(&config, &digits, dir.path(), &StopSignal::new(), |_, _| {}).unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
    }
}

/// Bounds are trials as others are: in shards, continued, kept as lines, shown.
#[test]
fn bounds_are_sharded_continued_and_shown() {
    let config = BoundConfig { inputs: Some(vec![20, 28]), class: Some(3), ..BoundConfig::new("digits") };
    let config = BoundConfig { samples: vec![20, 2_000], repetitions: 2, random: 2, starts: 1, ..config };
    let rows = vec![Row::bound("two", config.clone()), Row::bound("mlp", BoundConfig { hidden: Some(2), ..config })];
    let study = Experiment { rows, ..study(&BoundPage) };
    let out = tempfile::tempdir().unwrap();
    let first = runner(out.path(), "1/2").run(&study, &mut Lines::new()).unwrap();
    assert_eq!((first.trials.len(), first.results.bounds.len()), (1, 1));
    assert!(fs::read_to_string(out.path().join("index.html")).unwrap().contains("1 of 2 trials not finished yet"));
    let last = runner(out.path(), "2/2").run(&study, &mut Lines::new()).unwrap();
    assert_eq!(last.results.bounds.len(), 2);
    let page = fs::read_to_string(out.path().join("index.html")).unwrap();
    for what in
        ["Neither bound was exceeded in any of 8 samples", "MLP of 2 tanh, 2 inputs, d = 12", "plain cover", "<svg"]
    {
        assert!(page.contains(what), "{what}");
    }
    assert!(!page.contains("NaN"));
    let again = read_lines(&study, &out.path().join("kept/study")).unwrap();
    assert_eq!(BoundPage.text(&again), BoundPage.text(&last.results));
    assert_eq!(again.bounds, last.results.bounds);

    // More repetitions go on from those there are; fewer are another configuration.
    let mut more = runner(out.path(), "1/1");
    more.scale.draws = Some(3);
    let more = more.run(&study, &mut Lines::new()).unwrap();
    assert!(more.trials.iter().all(|(_, status)| *status == Status::Done));
    assert_eq!(more.results.bounds[0].1.points[0].found[..2], last.results.bounds[0].1.points[0].found);
    let error = runner(out.path(), "1/1").run(&study, &mut Lines::new()).unwrap_err().to_string();
    assert!(error.contains("repetitions is 3 there and 2 here"), "{error}");
    let mut nothing = last.results;
    nothing.bounds.clear();
    assert!(BoundPage.html(&nothing).unwrap().contains("There is no"));
}
