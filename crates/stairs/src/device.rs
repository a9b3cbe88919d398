//! Devices by name, as `--device` takes them.
//!
//! The default is Flex whatever is compiled in (Burn's own default changes with its features). A device is chosen when
//! the program runs; which ones there are is decided when it is built, by cargo features:
//!
//! | name | feature | what it is |
//! |---|---|---|
//! | `flex` | `flex` (default) | this machine's processor |
//! | `ndarray` | `ndarray` | the processor through `burn-ndarray`, for comparison |
//! | `wgpu` | `wgpu` | a GPU through wgpu and its shading language |
//! | `vulkan` | `vulkan` | a GPU through wgpu and SPIR-V |

use std::{fmt, panic, str::FromStr};

use burn::tensor::{Device, Tensor};
use thiserror::Error;

/// A kind of device, by name.
///
/// ```
/// use stairs::device::DeviceName;
/// assert_eq!(DeviceName::default(), DeviceName::Flex);
/// let device = "flex".parse::<DeviceName>().unwrap().open().unwrap();
/// assert!("cuda".parse::<DeviceName>().is_err());
/// # let _ = device;
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DeviceName {
    /// This machine's processor.
    #[default]
    Flex,
    /// The processor through `burn-ndarray`.
    NdArray,
    /// A GPU through wgpu.
    Wgpu,
    /// A GPU through wgpu with SPIR-V shaders.
    Vulkan,
}

/// A device that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum DeviceError {
    /// No device has this name.
    #[error("unknown device `{0}`: expected flex, ndarray, wgpu or vulkan")]
    Unknown(String),
    /// The program was built without this device.
    #[error("device `{0}` is not part of this program: build it with `--features {0}`")]
    NotCompiled(DeviceName),
    /// The program has the device, the machine has not, or it does not work.
    #[error("device `{device}` does not answer: {reason}; is there a GPU with a driver? `--device flex` always works")]
    NoAnswer {
        /// The device.
        device: DeviceName,
        /// What it said when it was tried.
        reason: String,
    },
}

impl DeviceName {
    /// All devices, the default first.
    pub const ALL: [DeviceName; 4] = [DeviceName::Flex, DeviceName::NdArray, DeviceName::Wgpu, DeviceName::Vulkan];

    /// The name, which is also the cargo feature that compiles it in.
    pub fn name(self) -> &'static str {
        match self {
            DeviceName::Flex => "flex",
            DeviceName::NdArray => "ndarray",
            DeviceName::Wgpu => "wgpu",
            DeviceName::Vulkan => "vulkan",
        }
    }

    /// What the device is, for people.
    pub fn about(self) -> &'static str {
        match self {
            DeviceName::Flex => "this machine's processor",
            DeviceName::NdArray => "the processor through burn-ndarray",
            DeviceName::Wgpu => "a GPU through wgpu",
            DeviceName::Vulkan => "a GPU through wgpu, SPIR-V shaders",
        }
    }

    /// True if the program was built with this device.
    pub fn is_compiled(self) -> bool {
        match self {
            DeviceName::Flex => true,
            DeviceName::NdArray => cfg!(feature = "ndarray"),
            DeviceName::Wgpu => cfg!(feature = "wgpu"),
            DeviceName::Vulkan => cfg!(feature = "vulkan"),
        }
    }

    /// The device, after it has added two numbers.
    ///
    /// Drivers that are missing make Burn panic. The trial catches that and, while it lasts, silences the process's
    /// panic hook: do not call it while other threads may panic.
    ///
    /// # Errors
    /// [`DeviceError::NotCompiled`] or [`DeviceError::NoAnswer`].
    pub fn open(self) -> Result<Device, DeviceError> {
        if !self.is_compiled() {
            return Err(DeviceError::NotCompiled(self));
        }
        let hook = panic::take_hook();
        panic::set_hook(Box::new(|_| {}));
        let tried = panic::catch_unwind(|| {
            let device = self.device();
            let sum = Tensor::<1>::from_floats([1.0, 2.0], &device).sum().into_data();
            (device, sum.try_to_vec::<f32>().ok())
        });
        panic::set_hook(hook);
        let no_answer = |reason: String| DeviceError::NoAnswer { device: self, reason };
        match tried {
            Ok((device, Some(sum))) if sum == [3.0] => Ok(device),
            Ok((_, sum)) => Err(no_answer(format!("it computes 1 + 2 = {sum:?}"))),
            Err(panic) => {
                let text = panic.downcast_ref::<String>().map(String::as_str).or(panic.downcast_ref::<&str>().copied());
                Err(no_answer(text.unwrap_or("it failed without a reason").lines().next().unwrap_or("").to_string()))
            }
        }
    }

    #[allow(deprecated)] // Burn deprecates NdArray; it is here for comparison.
    fn device(self) -> Device {
        match self {
            #[cfg(feature = "ndarray")]
            DeviceName::NdArray => Device::ndarray(),
            #[cfg(feature = "wgpu")]
            DeviceName::Wgpu => Device::wgpu(burn::tensor::DeviceKind::DefaultDevice),
            #[cfg(feature = "vulkan")]
            DeviceName::Vulkan => Device::vulkan(burn::tensor::DeviceKind::DefaultDevice),
            _ => Device::flex(),
        }
    }
}

impl fmt::Display for DeviceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for DeviceName {
    type Err = DeviceError;

    fn from_str(name: &str) -> Result<Self, DeviceError> {
        DeviceName::ALL.into_iter().find(|d| d.name() == name).ok_or_else(|| DeviceError::Unknown(name.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_round_trip() {
        for device in DeviceName::ALL {
            assert_eq!(device.name().parse(), Ok(device));
        }
        let error = "cuda".parse::<DeviceName>().unwrap_err();
        assert_eq!(error.to_string(), "unknown device `cuda`: expected flex, ndarray, wgpu or vulkan");
    }

    #[test]
    fn flex_answers() {
        assert!(DeviceName::Flex.open().is_ok());
    }

    #[test]
    fn a_device_that_is_not_compiled_names_its_feature() {
        for device in DeviceName::ALL.into_iter().filter(|device| !device.is_compiled()) {
            let error = device.open().unwrap_err();
            assert_eq!(error, DeviceError::NotCompiled(device));
            assert!(error.to_string().contains(&format!("--features {}", device.name())));
        }
    }
}
