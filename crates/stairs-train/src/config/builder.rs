//! A configuration is made by naming its model and changing what is not the default.

use stairs_data::{TableOptions, images::ImagesConfig};
use stairs_noise::{Noise, Strategy, plan::Policy};
use stairs_quant::{LayerQuantisers, Quantiser, ScalePolicy};

use super::{AnnealPer, BackwardLaw, ForwardNoise, RunConfig, Start};
use crate::{Clip, Edges, Features, Init, Loss, LrSchedule, Method, Optimiser, TaskRecord, WarmUp, WeightDecay};

impl RunConfig {
    /// The [default](Self::default) with the model `model`.
    pub fn new(model: impl Into<String>) -> Self {
        Self::default().with_model(model)
    }
}

/// A setter for every field.
macro_rules! setters {
    ($($with:ident($field:ident: $type:ty);)*) => {
        impl RunConfig {
            /// The names of all fields, in their order.
            pub const FIELDS: &[&str] = &[$(stringify!($field)),*];

            $(
                #[doc = concat!("The same with another [`", stringify!($field), "`](Self::", stringify!($field), ").")]
                #[must_use]
                pub fn $with(mut self, $field: $type) -> Self {
                    self.$field = $field.into();
                    self
                }
            )*
        }
    };
}

setters! {
    with_dataset(dataset: impl Into<String>);
    with_model(model: impl Into<String>);
    with_method(method: Method);
    with_quantiser(quantiser: Quantiser);
    with_features(features: Features);
    with_bits(bits: impl Into<Option<LayerQuantisers>>);
    with_edges(edges: Edges);
    with_weight_scale(weight_scale: ScalePolicy);
    with_law(law: Noise);
    with_strategy(strategy: Strategy);
    with_policy(policy: Policy);
    with_backward(backward: BackwardLaw);
    with_forward_noise(forward_noise: ForwardNoise);
    with_follow_mean(follow_mean: bool);
    with_anneal_per(anneal_per: AnnealPer);
    with_anneal_until(anneal_until: f64);
    with_epochs(epochs: usize);
    with_batch(batch: usize);
    with_accumulate(accumulate: usize);
    with_devices(devices: usize);
    with_optimiser(optimiser: Optimiser);
    with_weight_decay(weight_decay: WeightDecay);
    with_lr(lr: f64);
    with_lr_schedule(lr_schedule: LrSchedule);
    with_warm_up(warm_up: impl Into<Option<WarmUp>>);
    with_task(task: impl Into<Option<TaskRecord>>);
    with_loss(loss: Loss);
    with_label_smoothing(label_smoothing: f64);
    with_clip(clip: impl Into<Option<Clip>>);
    with_average(average: impl Into<Option<f64>>);
    with_init(init: impl Into<Option<Init>>);
    with_start(start: Start);
    with_seed(seed: u64);
    with_augment(augment: bool);
    with_subset(subset: impl Into<Option<usize>>);
    with_validation(validation: impl Into<Option<f64>>);
    with_reestimate_norms(reestimate_norms: impl Into<Option<usize>>);
    with_images(images: impl Into<Option<ImagesConfig>>);
    with_table(table: impl Into<Option<TableOptions>>);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A field without a setter could not be set in one expression by another crate.
    #[test]
    fn every_field_has_a_setter() {
        let fields = include_str!("../config.rs").lines().skip_while(|line| !line.starts_with("pub struct RunConfig"));
        let fields = fields.take_while(|line| *line != "}").filter_map(|line| line.strip_prefix("    pub "));
        let names: Vec<_> = fields.filter_map(|line| line.split_once(':')).map(|(name, _)| name).collect();
        assert_eq!(names, RunConfig::FIELDS);
    }
}
