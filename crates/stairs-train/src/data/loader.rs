//! Batches for burn-train, made on the host one step ahead of the device.
//!
//! Burn's own loader shuffles with a generator whose state is in no checkpoint, so a resumed run would replay the first
//! epoch's permutation. This one knows which epoch it serves (burn-train asks for one iterator an epoch) and derives
//! the order from (seed, epoch), see [`epoch_order`].
//!
//! The samples of an optimiser step may be divided among several devices, and on each into several parts. Burn divides the
//! samples of an epoch among devices; this loader divides those of each step, so that a step has the same samples on any
//! number of devices: part (round r, device i) of n devices is share r·n + i of the step.
//!
//! A loader can begin inside an epoch, and end it early where its [`Gate`] closes, both between whole steps. For layers
//! that draw from the device's generator, such as dropout, it seeds the generator before every step.

use std::{
    io,
    ops::Range,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use burn::{
    data::{
        dataloader::{DataLoader, DataLoaderIterator, Progress},
        dataset::DatasetError,
    },
    tensor::{Device, Tensor, TensorData},
};

use stairs_noise::derive_seed;

use super::{HostBatch, HostBatches, Pass, Samples, batches, epoch_order, host::threads, share, steps_per_epoch};
use crate::{Targets, TrainError, seeded::seed_device, stop::Gate};

/// A batch on the device.
#[derive(Clone, Debug)]
pub struct Batch {
    /// Samples `[batch, channels, height, width]`, standardised.
    pub inputs: Tensor<4>,
    /// What they should be answered with.
    pub targets: Targets,
    /// Samples of the optimiser step this batch is a part of; at least those of the batch.
    pub of_step: usize,
}

impl Batch {
    /// True if the batch is all of its optimiser step.
    pub fn is_whole(&self) -> bool {
        self.targets.classes.dims()[0] == self.of_step
    }
}

/// How the samples of an epoch are visited.
#[derive(Clone, Copy, Debug)]
enum Visit {
    /// In order, unchanged.
    Test,
    /// Shuffled, perhaps augmented.
    Train { seed: u64, augment: bool },
}

/// A data loader that tells epochs apart.
pub(crate) struct Loader {
    samples: Arc<dyn Samples>,
    chosen: Arc<[usize]>,
    range: Range<usize>,
    batch: usize,
    visit: Visit,
    parts: Parts,
    epochs_done: AtomicUsize,
    /// Steps that have been done before in an epoch (from 1).
    done: (usize, usize),
    gate: Gate,
    device: Device,
    fault: Fault,
}

/// Which parts of every step a loader serves.
#[derive(Clone, Copy, Debug)]
struct Parts {
    /// Parts a device.
    rounds: usize,
    /// Devices that share the steps.
    devices: usize,
    /// The device served; all of them, one after the other, if absent.
    device: Option<usize>,
}

impl Parts {
    const WHOLE: Self = Self { rounds: 1, devices: 1, device: None };

    /// The parts of a step of these samples.
    fn of(self, step: Range<usize>) -> impl Iterator<Item = Range<usize>> {
        let Self { rounds, devices, device } = self;
        let parts = rounds * devices;
        (0..parts)
            .filter(move |part| device.is_none_or(|device| part % devices == device))
            .map(move |part| share(step.clone(), part, parts))
    }
}

impl Loader {
    /// Shuffled batches of the `chosen` training samples; the next iterator is that of epoch `epochs_done + 1`.
    pub(crate) fn train(
        samples: Arc<dyn Samples>,
        chosen: Vec<usize>,
        batch: usize,
        seed: u64,
        augment: bool,
        epochs_done: usize,
        device: Device,
    ) -> Self {
        let visit = Visit::Train { seed, augment };
        Self {
            samples,
            range: 0..chosen.len(),
            chosen: chosen.into(),
            batch,
            visit,
            parts: Parts::WHOLE,
            epochs_done: epochs_done.into(),
            done: (epochs_done + 1, 0),
            gate: Gate::default(),
            device,
            fault: Fault::default(),
        }
    }

    /// The same without the first `steps` steps of the first epoch.
    pub(crate) fn after_steps(self, steps: usize) -> Self {
        Self { done: (self.done.0, steps), ..self }
    }

    /// The same until `gate` closes.
    pub(crate) fn until(self, gate: Gate) -> Self {
        Self { gate, ..self }
    }

    /// The same with every step divided among `devices` ≥ 1 devices, and on each into `rounds` ≥ 1 parts, none of them
    /// empty. [`slice`](DataLoader::slice) then gives the loader of one of the devices.
    pub(crate) fn divided(self, rounds: usize, devices: usize) -> Self {
        Self { parts: Parts { rounds, devices, device: None }, ..self }
    }

    /// All samples in order.
    pub(crate) fn test(samples: Arc<dyn Samples>, batch: usize, device: Device) -> Self {
        let chosen: Arc<[usize]> = (0..samples.len()).collect();
        Self {
            samples,
            range: 0..chosen.len(),
            chosen,
            batch,
            visit: Visit::Test,
            parts: Parts::WHOLE,
            epochs_done: 0.into(),
            done: (1, 0),
            gate: Gate::default(),
            device,
            fault: Fault::default(),
        }
    }

    /// Where the error of this loader and of those made from it will be.
    pub(crate) fn fault(&self) -> Fault {
        self.fault.clone()
    }

    fn with(&self, range: Range<usize>, parts: Parts, device: Device) -> Self {
        Self {
            samples: self.samples.clone(),
            chosen: self.chosen.clone(),
            range,
            batch: self.batch,
            visit: self.visit,
            parts,
            epochs_done: self.epochs_done.load(Ordering::Relaxed).into(),
            done: self.done,
            gate: self.gate.clone(),
            device,
            fault: self.fault.clone(),
        }
    }

    /// Starts making the batches of `epoch` (from 1).
    fn epoch(&self, epoch: usize) -> Epoch {
        let order = match self.visit {
            Visit::Test => (0..self.chosen.len()).collect(),
            Visit::Train { seed, .. } => epoch_order(seed, epoch, self.chosen.len()),
        };
        let chosen = order[self.range.clone()].iter().map(|&position| self.chosen[position]).collect();
        let augment = match self.visit {
            Visit::Train { seed, augment: true } => Some((seed, epoch)),
            _ => None,
        };
        let (samples, threads) = (self.samples.clone(), threads(&*self.samples));
        let pass = Pass { samples, order: chosen, batch: self.batch, augment, threads };
        let skip = if epoch == self.done.0 { self.done.1 } else { 0 };
        let before = (epoch - 1) * steps_per_epoch(self.range.len(), self.batch);
        let steps = batches(self.range.len(), self.batch).enumerate().skip(skip);
        let parts: Vec<_> =
            steps.flat_map(|(i, step)| self.parts.of(step.clone()).map(move |part| (i, step.len(), part))).collect();
        let (left, total) = (parts.iter().map(|(.., part)| part.len()).sum::<usize>(), self.num_items());
        Epoch {
            steps: parts.iter().map(|(i, ..)| before + i).collect::<Vec<_>>().into_iter(),
            begun: None,
            batches: pass.start_parts(parts.into_iter().map(|(_, of_step, part)| (of_step, part)).collect()),
            shape: self.samples.shape(),
            targets: self.samples.targets(),
            visit: self.visit,
            gate: self.gate.clone(),
            device: self.device.clone(),
            fault: self.fault.clone(),
            done: total - left,
            total,
        }
    }
}

impl DataLoader<Batch> for Loader {
    fn iter<'a>(&'a self) -> Box<dyn DataLoaderIterator<Batch> + 'a> {
        Box::new(self.epoch(self.epochs_done.fetch_add(1, Ordering::Relaxed) + 1))
    }

    fn num_items(&self) -> usize {
        match self.parts.device {
            None => self.range.len(),
            Some(_) => {
                batches(self.range.len(), self.batch).flat_map(|step| self.parts.of(step)).map(|p| p.len()).sum()
            }
        }
    }

    fn to_device(&self, device: &Device) -> Arc<dyn DataLoader<Batch>> {
        Arc::new(self.with(self.range.clone(), self.parts, device.clone()))
    }

    fn slice(&self, start: usize, end: usize) -> Arc<dyn DataLoader<Batch>> {
        if self.parts.devices > 1 {
            // Burn asks for one slice of the epoch a device, all of a size but the last: this is which one.
            let size = (self.range.len() / self.parts.devices).max(1);
            let device = Some((start / size).min(self.parts.devices - 1));
            return Arc::new(self.with(self.range.clone(), Parts { device, ..self.parts }, self.device.clone()));
        }
        let (start, end) = (self.range.start + start, self.range.start + end);
        Arc::new(self.with(start..end.min(self.range.end), self.parts, self.device.clone()))
    }
}

/// Where a loader leaves the error that ended it: burn-train passes on no more than its text.
#[derive(Clone, Default)]
pub(crate) struct Fault(Arc<Mutex<Option<TrainError>>>);

impl Fault {
    /// The error, if there was one.
    pub(crate) fn take(&self) -> Option<TrainError> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Keeps the error and returns what burn-train is told.
    fn put(&self, error: TrainError) -> DatasetError {
        let told = DatasetError::new(io::Error::other(error.to_string()));
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
        told
    }
}

/// The batches of one epoch.
struct Epoch {
    /// The optimiser step of each batch to come, counted from 0 over the run.
    steps: std::vec::IntoIter<usize>,
    /// The step the last batch belonged to.
    begun: Option<usize>,
    batches: HostBatches,
    shape: [usize; 3],
    targets: usize,
    visit: Visit,
    gate: Gate,
    device: Device,
    fault: Fault,
    done: usize,
    total: usize,
}

impl Epoch {
    /// False if `step` may not begin any more.
    fn begin(&mut self, step: usize) -> bool {
        if self.begun.replace(step) == Some(step) {
            return true;
        }
        match self.visit {
            Visit::Test => self.gate.test(),
            Visit::Train { seed, .. } => {
                let open = self.gate.step(step);
                if open {
                    seed_device(&self.device, derive_seed(seed, "device", step as u64));
                }
                open
            }
        }
    }
}

impl Iterator for Epoch {
    type Item = Result<Batch, DatasetError>;

    fn next(&mut self) -> Option<Self::Item> {
        let step = self.steps.next()?;
        if !self.begin(step) {
            self.steps = Vec::new().into_iter();
            return None;
        }
        let HostBatch { values, labels, targets, of_step } = match self.batches.next()? {
            Ok(batch) => batch,
            Err(error) => return Some(Err(self.fault.put(error))),
        };
        let [channels, height, width] = self.shape;
        let count = labels.len();
        self.done += count;
        Some(Ok(Batch {
            inputs: Tensor::from_data(TensorData::new(values, [count, channels, height, width]), &self.device),
            targets: Targets {
                classes: Tensor::from_data(TensorData::new(labels, [count]), &self.device),
                values: (self.targets > 0)
                    .then(|| Tensor::from_data(TensorData::new(targets, [count, self.targets]), &self.device)),
            },
            of_step,
        }))
    }
}

impl DataLoaderIterator<Batch> for Epoch {
    fn progress(&self) -> Progress {
        Progress::new(self.done, self.total, Some("samples".into()))
    }
}

#[cfg(test)]
mod tests {
    use burn::train::Interrupter;

    use super::*;
    use crate::{
        StopSignal,
        data::SampleError,
        stop::{Cut, Gate},
    };

    /// Sample i is the number i, its class i mod 3.
    struct Numbers(usize);

    impl Samples for Numbers {
        fn shape(&self) -> [usize; 3] {
            [1, 1, 1]
        }

        fn len(&self) -> usize {
            self.0
        }

        fn copy(&self, i: usize, out: &mut [f32]) -> Result<usize, SampleError> {
            assert!(i != 99, "sample 99 is broken");
            out[0] = i as f32;
            Ok(i % 3)
        }

        fn copy_augmented(&self, i: usize, seed: u64, epoch: usize, out: &mut [f32]) -> Result<usize, SampleError> {
            out[0] = i as f32 + (derive_seed(seed, "device", epoch as u64) % 7) as f32 / 8.0;
            Ok(i % 3)
        }
    }

    fn numbers(batch: Batch) -> Vec<f32> {
        batch.inputs.into_data().try_into_vec::<f32>().unwrap()
    }

    fn values(loader: &dyn DataLoader<Batch>) -> Vec<f32> {
        loader.iter().flat_map(|batch| numbers(batch.unwrap())).collect()
    }

    fn train(samples: usize, seed: u64, augment: bool, epochs_done: usize) -> Loader {
        train_by(4, samples, seed, augment, epochs_done)
    }

    fn train_by(batch: usize, samples: usize, seed: u64, augment: bool, epochs_done: usize) -> Loader {
        let numbers = Arc::new(Numbers(samples));
        Loader::train(numbers, (0..samples).collect(), batch, seed, augment, epochs_done, Device::flex())
    }

    #[test]
    fn a_resumed_loader_goes_on_with_the_right_permutation() {
        for augment in [false, true] {
            let whole = train(10, 5, augment, 0);
            let epochs: Vec<_> = (0..4).map(|_| values(&whole)).collect();
            assert_ne!(epochs[0], epochs[1]);
            let resumed = train(10, 5, augment, 2);
            assert_eq!(values(&resumed), epochs[2]);
            assert_eq!(values(&resumed), epochs[3]);
        }
    }

    #[test]
    fn labels_and_samples_stay_together_and_the_test_order_is_fixed() {
        let loader = Loader::test(Arc::new(Numbers(7)), 3, Device::flex());
        for _ in 0..2 {
            let mut seen = Vec::new();
            for batch in loader.iter() {
                let batch = batch.unwrap();
                let x = batch.inputs.into_data().try_into_vec::<f32>().unwrap();
                let y: Vec<i64> = batch.targets.classes.try_into_vec_as().unwrap();
                assert!(x.iter().zip(&y).all(|(x, y)| *x as i64 % 3 == *y));
                seen.extend(x);
            }
            assert_eq!(seen, [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
        }
    }

    #[test]
    fn slices_share_one_permutation() {
        let whole = values(&train(10, 5, false, 3));
        let loader = train(10, 5, false, 3);
        let (left, right) = (loader.slice(0, 6), loader.slice(6, 10));
        assert_eq!(left.num_items() + right.num_items(), 10);
        assert_eq!([values(&*left), values(&*right)].concat(), whole);
    }

    /// Every step has the same samples on any number of devices, in any number of parts.
    #[test]
    fn devices_share_every_step() {
        let (rounds, devices) = (2, 3);
        let loader = train_by(7, 13, 5, false, 0).divided(rounds, devices);
        let slices: Vec<_> = [(0, 4), (4, 8), (8, 13)].map(|(start, end)| loader.slice(start, end)).into();
        assert_eq!(slices.iter().map(|slice| slice.num_items()).sum::<usize>(), 13);
        let whole: Vec<_> = train_by(7, 13, 5, false, 0).iter().map(|batch| numbers(batch.unwrap())).collect();
        let mut iterators: Vec<_> = slices.iter().map(|slice| slice.iter()).collect();
        for step in whole {
            let mut found = Vec::new();
            for _ in 0..rounds {
                for iterator in &mut iterators {
                    let batch = iterator.next().unwrap().unwrap();
                    assert_eq!(batch.of_step, step.len());
                    assert!(!batch.is_whole());
                    found.extend(numbers(batch));
                }
            }
            assert_eq!(found, step);
        }
        assert!(iterators.iter_mut().all(|iterator| iterator.next().is_none() && iterator.progress().is_completed()));
    }

    /// Both halves of an epoch that is stopped after some steps, on any number of devices.
    #[test]
    fn an_epoch_goes_on_after_the_step_it_was_stopped_at() {
        for (rounds, devices) in [(1, 1), (2, 1), (2, 3)] {
            let loader = || train_by(7, 26, 5, true, 2).divided(rounds, devices);
            let slices = |loader: &Loader| -> Vec<_> {
                let size = 26 / devices;
                (0..devices).map(|i| loader.slice(i * size, (i + 1) * size)).collect()
            };
            let whole: Vec<_> = slices(&loader()).iter().map(|slice| values(&**slice)).collect();
            for steps in 0..=4 {
                let signal = StopSignal::new();
                let gate = Gate::new(signal.clone(), Interrupter::new());
                let first = slices(&loader().until(gate.clone()));
                let mut iterators: Vec<_> = first.iter().map(|slice| slice.iter()).collect();
                let mut halves = vec![Vec::new(); devices];
                for part in 0.. {
                    if part == steps * rounds {
                        signal.request();
                    }
                    let batches = iterators.iter_mut().map(|i| i.next().map(|batch| numbers(batch.unwrap())));
                    let batches: Vec<_> = batches.collect();
                    assert!(batches.iter().all(|batch| batch.is_some() == batches[0].is_some()));
                    if batches[0].is_none() {
                        break;
                    }
                    halves.iter_mut().zip(batches).for_each(|(half, batch)| half.extend(batch.unwrap()));
                }
                // Three epochs of four steps; without a step left there is none to stop before.
                assert_eq!(gate.cut(), (steps < 4).then_some(Cut::Step(2 * 4 + steps)));
                let second = slices(&loader().after_steps(steps));
                for (i, slice) in second.iter().enumerate() {
                    let iterator = slice.iter();
                    assert_eq!(iterator.progress().items_processed, halves[i].len());
                    halves[i].extend(iterator.flat_map(|batch| numbers(batch.unwrap())));
                    assert_eq!(slice.num_items(), halves[i].len());
                }
                assert_eq!(halves, whole, "{steps} steps on {devices} devices");
            }
        }
    }

    #[test]
    #[should_panic(expected = "sample 99 is broken")]
    fn a_panic_in_the_samples_is_not_swallowed() {
        values(&train(100, 5, false, 0));
    }
}
