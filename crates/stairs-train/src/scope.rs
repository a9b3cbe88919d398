//! Which parts of a network are quantised.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use stairs_quant::{Quantiser, QuantiserError};
use stairs_zoo::{Branches, StairsConfig};

use crate::RunConfig;

/// What stands in place of a network's activations.
///
/// ```
/// use stairs_train::Features;
/// assert_eq!("uint4".parse::<Features>().unwrap().to_string(), "uint4");
/// assert_eq!("float".parse::<Features>(), Ok(Features::Float));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Features {
    /// The quantiser that goes with that of the weights, see [`StairsConfig::new`]; in text `matching`.
    #[default]
    Matching,
    /// The float activations; only weights are quantised.
    Float,
    /// A quantiser of their own.
    Named(Quantiser),
}

/// Which layers with weights are quantised, the first and the last one above all. The last layer's outputs never are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Edges {
    /// All weights but the last layer's.
    #[default]
    LastFloat,
    /// All weights but those of the first and the last layer.
    BothFloat,
    /// All weights.
    Quantised,
    /// Weights and features inside the residual branches of a MobileNetV2, and nothing else (\[ANA19\]).
    Branches,
}

impl Features {
    /// Whether it is the default.
    pub(crate) fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

impl Edges {
    /// Whether it is the default.
    pub(crate) fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// Each policy with its name in text.
    pub const ALL: [(&str, Self); 4] = [
        ("last-float", Self::LastFloat),
        ("both-float", Self::BothFloat),
        ("quantised", Self::Quantised),
        ("branches", Self::Branches),
    ];
}

/// The quantisers of weights of this kind, of `features` and for `edges`.
pub fn stairs_config(weights: Quantiser, features: Features, edges: Edges) -> StairsConfig {
    let stairs = StairsConfig::new(weights);
    let stairs = match features {
        Features::Matching => stairs,
        Features::Float => stairs.with_float_features(),
        Features::Named(quantiser) => stairs.with_features(quantiser),
    };
    let (float_first, float_last) = match edges {
        Edges::LastFloat => (false, true),
        Edges::BothFloat => (true, true),
        Edges::Quantised | Edges::Branches => (false, false),
    };
    let branches = if edges == Edges::Branches { Branches::only() } else { Branches::Whole };
    StairsConfig { float_first, float_last, branches, ..stairs }
}

impl RunConfig {
    /// The quantisers of weights and features, with scales that stay as they start.
    pub(crate) fn stairs(&self) -> StairsConfig {
        StairsConfig { layers: self.bits.clone(), ..stairs_config(self.quantiser, self.features, self.edges) }
    }
}

impl fmt::Display for Features {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Matching => f.pad("matching"),
            Self::Float => f.pad("float"),
            Self::Named(quantiser) => quantiser.fmt(f),
        }
    }
}

impl FromStr for Features {
    type Err = QuantiserError;

    fn from_str(text: &str) -> Result<Self, QuantiserError> {
        match text {
            "matching" => Ok(Self::Matching),
            "float" => Ok(Self::Float),
            name => name.parse().map(Self::Named),
        }
    }
}

impl TryFrom<String> for Features {
    type Error = QuantiserError;

    fn try_from(text: String) -> Result<Self, QuantiserError> {
        text.parse()
    }
}

impl From<Features> for String {
    fn from(features: Features) -> Self {
        features.to_string()
    }
}

impl fmt::Display for Edges {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = Self::ALL.iter().find(|(_, edges)| edges == self).map_or("", |(name, _)| name);
        f.pad(name)
    }
}

impl FromStr for Edges {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let names = || Self::ALL.map(|(name, _)| name).join(", ");
        let found = Self::ALL.iter().find(|(name, _)| *name == text);
        found.map(|(_, edges)| *edges).ok_or_else(|| format!("expected one of {}, got `{text}`", names()))
    }
}
