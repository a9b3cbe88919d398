//! The devices the backend tests run on: every backend compiled in, and the golden file.
#![allow(dead_code, deprecated, missing_docs, unused_mut)]

use burn::tensor::Device;

/// Every compiled backend by name. A wgpu build without any graphics adapter fails loudly: install a software Vulkan
/// device (Debian: `mesa-vulkan-drivers`) or test without the feature.
pub(crate) fn devices() -> Vec<(&'static str, Device)> {
    #[cfg(feature = "flex")]
    let mut devices = vec![("flex", Device::flex())];
    #[cfg(not(feature = "flex"))]
    let mut devices = Vec::new();
    #[cfg(feature = "ndarray")]
    devices.push(("ndarray", Device::ndarray()));
    #[cfg(feature = "wgpu")]
    {
        let device = Device::wgpu(burn::tensor::DeviceKind::DefaultDevice);
        let probe = std::panic::catch_unwind(|| {
            burn::tensor::Tensor::<1>::from_floats([1.0], &Device::wgpu(burn::tensor::DeviceKind::DefaultDevice))
                .into_data()
        });
        assert!(
            probe.is_ok(),
            "\n\n*** the wgpu backend is compiled in but no graphics adapter answers: install a software Vulkan device \
             (Debian: mesa-vulkan-drivers) ***\n"
        );
        devices.push(("wgpu", device));
    }
    // A missing driver or GPU fails loudly, in the first test that uses it.
    #[cfg(feature = "vulkan")]
    devices.push(("vulkan", Device::vulkan(burn::tensor::DeviceKind::DefaultDevice)));
    #[cfg(feature = "cuda")]
    devices.push(("cuda", Device::cuda(burn::tensor::DeviceIndex::Default)));
    devices
}

/// Largest |a − b| of two lists of the same length.
pub(crate) fn max_difference(a: &[f32], b: &[f64]) -> f64 {
    assert_eq!(a.len(), b.len());
    a.iter().zip(b).map(|(a, b)| (f64::from(*a) - b).abs()).fold(0.0, f64::max)
}

pub(crate) mod golden {
    use serde::Deserialize;

    #[derive(Deserialize)]
    pub(crate) struct File {
        pub(crate) cases: Vec<Case>,
    }

    #[derive(Deserialize)]
    pub(crate) struct Case {
        pub(crate) quantizer: String,
        pub(crate) levels: Vec<f64>,
        pub(crate) thresholds: Vec<f64>,
        pub(crate) noise: String,
        pub(crate) mean: f64,
        pub(crate) scale: f64,
        pub(crate) x: Vec<f64>,
        pub(crate) upstream: Vec<f64>,
        pub(crate) expectation: Vec<f64>,
        pub(crate) mode: Vec<f64>,
        pub(crate) hard: Vec<f64>,
        pub(crate) grad: Vec<f64>,
    }

    /// The committed golden file, or the one of the same name in `$STAIRS_GOLDEN`.
    pub(crate) fn cases() -> Vec<Case> {
        let folder = std::env::var_os("STAIRS_GOLDEN").map_or_else(
            || concat!(env!("CARGO_MANIFEST_DIR"), "/../stairs-laws/tests/golden").into(),
            std::path::PathBuf::from,
        );
        let path = folder.join("regularised_stair.json");
        let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        let file: File = serde_json::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        assert_eq!(file.cases.len(), 84, "{}", path.display());
        file.cases
    }
}
