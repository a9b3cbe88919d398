//! Inputs of every shape, layout, owner and size.

use burn::tensor::{Distribution, Tensor};
use stairs_noise::{Law, Laws, Noise, StairSpec, Strategy, regularised_stair};
use stairs_quant::Quantiser;

use super::{devices, run, tensor, values};

#[test]
fn contract_shapes_and_strides() {
    let law = Laws::same(Law::new(Noise::Triangular, -0.1, 0.8).unwrap());
    for (backend, device) in devices() {
        for strategy in Strategy::ALL {
            let spec = StairSpec::new(Quantiser::Ternary.stair(), law.clone()).with_strategy(strategy).with_key(9);
            let empty = regularised_stair(Tensor::<2>::zeros([0, 3], &device), &spec);
            assert_eq!(empty.dims(), [0, 3]);
            assert_eq!(
                values(regularised_stair(tensor(&[0.9], &device), &StairSpec::hard(spec.stair().clone()))),
                [1.0]
            );

            // A transposed view and an offset view give what their contiguous copies give, forward and backward.
            let base = Tensor::<2>::random([37, 129], Distribution::Normal(0.0, 1.0), &device);
            let copy = |t: Tensor<2>| {
                let dims = t.dims();
                Tensor::<2>::from_data(t.into_data(), &device).reshape(dims)
            };
            let views =
                [base.clone().transpose(), base.clone().slice([3..30, 5..77]), base.clone().slice([5..6, 0..129])];
            for view in views {
                let both = [view.clone(), copy(view)].map(|x| {
                    let x = x.autodiff().require_grad();
                    let y = regularised_stair(x.clone(), &spec);
                    let gradients = (y.clone() * x.clone()).sum().backward();
                    (y.into_data(), x.grad(&gradients).unwrap().into_data())
                });
                assert_eq!(both[0], both[1], "{backend}, {strategy}");
            }
            let high_rank = base.clone().reshape([37, 3, 43, 1]);
            assert_eq!(regularised_stair(high_rank, &spec).dims(), [37, 3, 43, 1]);
        }
    }
}

#[test]
fn contract_inputs_shared_with_others_are_left_alone() {
    for (backend, device) in devices() {
        let spec = StairSpec::hard(Quantiser::Ternary.stair());
        let x = tensor(&[0.2, 0.7, -3.0], &device);
        let keep = x.clone();
        assert_eq!(values(regularised_stair(x, &spec)), [0.0, 1.0, -1.0]);
        assert_eq!(values(keep), [0.2, 0.7, -3.0], "{backend}");
        // Sole owner: may be overwritten, must still be right.
        assert_eq!(values(regularised_stair(tensor(&[0.2, 0.7, -3.0], &device), &spec)), [0.0, 1.0, -1.0], "{backend}");
    }
}

#[test]
fn contract_ten_million_elements() {
    const N: usize = 10_000_000;
    for (backend, device) in devices() {
        let ramp: Vec<f32> = (0..N).map(|i| (i as f32 / N as f32 - 0.5) * 4.0).collect();
        let law = Laws::same(Law::new(Noise::Uniform, 0.0, 0.5).unwrap());
        let spec = StairSpec::new(Quantiser::Ternary.stair(), law);
        let (y, gradient) = run(&ramp, &spec, &device);
        for i in (0..N).step_by(9_973).chain([N - 1]) {
            assert!((y[i] - ramp[i].clamp(-1.0, 1.0)).abs() < 1e-6, "{backend} at {i}");
            let inside = ramp[i].abs() < 0.999;
            assert!(!inside || gradient[i] == 1.0, "{backend} at {i}");
        }
    }
}
