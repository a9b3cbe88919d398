//! How two data sets differ, in words.

use std::fmt;

use super::{DataIdentity, PartIdentity, ShapeText, grouped, names};
use crate::{SampleShape, text};

/// What is different between the data of then and the data of now: at least one [`Change`].
///
/// `Display` puts them into one line, at most three of a kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DataDifference {
    changes: Vec<Change>,
}

/// A part of a data set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PartKind {
    /// Training part.
    Train,
    /// Test part.
    Test,
}

/// One difference, from then to now.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Change {
    /// The data set has another name; never the only change.
    Name {
        /// Name then.
        from: String,
        /// Name now.
        to: String,
    },
    /// Samples have another shape.
    Shape {
        /// Shape then.
        from: SampleShape,
        /// Shape now.
        to: SampleShape,
    },
    /// A class has another name; the others kept theirs, or are named alike.
    Renamed {
        /// Its label.
        label: usize,
        /// Its name then.
        from: String,
        /// Its name now.
        to: String,
    },
    /// Classes that are not there any more.
    Removed {
        /// Their names.
        classes: Vec<String>,
    },
    /// Classes that were not there.
    Added {
        /// Their names.
        classes: Vec<String>,
    },
    /// The classes are in another order: this is the first one with another label.
    Moved {
        /// Its name.
        class: String,
        /// Its label then.
        from: usize,
        /// Its label now.
        to: usize,
    },
    /// A class has another number of samples.
    Count {
        /// The part.
        part: PartKind,
        /// Name of the class.
        class: String,
        /// Samples then.
        from: u64,
        /// Samples now.
        to: u64,
    },
    /// The numbers of samples are the same, the samples, their labels or their order are not.
    Contents {
        /// The part.
        part: PartKind,
    },
}

/// Changes of one kind that are spelt out; of more only the number is told.
const SPELT_OUT: usize = 3;

impl DataDifference {
    pub(super) fn between(then: &DataIdentity, now: &DataIdentity) -> Option<Self> {
        let mut changes = Vec::new();
        if then.shape != now.shape {
            changes.push(Change::Shape { from: then.shape, to: now.shape });
        }
        changes.extend(names::changes(&then.classes, &now.classes));
        let same_labels = changes.iter().all(|change| matches!(change, Change::Shape { .. } | Change::Renamed { .. }));
        for (part, a, b) in [(PartKind::Train, &then.train, &now.train), (PartKind::Test, &then.test, &now.test)] {
            let counts = if same_labels { counts(part, &now.classes, a, b) } else { Vec::new() };
            if counts.is_empty() && (a.sha256 != b.sha256 || a.counts != b.counts) {
                changes.push(Change::Contents { part });
            }
            changes.extend(counts);
        }
        if !changes.is_empty() && then.name != now.name {
            changes.insert(0, Change::Name { from: then.name.clone(), to: now.name.clone() });
        }
        (!changes.is_empty()).then_some(Self { changes })
    }

    /// What changed: the name, the shape, the classes, the training part, the test part.
    pub fn changes(&self) -> &[Change] {
        &self.changes
    }

    /// True where a label does not mean what it meant, or samples do not fit: what was learnt cannot be used as it is.
    pub fn concerns_labels_or_shape(&self) -> bool {
        self.changes.iter().any(|change| {
            matches!(
                change,
                Change::Shape { .. }
                    | Change::Renamed { .. }
                    | Change::Removed { .. }
                    | Change::Added { .. }
                    | Change::Moved { .. }
            )
        })
    }

    /// True where samples of `part` were added, removed, changed or put into another order.
    pub fn concerns_samples_of(&self, part: PartKind) -> bool {
        self.changes.iter().any(|change| match change {
            Change::Count { part: of, .. } | Change::Contents { part: of } => *of == part,
            _ => false,
        })
    }
}

/// Classes with another number of samples.
fn counts(part: PartKind, classes: &[String], then: &PartIdentity, now: &PartIdentity) -> Vec<Change> {
    let name = |label: usize| classes.get(label).cloned().unwrap_or_else(|| label.to_string());
    let pairs = then.counts.iter().zip(&now.counts).enumerate().filter(|(_, (a, b))| a != b);
    pairs.map(|(label, (&from, &to))| Change::Count { part, class: name(label), from, to }).collect()
}

impl fmt::Display for DataDifference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let same_kind = |a: &Change, b: &Change| {
            let part = |change: &Change| match change {
                Change::Count { part, .. } => Some(*part),
                _ => None,
            };
            std::mem::discriminant(a) == std::mem::discriminant(b) && part(a) == part(b)
        };
        for (i, group) in self.changes.chunk_by(same_kind).enumerate() {
            f.write_str(if i > 0 { "; " } else { "" })?;
            let (spelt, rest) = group.split_at(group.len().min(SPELT_OUT));
            for (j, change) in spelt.iter().enumerate() {
                write!(f, "{}{change}", if j > 0 { ", " } else { "" })?;
            }
            if !rest.is_empty() {
                write!(f, " and {} more", rest.len())?;
            }
        }
        Ok(())
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name { from, to } => write!(f, "the data set was {from:?} and is now {to:?}"),
            Self::Shape { from, to } => {
                write!(f, "samples were {} and are now {}", ShapeText(*from), ShapeText(*to))
            }
            Self::Renamed { label, from, to } => {
                write!(f, "class {label} was {} and is now {}", Name(from), Name(to))?;
                let form = names::same_but_for_unicode_form(from, to);
                f.write_str(if form { " (the names differ in their Unicode form only)" } else { "" })
            }
            Self::Removed { classes } => write!(f, "{} not there any more", are(classes)),
            Self::Added { classes } => write!(f, "{} new", are(classes)),
            Self::Moved { class, from, to } => {
                write!(f, "the classes are in another order: {} was class {from} and is now {to}", Name(class))
            }
            Self::Count { part, class, from, to } => {
                let (from, to) = (grouped(*from), grouped(*to));
                write!(f, "{part} part: class {} had {from} samples and has now {to}", Name(class))
            }
            Self::Contents { part } => {
                write!(f, "{part} part: samples, labels or their order are not the same")
            }
        }
    }
}

impl fmt::Display for PartKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Train => "training",
            Self::Test => "test",
        })
    }
}

/// A name in backquotes, its control characters escaped: it may come from a file that anyone wrote.
struct Name<'a>(&'a str);

impl fmt::Display for Name<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`", text::escaped(self.0))
    }
}

/// ``class `a` is``, or ``classes `a`, `b` are``.
fn are(classes: &[String]) -> String {
    let names: Vec<_> = classes.iter().take(SPELT_OUT).map(|name| Name(name).to_string()).collect();
    match classes.len() {
        1 => format!("class {} is", names[0]),
        n if n <= SPELT_OUT => format!("classes {} are", names.join(", ")),
        n => format!("classes {} and {} more are", names.join(", "), n - SPELT_OUT),
    }
}
