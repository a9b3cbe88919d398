//! Which features exist at the same time.
//!
//! A step reads features and writes one. An element-wise step (norm, activation, quantiser, sum) directly behind the step
//! whose result it reads, where nothing else reads that, is fused with it: one group, whose only result is the last. A group
//! needs what it reads, what it writes, and whatever a later group reads.

/// One step of a forward pass, by numbers of features.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Step {
    pub(super) reads: Vec<usize>,
    pub(super) writes: usize,
    /// Each element of the result depends on the same element of what is read.
    pub(super) elementwise: bool,
}

/// The steps of a forward pass and the bytes of every feature.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Activations {
    pub(super) bytes: Vec<u64>,
    pub(super) steps: Vec<Step>,
}

/// Steps that run as one.
struct Group {
    reads: Vec<usize>,
    writes: usize,
}

impl Activations {
    /// Bytes that all groups write.
    pub(super) fn written(&self) -> u64 {
        self.groups().iter().map(|group| self.bytes[group.writes]).sum()
    }

    /// Most bytes that exist at the same time.
    pub(super) fn peak(&self) -> u64 {
        let groups = self.groups();
        let needed = |at: usize| {
            let exists = |feature: &usize| {
                let written = groups.iter().position(|group| group.writes == *feature);
                let read = groups.iter().rposition(|group| group.reads.contains(feature));
                // What no group writes is the input.
                written == Some(at)
                    || (written.is_none_or(|written| written < at) && read.is_some_and(|read| read >= at))
            };
            (0..self.bytes.len()).filter(exists).map(|feature| self.bytes[feature]).sum()
        };
        (0..groups.len()).map(needed).max().unwrap_or(0)
    }

    fn groups(&self) -> Vec<Group> {
        let mut groups: Vec<Group> = Vec::new();
        for (index, step) in self.steps.iter().enumerate() {
            let read_later = |feature| self.steps[index + 1..].iter().any(|step| step.reads.contains(&feature));
            match groups.last_mut() {
                Some(group) if step.elementwise && step.reads.contains(&group.writes) && !read_later(group.writes) => {
                    group.reads.extend(step.reads.iter().filter(|feature| **feature != group.writes));
                    group.writes = step.writes;
                }
                _ => groups.push(Group { reads: step.reads.clone(), writes: step.writes }),
            }
        }
        groups
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(reads: &[usize], writes: usize, elementwise: bool) -> Step {
        Step { reads: reads.to_vec(), writes, elementwise }
    }

    /// x – conv 1 – act 2 – conv 3 – add 2 = 4 – quantiser 5: by hand.
    #[test]
    fn elementwise_steps_are_fused_and_a_skip_connection_stays() {
        let steps = vec![
            step(&[0], 1, false),
            step(&[1], 2, true),
            step(&[2], 3, false),
            step(&[3, 2], 4, true),
            step(&[4], 5, true),
            step(&[5], 6, false),
        ];
        let activations = Activations { bytes: vec![100, 400, 10, 400, 400, 20, 3], steps };
        assert_eq!(activations.written(), 10 + 20 + 3);
        assert_eq!(activations.peak(), 110);
        // Without the input the largest is the sum: what it reads and its result.
        let smaller = Activations { bytes: vec![1, 400, 10, 400, 400, 20, 3], ..activations };
        assert_eq!(smaller.peak(), 30);
    }

    /// A result that two read is stored before the second changes it.
    #[test]
    fn what_is_read_again_is_not_overwritten() {
        let steps = vec![step(&[0], 1, false), step(&[1], 2, true), step(&[2], 3, false), step(&[3, 1], 4, true)];
        let activations = Activations { bytes: vec![1, 8, 2, 8, 8], steps };
        assert_eq!(activations.written(), 8 + 2 + 8);
        assert_eq!(activations.peak(), 8 + 2 + 8);
    }
}
