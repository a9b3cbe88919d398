//! From bytes to standardised floats: (x/255 − mean)/std in f32, one table of 256 values a channel.

/// The table of every channel.
#[derive(Clone, Debug, PartialEq)]
pub struct Normalise {
    tables: Vec<[f32; 256]>,
}

impl Normalise {
    /// For the means and standard deviations of the channels, in units of the full range.
    ///
    /// ```
    /// use stairs_data::images::Normalise;
    /// let normalise = Normalise::new(&[0.5], &[0.25]);
    /// assert_eq!(normalise.value(0, 255), 2.0);
    /// ```
    pub fn new(mean: &[f64], std: &[f64]) -> Self {
        let table = |(&mean, &std): (&f64, &f64)| {
            // Every operation in f32, in this order, as ToTensor and Normalize do it.
            std::array::from_fn(|x| (x as f32 / 255.0 - mean as f32) / std as f32)
        };
        Self { tables: mean.iter().zip(std).map(table).collect() }
    }

    /// The float that byte `x` of channel `c` becomes.
    ///
    /// # Panics
    /// If there is no channel `c`.
    pub fn value(&self, c: usize, x: u8) -> f32 {
        self.tables[c][usize::from(x)]
    }

    /// Writes a row of interleaved pixels to row `y` of the planes `out` (channels × height × width).
    pub(super) fn row(&self, row: &[u8], y: usize, flip: bool, out: &mut [f32]) {
        let channels = self.tables.len();
        let width = row.len() / channels;
        let plane = out.len() / channels;
        for (c, (table, plane)) in self.tables.iter().zip(out.chunks_exact_mut(plane)).enumerate() {
            let to = &mut plane[y * width..(y + 1) * width];
            let from = row[c..].iter().step_by(channels).map(|&x| table[usize::from(x)]);
            if flip {
                to.iter_mut().rev().zip(from).for_each(|(to, x)| *to = x);
            } else {
                to.iter_mut().zip(from).for_each(|(to, x)| *to = x);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_go_to_planes_and_are_mirrored() {
        let normalise = Normalise::new(&[0.0; 3], &[1.0; 3]);
        let row: Vec<u8> = vec![255, 0, 51, 0, 255, 102];
        let mut out = vec![9.0; 3 * 2 * 2];
        normalise.row(&row, 1, false, &mut out);
        assert_eq!(out, [9.0, 9.0, 1.0, 0.0, 9.0, 9.0, 0.0, 1.0, 9.0, 9.0, 0.2, 0.4]);
        normalise.row(&row, 1, true, &mut out);
        assert_eq!(out[2..4], [0.0, 1.0]);
    }
}
