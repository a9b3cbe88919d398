//! Files changed by part: the text of the header, the text of the graph within it, or the data. Lengths and quotes are mended
//! afterwards, so that most changes get past the first check. Now and then a file is replaced by that of a random program.

use libfuzzer_sys::fuzzer_mutate;
use serde_json::Value;
use stairs_infer::testing::{Dice, program};

/// Changes the first `size` bytes of `data`, and says how many there are afterwards.
pub fn change(data: &mut [u8], size: usize, most: usize, seed: u32) -> usize {
    let mut dice = Dice::new(seed.into());
    let changed = match dice.below(200) {
        0 => put(data, &program(dice.bits() % 100_000).to_bytes(), most),
        1..25 => None,
        25..75 => part(data, size, most, |header, rest| (mutated(header, most), rest)),
        75..100 => part(data, size, most, |header, rest| (header, mutated(rest, most))),
        _ => graph(data, size, most, &mut dice),
    };
    changed.unwrap_or_else(|| fuzzer_mutate(data, size, most))
}

fn put(data: &mut [u8], file: &[u8], most: usize) -> Option<usize> {
    let most = most.min(data.len());
    data.get_mut(..file.len()).filter(|_| file.len() <= most)?.copy_from_slice(file);
    Some(file.len())
}

fn mutated(mut bytes: Vec<u8>, most: usize) -> Vec<u8> {
    let size = bytes.len();
    bytes.resize(most.min(size + 64).max(size), 0);
    let room = bytes.len();
    let size = fuzzer_mutate(&mut bytes, size, room);
    bytes.truncate(size);
    bytes
}

/// Changes header and data, and mends the length of the header.
fn part(
    data: &mut [u8],
    size: usize,
    most: usize,
    change: impl FnOnce(Vec<u8>, Vec<u8>) -> (Vec<u8>, Vec<u8>),
) -> Option<usize> {
    let (length, rest) = data[..size].split_first_chunk::<8>()?;
    let (header, rest) = rest.split_at_checked(usize::try_from(u64::from_le_bytes(*length)).ok()?)?;
    let (header, rest) = change(header.to_vec(), rest.to_vec());
    put(data, &[&(header.len() as u64).to_le_bytes()[..], &header, &rest].concat(), most)
}

/// Changes the text of the graph, or a number in it.
fn graph(data: &mut [u8], size: usize, most: usize, dice: &mut Dice) -> Option<usize> {
    let mut changed = false;
    let size = part(data, size, most, |header, rest| {
        let Ok(mut json) = serde_json::from_slice::<Value>(&header) else { return (header, rest) };
        let text = json["__metadata__"]["stairs.program"].as_str().map(str::to_owned);
        let Some(text) = text else { return (header, rest) };
        let text = match serde_json::from_str::<Value>(&text) {
            Ok(mut graph) if dice.one_in(2) => {
                let mut which = dice.below(count(&graph).max(1));
                replace(&mut graph, &mut which, dice);
                graph.to_string()
            }
            _ => String::from_utf8_lossy(&mutated(text.into_bytes(), most)).into_owned(),
        };
        changed = true;
        json["__metadata__"]["stairs.program"] = text.into();
        (json.to_string().into_bytes(), rest)
    })?;
    changed.then_some(size)
}

fn count(value: &Value) -> usize {
    match value {
        Value::Array(values) => values.iter().map(count).sum(),
        Value::Object(map) => map.values().map(count).sum(),
        _ => 1,
    }
}

/// Replaces one number.
fn replace(value: &mut Value, which: &mut usize, dice: &mut Dice) {
    match value {
        Value::Array(values) => values.iter_mut().for_each(|value| replace(value, which, dice)),
        Value::Object(map) => map.values_mut().for_each(|value| replace(value, which, dice)),
        _ => {
            if *which == 0 && value.is_number() {
                *value = match dice.below(4) {
                    0 => dice.integer(-2, 9).into(),
                    1 => (1u64 << dice.below(64)).into(),
                    2 => ((1u64 << dice.below(64)) - 1).into(),
                    _ => dice.integer(-300, 70_000).into(),
                };
            }
            *which = which.wrapping_sub(1);
        }
    }
}
