//! The precisions that are compared.

use stairs_quant::{Bits, Quantiser};
use stairs_zoo::{Quantisation, StairsConfig};

/// Names and quantisations, from the finest to the coarsest.
#[derive(Clone, Debug, PartialEq)]
pub struct Precisions(pub Vec<(String, Quantisation)>);

/// Name of a precision: `float32`, `int4`, `ternary, weights only`, `ternary, uint4 features, all layers`.
pub fn name(quantisation: &Quantisation) -> String {
    match quantisation {
        Quantisation::Float => "float32".into(),
        Quantisation::Stairs(stairs) => {
            let weights = match (&stairs.layers, stairs.weights) {
                (Some(_), _) => "bits of a plan".into(),
                (None, Quantiser::Sign) => "binary".into(),
                (None, weights) => weights.to_string(),
            };
            let features = match stairs.features {
                None => ", weights only".into(),
                Some(features) if stairs.features != StairsConfig::new(stairs.weights).features => {
                    format!(", {features} features")
                }
                Some(_) => String::new(),
            };
            let edges = match (stairs.float_first, stairs.float_last) {
                (false, true) => "",
                (true, true) => ", first and last layer float",
                (true, false) => ", first layer float",
                (false, false) => ", all layers",
            };
            weights + &features + edges
        }
    }
}

impl Default for Precisions {
    /// float32, int8, int4, ternary weights alone, ternary.
    fn default() -> Self {
        let signed = |bits: u32| Bits::new(bits).map(Quantiser::Signed).unwrap_or(Quantiser::Ternary);
        let quantised = [
            StairsConfig::new(signed(8)),
            StairsConfig::new(signed(4)),
            StairsConfig::new(Quantiser::Ternary).with_float_features(),
            StairsConfig::new(Quantiser::Ternary),
        ];
        let all = [Quantisation::Float].into_iter().chain(quantised.map(Quantisation::Stairs));
        Self(all.map(|quantisation| (name(&quantisation), quantisation)).collect())
    }
}

impl Precisions {
    /// The usual ones, and this one if it is none of them.
    pub fn with(quantisation: &Quantisation) -> Self {
        let mut all = Self::default();
        let name = name(quantisation);
        match all.0.iter_mut().find(|(known, _)| *known == name) {
            Some((_, known)) => *known = quantisation.clone(),
            None => all.0.push((name, quantisation.clone())),
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_precision_is_listed_once() {
        let names = |quantisation: &Quantisation| {
            Precisions::with(quantisation).0.into_iter().map(|(name, _)| name).collect::<Vec<_>>()
        };
        let usual = ["float32", "int8", "int4", "ternary, weights only", "ternary"];
        assert_eq!(names(&Quantisation::Float), usual);
        assert_eq!(names(&Quantisation::Stairs(StairsConfig::new(Quantiser::Ternary))), usual);
        let binary = Quantisation::Stairs(StairsConfig::new(Quantiser::Binary));
        assert_eq!(names(&binary)[5..], ["binary"]);
        let stairs = StairsConfig::new(Quantiser::Ternary).with_features(Quantiser::Unsigned(Bits::MAX));
        let all = Quantisation::Stairs(StairsConfig { float_last: false, ..stairs });
        assert_eq!(names(&all)[5..], ["ternary, uint8 features, all layers"]);
    }
}
