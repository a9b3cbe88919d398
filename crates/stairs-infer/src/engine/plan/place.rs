//! Places: every result gets bytes that nobody else uses from the step that makes it to the last step that reads it.
//!
//! Steps are gone through in order; a new result goes to the first gap that is large enough, and what was read for the last time
//! leaves its gap to those behind.

use alloc::vec;
use alloc::vec::Vec;

use crate::engine::memory::LINE;

/// Bytes a result needs and the steps during which it needs them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Need {
    pub(crate) bytes: usize,
    pub(crate) first: usize,
    pub(crate) last: usize,
}

/// The first byte of every need, and bytes in all; `None` if they cannot be counted.
pub(crate) fn place(needs: &[Need]) -> Option<(Vec<usize>, usize)> {
    let mut order: Vec<usize> = (0..needs.len()).collect();
    order.sort_by_key(|index| needs[*index].first);
    let mut places = vec![0; needs.len()];
    let mut total = 0;
    // Needs of now, by place: first byte, byte behind, index.
    let mut live: Vec<(usize, usize, usize)> = Vec::new();
    for index in order {
        let need = needs[index];
        live.retain(|(_, _, other)| needs[*other].last >= need.first);
        let size = need.bytes.checked_next_multiple_of(LINE)?;
        let (mut start, mut at) = (0usize, live.len());
        for (i, (from, behind, _)) in live.iter().enumerate() {
            if start.checked_add(size)? <= *from {
                at = i;
                break;
            }
            start = *behind;
        }
        let behind = start.checked_add(size)?;
        live.insert(at, (start, behind, index));
        places[index] = start;
        total = total.max(behind);
    }
    Some((places, total))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Dice;

    #[test]
    fn no_two_needs_of_one_time_overlap() {
        for seed in 0..200 {
            let mut dice = Dice::new(seed);
            let needs: Vec<Need> = (0..dice.below(40))
                .map(|_| {
                    let first = dice.below(30);
                    Need { bytes: dice.below(1000), first, last: first + dice.below(8) }
                })
                .collect();
            let (places, total) = place(&needs).unwrap();
            for (i, a) in needs.iter().enumerate() {
                assert!(places[i] + a.bytes <= total && places[i].is_multiple_of(LINE));
                for (j, b) in needs.iter().enumerate().take(i) {
                    let together = a.first <= b.last && b.first <= a.last;
                    let apart = places[i] + a.bytes <= places[j] || places[j] + b.bytes <= places[i];
                    assert!(!together || apart, "{a:?} at {} and {b:?} at {}", places[i], places[j]);
                }
            }
        }
    }

    #[test]
    fn a_chain_needs_two_places() {
        let needs: Vec<Need> = (0..9).map(|step| Need { bytes: 100, first: step, last: step + 1 }).collect();
        assert_eq!(place(&needs).unwrap().1, 256);
        assert_eq!(place(&[Need { bytes: usize::MAX, first: 0, last: 0 }]), None);
    }
}
