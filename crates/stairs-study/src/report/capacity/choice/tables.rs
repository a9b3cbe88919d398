//! A set as tables.

use super::{
    measure::Measure,
    set::{Network, POOL, RADIUS, Set},
};
use crate::{
    report::{
        grid::Grid,
        number::{NONE, fixed, signed},
    },
    stats::Resampled,
};

/// `0.42 [0.10, 0.66]`; undefined resamples are counted.
pub(super) fn resampled(found: Resampled, decimals: usize) -> String {
    if !found.value.is_finite() {
        return NONE.into();
    }
    let interval = match found.interval {
        Some(interval) => format!(" [{}, {}]", signed(interval.low, decimals), signed(interval.high, decimals)),
        None => " (no interval)".to_owned(),
    };
    let undefined = if found.undefined > 0 { format!(", {} undefined", found.undefined) } else { String::new() };
    format!("{}{interval}{undefined}", signed(found.value, decimals))
}

pub(super) fn measures(set: &Set<'_>) -> Grid {
    let mut grid = Grid::new([
        "measure".to_owned(),
        format!("gain of choosing 1 of {POOL}, points [95 %]"),
        "first of all, points".into(),
        "τ with accuracy [95 %]".into(),
        "τ with training loss [95 %]".into(),
        "sign error: depth".into(),
        "profile".into(),
        "kernel".into(),
        "worst".into(),
        "seconds a network".into(),
    ]);
    for measure in Measure::all(set) {
        let last = set.networks.iter().filter(|network| measure.of(network) == -f64::MAX).count();
        let undefined = if last > 0 { format!(" ({last} undefined, ranked last)") } else { String::new() };
        let errors = set.errors(&measure);
        let worst = errors.iter().map(|(error, _)| *error).filter(|error| error.is_finite()).fold(f64::NAN, f64::max);
        let share = |error: f64| if error.is_finite() { fixed(error, 2) } else { NONE.into() };
        let mut row = vec![
            measure.name() + &undefined,
            resampled(set.gain(&measure), 2),
            signed(set.first(&measure), 2),
            resampled(set.agreement(&measure), 2),
            resampled(set.with_loss(&measure), 2),
        ];
        row.extend(errors.map(|(error, _)| share(error)));
        row.extend([share(worst), set.seconds(&measure)]);
        grid.row(row);
    }
    grid
}

pub(super) fn networks(set: &Set<'_>) -> Grid {
    let mut grid = Grid::new(["network", "d", "2sED", "training loss", "test accuracy, %"]);
    let mut order: Vec<&Network<'_>> = set.networks.iter().collect();
    order.sort_by(|a, b| b.accuracy().mean.total_cmp(&a.accuracy().mean));
    for network in order {
        let accuracy = network.accuracy();
        let spread = if accuracy.sd.is_finite() { format!(" ± {}", fixed(accuracy.sd, 2)) } else { String::new() };
        grid.row([
            network.capacity.config.model.to_string(),
            network.capacity.dimension.to_string(),
            fixed(Measure::Jensen(RADIUS).of(network), 1),
            fixed(network.loss().mean, 4),
            format!("{}{spread}", fixed(accuracy.mean, 2)),
        ]);
    }
    grid
}
