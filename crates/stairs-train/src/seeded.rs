//! Initial weights that depend on a seed alone, and names of devices.

use std::sync::{Mutex, PoisonError};

use burn::{
    module::{Module, ModuleVisitor, Param},
    tensor::{Device, Tensor},
};

/// Devices have one generator for the whole process: only one model is initialised at a time.
static INITIALISING: Mutex<()> = Mutex::new(());

/// The model that `init` makes, with initial weights that depend on `seed` and `device` alone.
///
/// Burn initialises parameters when they are first used, from a generator that the whole process shares; this seeds the
/// generator and uses every parameter at once.
///
/// ```
/// use burn::{nn::LinearConfig, tensor::Device};
/// use stairs_train::seeded;
/// let device = Device::flex();
/// let weights = |seed| seeded(seed, &device, || LinearConfig::new(3, 2).init(&device)).weight.val().into_data();
/// assert_eq!(weights(1), weights(1));
/// assert_ne!(weights(1), weights(2));
/// ```
pub fn seeded<M: Module>(seed: u64, device: &Device, init: impl FnOnce() -> M) -> M {
    struct Touch;
    impl ModuleVisitor for Touch {
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            let _ = param.base();
        }
    }

    let _guard = INITIALISING.lock().unwrap_or_else(PoisonError::into_inner);
    device.seed(seed);
    let model = init();
    model.visit(&mut Touch);
    model
}

/// Name of a device for people: `flex (2 threads)`.
pub fn device_name(device: &Device) -> String {
    let debug = format!("{:?}", device.clone().inner());
    let name = debug.trim_start_matches("Device<").trim_end_matches('>').to_lowercase();
    match std::thread::available_parallelism() {
        Ok(threads) if name.starts_with("flex") || name.starts_with("ndarray") => {
            let threads = std::env::var("RAYON_NUM_THREADS").unwrap_or_else(|_| threads.to_string());
            format!("{name} ({threads} threads)")
        }
        _ => name,
    }
}
