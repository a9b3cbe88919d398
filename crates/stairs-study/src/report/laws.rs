//! Laws over time: mean and scale of every quantiser, those that share a law drawn once.

use stairs_train::{LawPoint, RunRecord};

use super::Group;
use crate::plot::{Figure, Ink, Track, schedule_panels};

/// Quantisers that had the same law at every epoch.
pub(super) struct Family {
    /// Their short names, in network order.
    pub(super) label: String,
    /// Index of the first of them in the laws of an epoch.
    pub(super) index: usize,
    pub(super) ink: Ink,
}

/// `conv1.weight.stair` reads `conv1`, `act1.Stair` reads `act1`.
pub(super) fn short(path: &str) -> &str {
    let path = path.strip_suffix(".stair").or(path.strip_suffix(".Stair")).unwrap_or(path);
    path.strip_suffix(".weight").unwrap_or(path)
}

/// Law `index` at every epoch that has it: (epoch, law).
fn history(run: &RunRecord, index: usize) -> impl Iterator<Item = (f64, &LawPoint)> {
    run.epochs.iter().filter_map(move |epoch| Some((epoch.epoch as f64, epoch.laws.get(index)?)))
}

/// The families of a run, in network order, coloured by depth.
pub(super) fn families(run: &RunRecord) -> Vec<Family> {
    let count = run.epochs.first().map_or(0, |epoch| epoch.laws.len());
    let same = |a: usize, b: usize| {
        history(run, a).map(|(_, law)| (law.mean, law.scale)).eq(history(run, b).map(|(_, law)| (law.mean, law.scale)))
    };
    let mut members: Vec<Vec<usize>> = Vec::new();
    for index in 0..count {
        match members.iter_mut().find(|family| same(family[0], index)) {
            Some(family) => family.push(index),
            None => members.push(vec![index]),
        }
    }
    let total = members.len();
    let laws = run.epochs.first().map_or(&[][..], |epoch| &epoch.laws);
    members
        .into_iter()
        .enumerate()
        .map(|(i, family)| Family {
            label: family.iter().map(|index| short(&laws[*index].path)).collect::<Vec<_>>().join(", "),
            index: family[0],
            ink: Ink::depth(i, total),
        })
        .collect()
}

/// True if some law of the run is not the same at every epoch.
pub(super) fn annealed(run: &RunRecord) -> bool {
    let count = run.epochs.first().map_or(0, |epoch| epoch.laws.len());
    (0..count).any(|index| {
        let mut laws = history(run, index).map(|(_, law)| (law.mean, law.scale));
        let first = laws.next();
        laws.any(|law| Some(law) != first)
    })
}

/// True if every law of the run has mean 0 at every epoch.
pub(super) fn centred(run: &RunRecord) -> bool {
    run.epochs.iter().all(|epoch| epoch.laws.iter().all(|law| law.mean == 0.0))
}

/// The laws of a group's first run; `None` if they do not change.
pub(super) fn figure(group: &Group<'_>) -> Option<Figure> {
    let run = group.runs[0];
    if !annealed(run) {
        return None;
    }
    let families = families(run);
    let tracks: Vec<Track> = families
        .iter()
        .map(|family| Track {
            ink: family.ink,
            points: history(run, family.index).map(|(x, law)| (x, law.mean, law.scale)).collect(),
        })
        .collect();
    let panels = schedule_panels("epoch", &tracks);
    let figure = Figure::new("").with_columns(panels.len()).with_size(960.0, 290.0).with_panels(panels);
    Some(families.into_iter().fold(figure, |figure, family| figure.with_legend(family.ink, family.label)))
}
