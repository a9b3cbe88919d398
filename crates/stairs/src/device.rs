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
//! | `cuda` | `cuda` | an NVIDIA GPU through CUDA |

use std::{fmt, panic, str::FromStr};

use burn::tensor::{Device, Tensor};
use thiserror::Error;

/// A kind of device, by name.
///
/// ```
/// use stairs::device::DeviceName;
/// assert_eq!(DeviceName::default(), DeviceName::Flex);
/// let device = "flex".parse::<DeviceName>().unwrap().open().unwrap();
/// assert!("abacus".parse::<DeviceName>().is_err());
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
    /// An NVIDIA GPU through CUDA.
    Cuda,
}

/// A device that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum DeviceError {
    /// No device has this name.
    #[error("unknown device `{0}`: expected flex, ndarray, wgpu, vulkan or cuda")]
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
    /// The machine does not have so many of this device.
    #[error("{asked} devices were asked for, and `{device}` has {found} here")]
    TooFew {
        /// The device.
        device: DeviceName,
        /// How many were asked for, at least 1 being possible.
        asked: usize,
        /// How many there are.
        found: usize,
    },
}

impl DeviceName {
    /// All devices, the default first.
    pub const ALL: [DeviceName; 5] =
        [DeviceName::Flex, DeviceName::NdArray, DeviceName::Wgpu, DeviceName::Vulkan, DeviceName::Cuda];

    /// The name, which is also the cargo feature that compiles it in.
    pub fn name(self) -> &'static str {
        match self {
            DeviceName::Flex => "flex",
            DeviceName::NdArray => "ndarray",
            DeviceName::Wgpu => "wgpu",
            DeviceName::Vulkan => "vulkan",
            DeviceName::Cuda => "cuda",
        }
    }

    /// What the device is, for people.
    pub fn about(self) -> &'static str {
        match self {
            DeviceName::Flex => "this machine's processor",
            DeviceName::NdArray => "the processor through burn-ndarray",
            DeviceName::Wgpu => "a GPU through wgpu",
            DeviceName::Vulkan => "a GPU through wgpu, SPIR-V shaders",
            DeviceName::Cuda => "an NVIDIA GPU through CUDA",
        }
    }

    /// True if the program was built with this device.
    pub fn is_compiled(self) -> bool {
        match self {
            DeviceName::Flex => true,
            DeviceName::NdArray => cfg!(feature = "ndarray"),
            DeviceName::Wgpu => cfg!(feature = "wgpu"),
            DeviceName::Vulkan => cfg!(feature = "vulkan"),
            DeviceName::Cuda => cfg!(feature = "cuda"),
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

    /// The first `count` devices of this kind. The processor is one device to Burn, whatever its cores: its backends
    /// divide an operation among threads by themselves.
    ///
    /// # Errors
    /// As [`open`](Self::open); [`DeviceError::TooFew`] for no device and for more than there are.
    pub fn open_several(self, count: usize) -> Result<Vec<Device>, DeviceError> {
        let first = self.open()?;
        if count == 1 {
            return Ok(vec![first]);
        }
        let mut devices = self.enumerate();
        if devices.is_empty() {
            devices.push(first);
        }
        if count == 0 || count > devices.len() {
            return Err(DeviceError::TooFew { device: self, asked: count, found: devices.len() });
        }
        devices.truncate(count);
        Ok(devices)
    }

    /// All devices of this kind that Burn can count.
    fn enumerate(self) -> Vec<Device> {
        match self {
            #[cfg(feature = "wgpu")]
            DeviceName::Wgpu => Device::enumerate(burn::tensor::DeviceType::Wgpu).iter().cloned().collect(),
            #[cfg(feature = "vulkan")]
            DeviceName::Vulkan => Device::enumerate(burn::tensor::DeviceType::Vulkan).iter().cloned().collect(),
            _ => Vec::new(),
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
            #[cfg(feature = "cuda")]
            DeviceName::Cuda => Device::cuda(burn::tensor::DeviceIndex::Default),
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
        let error = "abacus".parse::<DeviceName>().unwrap_err();
        assert_eq!(error.to_string(), "unknown device `abacus`: expected flex, ndarray, wgpu, vulkan or cuda");
    }

    #[test]
    fn flex_answers() {
        assert!(DeviceName::Flex.open().is_ok());
    }

    #[test]
    fn the_processor_is_one_device() {
        assert_eq!(DeviceName::Flex.open_several(1).unwrap().len(), 1);
        for asked in [0, 2] {
            let error = DeviceName::Flex.open_several(asked).unwrap_err();
            assert_eq!(error, DeviceError::TooFew { device: DeviceName::Flex, asked, found: 1 });
        }
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
