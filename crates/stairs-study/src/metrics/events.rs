//! TensorBoard's event files: a TFRecord file of protocol buffers.
//!
//! ```text
//! record   length: u64   masked CRC-32C of the length: u32   data   masked CRC-32C of the data: u32     little endian
//! data     tensorflow.Event: the first says the version, each other holds the scalars of an epoch
//! ```
//!
//! The messages are the parts of `event.proto` and `summary.proto` that scalars need.

use prost::Message;
use stairs_train::EpochRecord;

use super::{crc32c::masked, series};

/// What the first event of a file says.
const VERSION: &str = "brain.Event:2";

/// `tensorflow.Event`.
#[derive(Clone, PartialEq, Message)]
struct Event {
    /// Seconds since 1970.
    #[prost(double, tag = "1")]
    wall_time: f64,
    #[prost(int64, tag = "2")]
    step: i64,
    #[prost(string, optional, tag = "3")]
    file_version: Option<String>,
    #[prost(message, optional, tag = "5")]
    summary: Option<Summary>,
}

/// `tensorflow.Summary`.
#[derive(Clone, PartialEq, Message)]
struct Summary {
    #[prost(message, repeated, tag = "1")]
    value: Vec<Scalar>,
}

/// `tensorflow.Summary.Value`.
#[derive(Clone, PartialEq, Message)]
struct Scalar {
    #[prost(string, tag = "1")]
    tag: String,
    #[prost(float, optional, tag = "2")]
    simple_value: Option<f32>,
}

/// The event file of `epochs`, the last of which ended at `end`, in seconds since 1970. Steps are optimiser steps.
///
/// TensorBoard takes a file whose name holds `tfevents`.
pub fn events(epochs: &[EpochRecord], end: f64) -> Vec<u8> {
    let mut left: f64 = epochs.iter().map(|epoch| epoch.seconds).sum();
    let (series, mut file) = (series(epochs), Vec::new());
    let first = Event { wall_time: end - left, step: 0, file_version: Some(VERSION.into()), summary: None };
    append(&mut file, &first);
    for epoch in epochs {
        left -= epoch.seconds;
        let scalar = |series: &super::Series| {
            let simple_value = Some((series.value)(epoch)? as f32);
            Some(Scalar { tag: series.tag.clone(), simple_value })
        };
        let summary = Some(Summary { value: series.iter().filter_map(scalar).collect() });
        let step = i64::try_from(epoch.step).unwrap_or(i64::MAX);
        append(&mut file, &Event { wall_time: end - left, step, file_version: None, summary });
    }
    file
}

fn append(file: &mut Vec<u8>, event: &Event) {
    let data = event.encode_to_vec();
    let length = (data.len() as u64).to_le_bytes();
    file.extend(length);
    file.extend(masked(&length).to_le_bytes());
    file.extend(&data);
    file.extend(masked(&data).to_le_bytes());
}

#[cfg(test)]
mod tests {
    use super::{super::tests::epoch, *};

    /// Reads a file back, checksums and all.
    fn read(mut file: &[u8]) -> Vec<Event> {
        let mut events = Vec::new();
        while !file.is_empty() {
            let (length, rest) = file.split_at(8);
            let (sum, rest) = rest.split_at(4);
            assert_eq!(sum, masked(length).to_le_bytes());
            let (data, rest) = rest.split_at(u64::from_le_bytes(length.try_into().unwrap()) as usize);
            let (sum, rest) = rest.split_at(4);
            assert_eq!(sum, masked(data).to_le_bytes());
            events.push(Event::decode(data).unwrap());
            file = rest;
        }
        events
    }

    #[test]
    fn what_is_written_is_read_back() {
        let events = read(&events(&[epoch(1), epoch(4)], 1000.0));
        assert_eq!(events[0].file_version.as_deref(), Some(VERSION));
        let times: Vec<_> = events.iter().map(|event| (event.wall_time, event.step)).collect();
        assert_eq!(times, [(996.0, 0), (998.0, 10), (1000.0, 40)]);
        let scalars = &events[2].summary.as_ref().unwrap().value;
        let of = |tag: &str| scalars.iter().find(|scalar| scalar.tag == tag).and_then(|scalar| scalar.simple_value);
        assert_eq!(
            (of("accuracy/test"), of("loss/train"), of("noise_scale/act,1")),
            (Some(40.0), Some(0.1), Some(0.25))
        );
        assert_eq!(scalars.len(), 10);
        // Field numbers of event.proto and summary.proto, by hand: a message 5 (0x2a) with a message 1 (0x0a) inside.
        let data = events[2].encode_to_vec();
        assert_eq!((data[0], data[9], data[11]), (0x09, 0x10, 0x2a));
    }
}
