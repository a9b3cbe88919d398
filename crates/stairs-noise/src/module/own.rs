//! Burn's `Module` under a type of one's own in walks.
//!
//! `derive(Module)` tells a walk that a field belongs to `Struct:Stair`, with the name of the struct and nothing of its crate: a
//! struct of the same name elsewhere looks the same. What [`walk`](crate::walk) has to recognise is implemented here instead, field
//! by field as the derive would, with a name that no derive gives.

/// Implements Burn's module traits for a struct whose type walks see as `$seen`. The named fields are modules, in this order; `skip`
/// names the one that is none.
macro_rules! module_seen_as {
    ($type:ident, $seen:expr, [$($field:ident),+], skip $skip:ident) => {
        impl burn::module::Module for $type {
            fn collect_devices(&self, devices: burn::module::Devices) -> burn::module::Devices {
                $(let devices = burn::module::Module::collect_devices(&self.$field, devices);)+
                devices
            }

            fn fork(self, device: &burn::tensor::Device) -> Self {
                Self { $($field: burn::module::Module::fork(self.$field, device),)+ $skip: self.$skip }
            }

            fn to_device(self, device: &burn::tensor::Device) -> Self {
                Self { $($field: burn::module::Module::to_device(self.$field, device),)+ $skip: self.$skip }
            }

            fn train(self) -> Self {
                Self { $($field: burn::module::Module::train(self.$field),)+ $skip: self.$skip }
            }

            fn valid(&self) -> Self {
                Self { $($field: burn::module::Module::valid(&self.$field),)+ $skip: self.$skip.clone() }
            }

            fn materialize(self) -> Self {
                Self { $($field: burn::module::Module::materialize(self.$field),)+ $skip: self.$skip }
            }

            fn visit<V: burn::module::ModuleVisitor>(&self, visitor: &mut V) {
                $(
                    visitor.enter_module(stringify!($field), $seen);
                    burn::module::Module::visit(&self.$field, visitor);
                    visitor.exit_module(stringify!($field), $seen);
                )+
            }

            fn map<M: burn::module::ModuleMapper>(self, mapper: &mut M) -> Self {
                $(
                    mapper.enter_module(stringify!($field), $seen);
                    let $field = burn::module::Module::map(self.$field, mapper);
                    mapper.exit_module(stringify!($field), $seen);
                )+
                Self { $($field,)+ $skip: self.$skip }
            }
        }

        impl burn::module::ModuleDisplayDefault for $type {
            fn content(&self, content: burn::module::Content) -> Option<burn::module::Content> {
                content
                    .set_top_level_type(stringify!($type))
                    $(.add(stringify!($field), &self.$field))+
                    .add_debug_attribute(stringify!($skip), &self.$skip)
                    .optional()
            }

            fn num_params(&self) -> usize {
                burn::module::Module::num_params(self)
            }
        }

        impl burn::module::ModuleDisplay for $type {}

        impl std::fmt::Display for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&burn::module::ModuleDisplay::format(self, Default::default()))
            }
        }
    };
}

pub(crate) use module_seen_as;
