//! Tiny-ImageNet-200: 100,000 + 10,000 images of 200 ImageNet classes at 64 pixels, as class folders (Stanford CS231n).
//!
//! | experiment | network | quantised | start of `ste` and `ana19` |
//! |---|---|---|---|
//! | `tiny-imagenet-mobilenet` | `mobilenet-v2:0.5`, 20 epochs | the ten residual branches, as \[ANA19\] | the network of `float` |
//! | `tiny-imagenet-alexnet` | `alexnet-small:0.25`, 12 epochs | weights and features of all layers | next to thresholds |
//!
//! Base: the recipe of \[ANA19\] for ImageNet (Adam 10⁻³, × 0.1 at 0.7 of the run, cross entropy, uniform noise along a line, layer by layer,
//! gone at half of the run, constant backward law). `ste` is the same without forward noise; `float` the same without quantisers. Where it
//! deviates: 20 or 12 epochs instead of 1,000, batches of 128, the quantum of least squared error for weights that were trained in float, and 0.1
//! for AlexNet, which has no norm on its logits. A quarter of AlexNet's width has 54 million multiplications an image; half of it would
//! have 237.

use stairs_data::images::ImagesConfig;
use stairs_quant::ScalePolicy;
use stairs_train::{Edges, Loss, Method, RunConfig, data::IMAGES};

use super::shared::{HELD_OUT, against};
use crate::{
    experiments::{Experiment, Row},
    report::PairedPage,
};

const BATCH: usize = 128;

const PAGE: PairedPage = PairedPage {
    question: "What of the float network's accuracy, of one and of five answers, is kept, and is the noise of ANA19 ahead of STE?",
    comparisons: &[against("ana19", "ste"), against("ana19", "float"), against("ste", "float")],
};

fn ana19(model: &str, epochs: usize, weight_scale: ScalePolicy) -> RunConfig {
    let images = ImagesConfig {
        size: 64,
        // The images have this size.
        resize: Some(64),
        // Objects fill an image of 64 pixels: smaller cuts often miss them.
        crop_scale: [0.35, 1.0],
        ..ImagesConfig::default()
    };
    RunConfig::ana19(IMAGES, model)
        .with_epochs(epochs)
        .with_batch(BATCH)
        .with_loss(Loss::CrossEntropy)
        .with_weight_scale(weight_scale)
        .with_validation(HELD_OUT)
        .with_images(images)
}

fn experiment(
    name: &'static str,
    title: &'static str,
    about: &'static str,
    ana19: RunConfig,
    tuned: bool,
) -> Experiment {
    let float = ana19.clone().with_method(Method::Float).with_edges(Edges::default());
    let ste = ana19.clone().with_method(Method::Ste);
    let from = |row: Row| if tuned { row.with_start("float") } else { row };
    let rows = vec![Row::train("float", float), from(Row::train("ste", ste)), from(Row::train("ana19", ana19))];
    Experiment { name, title, about, rows, seeds: 1, page: &PAGE }
}

/// MobileNetV2, its residual branches ternary.
pub(super) fn mobilenet() -> Experiment {
    experiment(
        "tiny-imagenet-mobilenet",
        "MobileNetV2 with ternary residual branches on Tiny-ImageNet",
        "MobileNetV2 at half of its width, 64 pixels: float, and its residual branches ternary from there by STE and ANA19.",
        ana19("mobilenet-v2:0.5", 20, ScalePolicy::MseOptimal),
        true,
    )
}

/// AlexNet, ternary in all layers.
pub(super) fn alexnet() -> Experiment {
    experiment(
        "tiny-imagenet-alexnet",
        "A ternary AlexNet on Tiny-ImageNet",
        "AlexNet for small images at a quarter of its width, 64 pixels, all layers ternary: float, STE, ANA19.",
        ana19("alexnet-small:0.25", 12, ScalePolicy::Fixed(0.1)),
        false,
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiments::campaign::shared::{check, config};

    #[test]
    fn rows_differ_in_their_method_only() {
        for experiment in [mobilenet(), alexnet()] {
            check(&experiment, PAGE.comparisons);
            let edges = config(&experiment.rows[1]).edges;
            let of = |row: &Row| config(row).clone().with_method(Method::Ana).with_edges(edges);
            assert!(experiment.rows.windows(2).all(|two| of(&two[0]) == of(&two[1])), "{}", experiment.name);
        }
    }

    #[test]
    fn what_is_quantised_is_what_the_table_says() {
        let edges = |experiment: &Experiment| config(&experiment.rows[2]).edges;
        assert_eq!((edges(&mobilenet()), edges(&alexnet())), (Edges::Branches, Edges::Quantised));
        let from = |experiment: &Experiment| experiment.rows[2].from.clone();
        assert_eq!((from(&mobilenet()).as_deref(), from(&alexnet())), (Some("float"), None));
    }
}
