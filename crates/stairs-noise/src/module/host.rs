//! A few host numbers that Burn sees as a parameter.
//!
//! Burn's records, mappers and visitors know tensors only; a plain field is neither saved nor reachable by path. A
//! [`HostCell`] keeps its value on the host, where a forward pass reads it without waiting for a device, and shows it to
//! Burn as a small f32 tensor on the CPU when somebody visits or maps. It takes no gradient, and moving a model between
//! devices leaves it alone.

use burn::module::{
    Content, Devices, Module, ModuleDisplay, ModuleDisplayDefault, ModuleMapper, ModuleVisitor, Param, ParamId,
};
use burn::tensor::{Device, Tensor, TensorData};

use super::walk::UNREADABLE;

/// A value that can be written as a fixed number of f32s and read back.
pub trait HostValue: Clone + Send + Sync + std::fmt::Debug {
    /// The value as numbers; the length is the same for all values of the type.
    fn encode(&self) -> Vec<f32>;
    /// The value of such numbers; `self` supplies what the numbers cannot hold. Nonsense gives `None`.
    fn decode(&self, numbers: &[f32]) -> Option<Self>;
    /// One line for Burn's module display.
    fn describe(&self) -> String;
}

/// A host value with an identity in the module tree.
#[derive(Clone, Debug)]
pub struct HostCell<T> {
    id: ParamId,
    value: T,
    /// Numbers that a record or mapper put here and that are no value. They are shown instead of the value until others replace
    /// them, so that they are neither lost nor taken for something else.
    unreadable: Option<Vec<f32>>,
}

impl<T: HostValue> HostCell<T> {
    /// A cell with this value and an identity of its own.
    pub fn new(value: T) -> Self {
        // Through the codec once, so that a value is the same before and after a record.
        let value = value.decode(&value.encode()).unwrap_or(value);
        Self { id: ParamId::new(), value, unreadable: None }
    }

    /// The value; the last one that could be read, if the numbers that a record or mapper put here cannot:
    /// [`check_hosts`](crate::check_hosts) tells.
    pub fn get(&self) -> &T {
        &self.value
    }

    /// The identity Burn knows the cell by.
    pub fn id(&self) -> ParamId {
        self.id
    }

    /// The same cell, in records and mappings, with what `change` makes of its value.
    #[must_use]
    pub fn map_value(mut self, change: impl FnOnce(&T) -> T) -> Self {
        self.value = change(&self.value);
        self.unreadable = None;
        self
    }

    fn param(&self) -> Param<Tensor<1>> {
        let numbers = self.unreadable.clone().unwrap_or_else(|| self.value.encode());
        let data = TensorData::new(numbers.clone(), [numbers.len()]);
        Param::initialized(self.id, Tensor::from_data(data, &host_device()))
    }
}

/// The CPU device cells are shown on: Flex where it is compiled in.
pub(crate) fn host_device() -> Device {
    #[cfg(feature = "flex")]
    {
        Device::flex()
    }
    #[cfg(not(feature = "flex"))]
    {
        Device::default()
    }
}

impl<T: HostValue> Module for HostCell<T> {
    fn collect_devices(&self, devices: Devices) -> Devices {
        devices
    }

    fn fork(self, _device: &Device) -> Self {
        self
    }

    fn to_device(self, _device: &Device) -> Self {
        self
    }

    fn train(self) -> Self {
        self
    }

    fn valid(&self) -> Self {
        self.clone()
    }

    fn materialize(self) -> Self {
        self
    }

    fn visit<V: ModuleVisitor>(&self, visitor: &mut V) {
        if self.unreadable.is_some() {
            // All that a module can tell a walk besides its parameters: a field without any.
            visitor.enter_module("unreadable", UNREADABLE);
            visitor.exit_module("unreadable", UNREADABLE);
        }
        visitor.visit_float(&self.param());
    }

    fn map<M: ModuleMapper>(self, mapper: &mut M) -> Self {
        let (id, tensor, _) = mapper.map_float(self.param()).consume();
        let numbers = tensor.into_data().try_into_vec_as::<f32>().unwrap_or_default();
        match self.value.decode(&numbers) {
            Some(value) => Self { id, value, unreadable: None },
            None => Self { id, value: self.value, unreadable: Some(numbers) },
        }
    }
}

impl<T: HostValue> ModuleDisplayDefault for HostCell<T> {
    fn content(&self, content: Content) -> Option<Content> {
        content.add_formatted(&self.value.describe()).optional()
    }
}

impl<T: HostValue> ModuleDisplay for HostCell<T> {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SettingError;
    use crate::module::apply::{check_hosts, set_settings};
    use crate::module::walk::{Change, Place, change, values};
    use crate::{Law, Laws, Noise, Quantiser, Setting, StairActivationConfig};

    /// Puts numbers into the scales of quantisers.
    struct Put([f32; 2]);

    impl Change for Put {
        fn float<const D: usize>(&mut self, place: &Place, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
            match place.scaled() {
                Some(_) => {
                    param.map(|old| Tensor::from_data(TensorData::new(self.0.to_vec(), old.dims()), &old.device()))
                }
                None => param,
            }
        }
    }

    #[test]
    fn numbers_that_are_no_value_are_kept_and_told_until_others_replace_them() {
        let stair = StairActivationConfig::new(Quantiser::Ternary).init(&host_device()).unwrap();
        let (bad, _) = change(stair, Put([0.0, 2.0]));
        let expected = SettingError::Unreadable { path: "scales.Fixed".into(), numbers: vec![0.0, 2.0] };
        assert_eq!(check_hosts(&bad), Err(expected.clone()));
        // A record of it has the same numbers, and copies tell it too.
        assert_eq!(values(&bad)[1].1, [0.0, 2.0]);
        assert_eq!(check_hosts(&bad.valid().fork(&host_device())), Err(expected.clone()));
        assert_eq!(set_settings(bad.clone(), |_| None).map(|_| ()), Err(expected));
        let (good, _) = change(bad, Put([0.5, 2.0]));
        assert_eq!(check_hosts(&good), Ok(()));
        assert_eq!(good.scales().map(|scales| (scales.quantum(), scales.output())), Some((0.5, 2.0)));
    }

    #[test]
    fn a_law_that_single_precision_cannot_hold_is_refused() {
        let stair = StairActivationConfig::new(Quantiser::Ternary).init(&host_device()).unwrap();
        let set = |scale| {
            let laws = Laws::same(Law::new(Noise::Normal, 0.0, scale).unwrap());
            set_settings(stair.clone(), |_| Some(Setting::new(laws.clone())))
        };
        assert!(set(1e30).is_ok());
        let error = set(1e39).unwrap_err();
        assert!(matches!(&error, SettingError::Unreadable { path, .. } if path == "setting"), "{error}");
    }
}
