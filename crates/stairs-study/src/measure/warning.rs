//! What a measurement warns of.

use stairs_capacity::Point;

/// The warning about a curve over ε at one ζ, told once.
pub(super) fn warning(curve: &[Point]) -> Option<String> {
    let dominated: Vec<&Point> = curve.iter().filter(|point| point.two_scale.warning().is_some()).collect();
    let (first, last) = (dominated.first()?, dominated.last()?);
    let range = if dominated.len() == 1 {
        format!("{:.2e}", first.eps)
    } else {
        format!("{:.2e} to {:.2e}", first.eps, last.eps)
    };
    let shares = dominated.iter().map(|point| 100.0 * point.two_scale.largest_share);
    let (low, high) = shares.fold((f64::INFINITY, 0f64), |(low, high), share| (low.min(share), high.max(share)));
    let percent = if format!("{low:.0}") == format!("{high:.0}") {
        format!("{high:.0}")
    } else {
        format!("{low:.0} to {high:.0}")
    };
    Some(format!(
        "2sED at zeta = {:.3} and {} of {} values of eps ({range}): one draw makes up {percent} % of the mean: its standard error is \
         not to be trusted",
        first.zeta,
        dominated.len(),
        curve.len()
    ))
}

#[cfg(all(test, feature = "capacity"))]
mod tests {
    use stairs_data::{DataRoot, DatasetName, load};

    use super::super::{MeasureConfig, measure, measurement};

    fn config() -> MeasureConfig {
        let mut config = MeasureConfig::new("mlp:8".parse().unwrap(), "digits");
        (config.draws, config.samples, config.eps) = (3, 10, vec![1e-1, 1e-3]);
        config
    }

    /// More draws in the directory of fewer are those of a measurement of its own.
    #[test]
    fn more_draws_go_on_from_those_there_are() {
        let digits = load(DatasetName::Digits, &DataRoot::default()).unwrap();
        let (grown, whole) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        measure(&config(), &digits, grown.path(), |_, _| {}).unwrap();
        let first = std::fs::metadata(grown.path().join("draws/0000.json")).unwrap().modified().unwrap();
        let more = MeasureConfig { draws: 5, ..config() };
        let result = measure(&more, &digits, grown.path(), |_, _| {}).unwrap();
        assert_eq!(result, measure(&more, &digits, whole.path(), |_, _| {}).unwrap());
        assert_eq!(measurement(grown.path()).unwrap(), Some(result));
        assert_eq!(std::fs::metadata(grown.path().join("draws/0000.json")).unwrap().modified().unwrap(), first);
    }

    #[test]
    fn a_curve_is_warned_about_once() {
        let digits = load(DatasetName::Digits, &DataRoot::default()).unwrap();
        let dir = tempfile::tempdir().unwrap();
        let wide = MeasureConfig { draws: 2, eps: vec![1e-1, 1e-5, 1e-320], zeta: vec![2.0 / 3.0, 0.8], ..config() };
        let result = measure(&wide, &digits, dir.path(), |_, _| {}).unwrap();
        assert!(result.points.iter().any(|point| point.two_scale.warning().is_some()));
        assert!(result.warnings.len() <= 2, "{:?}", result.warnings);
        for warning in &result.warnings {
            assert!(warning.len() < 200 && warning.contains("of 3 values of eps"), "{warning}");
        }
    }
}
