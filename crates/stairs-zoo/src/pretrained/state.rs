//! Which dictionary of a checkpoint is the model's state dict.
//!
//! A checkpoint is a dictionary with anything in it. A dictionary with tensors, at most [`DEPTH`] keys below the root, is a
//! state dict. Without a choice it is
//!
//! 1. the one whose keys are all usual ones, such as `state_dict` or `model`;
//! 2. the root, where it holds tensors itself;
//! 3. the only one there is.
//!
//! Two of the same rank, such as a model and its moving average, are an error that names them.

use std::collections::HashSet;

use super::{
    error::{Fault, fault},
    pickle::Pickle,
    value::Value,
};

/// Keys from the root to a state dict.
const DEPTH: usize = 3;
/// Longest path of keys that is spelled out.
const LONGEST: usize = 200;
/// Most state dicts that are listed.
const LISTED: usize = 16;
/// Keys under which training programs keep weights; a moving average of them is ranked no lower than they are.
const USUAL: [&str; 17] = [
    "state_dict",
    "model_state_dict",
    "model_state",
    "model",
    "module",
    "net",
    "network",
    "weights",
    "params",
    "ema",
    "model_ema",
    "ema_model",
    "params_ema",
    "ema_state_dict",
    "state_dict_ema",
    "model_ema_state_dict",
    "ema_model_state_dict",
];

/// A dictionary of tensors and the keys that lead to it.
struct StateDict {
    keys: Vec<Value>,
    dict: u32,
}

/// The state dict in the dictionary `root`: the one at `key` (keys joined by `.`), or the one that is meant.
pub(super) fn state_dict(pickle: &Pickle<'_>, root: u32, key: Option<&str>) -> Result<u32, Fault> {
    let mut found = all(pickle, root);
    let spelled = |dicts: &[&StateDict]| dicts.iter().take(LISTED).map(|dict| spell(pickle, dict)).collect();
    if let Some(key) = key {
        return match found.iter().find(|dict| spell(pickle, dict) == key) {
            Some(dict) => Ok(dict.dict),
            None => Err(Fault::NoKey(key.to_owned(), spelled(&found.iter().collect::<Vec<_>>()))),
        };
    }
    let is_usual = |key: &Value| pickle.text(*key).is_some_and(|key| USUAL.contains(&key));
    let usual: Vec<&StateDict> =
        found.iter().filter(|dict| !dict.keys.is_empty() && dict.keys.iter().all(is_usual)).collect();
    match usual.as_slice() {
        [one] => return Ok(one.dict),
        [] => {}
        several => return Err(Fault::Keys(spelled(several))),
    }
    match found.iter().position(|dict| dict.keys.is_empty()) {
        Some(at) => Ok(found.swap_remove(at).dict),
        None => match found.as_slice() {
            [] => Err(fault!("it holds no tensors")),
            [one] => Ok(one.dict),
            several => Err(Fault::Keys(spelled(&several.iter().collect::<Vec<_>>()))),
        },
    }
}

/// All dictionaries of tensors, each once, though a dictionary may hold itself.
fn all(pickle: &Pickle<'_>, root: u32) -> Vec<StateDict> {
    let (mut found, mut seen) = (Vec::new(), HashSet::from([root]));
    let mut open = vec![StateDict { keys: Vec::new(), dict: root }];
    while let Some(StateDict { keys, dict }) = open.pop() {
        let pairs = || pickle.items(dict).chunks(2);
        let has_tensors = pairs().any(|pair| matches!(pair, [Value::Text(..), Value::Tensor(_)]));
        if keys.len() < DEPTH && (keys.is_empty() || !has_tensors) {
            let inner = pairs().filter_map(|pair| match pair {
                [key @ Value::Text(..), Value::Dict(inner)] if seen.insert(*inner) => Some((*key, *inner)),
                _ => None,
            });
            open.extend(inner.map(|(key, dict)| StateDict { keys: [&keys[..], &[key]].concat(), dict }));
        }
        if has_tensors {
            found.push(StateDict { keys, dict });
        }
    }
    // Those listed last in the file were opened first.
    found.reverse();
    found
}

fn spell(pickle: &Pickle<'_>, dict: &StateDict) -> String {
    let keys: Vec<&str> = dict.keys.iter().filter_map(|key| pickle.text(*key)).collect();
    if keys.iter().map(|key| key.len()).sum::<usize>() > LONGEST { "…".into() } else { keys.join(".") }
}
