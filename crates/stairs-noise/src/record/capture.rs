//! Two recordings of one forward pass, with two and with three samples: what differs between their shapes is the batch axis.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use burn::backend::capture::{CaptureBackend, CaptureScope, CapturedGraph, CompletedCaptureScope, TensorId};
use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::{Device, Tensor};

use super::RecordError;
use crate::module::host::host_device;
use crate::module::walk::{Look, Place, Walk};

thread_local! {
    /// One device a thread: Burn counts 65,536 of them in a process, and one is free again when its recording ends, in whatever way.
    static DEVICE: Device = Device::capture();
}

/// Sizes of the batches.
pub(super) const BATCHES: [usize; 2] = [2, 3];

/// One recording and the names of what it reads.
pub(super) struct Recording {
    pub(super) graph: CapturedGraph,
    /// Paths of parameters by their tensor.
    pub(super) parameters: BTreeMap<TensorId, String>,
    /// Paths of parameters, host cells too, by their identity.
    pub(super) identities: BTreeMap<u64, String>,
}

/// What has a forward pass that can be recorded: every Burn module, and what holds one.
pub trait Recorded {
    /// Shows its parameters, by path.
    fn show<V: ModuleVisitor>(&self, visitor: &mut V);
}

impl<M: Module> Recorded for M {
    fn show<V: ModuleVisitor>(&self, visitor: &mut V) {
        self.visit(visitor);
    }
}

/// Records `forward` on a module that `make` puts on the device, with a batch of this size.
pub(super) fn capture<M: Recorded, E: From<RecordError>, const D: usize, const O: usize>(
    batch: usize,
    sample: &[usize],
    make: &impl Fn(&Device) -> Result<M, E>,
    forward: &impl Fn(&M, Tensor<D>) -> Tensor<O>,
) -> Result<Recording, E> {
    let mut dims = [batch; D];
    if sample.len() + 1 != D {
        return Err(RecordError::Rank { rank: D, expected: D.saturating_sub(1), got: sample.to_vec() }.into());
    }
    dims[1..].copy_from_slice(sample);
    let device = DEVICE.with(Clone::clone);
    let mut names = Walk::new(Names::default());
    let mut failed = None;
    let record = |scope: CaptureScope| -> CompletedCaptureScope {
        let module = match make(&device) {
            Ok(module) => module,
            Err(error) => {
                failed = Some(error);
                return scope.complete([], []);
            }
        };
        module.show(&mut names);
        // What comes from outside the device is an input of the graph.
        let x = Tensor::<D>::zeros(dims, &host_device()).to_device(&device);
        let y = forward(&module, x.clone());
        match (id(&x), id(&y)) {
            (Some(x), Some(y)) => scope.complete([x], [y]),
            _ => {
                let reason = "the result of `forward` is not on the device of its input".to_owned();
                failed = Some(RecordError::Stopped(reason).into());
                scope.complete([], [])
            }
        }
    };
    let captured = catch_unwind(AssertUnwindSafe(|| device.capture_scope(record)));
    if let Some(error) = failed {
        return Err(error);
    }
    let graph =
        captured.map_err(|panic| RecordError::Stopped(message(panic.as_ref())))?.map_err(RecordError::Capture)?;
    let Names { parameters, identities } = names.who;
    Ok(Recording { graph, parameters, identities })
}

fn id<const D: usize>(tensor: &Tensor<D>) -> Option<TensorId> {
    tensor.clone().try_into_primitive::<CaptureBackend>().ok().map(|tensor| tensor.id())
}

fn message(panic: &(dyn std::any::Any + Send)) -> String {
    let text =
        panic.downcast_ref::<&str>().map(ToString::to_string).or_else(|| panic.downcast_ref::<String>().cloned());
    text.unwrap_or_else(|| "for an unknown reason".to_owned())
}

/// Paths of parameters.
#[derive(Default)]
struct Names {
    parameters: BTreeMap<TensorId, String>,
    identities: BTreeMap<u64, String>,
}

impl Look for Names {
    fn float<const D: usize>(&mut self, place: &Place, param: &Param<Tensor<D>>) {
        self.identities.entry(param.id.val()).or_insert_with(|| place.path().to_owned());
        // Host values of quantisers are shown on a processor: they are in no graph.
        if let Some(id) = id(&param.base()) {
            self.parameters.entry(id).or_insert_with(|| place.path().to_owned());
        }
    }
}
