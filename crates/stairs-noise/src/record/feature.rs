//! Tensors that depend on the sample.

use stairs_network::Source;

/// A tensor on its way through the recorded pass, for one sample.
#[derive(Clone, Debug)]
pub(super) struct Feature {
    /// The node whose numbers it has.
    pub(super) source: Source,
    /// Its shape: axes behind that of the batch.
    pub(super) view: Vec<usize>,
    /// Tensor axes in front of `view`.
    pub(super) skipped: usize,
    /// What was done to the numbers of the node that is no node by itself yet.
    pub(super) form: Form,
}

/// Parts of operations that Burn's tensors need several steps for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Form {
    /// Nothing.
    Plain,
    /// c − x, of the clip c − max(c − max(x, 0), 0) that PACT learns.
    Minus(f32),
    /// max(c − x, 0).
    Rest(f32),
    /// x/ε, which a stair with a learned step follows.
    Divided(f32),
}

/// Shape of one sample of a tensor whose sizes for two and for three samples are given, and the number of axes in front of it. An axis
/// that batch and another share is split, the batch in front. `None` where no axis, or more than one, grows with the batch.
pub(super) fn sample(two: &[usize], three: &[usize]) -> Option<(Vec<usize>, usize)> {
    if two.len() != three.len() {
        return None;
    }
    let mut grown = two.iter().zip(three).enumerate().filter(|(_, (two, three))| two != three);
    let (axis, (&two_batches, &three_batches)) = grown.next()?;
    let is_batch = grown.next().is_none() && two_batches.is_multiple_of(2) && two_batches / 2 * 3 == three_batches;
    if !is_batch || two[..axis].iter().any(|size| *size != 1) {
        return None;
    }
    let rest = two_batches / 2;
    let (merged, skipped) = if rest == 1 { (vec![], axis + 1) } else { (vec![rest], axis) };
    Some(([&merged[..], &two[axis + 1..]].concat(), skipped))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_batch_is_what_grows() {
        assert_eq!(sample(&[2, 5, 7], &[3, 5, 7]), Some((vec![5, 7], 1)));
        assert_eq!(sample(&[1, 2, 7], &[1, 3, 7]), Some((vec![7], 2)));
        assert_eq!(sample(&[10, 7], &[15, 7]), Some((vec![5, 7], 0)));
        assert_eq!(sample(&[5, 2], &[5, 3]), None);
        assert_eq!(sample(&[5, 7], &[5, 7]), None);
        assert_eq!(sample(&[2, 4], &[3, 6]), None);
    }
}
