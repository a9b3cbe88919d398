//! Which parameters of a model are quantised.

use std::collections::BTreeMap;

use burn::module::{Module, Param};
use burn::tensor::Tensor;

use super::WeightsError;
use crate::module::walk::{Look, Place, look};
use crate::plan::Pattern;

/// What selects weights.
#[derive(Clone, Debug, Default)]
pub(super) struct Selection {
    pub(super) include: Vec<Pattern>,
    pub(super) exclude: Vec<Pattern>,
    pub(super) exclude_first: bool,
    pub(super) exclude_last: bool,
}

/// The float parameters of rank 2 or more of a model.
pub(super) struct Known {
    /// Their paths in the order in which Burn visits them.
    paths: Vec<String>,
    /// What is attached to them already, by path.
    attached: BTreeMap<String, String>,
}

impl Selection {
    /// Paths of the selected parameters of `known`, in its order.
    pub(super) fn of(&self, known: &Known) -> Result<Vec<String>, WeightsError> {
        for pattern in self.include.iter().chain(&self.exclude) {
            if !known.paths.iter().any(|path| pattern.matches(path)) {
                return Err(WeightsError::NoSuchWeight { pattern: pattern.as_str().into(), known: known.list() });
            }
        }
        let mut selected: Vec<String> = known.paths.iter().filter(|path| self.selects(path)).cloned().collect();
        let last = selected.last().cloned();
        if self.exclude_first && !selected.is_empty() {
            selected.remove(0);
        }
        if self.exclude_last && selected.last() == last.as_ref() {
            selected.pop();
        }
        Ok(selected)
    }

    /// The same, where nothing selected and what is taken already are errors.
    pub(super) fn free(&self, known: &Known) -> Result<Vec<String>, WeightsError> {
        let selected = self.of(known)?;
        if selected.is_empty() {
            return Err(WeightsError::NothingSelected { selects: self.describe(), known: known.list() });
        }
        match selected.iter().find_map(|path| Some((path, known.attached.get(path)?))) {
            Some((path, found)) => Err(WeightsError::Taken { path: path.clone(), found: found.clone() }),
            None => Ok(selected),
        }
    }

    fn selects(&self, path: &str) -> bool {
        let included = if self.include.is_empty() {
            path == "weight" || path.ends_with(".weight")
        } else {
            self.include.iter().any(|pattern| pattern.matches(path))
        };
        included && !self.exclude.iter().any(|pattern| pattern.matches(path))
    }

    /// What selects, in words, with what selects other parameters.
    fn describe(&self) -> String {
        let list =
            |patterns: &[Pattern]| patterns.iter().map(|p| format!("`{}`", p.as_str())).collect::<Vec<_>>().join(", ");
        let mut parts = match self.include.is_empty() {
            true => vec!["parameters named `weight` are (name others with `with_only`)".to_string()],
            false => vec![format!("those of {} are", list(&self.include))],
        };
        if !self.exclude.is_empty() {
            parts.push(format!("but not {} (`with_except`)", list(&self.exclude)));
        }
        let ends = [
            (self.exclude_first, "nor the first of them (`with_except_first`)"),
            (self.exclude_last, "nor the last of them (`with_except_last`)"),
        ];
        parts.extend(ends.iter().filter(|(left_out, _)| *left_out).map(|(_, words)| words.to_string()));
        parts.join(", ")
    }
}

impl Known {
    pub(super) fn of<M: Module>(model: &M) -> Self {
        look(model, Self { paths: Vec::new(), attached: BTreeMap::new() })
    }

    fn list(&self) -> String {
        if self.paths.is_empty() { "none".into() } else { self.paths.join(", ") }
    }
}

impl Look for Known {
    fn enter(&mut self, place: &Place) {
        self.attached.extend(place.attached().map(|(path, name)| (path.to_owned(), name.to_owned())));
    }

    fn float<const D: usize>(&mut self, place: &Place, _param: &Param<Tensor<D>>) {
        // Parameters of what is attached are none of the model's.
        if D >= 2 && !place.is_attached() {
            self.paths.push(place.path().to_owned());
        }
    }
}
