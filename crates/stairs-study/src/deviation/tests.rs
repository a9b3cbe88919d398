use stairs_capacity::certified::CertifiedLoss;
use stairs_data::{DataRoot, DatasetName, load};
use stairs_train::{SealedDir, StopSignal};

use super::*;

fn config() -> BoundConfig {
    let config =
        BoundConfig { samples: vec![20, 200], repetitions: 2, random: 3, starts: 1, ..BoundConfig::new("digits") };
    BoundConfig { inputs: Some(vec![20, 28, 43]), class: Some(3), ..config }
}

#[test]
fn a_stopped_search_ends_with_the_same_numbers() {
    let digits = load(DatasetName::Digits, &DataRoot::default()).unwrap();
    let (whole, stopped) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let go = StopSignal::new();
    let first = deviations(&config(), &digits, whole.path(), &go, |_, _| {}).unwrap();
    assert_eq!((first.parameters, first.population, first.range), (8, 1797, 1.0));
    for point in &first.points {
        assert!(point.holds(), "{point:?}");
        assert!(point.largest() > point.largest_random(), "{point:?}");
        assert!(point.floor.deviation <= point.two_scale.deviation);
    }
    assert!(first.points[0].largest() > 2.0 * first.points[1].largest());

    let stop = StopSignal::new();
    let asked = deviations(&config(), &digits, stopped.path(), &stop, |done, _| {
        if done == 1 {
            stop.request();
        }
    });
    assert!(matches!(asked, Err(MeasureError::Stopped { done: 1, draws: 4 })), "{asked:?}");
    assert_eq!(bound_record(stopped.path()).unwrap(), None);
    assert_eq!(deviations(&config(), &digits, stopped.path(), &go, |_, _| {}).unwrap(), first);
    assert_eq!(bound_record(stopped.path()).unwrap(), Some(first.clone()));

    // More repetitions go on from those there are; another configuration does not.
    let more = BoundConfig { repetitions: 3, ..config() };
    let grown = deviations(&more, &digits, stopped.path(), &go, |_, _| {}).unwrap();
    assert_eq!(grown.points[1].found[..2], first.points[1].found);
    let other = BoundConfig { radius: 2.0, ..more.clone() };
    let error = deviations(&other, &digits, stopped.path(), &go, |_, _| {}).unwrap_err().to_string();
    assert!(error.contains("radius is 1") && error.contains("2"), "{error}");
    let held = SealedDir::new(whole.path()).lock().unwrap();
    assert!(held.is_some());
    let error = deviations(&config(), &digits, whole.path(), &go, |_, _| {}).unwrap_err();
    assert!(matches!(error, MeasureError::Busy { .. }), "{error}");
    std::fs::write(stopped.path().join(RESULT), "{}").unwrap();
    assert!(bound_record(stopped.path()).is_err());
}

#[test]
fn what_cannot_be_is_refused() {
    let digits = load(DatasetName::Digits, &DataRoot::default()).unwrap();
    for (config, words) in [
        (BoundConfig { repetitions: 0, ..config() }, "repetitions must be at least 1"),
        (BoundConfig { samples: vec![0], ..config() }, "the number of samples must be at least 1"),
        (BoundConfig { samples: vec![usize::MAX], ..config() }, "at most 100000000"),
        (BoundConfig { starts: 4, ..config() }, "the number of starts must be at most"),
        (BoundConfig { inputs: Some(vec![64]), ..config() }, "the number of an input must be below"),
        (BoundConfig { inputs: Some(vec![]), ..config() }, "the number of inputs must be at least 1"),
        (BoundConfig { class: Some(10), ..config() }, "the class must be below"),
        (BoundConfig { hidden: Some(0), ..config() }, "hidden units must be 1 to"),
        (BoundConfig { radius: f64::NAN, ..config() }, "half-width of the box must be positive"),
        (BoundConfig { radius: 1e9, loss: CertifiedLoss::CrossEntropy, ..config() }, "constants are finite"),
        (BoundConfig { confidence: 1.0, ..config() }, "the confidence must be above 0 and below 1"),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let error = deviations(&config, &digits, dir.path(), &StopSignal::new(), |_, _| {}).unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
    }
}
