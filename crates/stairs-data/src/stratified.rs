//! Seeded stratified split: every class is shared out between training and test in the same proportion.
//!
//! Of the n_c samples of class c, round(share·n_c) go to the test part, chosen by a ChaCha8 shuffle of that class. Both
//! lists are ascending. Same labels, share and seed: same split, on every platform.

use rand::{SeedableRng, seq::SliceRandom};
use rand_chacha::ChaCha8Rng;

/// Indices of the training and of the test samples. `test_share` is clamped to [0, 1].
///
/// ```
/// use stairs_data::stratified_split;
/// let labels = [0, 0, 0, 0, 0, 0, 1, 1, 1, 1];
/// let (train, test) = stratified_split(&labels, 0.5, 7);
/// assert_eq!(train.len(), 5);
/// assert_eq!(test.iter().filter(|&&i| labels[i] == 0).count(), 3);
/// ```
pub fn stratified_split(labels: &[u8], test_share: f64, seed: u64) -> (Vec<usize>, Vec<usize>) {
    let mut classes = vec![Vec::new(); 256];
    labels.iter().enumerate().for_each(|(i, &l)| classes[usize::from(l)].push(i));
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let (mut train, mut test) = (Vec::new(), Vec::new());
    for mut class in classes {
        class.shuffle(&mut rng);
        let cut = (test_share.clamp(0.0, 1.0) * class.len() as f64).round() as usize;
        test.extend_from_slice(&class[..cut]);
        train.extend_from_slice(&class[cut..]);
    }
    train.sort_unstable();
    test.sort_unstable();
    (train, test)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn value_stability() {
        let labels = [0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 2, 2];
        assert_eq!(stratified_split(&labels, 0.4, 1), (vec![0, 1, 2, 4, 7, 9, 11], vec![3, 5, 6, 8, 10]));
    }

    proptest! {
        #[test]
        fn partitions_and_keeps_proportions(
            labels in prop::collection::vec(0u8..7, 0..300), share in 0.0f64..=1.0, seed in any::<u64>(),
        ) {
            let (train, test) = stratified_split(&labels, share, seed);
            let mut all: Vec<_> = train.iter().chain(&test).copied().collect();
            all.sort_unstable();
            prop_assert_eq!(all, (0..labels.len()).collect::<Vec<_>>());
            prop_assert!(train.is_sorted() && test.is_sorted());
            for class in 0..7 {
                let of = |part: &[usize]| part.iter().filter(|&&i| labels[i] == class).count();
                let n = labels.iter().filter(|&&l| l == class).count() as f64;
                prop_assert!((of(&test) as f64 - share * n).abs() <= 0.5 + 1e-9);
                prop_assert_eq!(of(&test) + of(&train), n as usize);
            }
        }
    }
}
