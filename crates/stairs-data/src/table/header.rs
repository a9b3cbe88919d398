//! What the first line tells: the delimiter, whether it is a header, which column is the label.

use std::path::Path;

use super::{TableOptions, error};
use crate::{DataError, text::escaped};

/// The first of tab, semicolon and comma outside quotes. The semicolon comes before the comma because tables with decimal
/// commas have both.
pub(super) fn delimiter(line: &[u8]) -> Option<u8> {
    let mut quoted = false;
    let outside: Vec<u8> = line
        .iter()
        .copied()
        .filter(|&byte| {
            quoted ^= byte == b'"';
            !quoted
        })
        .collect();
    [b'\t', b';', b','].into_iter().find(|delimiter| outside.contains(delimiter))
}

/// The columns of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Columns {
    /// Names, if the first line has them.
    pub(super) names: Option<Vec<String>>,
    /// Number of columns, at least 2.
    pub(super) count: usize,
    /// The column of the label, counted from 0.
    pub(super) label: usize,
}

impl Columns {
    /// From the cells of the first line.
    pub(super) fn of(path: &Path, first: &[String], options: &TableOptions) -> Result<Self, DataError> {
        let count = first.len();
        if count < 2 {
            let expected = "features and a label, separated by commas, semicolons or tabs";
            return Err(error(path, "line 1", expected, "one column"));
        }
        let number = |cell: &String| cell.trim().replace(',', ".").parse::<f64>().is_ok();
        let header = options.header.unwrap_or_else(|| !first.iter().any(number));
        let names = header.then(|| first.iter().map(|name| name.trim().to_owned()).collect::<Vec<_>>());
        if options.header.is_none() && is_numbering(first) {
            let expected = "`header` to be given, since this line can be a header or a sample";
            return Err(error(path, "line 1", expected, format!("the columns' numbers 0 to {}", count - 1)));
        }
        let label = label(path, names.as_deref(), count, &options.label)?;
        let unnamed = names.iter().flatten().enumerate().find(|(column, name)| *column != label && name.is_empty());
        if let Some((column, _)) = unnamed {
            let expected = "a name (a column without one is often an index, which is no feature: remove it)";
            return Err(error(path, format!("line 1, column {}", column + 1), expected, "nothing"));
        }
        Ok(Self { names, count, label })
    }

    /// Checks that the table of the test part has the columns of the training part.
    pub(super) fn same_as(&self, path: &Path, other: &Self) -> Result<(), DataError> {
        if self.count != other.count {
            let expected = format!("{} columns, as in the training part", other.count);
            return Err(error(path, "line 1", expected, self.count));
        }
        let (Some(here), Some(there)) = (&self.names, &other.names) else { return Ok(()) };
        match here.iter().zip(there).enumerate().find(|(_, (a, b))| a != b) {
            None => Ok(()),
            Some((column, (a, b))) => {
                let expected = format!("`{}`, as in the training part", escaped(b));
                Err(error(path, format!("line 1, column {}", column + 1), expected, format!("{a:?}")))
            }
        }
    }

    /// `line 7, column 3 (age)`.
    pub(super) fn at(&self, line: usize, column: usize) -> String {
        let name = self.names.as_ref().and_then(|names| names.get(column)).filter(|name| !name.is_empty());
        match name {
            None => format!("line {line}, column {}", column + 1),
            Some(name) => format!("line {line}, column {} ({})", column + 1, escaped(name)),
        }
    }
}

/// Whether the cells are 0, 1, 2, …, as some programs name columns that have no names.
fn is_numbering(cells: &[String]) -> bool {
    cells.len() > 2 && cells.iter().enumerate().all(|(i, cell)| cell.trim() == i.to_string())
}

/// The column that `wanted` names.
fn label(path: &Path, names: Option<&[String]>, count: usize, wanted: &str) -> Result<usize, DataError> {
    let named: Vec<_> = names.into_iter().flatten().enumerate().filter(|(_, name)| *name == wanted).collect();
    match named[..] {
        [(column, _)] => return Ok(column),
        [] => {}
        _ => {
            return Err(error(path, "line 1", "one column of the label's name", format!("{} `{wanted}`", named.len())));
        }
    }
    match (wanted, wanted.parse::<usize>()) {
        ("last", _) => Ok(count - 1),
        ("first", _) => Ok(0),
        (_, Ok(number)) if (1..=count).contains(&number) => Ok(number - 1),
        _ => {
            let columns = match names {
                Some(names) => format!("the columns {}", escaped(&names.join(", "))),
                None => format!("{count} columns without names"),
            };
            let expected =
                format!("the column of the label, `{}` (or first, last, or a number from 1)", escaped(wanted));
            Err(error(path, "line 1", expected, columns))
        }
    }
}
