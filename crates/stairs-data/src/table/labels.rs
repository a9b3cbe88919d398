//! From the texts of a label column to classes.

use std::collections::{BTreeMap, BTreeSet};

use super::{error, rows::Table, show};
use crate::DataError;

/// Most classes.
const MOST: usize = 256;

/// The classes of a table: whole numbers, or texts.
pub(super) enum Classes {
    Numbers(BTreeMap<i64, u8>),
    Texts(BTreeMap<String, u8>),
}

impl Classes {
    /// The different labels of the training part, in order.
    pub(super) fn of(table: &Table) -> Result<Self, DataError> {
        let texts: BTreeSet<&str> = table.label_texts.iter().map(String::as_str).collect();
        let numbers: Option<BTreeSet<i64>> = texts.iter().map(|text| number(text)).collect();
        let wrong = |expected: &str, got: String| Err(error(&table.path, "labels", expected, got));
        let count = numbers.as_ref().map_or(texts.len(), BTreeSet::len);
        if count > MOST {
            let got = format!("{count} different labels, such as {}", show(table.label_texts[0].as_bytes()));
            return wrong("at most 256 classes (is it the right column?)", got);
        }
        if count < 2 {
            return wrong(
                "at least two classes (is it the right column?)",
                format!("{} only", show(table.label_texts[0].as_bytes())),
            );
        }
        match numbers {
            Some(numbers) => Ok(Self::Numbers(numbers.into_iter().zip(0..=u8::MAX).collect())),
            None => {
                table.first_line_is_a_sample(&texts)?;
                Ok(Self::Texts(texts.into_iter().map(str::to_owned).zip(0..=u8::MAX).collect()))
            }
        }
    }

    /// Names of the classes, in the order of their labels.
    pub(super) fn names(&self) -> Vec<String> {
        match self {
            Self::Numbers(classes) => classes.keys().map(i64::to_string).collect(),
            Self::Texts(classes) => classes.keys().cloned().collect(),
        }
    }

    /// The label of every sample.
    pub(super) fn labels(&self, table: &Table) -> Result<Vec<u8>, DataError> {
        let class = |text: &String| match self {
            Self::Numbers(classes) => number(text).and_then(|number| classes.get(&number)),
            Self::Texts(classes) => classes.get(text),
        };
        let of_each = table.label_texts.iter().map(class);
        // Texts are kept once each: this looks up every text, not every sample.
        let of_each: Vec<Option<u8>> = of_each.map(|label| label.copied()).collect();
        let label = |(sample, &text): (usize, &u32)| {
            of_each[text as usize].ok_or_else(|| {
                let got = show(table.label_texts[text as usize].as_bytes());
                error(&table.path, table.at_label(sample), "a label that the training part has", got)
            })
        };
        table.labels.iter().enumerate().map(label).collect()
    }
}

/// A whole number, however it is written: `3`, `+3`, `03`, `3.0`.
pub(super) fn number(text: &str) -> Option<i64> {
    text.parse().ok().or_else(|| {
        let x: f64 = text.parse().ok()?;
        // Above, not every whole number has a float of its own.
        (x.fract() == 0.0 && x.abs() < 9e15).then_some(x as i64)
    })
}
