//! The annealing clock: a count of optimiser steps that is saved with the model.
//!
//! Burn's records hold parameters only, so the count travels as an integer parameter of one element. It lives on the
//! host: reading it never waits for a device.

use burn::{
    module::{
        Content, Devices, Module, ModuleDisplay, ModuleDisplayDefault, ModuleMapper, ModuleVisitor, Param, ParamId,
    },
    tensor::{Device, Int, Tensor},
};

/// Optimiser steps done so far (below 2³¹: records hold 32-bit integers).
#[derive(Clone, Debug)]
pub struct Clock {
    id: ParamId,
    step: u64,
}

impl Clock {
    /// A clock at step 0.
    pub(crate) fn new() -> Self {
        Self { id: ParamId::new(), step: 0 }
    }

    /// Optimiser steps done so far.
    pub fn step(&self) -> u64 {
        self.step
    }

    /// One optimiser step later.
    pub(crate) fn tick(mut self) -> Self {
        self.step += 1;
        self
    }

    fn param(&self) -> Param<Tensor<1, Int>> {
        Param::initialized(self.id, Tensor::from_ints([self.step as i64], &Device::flex()))
    }
}

impl Module for Clock {
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
        visitor.visit_int(&self.param());
    }

    fn map<M: ModuleMapper>(self, mapper: &mut M) -> Self {
        let (id, count, _) = mapper.map_int(self.param()).consume();
        Self { id, step: count.into_scalar::<i64>() as u64 }
    }
}

impl ModuleDisplayDefault for Clock {
    fn content(&self, content: Content) -> Option<Content> {
        content.add_formatted(&format!("step {}", self.step)).optional()
    }
}

impl ModuleDisplay for Clock {}
