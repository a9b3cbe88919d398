//! Where the three records of a checkpoint meet: burn-train saves them from three threads, one directory comes out.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use burn::{
    tensor::Bytes,
    train::checkpoint::{Checkpoint as Record, Checkpointer, CheckpointerError},
};

use super::{Manifest, PARTS, Store};
use crate::TrainError;

/// Writes `best.bpk` from the bytes of a model record.
pub(crate) type SaveBest = Box<dyn FnMut(Bytes) -> Result<(), TrainError> + Send>;

/// Collects the parts of checkpoints and commits each when it is complete.
pub(crate) struct Assembly {
    state: Mutex<State>,
}

struct State {
    store: Store,
    save_best: SaveBest,
    /// Manifests whose parts are still arriving, by the epoch burn-train is at.
    announced: BTreeMap<usize, Manifest>,
    arrived: BTreeMap<usize, BTreeMap<&'static str, Bytes>>,
    restored: BTreeMap<&'static str, Vec<u8>>,
    error: Option<TrainError>,
}

impl Assembly {
    /// Commits to `store`; `restored` are the parts of the checkpoint the run goes on from.
    pub(crate) fn new(store: Store, restored: BTreeMap<&'static str, Vec<u8>>, save_best: SaveBest) -> Arc<Self> {
        let state =
            State { store, save_best, announced: BTreeMap::new(), arrived: BTreeMap::new(), restored, error: None };
        Arc::new(Self { state: Mutex::new(state) })
    }

    /// The records of `epoch`, which may have been stopped before its end, are about to be saved.
    pub(crate) fn announce(&self, epoch: usize, manifest: Manifest) {
        self.lock().announced.insert(epoch, manifest);
    }

    /// The first error of a commit.
    pub(crate) fn take_error(&self) -> Option<TrainError> {
        self.lock().error.take()
    }

    fn add(&self, epoch: usize, part: &'static str, bytes: Bytes) -> Result<(), CheckpointerError> {
        let mut state = self.lock();
        let parts = state.arrived.entry(epoch).or_default();
        parts.insert(part, bytes);
        if parts.len() < PARTS.len() {
            return Ok(());
        }
        let Some(manifest) = state.announced.remove(&epoch) else {
            return Err(CheckpointerError::Unknown(format!("epoch {epoch} was not announced")));
        };
        let parts = state.arrived.remove(&epoch).unwrap_or_default();
        state.commit(manifest, parts).map_err(|error| {
            let message = error.to_string();
            state.error.get_or_insert(error);
            CheckpointerError::Unknown(message)
        })
    }

    fn take(&self, part: &'static str) -> Result<Bytes, CheckpointerError> {
        let bytes = self.lock().restored.remove(part);
        bytes.map(Bytes::from_bytes_vec).ok_or_else(|| CheckpointerError::Unknown(format!("no `{part}` to restore")))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// The best model first: if a kill comes between, the resumed run repeats the epoch and writes the same file again.
    fn commit(&mut self, manifest: Manifest, parts: BTreeMap<&'static str, Bytes>) -> Result<(), TrainError> {
        if manifest.partial.is_none() && manifest.best_epoch == manifest.epoch {
            (self.save_best)(parts["model"].clone())?;
        }
        self.store.save(manifest, &parts)
    }
}

/// One of the three checkpointers burn-train asks for.
pub(crate) struct Part {
    name: &'static str,
    assembly: Arc<Assembly>,
}

impl Part {
    /// The checkpointers of model, optimiser and learning-rate schedule.
    pub(crate) fn all(assembly: &Arc<Assembly>) -> [Part; 3] {
        PARTS.map(|name| Part { name, assembly: assembly.clone() })
    }
}

impl<R: Record> Checkpointer<R> for Part {
    fn save(&self, epoch: usize, record: R) -> Result<(), CheckpointerError> {
        let bytes = record.checkpoint_into_bytes().map_err(CheckpointerError::Record)?;
        self.assembly.add(epoch, self.name, bytes)
    }

    fn delete(&self, _epoch: usize) -> Result<(), CheckpointerError> {
        Ok(())
    }

    fn restore(&self, _epoch: usize) -> Result<R, CheckpointerError> {
        R::checkpoint_from_bytes(self.assembly.take(self.name)?).map_err(CheckpointerError::Record)
    }
}
