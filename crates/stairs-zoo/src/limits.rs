//! Upper bounds of models, checked before memory is taken: a number in a name or a file may be any number.
//!
//! | what | bound | checked |
//! |---|---|---|
//! | sizes in a name, such as `mlp:64-32` | at most [`MAX_SIZES`] of them, at most [`MAX_WIDTH`] in all | when the name is read |
//! | factor in a name, such as `vgg8:0.25` | [`FACTORS`] | when the name is read |
//! | numbers of a sample, classes | [`MAX_INPUT`], [`MAX_CLASSES`] | when the model is built |
//! | parameters | [`MAX_PARAMETERS`](crate::MAX_PARAMETERS) | when the model is built, before one is drawn |
//!
//! Within these bounds no product of sizes leaves 64 bits: parameters times pixels times the bits of a weight and a feature
//! are below 2³⁰ · 2²⁴ · 2¹⁰.

use std::ops::RangeInclusive;

use crate::{Model, ModelError, pretrained::parameters};

/// Most parameters of a model of the zoo; in `f32` they take 4 GB.
pub const MAX_PARAMETERS: u64 = 1_000_000_000;
/// Most sizes in a name.
pub(crate) const MAX_SIZES: usize = 256;
/// Most that the sizes in a name make in all.
pub(crate) const MAX_WIDTH: usize = 1 << 20;
/// Factors on all widths.
pub(crate) const FACTORS: RangeInclusive<f64> = 1e-4..=64.0;
/// Most numbers of a sample.
const MAX_INPUT: usize = 1 << 24;
/// Most classes.
const MAX_CLASSES: usize = 1 << 20;

/// Whether these are the sizes of a model.
pub(crate) fn are_sizes(sizes: &[usize]) -> bool {
    let sum = sizes.iter().try_fold(0usize, |sum, size| sum.checked_add(*size));
    sizes.len() <= MAX_SIZES && !sizes.contains(&0) && sum.is_some_and(|sum| sum <= MAX_WIDTH)
}

/// Refuses samples and classes that no model is built for.
pub(crate) fn check_samples(input: [usize; 3], classes: usize) -> Result<(), ModelError> {
    let fields = ["input channels", "input height", "input width"];
    let mut product = 1usize;
    for (field, value) in fields.into_iter().zip(input) {
        product = product.saturating_mul(value.max(1));
        if product > MAX_INPUT {
            return Err(ModelError::Size { field, value, needs: "a sample has at most 16777216 numbers in all" });
        }
    }
    if classes > MAX_CLASSES {
        return Err(ModelError::Size { field: "classes", value: classes, needs: "must be at most 1048576" });
    }
    Ok(())
}

/// Refuses a model with too many parameters, none of which is drawn yet.
pub(crate) fn check_parameters(model: &Model) -> Result<(), ModelError> {
    let parameters = parameters(model) as u64;
    if parameters > MAX_PARAMETERS { Err(ModelError::Parameters { parameters }) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;

    use super::*;
    use crate::{Architecture, Quantisation, StairsConfig};

    #[test]
    fn names_beyond_the_bounds_are_no_models() {
        let many = format!("mlp:{}", vec!["1"; MAX_SIZES + 1].join("-"));
        let zeros = format!("vgg8:0.{}1", "0".repeat(400));
        for name in [
            "mlp:18446744073709551615",
            "mlp:18446744073709551616",
            "plain-mlp:9223372036854775807-9223372036854775807",
            "mlp:1048577",
            "mlp:1000000-1000000",
            "cnn:4294967296",
            "lenet:1-18446744073709551615-1",
            "lenet:18446744073709551615-1-1",
            "ds-cnn:18446744073709551615",
            "vgg8:1e300",
            "vgg8:65",
            "vgg8:1e-320",
            "vgg19:1e19",
            "alexnet:1e10",
            "vgg16-bn:inf",
            "mobilenet-v2:nan",
            "resnet50:1e308",
            "resnet20:-1",
            &many,
            &zeros,
        ] {
            assert!(name.parse::<Architecture>().is_err(), "{name}");
        }
        assert!(format!("mlp:{MAX_WIDTH}").parse::<Architecture>().is_ok());
    }

    /// Every family at its widest: an error before a parameter exists, or a model that is counted and never drawn.
    #[test]
    fn a_model_with_too_many_parameters_is_refused_before_one_is_drawn() {
        let ternary = Quantisation::Stairs(StairsConfig::new(stairs_quant::Quantiser::Ternary));
        for name in [
            "mlp:524288-524288",
            "plain-mlp:1000000-48576",
            "cnn:524288-524288",
            "lenet:524288-262144-262144",
            "ds-cnn:1048576",
            "vgg8:64",
            "vgg19:64",
            "alexnet:64",
            "alexnet-small:64",
            "vgg19-bn:64",
            "resnet50:64",
            "resnet18-small:64",
            "resnet56:64",
        ] {
            let model: Architecture = name.parse().unwrap();
            for quantisation in [&Quantisation::Float, &ternary] {
                let error = model.init([3, 64, 64], 1000, quantisation.clone(), &Device::flex()).unwrap_err();
                assert!(matches!(error, ModelError::Parameters { .. }), "{name}: {error}");
                let error = model.network([3, 64, 64], 1000, quantisation, &Device::flex()).unwrap_err();
                assert!(matches!(error, ModelError::Parameters { .. }), "{name}: {error}");
            }
        }
        let huge = usize::MAX;
        let mlp: Architecture = "mlp:8".parse().unwrap();
        for (input, classes) in
            [([huge, huge, huge], 10), ([1, 8, huge], 10), ([1, 1 << 13, 1 << 13], 10), ([1, 8, 8], huge)]
        {
            let error = mlp.init(input, classes, Quantisation::Float, &Device::flex()).unwrap_err();
            assert!(matches!(error, ModelError::Size { .. }), "{error}");
        }
    }
}
