//! How an engine is made.

use super::level::Level;

/// Options of an [`Engine`](crate::Engine).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    pub(crate) level: Option<Level>,
    pub(crate) threads: usize,
    pub(crate) batch: usize,
    pub(crate) memory: usize,
    pub(crate) keeps: bool,
}

impl Default for Options {
    /// The best kernels of this processor, one thread, four samples at once, at most 4 GiB.
    fn default() -> Self {
        let memory = usize::try_from(1u64 << 32).unwrap_or(usize::MAX);
        Self { level: None, threads: 1, batch: 4, memory, keeps: false }
    }
}

impl Options {
    /// Kernels no better than this.
    #[must_use]
    pub fn with_level(self, level: Level) -> Self {
        Self { level: Some(level), ..self }
    }

    /// Most threads, at least one; without the feature `std` there is one whatever is asked for, and no more start than are worth it.
    /// Any number gives the same results.
    #[must_use]
    pub fn with_threads(self, threads: usize) -> Self {
        Self { threads: threads.max(1), ..self }
    }

    /// Samples that a thread computes at once, at least one: more of them read the weights of dense layers less often, and need more
    /// memory.
    #[must_use]
    pub fn with_batch(self, batch: usize) -> Self {
        Self { batch: batch.max(1), ..self }
    }

    /// Most bytes that the results of a thread may need.
    #[must_use]
    pub fn with_memory(self, bytes: usize) -> Self {
        Self { memory: bytes, ..self }
    }

    /// Whether the result of every node is stored and kept, so that [`trace`](crate::Engine::trace) has them all; otherwise sums are
    /// taken up by what comes behind.
    #[must_use]
    pub fn with_all_results(self, all: bool) -> Self {
        Self { keeps: all, ..self }
    }
}
