//! One short training per backend that is compiled in.

mod support;

use burn::tensor::Device;
use stairs_noise::Strategy;
use stairs_train::{Display, Trainer};
use support::{Mine, config, digits};

/// Trains, saves, loads into another object and evaluates.
fn trains_on(device: Device) {
    let dir = tempfile::tempdir().unwrap();
    let mut config = config(1, 8);
    config.augment = false;
    config.strategy = Strategy::Expectation;
    let data = digits();
    let trainer =
        || Trainer::new(config.clone(), &data, dir.path()).with_device(device.clone()).with_display(Display::Quiet);
    let fitted = trainer().fit(Mine::ternary(1, 32, &device)).unwrap();
    let (first, last) = (&fitted.record.epochs[0], fitted.record.epochs.last().unwrap());
    assert!(last.train_loss < first.train_loss, "{first:?} {last:?}");
    assert!(fitted.record.test_accuracy > 75.0, "{:?}", fitted.record.epochs);

    let loaded = stairs_train::RunDir::new(dir.path()).load(Mine::ternary(7, 32, &device), Default::default()).unwrap();
    let evaluation = trainer().evaluate(&loaded).unwrap();
    assert_eq!(evaluation.samples, data.test.len());
    assert!((evaluation.accuracy - fitted.record.test_accuracy).abs() < 1e-9);
    assert!((evaluation.loss - last.held_out_loss).abs() < 1e-4, "{} {}", evaluation.loss, last.held_out_loss);
}

#[test]
fn flex() {
    trains_on(Device::flex());
}

#[cfg(feature = "ndarray")]
#[allow(deprecated)]
#[test]
fn ndarray() {
    trains_on(Device::ndarray());
}

#[cfg(feature = "wgpu")]
#[test]
fn wgpu() {
    let device = burn::tensor::DeviceKind::DefaultDevice;
    match std::panic::catch_unwind(|| {
        let device = Device::wgpu(device);
        burn::tensor::Tensor::<1>::zeros([1], &device).into_data();
        device
    }) {
        Ok(device) => trains_on(device),
        Err(_) => eprintln!("SKIPPED: there is no wgpu adapter on this machine; wgpu was not tested"),
    }
}

#[cfg(feature = "vulkan")]
#[test]
fn vulkan() {
    trains_on(Device::vulkan(burn::tensor::DeviceKind::DefaultDevice));
}

#[cfg(feature = "cuda")]
#[test]
fn cuda() {
    trains_on(Device::cuda(burn::tensor::DeviceIndex::Default));
}
