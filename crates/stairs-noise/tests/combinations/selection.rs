//! Which weights a call takes: none, and one twice, are errors.

use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor};
use stairs_noise::{Stair, StairWeights, WeightsError};

use super::{SHAPE, layer, tensor, values, weights};

#[test]
fn a_selection_of_nothing_is_an_error_that_says_what_there_is() {
    #[derive(Module, Debug)]
    struct Mine {
        kernel: Param<Tensor<2>>,
        shift: Param<Tensor<1>>,
    }
    let device = Device::flex();
    let mine = || Mine {
        kernel: Param::from_tensor(tensor(&weights(None), SHAPE, &device)),
        shift: Param::from_tensor(Tensor::zeros([3], &device)),
    };
    let error = StairWeights::ternary().quantise(mine()).unwrap_err().to_string();
    assert!(error.contains("parameters named `weight` are (name others with `with_only`)"), "{error}");
    assert!(error.ends_with("the float parameters of rank 2 or more are: kernel"), "{error}");
    assert!(StairWeights::ternary().selected(&mine()).unwrap().is_empty());
    let quantised = StairWeights::ternary().with_only("kernel").unwrap().quantise(mine()).unwrap();
    assert!(quantised.kernel.reparameterization::<Stair>().is_some());
    // A vector is no weight: no pattern finds it.
    let error = StairWeights::ternary().with_only("shift").unwrap().quantise(mine()).unwrap_err();
    assert_eq!(error.to_string(), "`shift` matches no weight; the weights of this model are: kernel");

    let dense = || layer(&weights(None), &device);
    for (weights, words) in [
        (StairWeights::ternary().with_except_last(), "nor the last of them (`with_except_last`)"),
        (StairWeights::ternary().with_except_first(), "nor the first of them (`with_except_first`)"),
        (StairWeights::ternary().with_except("weight").unwrap(), "but not `weight` (`with_except`)"),
    ] {
        let error = weights.quantise(dense()).unwrap_err();
        assert!(matches!(error, WeightsError::NothingSelected { .. }), "{error}");
        assert!(error.to_string().contains(words), "{error}");
    }
    let two = StairWeights::ternary().with_except_first().with_except_last().quantise((dense(), dense())).unwrap_err();
    assert!(two.to_string().ends_with("are: 0.weight, 1.weight"), "{two}");
}

#[test]
fn a_second_quantiser_on_a_weight_is_an_error() {
    let device = Device::flex();
    let dense = || layer(&weights(None), &device);
    let first = StairWeights::ternary().with_except_last().quantise((dense(), dense())).unwrap();
    let error = StairWeights::binary().quantise(first.clone()).unwrap_err();
    let WeightsError::Taken { path, found } = &error else { panic!("{error}") };
    assert_eq!((path.as_str(), found.as_str()), ("0.weight", "stair"));
    // Another quantiser for another weight is what two calls are for.
    let both = StairWeights::binary().with_only("1.weight").unwrap().quantise(first).unwrap();
    let levels = |w: Tensor<2>| {
        let mut levels = values(w);
        levels.sort_by(f32::total_cmp);
        levels.dedup();
        levels.len()
    };
    let hard = both.clone().materialize();
    assert_eq!((levels(hard.0.weight.val()), levels(hard.1.weight.val())), (3, 2));
    // Baked in, the weights are free again.
    assert!(StairWeights::binary().quantise(hard).is_ok());
    assert!(StairWeights::binary().quantise(both).is_err());
}
