//! The regularised stair and its derivative at the start, in the middle and at the end of the annealing.

use stairs_noise::Law;
use stairs_train::RunRecord;

use super::{
    Group,
    laws::{annealed, families},
};
use crate::plot::{Figure, StairCurve, derivative_panel, stair_panel};

/// Epochs (indices) to show: the first one, the last with noise, and the one half way between the first and the first
/// without noise.
fn moments(run: &RunRecord) -> [usize; 3] {
    let noisy = |i: &usize| run.epochs[*i].laws.iter().any(|law| law.scale > 0.0);
    let last = run.epochs.len() - 1;
    let end = (0..=last).rev().find(noisy).map_or(last, |i| (i + 1).min(last));
    [0, end / 2, end]
}

/// Two rows of three panels; `None` if the laws of the group do not change, and where every layer has a stair of its own.
pub(super) fn figure(group: &Group<'_>) -> Option<Figure> {
    let run = group.runs[0];
    if !annealed(run) || run.config.bits.is_some() {
        return None;
    }
    let stair = run.config.quantiser.stair();
    let families = families(run);
    let curves = moments(run).map(|i| {
        let law = |index: usize| {
            let point = run.epochs[i].laws.get(index)?;
            Law::new(run.config.law.clone(), point.mean, point.scale).ok()
        };
        let curves = families.iter().filter_map(|f| Some(StairCurve { ink: f.ink, law: law(f.index)? }));
        (format!("After epoch {}", run.epochs[i].epoch), curves.collect::<Vec<_>>())
    });
    let forward = curves.iter().map(|(title, curves)| stair_panel(title, &stair, curves));
    let backward = curves.iter().map(|(_, curves)| derivative_panel("", &stair, curves));
    let figure = Figure::new("").with_columns(3).with_size(960.0, 230.0).with_panels(forward).with_panels(backward);
    Some(families.into_iter().fold(figure, |figure, family| figure.with_legend(family.ink, family.label)))
}
