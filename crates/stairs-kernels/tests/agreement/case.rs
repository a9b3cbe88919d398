//! Random layers and their inputs, and when two results agree.

use burn::{
    nn::PaddingConfig2d,
    tensor::{Device, Tensor, TensorData},
};
use proptest::prelude::*;

pub(crate) fn values<const D: usize>(x: Tensor<D>) -> Vec<f32> {
    x.into_data().try_to_vec::<f32>().unwrap()
}

/// Equal up to the order of sums.
pub(crate) fn close<const D: usize>(what: &str, ours: Tensor<D>, theirs: Tensor<D>) {
    assert_eq!(ours.dims(), theirs.dims(), "{what}");
    let (ours, theirs) = (values(ours), values(theirs));
    let size = theirs.iter().fold(1.0_f32, |m, v| m.max(v.abs()));
    for (i, (a, b)) in ours.iter().zip(&theirs).enumerate() {
        assert!((a - b).abs() <= 2e-5 * size, "{what}[{i}]: {a} instead of {b}");
    }
}

/// Numbers that no generator shared between tests can change.
pub(crate) fn numbers<const D: usize>(dims: [usize; D], seed: u64, device: &Device) -> Tensor<D> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f32 / (1 << 23) as f32 - 1.0
    };
    let values: Vec<f32> = std::iter::repeat_with(next).take(dims.iter().product()).collect();
    Tensor::from_data(TensorData::new(values, dims), device)
}

#[derive(Clone, Debug)]
pub(crate) struct Case {
    pub(crate) batch: usize,
    pub(crate) channels: [usize; 2],
    pub(crate) size: [usize; 2],
    pub(crate) kernel: [usize; 2],
    pub(crate) stride: [usize; 2],
    pub(crate) dilation: [usize; 2],
    pub(crate) padding: PaddingConfig2d,
    pub(crate) bias: bool,
    pub(crate) strided: bool,
    pub(crate) seed: u64,
}

pub(crate) fn pair(range: std::ops::Range<usize>) -> impl Strategy<Value = [usize; 2]> {
    [range.clone(), range]
}

pub(crate) fn padding() -> impl Strategy<Value = PaddingConfig2d> {
    prop_oneof![
        Just(PaddingConfig2d::Same),
        Just(PaddingConfig2d::Valid),
        [0_usize..3, 0..3, 0..3, 0..3].prop_map(|[t, l, b, r]| PaddingConfig2d::Explicit(t, l, b, r)),
    ]
}

/// Mostly few; sometimes enough for several blocks of the direct kernels.
fn channels() -> impl Strategy<Value = [usize; 2]> {
    prop_oneof![4 => pair(1..5), 1 => pair(5..40)]
}

pub(crate) fn case() -> impl Strategy<Value = Case> {
    (
        (1_usize..40, channels(), pair(5..14), pair(1..4)),
        (pair(1..3), pair(1..3), padding(), any::<bool>(), any::<bool>(), any::<u64>()),
    )
        .prop_map(|((batch, channels, size, kernel), (stride, dilation, padding, bias, strided, seed))| Case {
            batch,
            channels,
            size,
            kernel,
            // Burn defines "same" padding for stride and dilation 1.
            stride: if padding == PaddingConfig2d::Same { [1, 1] } else { stride },
            dilation: if padding == PaddingConfig2d::Same { [1, 1] } else { dilation },
            padding,
            bias,
            strided,
            seed,
        })
}

/// `[batch, channels, height, width]`, if asked for as a view with swapped axes.
pub(crate) fn input(case: &Case, device: &Device) -> Tensor<4> {
    let ([c, _], [h, w]) = (case.channels, case.size);
    match case.strided {
        false => numbers([case.batch, c, h, w], case.seed, device),
        true => numbers([case.batch, c, w, h], case.seed, device).swap_dims(2, 3),
    }
}
