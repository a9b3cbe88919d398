//! The lines of a table, read one by one into one flat array.
//!
//! Lines have an upper length and tables an upper number of values, so that a small gzip file cannot fill the memory.
//! A quoted cell ends on its line. Cells are told apart by the crate `csv-core`.

use std::{
    collections::{BTreeSet, HashMap},
    io::{BufRead, BufReader, Read},
    path::{Path, PathBuf},
};

use super::{
    MAX_LINE, MAX_VALUES, TableOptions, error,
    header::{self, Columns},
    labels, show,
};
use crate::{DataError, source::Source};

/// Most different texts in a label column; more are measurements and no labels.
const MAX_TEXTS: usize = 4096;
/// What stands for a value that is not there.
const MISSING: [&str; 9] = ["", "na", "n/a", "nan", "null", "none", "nil", "?", "-"];

/// A table, read.
pub(super) struct Table {
    pub(super) path: PathBuf,
    columns: Columns,
    /// Samples × features, all finite.
    pub(super) values: Vec<f32>,
    /// For each sample, the place of its label in `label_texts`.
    pub(super) labels: Vec<u32>,
    /// The different labels, as they are written, in the order in which they appear.
    pub(super) label_texts: Vec<String>,
    header_was_given: bool,
}

impl Table {
    /// Reads a table that has the columns of `like`, if given.
    pub(super) fn read(path: &Path, options: &TableOptions, like: Option<&Self>) -> Result<Self, DataError> {
        let mut lines = Lines::open(path)?;
        let Some((_, first)) = lines.next()? else {
            return Err(error(path, "length", "at least one line", "an empty file"));
        };
        check_text(path, first)?;
        let delimiter = options.delimiter.map(|c| c as u8).or_else(|| header::delimiter(first)).unwrap_or(b',');
        let mut cells = Cells::new(delimiter);
        cells.split(path, 1, first)?;
        let texts: Vec<String> = cells.iter().map(|cell| String::from_utf8_lossy(cell).into_owned()).collect();
        let columns = Columns::of(path, &texts, options)?;
        if let Some(like) = like {
            columns.same_as(path, &like.columns)?;
        }
        let named = columns.names.is_some();
        let mut table = Self {
            path: path.to_owned(),
            columns,
            values: Vec::new(),
            labels: Vec::new(),
            label_texts: Vec::new(),
            header_was_given: options.header.is_some(),
        };
        let mut places = HashMap::new();
        if !named {
            table.row(&cells, 1, &mut places)?;
        }
        while let Some((number, line)) = lines.next()? {
            cells.split(path, number, line)?;
            table.row(&cells, number, &mut places)?;
        }
        if table.labels.is_empty() {
            return Err(error(path, "length", "at least one line after the header", "none"));
        }
        Ok(table)
    }

    /// Number of features.
    pub(super) fn features(&self) -> usize {
        self.columns.count - 1
    }

    /// Where the label of a sample stands.
    pub(super) fn at_label(&self, sample: usize) -> String {
        // No blank lines before it, or there would have been an error.
        let line = sample + 1 + usize::from(self.columns.names.is_some());
        self.columns.at(line, self.columns.label)
    }

    /// Refuses a first line that was taken for a sample because some cells are numbers, though its label is the only one
    /// that is none: names of columns can be numbers.
    pub(super) fn first_line_is_a_sample(&self, texts: &BTreeSet<&str>) -> Result<(), DataError> {
        let first = &self.label_texts[0];
        let doubtful = self.columns.names.is_none() && !self.header_was_given && labels::number(first).is_none();
        if doubtful && texts.iter().filter(|text| labels::number(text).is_none()).count() == 1 {
            let expected =
                "`header` to be given, since this line can be a header or a sample: all other labels are numbers";
            return Err(error(&self.path, self.at_label(0), expected, show(first.as_bytes())));
        }
        Ok(())
    }

    fn row(&mut self, cells: &Cells, line: usize, places: &mut HashMap<String, u32>) -> Result<(), DataError> {
        let Self { path, columns, values, labels, label_texts, .. } = self;
        if cells.len() != columns.count {
            return Err(error(path, format!("line {line}"), format!("{} cells", columns.count), cells.len()));
        }
        if values.len() + columns.count > MAX_VALUES {
            return Err(error(path, format!("line {line}"), format!("at most {MAX_VALUES} values"), "more"));
        }
        for (column, cell) in cells.iter().enumerate() {
            let cell = cell.trim_ascii();
            let wrong = |expected, got: String| Err(error(path, columns.at(line, column), expected, got));
            let text = str::from_utf8(cell).ok();
            let missing = text.is_some_and(|text| MISSING.contains(&text.to_lowercase().as_str()));
            if column != columns.label {
                match text.and_then(|text| text.parse::<f32>().ok()) {
                    Some(x) if x.is_finite() => values.push(x),
                    _ if missing => return wrong("a finite number", format!("a missing value, {}", show(cell))),
                    _ => return wrong("a finite number", show(cell)),
                }
                continue;
            }
            // `NA`, `None` and the like can be names of classes.
            let Some(text) = text else { return wrong("a label of UTF-8 text", show(cell)) };
            if text.is_empty() || text.eq_ignore_ascii_case("nan") {
                return wrong("a label", format!("a missing value, {}", show(cell)));
            }
            let place = match places.get(text) {
                Some(&place) => place,
                None if label_texts.len() == MAX_TEXTS => {
                    return wrong(
                        "at most 256 classes (is it the right column?)",
                        "more than 4096 different labels".into(),
                    );
                }
                None => {
                    let place = label_texts.len() as u32;
                    places.insert(text.to_owned(), place);
                    label_texts.push(text.to_owned());
                    place
                }
            };
            labels.push(place);
        }
        Ok(())
    }
}

/// Refuses what is no UTF-8 text, by its first line.
fn check_text(path: &Path, first: &[u8]) -> Result<(), DataError> {
    let refuse = |got: &str| Err(error(path, "line 1", "UTF-8 text", got));
    if first.starts_with(&[0xff, 0xfe]) || first.starts_with(&[0xfe, 0xff]) {
        return refuse("UTF-16: save it as UTF-8");
    }
    if first.contains(&0) { refuse("a binary file") } else { Ok(()) }
}

/// The lines of a file, without their ends; blank ones only at the end of the file.
struct Lines {
    source: Source,
    reader: BufReader<Box<dyn Read>>,
    path: PathBuf,
    line: Vec<u8>,
    /// The number of the line at hand, counted from 1.
    number: usize,
}

impl Lines {
    fn open(path: &Path) -> Result<Self, DataError> {
        let mut source = Source::open(path)?;
        let reader = BufReader::with_capacity(1 << 16, source.take_reader());
        Ok(Self { source, reader, path: path.to_owned(), line: Vec::new(), number: 0 })
    }

    /// The next line and its number.
    fn next(&mut self) -> Result<Option<(usize, &[u8])>, DataError> {
        let mut blank = None;
        loop {
            self.line.clear();
            let read = self.reader.by_ref().take(MAX_LINE as u64).read_until(b'\n', &mut self.line);
            match read.map_err(|error| self.source.read_error(error))? {
                0 => return Ok(None),
                MAX_LINE if self.line.last() != Some(&b'\n') => {
                    let at = format!("line {}", self.number + 1);
                    return Err(error(&self.path, at, format!("at most {MAX_LINE} bytes"), "more"));
                }
                _ => self.number += 1,
            }
            if self.number == 1 && self.line.starts_with(b"\xef\xbb\xbf") {
                self.line.drain(..3);
            }
            match (self.line.iter().all(u8::is_ascii_whitespace), blank) {
                (true, _) => blank = blank.or(Some(self.number)),
                (false, Some(blank)) => {
                    return Err(error(
                        &self.path,
                        format!("line {blank}"),
                        "a row (only the end may be blank)",
                        "a blank line",
                    ));
                }
                (false, None) => break,
            }
        }
        let end = self.line.strip_suffix(b"\n").unwrap_or(&self.line);
        Ok(Some((self.number, end.strip_suffix(b"\r").unwrap_or(end))))
    }
}

/// The cells of a line.
struct Cells {
    reader: csv_core::Reader,
    line: Vec<u8>,
    text: Vec<u8>,
    ends: Vec<usize>,
    count: usize,
}

impl Cells {
    fn new(delimiter: u8) -> Self {
        let reader = csv_core::ReaderBuilder::new().delimiter(delimiter).build();
        Self { reader, line: Vec::new(), text: Vec::new(), ends: Vec::new(), count: 0 }
    }

    fn split(&mut self, path: &Path, number: usize, line: &[u8]) -> Result<(), DataError> {
        self.line.clear();
        self.line.extend_from_slice(line);
        self.line.push(b'\n');
        // Neither cells nor their bytes can be more than the bytes of the line.
        self.text.resize(self.line.len() + 1, 0);
        self.ends.resize(self.line.len() + 1, 0);
        self.reader.reset();
        let (result, read, _, cells) = self.reader.read_record(&self.line, &mut self.text, &mut self.ends);
        self.count = cells;
        let wrong = |expected: &str, got: &str| Err(error(path, format!("line {number}"), expected, got));
        match result {
            csv_core::ReadRecordResult::Record if read == self.line.len() => Ok(()),
            csv_core::ReadRecordResult::Record => {
                wrong("lines that end with LF or CRLF", "a carriage return inside a line")
            }
            _ => wrong("cells that end on their line", "a quote that is not closed"),
        }
    }

    fn len(&self) -> usize {
        self.count
    }

    fn iter(&self) -> impl Iterator<Item = &[u8]> {
        let ends = &self.ends[..self.count];
        let starts = std::iter::once(0).chain(ends.iter().copied());
        starts.zip(ends).map(|(start, &end)| &self.text[start..end])
    }
}
