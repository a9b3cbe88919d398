//! A quantiser for the weights of every layer: a plan of mixed precision, as plain data.
//!
//! ```toml
//! conv1 = "int8"      # the layer at this path
//! conv2 = "int3"
//! fc1 = "int2"
//! ```
//!
//! An entry goes by the path of the layer (`blocks.0.conv`), or of the parameter itself (`blocks.0.conv.weight`). Only weights are planned. The
//! quantiser of a feature belongs to every layer that reads it, and behind a residual sum there are several: features have the bits that
//! the network as a whole is given.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use serde::{Deserialize, Serialize};

use crate::{LayersError, Quantiser};

/// What a path of a parameter ends in, where the layer stands for it.
const WEIGHT: &str = ".weight";

/// A quantiser for the weights of every layer, by path; see the [module](self).
///
/// ```
/// use stairs_quant::{LayerQuantisers, Quantiser};
///
/// let plan = LayerQuantisers::from_iter([("conv1", "int8".parse()?), ("fc1", Quantiser::Ternary)]);
/// assert_eq!(plan.of("conv1.weight"), plan.of("conv1"));
/// let error = plan.check(&["conv1.weight", "conv2.weight"]).unwrap_err().to_string();
/// assert!(error.contains("names `fc1`") && error.contains("leaves out `conv2`"), "{error}");
/// # Ok::<(), stairs_quant::QuantiserError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct LayerQuantisers(BTreeMap<String, Quantiser>);

impl LayerQuantisers {
    /// The quantiser of the weights at `path`, of a layer or of its parameter.
    pub fn of(&self, path: &str) -> Option<Quantiser> {
        let layer = path.strip_suffix(WEIGHT).and_then(|layer| self.0.get(layer));
        self.0.get(path).or(layer).copied()
    }

    /// Paths with their quantisers, in the order of the paths.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Quantiser)> {
        self.0.iter().map(|(path, quantiser)| (path.as_str(), *quantiser))
    }

    /// Number of layers.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// True for a plan of nothing.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Refuses a plan that does not name each of `parameters`, the paths of all weights that are quantised, exactly once, and nothing else.
    ///
    /// # Errors
    /// [`LayersError`] with all names that do not fit, and the layers there are.
    pub fn check<S: AsRef<str>>(&self, parameters: &[S]) -> Result<(), LayersError> {
        let parameters: BTreeSet<&str> = parameters.iter().map(AsRef::as_ref).collect();
        let is_twice =
            |path: &&str| layer(path) != *path && [*path, layer(path)].iter().all(|name| self.0.contains_key(*name));
        if let Some(path) = parameters.iter().copied().find(is_twice) {
            return Err(LayersError::Twice { path: path.to_owned(), layer: layer(path).to_owned() });
        }
        let names = |path: &str| parameters.contains(path) || parameters.contains(format!("{path}{WEIGHT}").as_str());
        let unknown = self.0.keys().filter(|path| !names(path)).cloned().collect::<Vec<_>>();
        let is_left_out = |path: &&&str| self.of(path).is_none();
        let left_out = parameters.iter().filter(is_left_out).map(|path| layer(path).to_owned()).collect::<Vec<_>>();
        if unknown.is_empty() && left_out.is_empty() {
            return Ok(());
        }
        let known = parameters.iter().map(|path| layer(path).to_owned()).collect();
        Err(LayersError::Mismatch { unknown, left_out, known })
    }
}

/// How the layer of a parameter is named; a parameter of the root goes by its own name.
fn layer(path: &str) -> &str {
    path.strip_suffix(WEIGHT).unwrap_or(path)
}

impl<S: Into<String>> FromIterator<(S, Quantiser)> for LayerQuantisers {
    fn from_iter<I: IntoIterator<Item = (S, Quantiser)>>(layers: I) -> Self {
        Self(layers.into_iter().map(|(path, quantiser)| (path.into(), quantiser)).collect())
    }
}

impl fmt::Display for LayerQuantisers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let layers: Vec<String> = self.iter().map(|(path, quantiser)| format!("{path} {quantiser}")).collect();
        f.pad(&layers.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(layers: &[(&str, Quantiser)]) -> LayerQuantisers {
        layers.iter().copied().collect()
    }

    #[test]
    fn layers_and_parameters_are_names_of_the_same() {
        let weights = ["a.weight", "b.c.weight", "weight", "mask"];
        let all = plan(&[
            ("a", Quantiser::Ternary),
            ("b.c.weight", Quantiser::Sign),
            ("weight", Quantiser::Ternary),
            ("mask", Quantiser::Sign),
        ]);
        assert_eq!(all.check(&weights), Ok(()));
        assert_eq!(weights.map(|path| all.of(path).is_some()), [true; 4]);
        assert_eq!((all.of("b.c"), all.of("b")), (None, None));
        assert_eq!(all.to_string(), "a ternary, b.c.weight sign, mask sign, weight ternary");
    }

    #[test]
    fn what_does_not_fit_is_named_with_all_there_is() {
        let weights = ["a.weight", "b.weight"];
        let error = |layers: &[(&str, Quantiser)]| plan(layers).check(&weights).unwrap_err();
        let (unknown, left_out) = (vec!["c".to_owned()], vec!["b".to_owned()]);
        let known = vec!["a".to_owned(), "b".to_owned()];
        let found = error(&[("a", Quantiser::Sign), ("c", Quantiser::Sign)]);
        assert_eq!(found, LayersError::Mismatch { unknown, left_out, known });
        let twice = error(&[("a", Quantiser::Sign), ("a.weight", Quantiser::Sign), ("b", Quantiser::Sign)]);
        assert_eq!(twice, LayersError::Twice { path: "a.weight".into(), layer: "a".into() });
        let nothing = error(&[]).to_string();
        assert!(nothing.contains("leaves out `a`, `b`") && nothing.contains("are quantised: a, b"), "{nothing}");
        assert!(
            plan(&[("a", Quantiser::Sign)]).check::<&str>(&[]).unwrap_err().to_string().contains("quantised: none")
        );
    }
}
