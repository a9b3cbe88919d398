//! The table of pixels: where it is a standardisation, as two numbers a channel instead of 256.
//!
//! ```text
//! table[c, x] = (x/unit − mean_c)/sd_c        in single precision, operation by operation; unit 1 or 255
//! ```

use alloc::vec::Vec;

/// What the brightest byte is divided by before it is standardised, tried in this order.
const UNITS: [u8; 2] = [1, 255];

/// Channels of a standardisation at most: one number of the file stands for 128 of the table.
pub(super) const CHANNELS: usize = 64;

/// Neighbours on either side that a guessed mean or deviation is looked for among.
const NEIGHBOURS: i32 = 12;

/// A standardisation that gives a table bit for bit.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Standardised {
    /// What bytes are divided by first.
    pub(super) unit: u8,
    /// Mean and deviation, channel after channel.
    pub(super) parameters: Vec<f32>,
}

impl Standardised {
    /// The standardisation that a table of 256 numbers a channel is, if one is found.
    pub(super) fn of(table: &[f32]) -> Option<Self> {
        if table.len() > 256 * CHANNELS || table.iter().any(|x| !x.is_finite()) {
            return None;
        }
        UNITS.into_iter().find_map(|unit| {
            let channels = table.as_chunks::<256>().0.iter();
            let parameters = channels.map(|row| channel(row, unit)).collect::<Option<Vec<[f32; 2]>>>()?;
            Some(Self { unit, parameters: parameters.into_iter().flatten().collect() })
        })
    }

    /// The table.
    pub(super) fn table(&self) -> Vec<f32> {
        let rows = self.parameters.as_chunks().0.iter();
        rows.flat_map(|[mean, sd]| (0..=255).map(|x| value(x, self.unit, *mean, *sd))).collect()
    }
}

fn value(x: u8, unit: u8, mean: f32, sd: f32) -> f32 {
    (f32::from(x) / f32::from(unit) - mean) / sd
}

/// Mean and deviation of a channel: guessed from its ends, then looked for among the neighbours of the guess.
fn channel(row: &[f32; 256], unit: u8) -> Option<[f32; 2]> {
    let (first, last) = (f64::from(row[0]), f64::from(row[255]));
    let sd = 255.0 / f64::from(unit) / (last - first);
    let gives = |mean: f32, sd: f32| {
        let same = |x: u8| value(x, unit, mean, sd).to_bits() == row[usize::from(x)].to_bits();
        // The far end first, which tells most neighbours apart.
        same(255) && (0..=254).all(same)
    };
    neighbours(sd as f32)
        .find_map(|sd| neighbours((-first * f64::from(sd)) as f32).find(|mean| gives(*mean, sd)).map(|mean| [mean, sd]))
}

/// A number and those next to it, nearest first.
fn neighbours(x: f32) -> impl Iterator<Item = f32> {
    (0..=NEIGHBOURS).flat_map(move |n| [stepped(x, n), stepped(x, -n)])
}

fn stepped(x: f32, steps: i32) -> f32 {
    (0..steps.abs()).fold(x, |x, _| if steps > 0 { x.next_up() } else { x.next_down() })
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::*;

    #[test]
    fn standardisations_of_known_data_sets_are_found() {
        let cases: [(u8, &[f32]); 5] = [
            (255, &[0.485, 0.229, 0.456, 0.224, 0.406, 0.225]), // ImageNet
            (1, &[33.318_42, 78.567_49]),                       // MNIST
            (1, &[125.306_92, 62.993_22, 122.950_39, 62.088_71, 113.865_38, 66.704_9]), // CIFAR-10
            (1, &[0.0, 1.0]),
            (255, &[0.0, 1.0, 0.5, 0.5]),
        ];
        for (unit, parameters) in cases {
            let table = Standardised { unit, parameters: parameters.to_vec() }.table();
            let found = Standardised::of(&table).expect("a standardisation");
            assert_eq!(found.table(), table);
            assert_eq!(found.unit, unit);
        }
    }

    #[test]
    fn other_tables_are_none() {
        let mut table: Vec<f32> = (0..256).map(|x| x as f32).collect();
        table[17] = 17.000_002;
        assert_eq!(Standardised::of(&table), None);
        assert_eq!(Standardised::of(&[f32::NAN; 256]), None);
        assert_eq!(Standardised::of(&[f32::INFINITY; 512]), None);
    }
}
