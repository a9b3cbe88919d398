//! The binary version of CIFAR-10.
//!
//! A file is a row of records of 3,073 bytes: the label (0–9), then 1,024 bytes each of red, green and blue, every plane
//! 32 × 32 row by row. The official batches have 10,000 records; any whole number ≥ 1 is read.
//! Source: <https://www.cs.toronto.edu/~kriz/cifar.html>, "Binary version".

use std::path::Path;

use crate::{DataError, source::Source};

/// Bytes of a record.
pub const RECORD: usize = 1 + 3 * 32 * 32;
/// Most records a file may hold: 1 GiB of them.
pub const MAX_RECORDS: usize = (1 << 30) / RECORD;

/// Appends the images (N × 3 × 32 × 32) and labels of one batch file.
///
/// # Errors
/// [`DataError::Io`], or [`DataError::Format`] for a file that is truncated, damaged, or something else.
pub fn read_batch(path: &Path, pixels: &mut Vec<u8>, labels: &mut Vec<u8>) -> Result<(), DataError> {
    batch(Source::open(path)?, pixels, labels)
}

pub(crate) fn batch(mut source: Source, pixels: &mut Vec<u8>, labels: &mut Vec<u8>) -> Result<(), DataError> {
    let mut record = [0; RECORD];
    for n in 0.. {
        match source.fill(&mut record)? {
            0 if n == 0 => return Err(source.error("length", "at least one record of 3073 bytes", "an empty file")),
            0 => break,
            RECORD if n == MAX_RECORDS => {
                return Err(source.error("length", format!("at most {MAX_RECORDS} records"), "more"));
            }
            RECORD => {}
            rest => {
                let got = format!("{n} records and {rest} bytes");
                return Err(source.error("length", "whole records of 3073 bytes", got));
            }
        }
        if record[0] > 9 {
            return Err(source.error(format!("label of record {n}"), "0 to 9", record[0]));
        }
        labels.push(record[0]);
        pixels.extend_from_slice(&record[1..]);
    }
    Ok(())
}
