//! Everything random about the data of an epoch, as pure functions of (seed, epoch).
//!
//! A resumed run therefore sees the permutations and the augmentation it would have seen: there is no generator whose
//! state would have to be saved. One ChaCha8 key a seed,
//! one stream an epoch; stream 0 is the subset's.

use std::ops::Range;

use rand::{SeedableRng, seq::SliceRandom};
use rand_chacha::ChaCha8Rng;

/// The order in which epoch `epoch` (counted from 1) visits `samples` samples.
///
/// ```
/// use stairs_train::data::epoch_order;
/// let order = epoch_order(7, 1, 100);
/// assert_eq!(order, epoch_order(7, 1, 100));
/// assert_ne!(order, epoch_order(7, 2, 100));
/// assert_ne!(order, epoch_order(8, 1, 100));
/// ```
pub fn epoch_order(seed: u64, epoch: usize, samples: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..samples).collect();
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(epoch as u64);
    order.shuffle(&mut rng);
    order
}

/// The first `count` of the seeded permutation of `samples` samples, in ascending order.
pub(crate) fn subset(seed: u64, samples: usize, count: usize) -> Vec<usize> {
    let mut chosen = epoch_order(seed, 0, samples);
    chosen.truncate(count);
    chosen.sort_unstable();
    chosen
}

/// Optimiser steps of one epoch: ⌈samples / batch⌉.
pub fn steps_per_epoch(samples: usize, batch: usize) -> usize {
    samples.div_ceil(batch)
}

/// The batches of one epoch. Every sample is used, and sizes differ by at most one, so no batch is left tiny.
pub(crate) fn batches(samples: usize, batch: usize) -> impl Iterator<Item = Range<usize>> {
    let count = steps_per_epoch(samples, batch);
    (0..count).map(move |i| i * samples / count..(i + 1) * samples / count)
}

/// Part `part` of `parts` of a range; sizes differ by at most one.
pub(crate) fn share(range: Range<usize>, part: usize, parts: usize) -> Range<usize> {
    let at = |i: usize| range.start + i * range.len() / parts;
    at(part)..at(part + 1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn value_stability() {
        assert_eq!(epoch_order(1, 1, 8), [6, 5, 2, 3, 0, 4, 7, 1]);
    }

    #[test]
    fn the_subset_does_not_depend_on_epochs() {
        let chosen = subset(3, 50, 10);
        assert_eq!(chosen.len(), 10);
        assert_eq!(chosen, subset(3, 50, 10));
        assert_ne!(chosen, subset(4, 50, 10));
    }

    proptest! {
        #[test]
        fn orders_are_permutations(seed: u64, epoch in 1usize..1000, samples in 1usize..200) {
            let mut order = epoch_order(seed, epoch, samples);
            order.sort_unstable();
            prop_assert_eq!(order, (0..samples).collect::<Vec<_>>());
        }

        #[test]
        fn batches_cover_everything_evenly(samples in 1usize..1000, batch in 1usize..100) {
            let all: Vec<_> = batches(samples, batch).collect();
            prop_assert_eq!(all.len(), steps_per_epoch(samples, batch));
            prop_assert_eq!(all[0].start, 0);
            prop_assert_eq!(all[all.len() - 1].end, samples);
            prop_assert!(all.windows(2).all(|w| w[0].end == w[1].start));
            let sizes: Vec<_> = all.iter().map(|r| r.len()).collect();
            prop_assert!(sizes.iter().max().unwrap() - sizes.iter().min().unwrap() <= 1);
            prop_assert!(sizes.iter().all(|&s| s >= 1 && s <= batch));
        }
    }
}
