//! The annealing clock: a count of optimiser steps that is saved with the model.

use stairs_noise::{HostCell, HostValue};

/// Optimiser steps done so far: a number on the host, in the model's records.
pub(crate) type Clock = HostCell<Step>;

/// A count below 2³². Two halves of 16 bits, which f32 holds exactly.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Step(pub(crate) u64);

impl HostValue for Step {
    fn encode(&self) -> Vec<f32> {
        [self.0 >> 16, self.0 & 0xFFFF].map(|half| half as f32).into()
    }

    fn decode(&self, numbers: &[f32]) -> Option<Self> {
        let half = |x: f32| ((0.0..65_536.0).contains(&x) && x.fract() == 0.0).then_some(x as u64);
        match numbers {
            [high, low] => Some(Self((half(*high)? << 16) + half(*low)?)),
            _ => None,
        }
    }

    fn describe(&self) -> String {
        format!("step {}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_survive_the_codec_and_nonsense_does_not() {
        for step in [0, 1, 65_535, 65_536, 16_777_217, u64::from(u32::MAX)] {
            assert_eq!(Step(0).decode(&Step(step).encode()), Some(Step(step)));
        }
        for numbers in [&[][..], &[1.0], &[0.0, 0.5], &[0.0, -1.0], &[f32::NAN, 0.0], &[0.0, 65_536.0]] {
            assert_eq!(Step(7).decode(numbers), None);
        }
    }
}
