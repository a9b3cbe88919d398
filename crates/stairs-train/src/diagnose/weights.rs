//! The quantised weights of a model by path: latent values, quanta, levels, gradients, and the way to move them.

use std::collections::BTreeMap;

use burn::{
    module::{Module, Param, ParamId},
    optim::GradientsParams,
    tensor::{Tensor, TensorData},
};
use stairs_noise::{
    QuantiserInfo, WeightScales, quantisers,
    walk::{Change, Look, Place, change, look, values},
    weight_scales,
};

/// A quantised weight: its path and that of its quantiser.
#[derive(Clone, Debug)]
pub(super) struct Site {
    pub(super) weight: String,
    pub(super) quantiser: String,
}

/// The quantised weights of `model`, in network order.
pub(super) fn sites<M: Module>(model: &M) -> Vec<Site> {
    let site = |quantiser: QuantiserInfo| Some(Site { weight: quantiser.weight()?.into(), quantiser: quantiser.path });
    quantisers(model).into_iter().filter_map(site).collect()
}

/// Latent values of one weight with its scales.
pub(super) struct Latent {
    pub(super) values: Vec<f32>,
    scales: WeightScales,
}

impl Latent {
    /// The quantum ε of value i.
    pub(super) fn quantum(&self, i: usize) -> f64 {
        self.scales.quantum(i).abs()
    }

    /// `effective` values of this weight in units of the output scale: levels, if it is hard.
    fn levels(&self, effective: &[f32]) -> Vec<f32> {
        effective.iter().enumerate().map(|(i, w)| (f64::from(*w) / self.scales.output(i)) as f32).collect()
    }
}

/// The latent weights at `sites`.
pub(super) fn latent<M: Module>(model: &M, sites: &[Site]) -> Vec<Latent> {
    let (all, scales) = (values(model), weight_scales(model));
    let one = |site: &Site| {
        let (_, values) = all.iter().find(|(parameter, _)| parameter.path == site.weight)?;
        Some(Latent { values: values.clone(), scales: scales.get(&site.weight)?.clone() })
    };
    sites.iter().filter_map(one).collect()
}

/// What `model` makes of its latent weights, in units of the output scale, to single precision.
pub(super) fn levels<M: Module>(model: &M, sites: &[Site], latent: &[Latent]) -> Vec<Vec<f32>> {
    let effective = values(&model.clone().materialize());
    let one = |(site, latent): (&Site, &Latent)| {
        let found = effective.iter().find(|(parameter, _)| parameter.path == site.weight);
        latent.levels(found.map_or(&[], |(_, values)| values))
    };
    sites.iter().zip(latent).map(one).collect()
}

/// The share of values that are not the same, to a ten-thousandth of a level.
pub(super) fn share_changed(before: &[f32], after: &[f32]) -> f64 {
    let changed = before.iter().zip(after).filter(|(a, b)| (*a - *b).abs() > 1e-4).count();
    changed as f64 / before.len().max(1) as f64
}

/// The gradient of every weight at `sites`; zeros where none arrived.
pub(super) fn gradients<M: Module>(model: &M, grads: &GradientsParams, sites: &[Site]) -> Vec<Vec<f32>> {
    struct Read<'a>(&'a GradientsParams, BTreeMap<String, Vec<f32>>);

    impl Look for Read<'_> {
        fn float<const D: usize>(&mut self, place: &Place, param: &Param<Tensor<D>>) {
            let gradient = match self.0.get::<D>(param.id) {
                Some(gradient) => gradient.into_data().try_into_vec_as::<f32>().unwrap_or_default(),
                None => vec![0.0; param.lazy_shape().num_elements()],
            };
            self.1.insert(place.path().to_owned(), gradient);
        }
    }

    let mut found = look(model, Read(grads, BTreeMap::new())).1;
    sites.iter().map(|site| found.remove(&site.weight).unwrap_or_default()).collect()
}

/// `model` with other latent weights, by path.
pub(super) fn with_weights<M: Module>(model: M, weights: BTreeMap<&str, Vec<f32>>) -> M {
    struct Write<'a>(BTreeMap<&'a str, Vec<f32>>);

    impl Change for Write<'_> {
        fn float<const D: usize>(&mut self, place: &Place, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
            let Some(values) = self.0.remove(place.path()) else { return param };
            let (id, old): (ParamId, _) = (param.id, param.base());
            let data = TensorData::new(values, old.dims());
            Param::initialized(id, Tensor::from_data(data, &old.device()))
        }
    }

    change(model, Write(weights)).0
}
