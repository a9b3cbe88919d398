//! Batches on the host, made ahead of whoever takes them.
//!
//! One thread makes the batches in order, at most [`AHEAD`] before they are wanted. Where samples take long to make, such
//! as files that are decoded, the samples of a batch are shared out to several threads. Which thread makes a sample has
//! no influence on it, so batches do not depend on the number of threads.

use std::{
    ops::Range,
    panic::resume_unwind,
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{Receiver, sync_channel},
    },
    thread::{self, JoinHandle},
};

use super::{SampleError, Samples, batches};
use crate::TrainError;

/// Batches made ahead of the device: two are enough to hide the host's work.
const AHEAD: usize = 2;

/// A batch before it goes to a device.
#[derive(Clone, Debug, PartialEq)]
pub struct HostBatch {
    /// Samples, one after the other.
    pub values: Vec<f32>,
    /// Their classes.
    pub labels: Vec<i64>,
    /// Values that are to be predicted for them, one sample after the other; none for classes alone.
    pub targets: Vec<f32>,
    /// Samples of the optimiser step the batch is a part of; at least its own.
    pub of_step: usize,
}

/// Which samples, in which order, changed how.
#[derive(Clone)]
pub struct Pass {
    /// The samples.
    pub samples: Arc<dyn Samples>,
    /// Their numbers, in the order of the pass.
    pub order: Vec<usize>,
    /// Samples a batch, at least 1; batches differ in size by at most one.
    pub batch: usize,
    /// Seed and epoch of the augmentation; `None` for none.
    pub augment: Option<(u64, usize)>,
    /// Threads, at least 1.
    pub threads: usize,
}

/// Threads that make the samples of a batch: all processors where that is worth it, else one.
pub(crate) fn threads(samples: &dyn Samples) -> usize {
    if samples.is_expensive() { thread::available_parallelism().map_or(1, usize::from) } else { 1 }
}

/// The batches of one pass; after an error there are no more.
pub struct HostBatches {
    receiver: Receiver<Result<HostBatch, TrainError>>,
    maker: Option<JoinHandle<()>>,
}

impl Pass {
    /// Starts making the batches. Where the iterator is dropped early, no more are made.
    pub fn start(self) -> HostBatches {
        let parts = batches(self.order.len(), self.batch).map(|part| (part.len(), part)).collect();
        self.start_parts(parts)
    }

    /// Starts making these parts of the order instead, each with the number of samples of its step.
    pub(crate) fn start_parts(self, parts: Vec<(usize, Range<usize>)>) -> HostBatches {
        let (sender, receiver) = sync_channel(AHEAD);
        let maker = thread::spawn(move || {
            for (of_step, part) in parts {
                let made = self.make(part, of_step);
                let failed = made.is_err();
                // The receiver is gone when the iterator was dropped early.
                if sender.send(made).is_err() || failed {
                    return;
                }
            }
        });
        HostBatches { receiver, maker: Some(maker) }
    }

    fn make(&self, part: Range<usize>, of_step: usize) -> Result<HostBatch, TrainError> {
        let size: usize = self.samples.shape().iter().product();
        let (count, wanted) = (part.len(), self.samples.targets());
        let targets = self.targets(&self.order[part.clone()], wanted)?;
        let mut batch = HostBatch { values: vec![0.0; count * size], labels: vec![0; count], targets, of_step };
        let threads = self.threads.clamp(1, part.len().max(1));
        let outputs = batch.values.chunks_exact_mut(size).zip(&mut batch.labels);
        let jobs = Jobs { left: Mutex::new(self.order[part].iter().copied().zip(outputs)), fault: Mutex::new(None) };
        let work = || {
            while let Some((i, (out, label))) = jobs.next() {
                match self.sample(i, out) {
                    Ok(class) => *label = class as i64,
                    Err(error) => jobs.fail(i, error),
                }
            }
        };
        let panicked = if threads == 1 {
            work();
            None
        } else {
            thread::scope(|scope| {
                let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
                workers.into_iter().filter_map(|worker| worker.join().err()).next()
            })
        };
        if let Some(panic) = panicked {
            resume_unwind(panic);
        }
        match jobs.fault.into_inner().unwrap_or_else(PoisonError::into_inner) {
            Some((index, source)) => Err(TrainError::Sample { index, source }),
            None => Ok(batch),
        }
    }

    /// What is to be predicted for these samples.
    fn targets(&self, samples: &[usize], wanted: usize) -> Result<Vec<f32>, TrainError> {
        let mut targets = vec![0.0; samples.len() * wanted];
        if wanted > 0 {
            for (&index, out) in samples.iter().zip(targets.chunks_exact_mut(wanted)) {
                self.samples.copy_targets(index, out).map_err(|source| TrainError::Sample { index, source })?;
            }
        }
        Ok(targets)
    }

    fn sample(&self, i: usize, out: &mut [f32]) -> Result<usize, SampleError> {
        match self.augment {
            Some((seed, epoch)) => self.samples.copy_augmented(i, seed, epoch, out),
            None => self.samples.copy(i, out),
        }
    }
}

/// The samples of a batch that no thread has taken yet, and the first that failed.
struct Jobs<I> {
    left: Mutex<I>,
    fault: Mutex<Option<(usize, SampleError)>>,
}

impl<I: Iterator> Jobs<I> {
    /// The next one; none after a failure.
    fn next(&self) -> Option<I::Item> {
        if self.fault.lock().unwrap_or_else(PoisonError::into_inner).is_some() {
            return None;
        }
        self.left.lock().unwrap_or_else(PoisonError::into_inner).next()
    }

    /// Keeps the first failure.
    fn fail(&self, i: usize, error: SampleError) {
        self.fault.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert((i, error));
    }
}

impl Iterator for HostBatches {
    type Item = Result<HostBatch, TrainError>;

    fn next(&mut self) -> Option<Self::Item> {
        match self.receiver.recv() {
            Ok(batch) => Some(batch),
            // The maker has ended; a panic in the samples is let through.
            Err(_) => match self.maker.take().map(JoinHandle::join) {
                Some(Err(panic)) => resume_unwind(panic),
                _ => None,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sample i is the number i, its class i mod 3; 13 cannot be made.
    struct Numbers;

    impl Samples for Numbers {
        fn shape(&self) -> [usize; 3] {
            [1, 1, 2]
        }

        fn len(&self) -> usize {
            40
        }

        fn copy(&self, i: usize, out: &mut [f32]) -> Result<usize, SampleError> {
            if i == 13 || i == 14 {
                return Err(format!("no number {i}").into());
            }
            assert!(i != 39, "sample 39 is broken");
            out.fill(i as f32);
            Ok(i % 3)
        }
    }

    fn pass(order: Vec<usize>, threads: usize) -> Pass {
        Pass { samples: Arc::new(Numbers), order, batch: 8, augment: None, threads }
    }

    #[test]
    fn batches_do_not_depend_on_the_number_of_threads() {
        let order: Vec<_> = (15..39).rev().collect();
        let one: Vec<_> = pass(order.clone(), 1).start().map(Result::unwrap).collect();
        assert_eq!(one[0].labels, [2, 1, 0, 2, 1, 0, 2, 1]);
        assert_eq!(one.len(), 3);
        for threads in [2, 3, 100] {
            let more: Vec<_> = pass(order.clone(), threads).start().map(Result::unwrap).collect();
            assert_eq!(one, more);
        }
    }

    #[test]
    fn a_failure_is_named_and_ends_the_pass() {
        for threads in [1, 4] {
            let all: Vec<_> = pass((0..30).collect(), threads).start().collect();
            assert_eq!(all.len(), 2, "the batch before it, and the failure");
            let error = all[1].as_ref().unwrap_err().to_string();
            assert!(error == "sample 13: no number 13" || threads > 1 && error == "sample 14: no number 14", "{error}");
        }
    }

    #[test]
    #[should_panic(expected = "sample 39 is broken")]
    fn a_panic_in_the_samples_is_not_swallowed() {
        pass((15..40).collect(), 3).start().for_each(drop);
    }

    #[test]
    fn dropping_the_batches_early_ends_the_maker() {
        let mut batches = pass((15..39).collect(), 2).start();
        assert!(batches.next().is_some());
        drop(batches.receiver);
        assert!(batches.maker.take().unwrap().join().is_ok());
    }
}
