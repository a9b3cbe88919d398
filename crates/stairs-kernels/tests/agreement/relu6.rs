//! ReLU6.

use burn::tensor::{Device, Tensor, activation};
use stairs_kernels::relu6;

use crate::case::{close, numbers, values};

#[test]
fn values_and_gradients() {
    let device = Device::flex().autodiff();
    let x = (numbers::<3>([3, 130, 257], 7, &device) * 12.0).detach().require_grad();
    let run = |ours: bool, consumed: bool| {
        // A result of its own is overwritten, a tensor that is still held is not.
        let z = x.clone() * 1.5;
        let held = if consumed { None } else { Some(z.clone()) };
        let y = if ours { relu6(z) } else { activation::relu6(z) };
        let weights = numbers(y.dims(), 8, &device);
        let gradients = (y.clone() * weights).sum().backward();
        if let Some(z) = held {
            close("input", z.inner(), x.clone().inner() * 1.5);
        }
        (y.inner(), x.grad(&gradients).unwrap())
    };
    let theirs = run(false, true);
    for consumed in [true, false] {
        let ours = run(true, consumed);
        close("output", ours.0, theirs.0.clone());
        close("gradient", ours.1, theirs.1.clone());
    }
}

#[test]
fn a_part_of_a_tensor_leaves_the_rest_alone() {
    let device = Device::flex();
    let x = Tensor::<2>::from_floats([[-1.0, 7.0], [-2.0, 8.0]], &device);
    let line = x.clone().slice([0..1, 0..2]);
    drop(x.clone());
    assert_eq!(values(relu6(line)), [0.0, 6.0]);
    assert_eq!(values(relu6(x.clone().transpose())), [0.0, 0.0, 6.0, 6.0]);
    assert_eq!(values(x), [-1.0, 7.0, -2.0, 8.0]);
}

#[test]
fn kinks_and_nan() {
    let device = Device::flex().autodiff();
    let x = Tensor::<1>::from_floats([0.0, 6.0, f32::NAN, f32::INFINITY, f32::NEG_INFINITY], &device).require_grad();
    let y = relu6(x.clone());
    let gradient = values(x.grad(&y.clone().sum().backward()).unwrap());
    let y = values(y);
    assert!(y[2].is_nan());
    assert_eq!([y[0], y[1], y[3], y[4]], [0.0, 6.0, 6.0, 0.0]);
    assert_eq!(gradient, [0.0, 0.0, 1.0, 0.0, 0.0]);
}
