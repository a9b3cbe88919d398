//! A data set: training part, test part, classes, shape.

use std::{collections::HashSet, path::PathBuf, sync::Arc};

use crate::{DataError, DatasetName, SampleShape, Split, Standardisation, raw::Raw, stratified_split, text};

/// A classification data set, both parts standardised by what was fitted on the training part.
#[derive(Clone, Debug)]
pub struct Dataset {
    /// Name, e.g. `mnist`.
    pub name: String,
    /// Training part, at least one sample.
    pub train: Split,
    /// Test part; may be empty.
    pub test: Split,
    /// Number of classes, 1 to 256; every label is below it.
    pub classes: usize,
    /// Names of the classes, in the order of the labels; `0`, `1`, … where nobody named them.
    pub class_names: Vec<String>,
    /// Shape of every sample.
    pub shape: SampleShape,
    /// The folder or the table it was read from; `None` for embedded data and arrays.
    pub source: Option<PathBuf>,
}

impl Dataset {
    /// From bytes (N·C·H·W or N·F values, row-major) and labels of the two parts.
    ///
    /// ```
    /// use stairs_data::{Dataset, SampleShape};
    /// let shape = SampleShape::Image { channels: 1, height: 1, width: 2 };
    /// let data = Dataset::from_bytes("mine", shape, 2, (vec![0, 10, 10, 0], vec![0, 1]), (vec![5, 15], vec![1])).unwrap();
    /// assert_eq!(data.train.sample(0), (vec![-1.0, 1.0], 0));
    /// assert_eq!(data.test.sample(0), (vec![0.0, 2.0], 1));
    /// assert!(Dataset::from_bytes("mine", shape, 2, (vec![0, 10, 10], vec![0, 1]), (vec![], vec![])).is_err());
    /// ```
    ///
    /// # Errors
    /// [`DataError::Arrays`]: no training sample, an empty shape, lengths that do not fit, a label that is no class.
    pub fn from_bytes(
        name: &str,
        shape: SampleShape,
        classes: usize,
        train: (Vec<u8>, Vec<u8>),
        test: (Vec<u8>, Vec<u8>),
    ) -> Result<Self, DataError> {
        Self::from_raw(name, shape, classes, (Raw::Bytes(train.0), train.1), (Raw::Bytes(test.0), test.1))
    }

    /// From floats; as [`Dataset::from_bytes`].
    ///
    /// # Errors
    /// As [`Dataset::from_bytes`], and for values that are not finite, as they are or once they are standardised.
    pub fn from_floats(
        name: &str,
        shape: SampleShape,
        classes: usize,
        train: (Vec<f32>, Vec<u8>),
        test: (Vec<f32>, Vec<u8>),
    ) -> Result<Self, DataError> {
        Self::from_raw(name, shape, classes, (Raw::Floats(train.0), train.1), (Raw::Floats(test.0), test.1))
    }

    pub(crate) fn from_raw(
        name: &str,
        shape: SampleShape,
        classes: usize,
        train: (Raw, Vec<u8>),
        test: (Raw, Vec<u8>),
    ) -> Result<Self, DataError> {
        let train = check(name, shape, classes, "training", train)?;
        let test = check(name, shape, classes, "test", test)?;
        Self::from_splits(name, classes, train, test)
    }

    /// One table without official parts: a stratified test share, drawn with `seed`.
    pub(crate) fn from_one(
        name: &str,
        shape: SampleShape,
        classes: usize,
        all: (Raw, Vec<u8>),
        test_share: f64,
        seed: u64,
    ) -> Result<Self, DataError> {
        let all = check(name, shape, classes, "all", all)?;
        let (train, test) = stratified_split(all.labels(), test_share, seed);
        Self::from_splits(name, classes, all.select(&train), all.select(&test))
    }

    fn from_splits(name: &str, classes: usize, train: Split, test: Split) -> Result<Self, DataError> {
        if train.is_empty() {
            return Err(arrays(name, "training samples", "at least 1", 0));
        }
        let fitted = Arc::new(Standardisation::fit(&train));
        for (part, split) in [("training", &train), ("test", &test)] {
            stays_finite(name, part, split, &fitted)?;
        }
        Ok(Self {
            name: name.to_owned(),
            classes,
            class_names: (0..classes).map(|class| class.to_string()).collect(),
            shape: train.shape(),
            train: train.with_standardisation(Arc::clone(&fitted)),
            test: test.with_standardisation(fitted),
            source: None,
        })
    }

    /// One line for people: what the data set is, and where it was read.
    ///
    /// ```
    /// use stairs_data::{DataRoot, DatasetName, load};
    /// let digits = load(DatasetName::Digits, &DataRoot::default()).unwrap();
    /// assert_eq!(digits.summary(), "digits: 1,438 + 359 samples, 10 classes, 1x8x8 (embedded)");
    /// ```
    pub fn summary(&self) -> String {
        let place = match &self.source {
            Some(source) => format!(", from {}", text::path(source)),
            None if self.name == DatasetName::Digits.as_str() => " (embedded)".into(),
            None => String::new(),
        };
        format!("{}{place}", self.identity())
    }

    /// Names the classes, in the order of the labels.
    ///
    /// ```
    /// use stairs_data::{Dataset, SampleShape};
    /// let one = SampleShape::Vector { features: 1 };
    /// let data = Dataset::from_floats("mine", one, 2, (vec![0.5, 1.5], vec![0, 1]), (vec![], vec![])).unwrap();
    /// assert_eq!(data.class_names, ["0", "1"]);
    /// let data = data.with_class_names(["cat", "dog"]).unwrap();
    /// assert_eq!(data.class_names, ["cat", "dog"]);
    /// assert!(data.with_class_names(["cat"]).is_err());
    /// ```
    ///
    /// # Errors
    /// [`DataError::Arrays`]: not one name a class, an empty one, or one twice.
    pub fn with_class_names<T: Into<String>>(mut self, names: impl IntoIterator<Item = T>) -> Result<Self, DataError> {
        // One more than there are classes is enough to refuse a list without end.
        let names: Vec<String> = names.into_iter().take(self.classes + 1).map(Into::into).collect();
        if names.len() != self.classes {
            let got = if names.len() > self.classes { "more".to_owned() } else { names.len().to_string() };
            return Err(arrays(&self.name, "names of the classes", self.classes, got));
        }
        let mut seen = HashSet::new();
        for (class, name) in names.iter().enumerate() {
            if name.is_empty() || !seen.insert(name) {
                let what = format!("name of class {class}");
                return Err(arrays(&self.name, &what, "a name that no other class has", format!("{name:?}")));
            }
        }
        self.class_names = names;
        Ok(self)
    }

    /// The byte that is white: 16 for the embedded digits, 255 elsewhere.
    pub fn brightest(&self) -> u8 {
        if self.name == DatasetName::Digits.as_str() { 16 } else { u8::MAX }
    }

    pub(crate) fn read_from(mut self, folder: PathBuf) -> Self {
        self.source = Some(folder);
        self
    }
}

fn check(
    name: &str,
    shape: SampleShape,
    classes: usize,
    part: &str,
    (raw, labels): (Raw, Vec<u8>),
) -> Result<Split, DataError> {
    if !(1..=256).contains(&classes) {
        return Err(arrays(name, "number of classes", "1 to 256", classes));
    }
    if shape.values() == 0 {
        return Err(arrays(name, "shape of a sample", "at least one value", format!("{shape:?}")));
    }
    if u32::try_from(labels.len()).is_err() {
        return Err(arrays(name, &format!("{part} samples"), "at most 4294967295", labels.len()));
    }
    let wanted = labels.len().saturating_mul(shape.values());
    if raw.len() != wanted {
        let expected = format!("{wanted} ({} samples of {})", labels.len(), shape.values());
        return Err(arrays(name, &format!("number of {part} values"), expected, raw.len()));
    }
    if let Some((i, label)) = labels.iter().enumerate().find(|(_, l)| usize::from(**l) >= classes) {
        return Err(arrays(name, &format!("label of {part} sample {i}"), format!("0 to {}", classes - 1), label));
    }
    if let Raw::Floats(v) = &raw
        && let Some((i, x)) = v.iter().enumerate().find(|(_, x)| !x.is_finite())
    {
        return Err(arrays(name, &format!("{part} sample {}", i / shape.values()), "finite values", x));
    }
    Ok(Split::new(shape, raw, labels))
}

/// Refuses floats that are so large that they are infinite once they are standardised; bytes are not.
fn stays_finite(name: &str, part: &str, split: &Split, fitted: &Standardisation) -> Result<(), DataError> {
    let (_, group) = split.shape().groups();
    for i in 0..split.len() {
        let values = split.floats(i).unwrap_or_default().iter().enumerate();
        if let Some((j, x)) = values.into_iter().find(|&(j, &x)| !fitted.apply(j / group, x).is_finite()) {
            let expected = format!("value {j} to be finite when standardised (scale the data before)");
            return Err(arrays(name, &format!("{part} sample {i}"), expected, format!("{x:e}")));
        }
    }
    Ok(())
}

fn arrays(name: &str, what: &str, expected: impl ToString, got: impl ToString) -> DataError {
    DataError::Arrays {
        name: name.to_owned(),
        what: what.to_owned(),
        expected: expected.to_string(),
        got: got.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAIR: SampleShape = SampleShape::Vector { features: 2 };

    #[test]
    fn fitted_on_the_training_part_only() {
        let train = (vec![0.0, 0.0, 4.0, 1.0], vec![0, 1]);
        let with = |test: Vec<f32>| Dataset::from_floats("t", PAIR, 2, train.clone(), (test, vec![0])).unwrap();
        let (a, b) = (with(vec![2.0, 1.0]), with(vec![1e6, 0.0]));
        assert_eq!(a.train.standardisation(), b.train.standardisation());
        assert_eq!(a.test.standardisation(), a.train.standardisation());
        // Feature 0: mean 2, sd 2. Feature 1 is binary and stays.
        assert_eq!(a.train.sample(1), (vec![1.0, 1.0], 1));
        assert_eq!(a.test.sample(0), (vec![0.0, 1.0], 0));
    }

    #[test]
    fn channels_are_standardised_apart() {
        let shape = SampleShape::Image { channels: 2, height: 1, width: 2 };
        let data = Dataset::from_bytes("t", shape, 1, (vec![0, 2, 7, 7], vec![0]), (vec![], vec![])).unwrap();
        // Channel 0: mean 1, sd 1. Channel 1 is constant and stays.
        assert_eq!(data.train.sample(0).0, [-1.0, 1.0, 7.0, 7.0]);
    }

    #[test]
    fn a_large_constant_is_left_alone() {
        let train = (vec![16_777_213.0, 0.1, 16_777_213.0, 0.1, 16_777_213.0, 0.1], vec![0; 3]);
        let data = Dataset::from_floats("t", PAIR, 1, train, (vec![], vec![])).unwrap();
        assert_eq!(data.train.standardisation(), &Standardisation::identity(PAIR));
    }

    #[test]
    fn wrong_arrays_are_named() {
        let message = |classes, train: (Vec<f32>, Vec<u8>), test: (Vec<f32>, Vec<u8>)| {
            Dataset::from_floats("mine", PAIR, classes, train, test).unwrap_err().to_string()
        };
        let none = || (vec![], vec![]);
        let one = || (vec![1.0, 2.0], vec![0]);
        assert_eq!(message(2, none(), none()), "data set `mine`: training samples: expected at least 1, got 0");
        assert_eq!(message(257, one(), none()), "data set `mine`: number of classes: expected 1 to 256, got 257");
        assert_eq!(
            message(2, (vec![1.0], vec![0]), none()),
            "data set `mine`: number of training values: expected 2 (1 samples of 2), got 1"
        );
        assert_eq!(
            message(2, one(), (vec![1.0, 2.0], vec![2])),
            "data set `mine`: label of test sample 0: expected 0 to 1, got 2"
        );
        assert_eq!(
            message(2, (vec![1.0, f32::NAN], vec![0]), none()),
            "data set `mine`: training sample 0: expected finite values, got NaN"
        );
        assert_eq!(
            message(2, (vec![1.0, 2.0, 3.0, 3.0], vec![0, 1]), (vec![3e38, f32::NEG_INFINITY], vec![0])),
            "data set `mine`: test sample 0: expected finite values, got -inf"
        );
        // Finite, but not any more when the mean of the training part is taken off and the rest divided by its sd.
        assert_eq!(
            message(2, (vec![1e-3, 0.0, 3e-3, 0.0], vec![0, 1]), (vec![0.0, 0.0, 3e38, 0.0], vec![0, 0])),
            "data set `mine`: test sample 1: expected value 0 to be finite when standardised (scale the data before), got \
             3e38"
        );
        assert!(
            message(2, (vec![-3e38, 0.0, 3.4e38, 0.0, 3.4e38, 0.0], vec![0, 1, 1]), none()).contains("standardised")
        );
        let empty = SampleShape::Vector { features: 0 };
        assert!(Dataset::from_bytes("mine", empty, 1, (vec![], vec![0]), (vec![], vec![])).is_err());
    }

    #[test]
    fn selections_share_order_and_standardisation() {
        let data =
            Dataset::from_floats("t", PAIR, 3, (vec![0.0, 5.0, 2.0, 6.0, 4.0, 7.0], vec![0, 1, 2]), (vec![], vec![]))
                .unwrap();
        let part = data.train.select(&[2, 0]).select(&[1, 1, 0]);
        assert_eq!(part.labels(), [0, 0, 2]);
        assert_eq!(part.sample(2), data.train.sample(2));
        assert_eq!(part.class_counts(3), [2, 0, 1]);
        assert_eq!(part.standardisation(), data.train.standardisation());
    }
}
