//! Fixed scales: ε = α = a number of the user's.

use super::Scales;
use crate::ScaleError;

pub(super) fn scales(quantum: f64) -> Result<Scales, ScaleError> {
    Scales::equal(quantum)
}

#[cfg(test)]
mod tests {
    use crate::{Quantiser, ScalePolicy};

    #[test]
    fn data_do_not_matter() {
        let stair = Quantiser::Ternary.stair();
        for values in [&[][..], &[0.0], &[5.0, f32::NAN]] {
            let scales = ScalePolicy::Fixed(0.25).scales(values, &stair).unwrap();
            assert_eq!((scales.quantum, scales.output), (0.25, 0.25));
        }
    }
}
