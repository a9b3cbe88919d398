//! Initial weights that depend on a seed alone, and names of devices.

use std::{
    convert::Infallible,
    sync::{Mutex, PoisonError},
};

use burn::{
    module::{Module, Param},
    tensor::{Device, Tensor},
};
use stairs_noise::walk::{Look, Place, look};

/// A device has one generator for the whole process: nobody may seed it while a model is initialised from it.
static GENERATOR: Mutex<()> = Mutex::new(());

/// Seeds the generator of `device`, for layers that draw from it during training, such as dropout. Runs that train at
/// the same time in one process share the generator; only models without such layers then repeat exactly.
pub(crate) fn seed_device(device: &Device, seed: u64) {
    let _guard = GENERATOR.lock().unwrap_or_else(PoisonError::into_inner);
    device.seed(seed);
}

/// The model that `init` makes, with initial weights that depend on `seed` and `device` alone.
///
/// Burn initialises parameters when they are first used, from a generator that the whole process shares; this seeds the
/// generator and uses every parameter at once. Nothing else in the process may draw from the device meanwhile.
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
    match try_seeded(seed, device, || Ok::<M, Infallible>(init())) {
        Ok(model) => model,
        Err(never) => match never {},
    }
}

/// The same where `init` may fail.
///
/// # Errors
/// What `init` says.
pub fn try_seeded<M: Module, E>(seed: u64, device: &Device, init: impl FnOnce() -> Result<M, E>) -> Result<M, E> {
    let _guard = GENERATOR.lock().unwrap_or_else(PoisonError::into_inner);
    device.seed(seed);
    let model = init()?;
    draw(&model);
    Ok(model)
}

/// Has the parameters drawn that Burn would draw when they are first used.
fn draw<M: Module>(model: &M) {
    struct Touch;
    impl Look for Touch {
        fn float<const D: usize>(&mut self, _place: &Place, param: &Param<Tensor<D>>) {
            let _ = param.base();
        }
    }
    look(model, Touch);
}

/// Name of a device for people: `flex (2 threads)`.
pub fn device_name(device: &Device) -> String {
    let debug = format!("{:?}", device.clone().inner());
    let name = debug.trim_start_matches("Device<").trim_end_matches('>').to_lowercase();
    let kind = name.split('(').next().unwrap_or(&name);
    if kind != "flex" && kind != "ndarray" {
        return name;
    }
    let threads = std::env::var("RAYON_NUM_THREADS").ok().and_then(|threads| threads.parse().ok());
    match threads.or(std::thread::available_parallelism().ok()) {
        Some(threads) => format!("{kind} ({threads} threads)"),
        None => kind.into(),
    }
}

/// The instructions of this processor that the order of sums depends on, for people: `x86_64 avx512f`. Runs repeat bit
/// for bit only where it is the same.
pub fn instruction_set() -> String {
    let best: &[&str] = &[
        #[cfg(target_arch = "x86_64")]
        {
            if std::arch::is_x86_feature_detected!("avx512f") {
                "avx512f"
            } else if std::arch::is_x86_feature_detected!("avx2") && std::arch::is_x86_feature_detected!("fma") {
                "avx2 fma"
            } else if std::arch::is_x86_feature_detected!("avx") {
                "avx"
            } else {
                "sse2"
            }
        },
        #[cfg(target_arch = "aarch64")]
        "neon",
    ];
    [&[std::env::consts::ARCH], best].concat().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_is_for_people() {
        assert!(instruction_set().starts_with(std::env::consts::ARCH));
        let name = device_name(&Device::flex().autodiff());
        assert!(name.starts_with("flex (") && name.ends_with(" threads)"), "{name}");
    }
}
