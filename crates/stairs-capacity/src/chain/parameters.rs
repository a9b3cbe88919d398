//! The parameters of one layer.

#[cfg(feature = "fisher")]
use super::Chain;
use super::{Geometry, Layer};
use crate::ChainError;

/// Parameters of one layer. Lists of what the layer does not have are empty.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LayerParameters {
    /// Weights `[channels, fan_in]`, row-major; the latent ones of a quantised layer.
    pub weight: Vec<f64>,
    /// Biases `[channels]`.
    pub bias: Vec<f64>,
    /// Scales γ of the normalisation `[channels]`.
    pub scale: Vec<f64>,
    /// Shifts β of the normalisation `[channels]`.
    pub shift: Vec<f64>,
}

impl LayerParameters {
    /// The lists by name.
    pub(crate) fn lists(&self) -> [(&'static str, &[f64]); 4] {
        [("weight", &self.weight), ("bias", &self.bias), ("scale", &self.scale), ("shift", &self.shift)]
    }

    /// The layer whose channel o is that of `draws[chosen[o]]`.
    pub(crate) fn mixed(draws: &[&LayerParameters], chosen: &[usize]) -> Self {
        let mix = |pick: fn(&LayerParameters) -> &Vec<f64>| -> Vec<f64> {
            let row = |(o, from): (usize, &usize)| {
                let list = pick(draws[*from]);
                let width = list.len() / chosen.len();
                list[o * width..(o + 1) * width].iter().copied()
            };
            chosen.iter().enumerate().flat_map(row).collect()
        };
        Self {
            weight: mix(|own| &own.weight),
            bias: mix(|own| &own.bias),
            scale: mix(|own| &own.scale),
            shift: mix(|own| &own.shift),
        }
    }

    /// Checks lengths and values.
    pub(crate) fn check(&self, index: usize, layer: &Layer, geometry: &Geometry) -> Result<(), ChainError> {
        let channels = layer.channels();
        let norm = if layer.norm.is_some() { channels } else { 0 };
        let wanted = [channels * geometry.fan_in, if layer.bias { channels } else { 0 }, norm, norm];
        for ((what, list), expected) in self.lists().into_iter().zip(wanted) {
            if list.len() != expected {
                return Err(ChainError::Length { layer: index, what, expected, got: list.len() });
            }
            finite(index, what, list)?;
        }
        Ok(())
    }
}

/// One flat vector: layer by layer, channel by channel, and there weights, bias, scale, shift.
#[cfg(feature = "fisher")]
pub(crate) fn flatten(chain: &Chain, parameters: &[LayerParameters]) -> Vec<f64> {
    let mut flat = Vec::with_capacity(chain.dimension());
    for (own, geometry) in parameters.iter().zip(&chain.geometry) {
        for (o, row) in own.weight.chunks(geometry.fan_in).enumerate() {
            flat.extend_from_slice(row);
            flat.extend([&own.bias, &own.scale, &own.shift].into_iter().filter_map(|list| list.get(o)));
        }
    }
    flat
}

/// The parameters of a flat vector as [`flatten`] makes it.
#[cfg(feature = "fisher")]
pub(crate) fn unflatten(chain: &Chain, flat: &[f64]) -> Vec<LayerParameters> {
    let mut rest = flat;
    let mut all = Vec::with_capacity(chain.layers.len());
    for (index, (layer, geometry)) in chain.layers.iter().zip(&chain.geometry).enumerate() {
        let (own, after) = rest.split_at(chain.layer_dimension(index));
        rest = after;
        let mut parameters = LayerParameters::default();
        for row in own.chunks(geometry.width(layer)) {
            let (weight, others) = row.split_at(geometry.fan_in);
            parameters.weight.extend_from_slice(weight);
            let (bias, norm) = others.split_at(usize::from(layer.bias));
            parameters.bias.extend_from_slice(bias);
            if let [scale, shift] = norm {
                parameters.scale.push(*scale);
                parameters.shift.push(*shift);
            }
        }
        all.push(parameters);
    }
    all
}

/// Refuses the first number that is not finite.
pub(crate) fn finite(layer: usize, what: &'static str, list: &[f64]) -> Result<(), ChainError> {
    match list.iter().enumerate().find(|(_, value)| !value.is_finite()) {
        Some((index, &value)) => Err(ChainError::NotFinite { layer, what, index, value }),
        None => Ok(()),
    }
}
